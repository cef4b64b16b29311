"""Drawings: axes without a window, figures as files, figures inside pages."""

import io
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib as mpl
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from study.tools.files import written_atomically

HASH_SALT = "avmit-lab"  # matplotlib's ids in SVG are random without one
_DPI = 150
_UNDATED: dict[str, dict[str, str | None]] = {
    ".svg": {"Date": None},
    ".pdf": {"CreationDate": None},
    ".png": {"Software": None},
}


def new_axes(width_in: float = 8.0, height_in: float = 3.4) -> Axes:
    """Return empty axes in a figure of their own, known to no window."""
    return Figure(figsize=(width_in, height_in), layout="constrained").subplots()


@contextmanager
def default_style() -> Iterator[None]:
    """Draw with matplotlib's own settings, whatever a person's `matplotlibrc` says."""
    with mpl.rc_context():
        mpl.rcdefaults()
        yield


def figure_of(ax: Axes) -> Figure:
    """Return the figure that axes stand in."""
    figure = ax.get_figure(root=True)
    if figure is None:
        raise ValueError("the axes stand in no figure")
    return figure


def figure_to_svg(figure: Figure, *, alt: str = "") -> Markup:
    """Draw a figure as an ``<svg>`` element for a page; the same figure gives the same bytes.

    Parameters
    ----------
    alt : str
        What the figure shows, for readers who cannot see it.
    """
    buffer = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": HASH_SALT, "svg.fonttype": "path"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    drawing = buffer.getvalue()
    drawing = drawing[drawing.index("<svg") :]
    # The page decides the width; the view box keeps the proportions.
    drawing = re.sub(r'\s(width|height)="[^"]*pt"', "", drawing, count=2)
    head = f'<svg class="figure" role="img" aria-label="{escape(alt)}"'
    return Markup(drawing.replace("<svg", head, 1))


def write_figure(
    figure: Figure, folder: Path, name: str, suffixes: Iterable[str], *, overwrite: bool = True
) -> list[Path]:
    """Write a figure in several formats; the same figure gives the same bytes.

    Parameters
    ----------
    suffixes : iterable of {".svg", ".pdf", ".png"}
        The formats.

    Raises
    ------
    StudyError
        If a file exists and must not be replaced.
    """
    paths = [folder / f"{name}{suffix}" for suffix in suffixes]
    for path in paths:
        save_figure(figure, path, overwrite=overwrite)
    return paths


def save_figure(figure: Figure, path: Path, *, overwrite: bool = True, dpi: int = _DPI) -> None:
    """Write a figure; the same figure gives the same bytes.

    Parameters
    ----------
    path : Path
        Ends in ``.svg``, ``.pdf`` or ``.png``.

    Raises
    ------
    StudyError
        If the file exists and must not be replaced.
    """
    with (
        mpl.rc_context({"svg.hashsalt": HASH_SALT}),
        written_atomically(path, overwrite=overwrite) as part,
    ):
        figure.savefig(part, format=path.suffix[1:], dpi=dpi, metadata=_UNDATED[path.suffix])
