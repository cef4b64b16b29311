"""The font of the screens: its files, and the characters that it lacks."""

import logging
import shutil
import subprocess
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from study.errors import ConfigError

SHIPPED = "DejaVu Sans"  # comes with matplotlib, so that it is there on every machine
_REMEDY = (
    'Choose a font that has them in study.toml, such as screen.font = "Noto Sans CJK JP" '
    "(Debian: apt-get install fonts-noto-cjk), or write the text without them"
)
_UNSEEN = ("C", "Z", "M")  # categories of characters without a shape of their own
_SHOWN = 12  # characters of a message


@dataclass(frozen=True, slots=True)
class Face:
    """A file of a font; `index` where it holds several."""

    path: Path
    index: int = 0


@dataclass(frozen=True, slots=True)
class Font:
    """A font with its bold face, which is the regular one where it has none."""

    family: str
    regular: Face
    bold: Face


@lru_cache(maxsize=8)
def find_font(family: str) -> Font:
    """Find the files of a font.

    Raises ConfigError if it is not installed.
    """
    if family == SHIPPED:
        folder = _folder_of_matplotlib() / "mpl-data" / "fonts" / "ttf"
        return Font(family, Face(folder / "DejaVuSans.ttf"), Face(folder / "DejaVuSans-Bold.ttf"))
    regular = _matched(family, "regular")
    if regular is None:
        raise ConfigError(
            f"the font {family!r} of screen.font is not installed here. Install it, or choose one "
            "of those that `fc-list : family` lists (Chinese, Japanese and Korean: Noto Sans CJK "
            "JP, in Debian's package fonts-noto-cjk)"
        )
    return Font(family, regular, _matched(family, "bold") or regular)


def lacking(font: Font, texts: Iterable[str]) -> str:
    """Return the characters of some texts that a font lacks, each once, in order.

    Examples
    --------
    >>> lacking(find_font("DejaVu Sans"), ["1 = unclean", "犬が吠える"])
    '犬が吠える'
    """
    known = _characters(font.regular)
    wanted = dict.fromkeys(char for text in texts for char in text)
    return "".join(
        char
        for char in wanted
        if ord(char) not in known and unicodedata.category(char)[0] not in _UNSEEN
    )


def require_characters(font: Font, texts: Iterable[str], where: str) -> None:
    """Raise if a font lacks characters of some texts.

    Raises ConfigError; names them and the remedy.

    `where`: what the texts are, such as ``"text welcome.md"``.
    """
    missing = lacking(font, texts)
    if missing:
        more = " ..." if len(missing) > _SHOWN else ""
        raise ConfigError(
            f"{where}: the font {font.family!r} lacks {' '.join(missing[:_SHOWN])}{more}. {_REMEDY}"
        )


def _folder_of_matplotlib() -> Path:
    # Without importing it, which takes a tenth of a second.
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("No module named 'matplotlib'", name="matplotlib")
    return Path(spec.origin).parent


@lru_cache(maxsize=8)
def _characters(face: Face) -> frozenset[int]:
    # It warns where it cannot keep settings of its own, which nobody needs here.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    from matplotlib.ft2font import FT2Font  # a tenth of a second

    return frozenset(FT2Font(str(face.path), face_index=face.index).get_charmap())


def _matched(family: str, style: str) -> Face | None:
    """Ask fontconfig for a face; it always has an answer, but perhaps of another font."""
    if shutil.which("fc-match") is None:
        return None
    said = subprocess.run(
        ["fc-match", "-f", "%{family}\n%{index}\n%{file}", f"{_escaped(family)}:{style}"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.splitlines()
    if len(said) != 3 or family.lower() not in said[0].lower().split(","):
        return None
    # The upper half of the number says which variation of a variable font it is.
    return Face(Path(said[2]), int(said[1]) & 0xFFFF)


def _escaped(family: str) -> str:
    """Return a family as fontconfig takes it, in which some characters begin something else."""
    return "".join(f"\\{char}" if char in "\\-:," else char for char in family)
