"""Put "One moment, please" on the screen before anything slow is imported."""

import math
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from annotator.task.problems import code_of
from annotator.window.moment import Look, Moment
from study.errors import ConfigError, StudyError
from study.reading.text import read_text, read_toml

TEXT, CALL, ANY_KEY, FONT = "moment", "call_experimenter", "any_key", "DejaVu Sans"
_SHIPPED = Path(__file__).parents[1] / "instructions" / "texts"
_LARGEST_BYTES = 1000
_LARGEST_PX = 20_000
# The defaults of `study.config.screen`, whose modules take long to import.
_SCREEN: dict[str, Any] = {
    "width_px": None, "height_px": None, "background": "black", "foreground": "white",
    "text_height_px": 40, "units": "px", "scale": 1.0, "text_height_deg": 1.0,
    "viewing_distance_cm": None, "width_cm": None, "font": FONT,
}  # fmt: skip
_AUTO_HEIGHT_PX = 1080
_USUAL_LINE, _USUAL_COLOURS = (40 / _AUTO_HEIGHT_PX, 0.0, 0.0), ("white", "black", None, None)


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


@contextmanager
def said_on_screen(study_dir: Path | None) -> Iterator[None]:
    """Show on the screen too what an error of the block says: nobody looks into a terminal."""
    try:
        yield
    except StudyError as error:
        say_last(study_dir, str(error), code_of(error))
        raise


def say_last(study_dir: Path | None, problem: str, code: str) -> None:
    """Show what keeps the task from beginning until a key is pressed, where there is no terminal.

    Whatever is wrong with the study, it has words: at the least the shipped ones in white on black.
    Where there is no X server nothing is shown.
    """
    if not (sys.platform.startswith("linux") and os.environ.get("DISPLAY")):
        return
    folder = study_dir or Path(os.environ.get("AVMIT_STUDY", "."))
    heading = (_SHIPPED / "en" / f"{CALL}.md").read_text(encoding="utf-8").splitlines()[0]
    look = look_of(folder, CALL) or Look(heading.removeprefix("# "), _USUAL_LINE, *_USUAL_COLOURS)
    hint = look_of(folder, ANY_KEY)
    below = f"Code {code}. {hint.text if hint else _words(folder, {}, ANY_KEY)}"
    from annotator.window.last_words import show  # the X server's library, seldom needed

    show(look, problem, below)


def look_of(folder: Path, name: str = TEXT) -> Look | None:
    """Return how a study's words look, without a check of what `study.toml` says.

    Returns None where it cannot be told.

    `name`: the text whose first line they are.
    """
    try:
        config = read_toml(folder / "study.toml")
        words = _words(folder, config, name)
    except ConfigError:
        return None
    given = config.get("screen", {})
    screen: dict[str, Any] = _SCREEN | (given if isinstance(given, dict) else {})
    screen["width_cm"] = _width_cm(config, screen["width_cm"])
    sizes = (screen["width_px"], screen["height_px"])
    colours = (screen["foreground"], screen["background"])
    line = _line(screen)
    if (
        line is None
        or not all(size is None or (_is_size(size) and type(size) is int) for size in sizes)
        or not all(isinstance(colour, str) for colour in colours)
    ):
        return None
    return Look(words, line, *colours, *sizes, *_font(screen["font"]))


def _line(screen: dict[str, Any]) -> tuple[float, float, float] | None:
    """Return the height of the label as `Look` has it; None where it cannot be told."""
    if screen["units"] == "deg":
        numbers = [screen[key] for key in ("text_height_deg", "viewing_distance_cm", "width_cm")]
        if not all(_is_size(number) for number in numbers):
            return None
        size_deg, distance_cm, width_cm = numbers
        return (0.0, 2 * distance_cm * math.tan(math.radians(size_deg) / 2) / width_cm, 0.0)
    line_px, scale = screen["text_height_px"], screen["scale"]
    if not _is_size(line_px):
        return None
    if scale == "auto":
        return (line_px / _AUTO_HEIGHT_PX, 0.0, 0.0)
    return (0.0, 0.0, float(scale * line_px)) if _is_size(scale) else None


def _width_cm(config: dict[str, Any], usual: object) -> object:
    """Return the width of this machine's screen, where the desk names it."""
    desk = config.get("desk")
    widths = desk.get("screen_widths_cm") if isinstance(desk, dict) else None
    return widths.get(socket.gethostname(), usual) if isinstance(widths, dict) else usual


def _is_size(number: object) -> bool:
    return type(number) in (int, float) and 0 < number <= _LARGEST_PX  # type: ignore[operator]


def _font(family: object) -> tuple[str, ...]:
    """Return the file of another font than the usual one, nothing where there is none."""
    if family == FONT or not isinstance(family, str):
        return ()
    from instructions.fonts import find_font  # half a second, which the usual font needs not

    try:
        return (str(find_font(family).regular.path),)
    except ConfigError:
        return ()


def _words(folder: Path, config: dict[str, Any], name: str) -> str:
    own, language = config.get("texts"), config.get("language", "en")
    places = [folder / own] if isinstance(own, str) else []
    places += [_SHIPPED / str(language), _SHIPPED / "en"]
    # A study in another language may be older than this text.
    path = next(path for place in places if (path := place / f"{name}.md").exists())
    lines = read_text(path, largest=_LARGEST_BYTES).strip().splitlines()
    return lines[0].removeprefix("# ") if lines else ""
