"""Put "One moment, please" on the screen before anything slow is imported."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from annotator.window.moment import Look, Moment
from study.errors import ConfigError
from study.reading.text import read_text, read_toml

TEXT = "moment"
_SHIPPED = Path(__file__).parents[1] / "instructions" / "texts"
_LARGEST_BYTES = 1000
_LARGEST_PX = 20_000
_SMALL_TEXT_SHARE = 0.6  # as in the task's layout, whose modules take long to import
_SCREEN: dict[str, Any] = {
    "width_px": None, "height_px": None, "background": "black", "foreground": "white",
    "text_height_px": 40,
}  # fmt: skip


@contextmanager
def first_words(study_dir: Path | None, *, wanted: bool = True) -> Iterator[Moment | None]:
    """Show the words while the block runs, or until the task's window takes them away.

    Yields the words; None where there is no X server, or no study whose colours are known:
    whatever is wrong is said by those who need it.

    Parameters
    ----------
    study_dir : Path or None
        The study's folder; None for ``$AVMIT_STUDY``, else the working directory.
    """
    look = None
    if wanted and sys.platform.startswith("linux") and os.environ.get("DISPLAY"):
        look = look_of(study_dir or Path(os.environ.get("AVMIT_STUDY", ".")))
    if look is None:
        yield None
        return
    moment = Moment(look)
    try:
        yield moment
    finally:
        moment.close()


def look_of(folder: Path) -> Look | None:
    """Return how a study's words look, without a check of what `study.toml` says.

    Returns None where it cannot be told.
    """
    try:
        config = read_toml(folder / "study.toml")
        words = _words(folder, config)
    except ConfigError:
        return None
    given = config.get("screen", {})
    screen: dict[str, Any] = _SCREEN | (given if isinstance(given, dict) else {})
    line_px = screen["text_height_px"]
    sizes = (screen["width_px"], screen["height_px"])
    numbers = [line_px, *(size for size in sizes if size is not None)]
    colours = (screen["foreground"], screen["background"])
    if not all(type(n) is int and 0 < n <= _LARGEST_PX for n in numbers) or not all(
        isinstance(colour, str) for colour in colours
    ):
        return None
    small_px = max(1, round(_SMALL_TEXT_SHARE * line_px))
    return Look(words, small_px, line_px, *colours, *sizes)


def _words(folder: Path, config: dict[str, Any]) -> str:
    own, language = config.get("texts"), config.get("language", "en")
    places = [folder / own] if isinstance(own, str) else []
    places += [_SHIPPED / str(language), _SHIPPED / "en"]
    # A study in another language may be older than this text.
    path = next(path for place in places if (path := place / f"{TEXT}.md").exists())
    lines = read_text(path, largest=_LARGEST_BYTES).strip().splitlines()
    return lines[0].removeprefix("# ") if lines else ""
