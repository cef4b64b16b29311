"""Drawings as files."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from study.tools.files import written_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HASH_SALT = "avmit-lab"  # matplotlib's ids in SVG are random without one
_DPI = 150
_UNDATED: dict[str, dict[str, str | None]] = {
    ".svg": {"Date": None},
    ".pdf": {"CreationDate": None},
    ".png": {"Software": None},
}


def write_figure(
    figure: "Figure", folder: Path, name: str, suffixes: Iterable[str], *, overwrite: bool = True
) -> list[Path]:
    """Write a figure in several formats.

    Parameters
    ----------
    figure : Figure
        A matplotlib figure.
    folder : Path
        Where to.
    name : str
        File name without ending.
    suffixes : iterable of {".svg", ".pdf", ".png"}
        The formats.
    overwrite : bool
        Whether existing files may be replaced.

    Returns
    -------
    list of Path
        The files; the same figure gives the same bytes.

    Raises
    ------
    StudyError
        If a file exists and must not be replaced.
    """
    import matplotlib as mpl

    paths = []
    for suffix in suffixes:
        path = folder / f"{name}{suffix}"
        with (
            mpl.rc_context({"svg.hashsalt": HASH_SALT}),
            written_atomically(path, overwrite=overwrite) as part,
        ):
            figure.savefig(part, format=suffix[1:], dpi=_DPI, metadata=_UNDATED[suffix])
        paths.append(path)
    return paths
