"""Hours and cost follow from a measured rate."""

from typer.testing import CliRunner

from features.__main__ import app
from features.extraction.cost import forecast


def test_hours_shrink_with_cores_and_cost_does_not():
    table = forecast(2.0, n_cores=[1, 10], price_per_core_h=0.5, sizes=[7200])
    assert table["hours"].tolist() == [1.0, 0.1]
    assert table["cost"].tolist() == [0.5, 0.5]


def test_the_page_has_the_papers_clips_and_a_million(tmp_path):
    page = tmp_path / "forecast.html"
    command = ["forecast", "--rate", "10", "--on-cores", "2", "--out", str(page), "--cores", "2,16"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    assert "57177 clips, 2 cores: 1.59 h, 0.16" in result.stdout
    assert "1000000 clips, 16 cores: 3.47 h, 2.78" in result.stdout
    assert "57,177" in page.read_text()
    for wrong in ("two", "0", "-2", "2,", ""):
        assert CliRunner().invoke(app, [*command[:-1], wrong, "--overwrite"]).exit_code == 2
