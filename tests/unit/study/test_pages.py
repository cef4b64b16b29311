"""Self-contained pages out of templates."""

import base64
import re
import sys

import pytest
from matplotlib.figure import Figure

from study.reports.figures import figure_to_svg
from study.reports.html import image_to_data_uri, render

TEMPLATE = """{% extends "page.html" %}
{% import "parts.html" as parts %}
{% block style %}td { color: red; }{% endblock %}
{% block body %}
{{ parts.table(header, rows, caption) }}
{{ parts.figure(drawing, "A line.") }}
{% endblock %}
"""


@pytest.fixture
def page(tmp_path, monkeypatch):
    folder = tmp_path / "a_package_with_pages"
    (folder / "templates").mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "templates/own.html").write_text(TEMPLATE)
    monkeypatch.syspath_prepend(tmp_path)

    def rendered(title="Report", stamp="", header=("a",), rows=((1,),), caption="", drawing=""):
        return render(
            folder.name,
            "own.html",
            title=title,
            stamp=stamp,
            header=header,
            rows=rows,
            caption=caption,
            drawing=drawing,
        )

    yield rendered
    sys.modules.pop(folder.name, None)


def _figure():
    figure = Figure(figsize=(3, 2), layout="constrained")
    figure.subplots().plot([0, 1], [1, 0])
    return figure


def test_a_page_loads_nothing_from_anywhere(page):
    made = page(drawing=figure_to_svg(_figure(), alt="a line"))
    addresses = re.findall(r'(?:src|href)="([^"#][^"]*)"', made)
    assert "<svg" in made
    assert all(address.startswith("data:") for address in addresses)
    assert "url(http" not in made
    assert "@import" not in made


def test_everything_that_is_filled_in_is_escaped(page):
    hostile = "<script>alert('x')</script>"
    made = page(hostile, hostile, [hostile], [[hostile]], hostile, hostile)
    assert "<script" not in made
    assert made.count("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;") == 7


def test_cells_show_what_is_missing_what_is_true_and_numbers(page):
    made = page(rows=[["text", None, True, 1234567, 0.123456]])
    assert (
        "<tr><td>text</td><td>&ndash;</td><td>yes</td>"
        '<td class="number">1,234,567</td><td class="number">0.1235</td></tr>'
    ) in made


def test_a_page_has_the_style_of_the_house_and_its_own(page):
    made = page()
    assert "prefers-color-scheme" in made
    assert "td { color: red; }" in made


def test_the_same_figure_gives_the_same_bytes():
    assert figure_to_svg(_figure()) == figure_to_svg(_figure())
    assert figure_to_svg(_figure(), alt='a "line"').startswith(
        '<svg class="figure" role="img" aria-label="a &#34;line&#34;"'
    )


def test_an_image_travels_inside_the_page(tmp_path):
    path = tmp_path / "dot.png"
    path.write_bytes(b"\x89PNG")
    encoded = base64.b64encode(b"\x89PNG").decode()
    assert image_to_data_uri(path) == f"data:image/png;base64,{encoded}"


def test_a_file_that_is_not_an_image_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"notes.txt is not an image"):
        image_to_data_uri(tmp_path / "notes.txt")
