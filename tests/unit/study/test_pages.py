"""The shell of self-contained pages."""

import base64
import re

import pytest
from matplotlib.figure import Figure

from study.reports.html import figure_to_svg, html_page, html_table, image_to_data_uri


def _figure():
    figure = Figure(figsize=(3, 2), layout="constrained")
    figure.subplots().plot([0, 1], [1, 0])
    return figure


def test_a_page_loads_nothing_from_anywhere():
    page = html_page("Report", html_table(["a"], [[1]]) + figure_to_svg(_figure(), alt="a line"))
    addresses = re.findall(r'(?:src|href)="([^"#][^"]*)"', page)
    assert all(address.startswith("data:") for address in addresses)
    assert "url(http" not in page
    assert "@import" not in page


def test_title_stamp_and_cells_are_escaped():
    page = html_page("<b>", html_table(["<i>"], [["<script>", None, True, 1234567]]), stamp="<u>")
    assert "<title>&lt;b&gt;</title>" in page
    assert "&lt;u&gt;" in page
    assert "<td>&lt;script&gt;</td><td>&ndash;</td><td>yes</td>" in page
    assert '<td class="number">1,234,567</td>' in page


def test_the_same_figure_gives_the_same_bytes():
    assert figure_to_svg(_figure()) == figure_to_svg(_figure())
    assert figure_to_svg(_figure(), alt='a "line"').startswith(
        '<svg class="figure" role="img" aria-label="a &quot;line&quot;"'
    )


def test_an_image_travels_inside_the_page(tmp_path):
    path = tmp_path / "dot.png"
    path.write_bytes(b"\x89PNG")
    encoded = base64.b64encode(b"\x89PNG").decode()
    assert image_to_data_uri(path) == f"data:image/png;base64,{encoded}"


def test_a_file_that_is_no_image_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"notes.txt is no image"):
        image_to_data_uri(tmp_path / "notes.txt")
