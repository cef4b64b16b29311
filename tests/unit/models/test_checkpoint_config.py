import pytest

from models.checkpoints.config import read_config
from study.errors import ConfigError


@pytest.mark.parametrize(
    "value",
    [
        "!!timestamp soon",
        "!!int ''",
        "!!int x",
        "!!float x",
        "!!bool perhaps",
        "!!binary x",
        "!!set 1",
    ],
)
def test_a_tag_that_does_not_fit_its_value_is_one_line(tmp_path, value):
    (tmp_path / "train.yaml").write_text(f"rnn: {{units: {value}}}\n")
    with pytest.raises(ConfigError, match=r"train\.yaml") as raised:
        read_config(tmp_path)
    assert "\n" not in str(raised.value)
