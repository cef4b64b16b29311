"""Clip keys: the same clip has the same key in every file and on every system."""

import re
import unicodedata
from collections.abc import Iterable

from study.vocabulary import VIDEO_LOCATIONS

_LONGEST_SHOWN = 255
Key = tuple[str, str]  # location (empty where a list has none) and filename, as they are compared


def location_of(text: str) -> str:
    """Return a location in the program's spelling.

    Returns ``"training"`` or ``"validation"``; the text itself where it means neither.

    `text`: such as ``"MIT_training"``, ``"Training"`` or ``" validation "``.

    Examples
    --------
    >>> location_of("MIT_training"), location_of("Validation "), location_of("testing")
    ('training', 'validation', 'testing')
    """
    word = text.strip().casefold().removeprefix("mit_")
    return word if word in VIDEO_LOCATIONS else text


def with_slashes(filename: str) -> str:
    r"""Return a released name with one slash between class and clip, however it was written.

    Returns text such as ``"barking/bento.mp4"``; what leads out of the class folder stays as it is.

    `filename`: such as ``"./barking//bento.mp4"``, or ``"barking\bento.mp4"`` from Windows.
    """
    # Windows writes <class>\<clip>; a clip within its class folder may have a \ in its name.
    text = filename if "/" in filename else filename.replace("\\", "/")
    return re.sub("/{2,}", "/", text).removeprefix("./") if text[:1] != "/" else text


def key_of(location: str, filename: str) -> Key:
    """Return clip keys, the same from every file and system.

    Returns the location, and the filename in the composed form (NFC).

    Parameters
    ----------
    location : str
        ``"training"``, ``"validation"``, or empty where a list has no locations.
    filename : str
        Some systems write an accented letter as one character, others as two.
    """
    return location, unicodedata.normalize("NFC", filename)


def keys_of(locations: Iterable[str], filenames: Iterable[str]) -> list[Key]:
    """Return the keys of many clips.

    Returns
    -------
    list of tuple of str and str
        As `key_of` returns them.
    """
    return [key_of(*clip) for clip in zip(locations, filenames, strict=True)]


def in_one_line(text: str) -> str:
    r"""Return a name from outside as a message can show it.

    Returns the text itself, or its beginning; in quotes where space or control characters matter.

    `text`: it may have any length and any characters.

    Examples
    --------
    >>> in_one_line("barking/bento.mp4"), in_one_line("line" + chr(10) + "break")
    ('barking/bento.mp4', "'line\\nbreak'")
    """
    cut = text if len(text) <= _LONGEST_SHOWN else f"{text[:80]}..."
    is_plain = cut.isprintable() and cut == cut.strip() != ""
    return cut if is_plain else repr(cut)
