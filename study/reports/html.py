"""The shell of self-contained HTML pages: one file, no network, light and dark."""

import base64
import html
import io
import mimetypes
import re
from collections.abc import Iterable, Sequence
from importlib import resources
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING

from study.reports.figures import HASH_SALT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STYLE_NAME = "page.css"


def html_page(
    title: str,
    body: str,
    *,
    language: str = "en",
    style: str = "",
    script: str = "",
    stamp: str = "",
) -> str:
    """Return a complete HTML document that needs no other file.

    Parameters
    ----------
    title : str
        Plain text; heads the page and names the browser's tab.
    body : str
        HTML below the heading; whatever it holds from outside must have been escaped.
    language : str
        Language of the text.
    style : str
        CSS added to the shell's own.
    script : str
        JavaScript, run after the body; empty for none.
    stamp : str
        Plain text of a band above the heading, such as ``"rehearsal"``; empty for none.

    Returns
    -------
    str
        The document.

    Examples
    --------
    >>> "<title>Tom &amp; Jerry</title>" in html_page("Tom & Jerry", "<p>cats</p>")
    True
    """
    safe_title = html.escape(title)
    band = f'<p class="stamp" role="note">{html.escape(stamp)}</p>\n' if stamp else ""
    tail = f"<script>\n{script}\n</script>\n" if script else ""
    return (
        f'<!doctype html>\n<html lang="{html.escape(language, quote=True)}">\n<head>\n'
        '<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<link rel="icon" href="data:,">\n<title>{safe_title}</title>\n'
        f"<style>\n{shared_style()}{style}</style>\n</head>\n<body>\n"
        f"{band}<main>\n<h1>{safe_title}</h1>\n{body}\n</main>\n{tail}</body>\n</html>\n"
    )


def shared_style() -> str:
    """Return the style sheet that all pages share.

    Returns
    -------
    str
        CSS, for light and dark screens and for print.
    """
    return (resources.files("study") / "assets" / STYLE_NAME).read_text(encoding="utf-8")


def html_table(
    header: Sequence[str], rows: Iterable[Sequence[object]], *, caption: str = ""
) -> str:
    """Return a table; numbers stand right-aligned, None is shown as a dash.

    Parameters
    ----------
    header : sequence of str
        Names of the columns.
    rows : iterable of sequence
        One sequence per row, as long as the header; everything is escaped.
    caption : str
        What the table shows; empty for none.

    Returns
    -------
    str
        HTML.
    """
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in header)
    lines = "\n".join(f"<tr>{''.join(_cell(value) for value in row)}</tr>" for row in rows)
    title = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    return (
        f'<div class="wide"><table>{title}\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{lines}\n</tbody></table></div>"
    )


def new_axes(width_in: float = 8.0, height_in: float = 3.4) -> "Axes":
    """Return empty axes in a figure of their own, known to no window.

    Parameters
    ----------
    width_in, height_in : float
        Size in inches.

    Returns
    -------
    Axes
        The axes.
    """
    from matplotlib.figure import Figure

    return Figure(figsize=(width_in, height_in), layout="constrained").subplots()


def figure_to_svg(figure: "Figure", *, alt: str = "") -> str:
    """Draw a figure as SVG that can stand inside a page.

    Parameters
    ----------
    figure : Figure
        A matplotlib figure.
    alt : str
        What the figure shows, for readers who cannot see it.

    Returns
    -------
    str
        An ``<svg>`` element; the same figure gives the same bytes.
    """
    import matplotlib as mpl

    buffer = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": HASH_SALT, "svg.fonttype": "path"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    drawing = buffer.getvalue()
    drawing = drawing[drawing.index("<svg") :]
    label = html.escape(alt, quote=True)
    # The page decides the width; the view box keeps the proportions.
    drawing = re.sub(r'\s(width|height)="[^"]*pt"', "", drawing, count=2)
    return drawing.replace("<svg", f'<svg class="figure" role="img" aria-label="{label}"', 1)


def image_to_data_uri(path: Path) -> str:
    """Return an image file as a ``data:`` address, so that a page carries it along.

    Parameters
    ----------
    path : Path
        A PNG, JPEG, SVG or GIF file.

    Returns
    -------
    str
        ``data:<type>;base64,...``.

    Raises
    ------
    ValueError
        If the file's ending is not that of an image.
    """
    kind, _ = mimetypes.guess_type(path.name)
    if kind is None or not kind.startswith("image/"):
        raise ValueError(f"{path.name} is no image by its ending, expected .png, .jpg or .svg")
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode('ascii')}"


def _cell(value: object) -> str:
    if value is None:
        return "<td>&ndash;</td>"
    if isinstance(value, bool):
        return f"<td>{'yes' if value else 'no'}</td>"
    if isinstance(value, Real):
        shown = f"{value:,}" if isinstance(value, Integral) else f"{float(value):,.4g}"
        return f'<td class="number">{shown}</td>'
    return f"<td>{html.escape(str(value))}</td>"
