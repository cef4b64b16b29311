"""Clip keys: the same clip has the same key in every file and on every system."""

import re
import unicodedata
from collections.abc import Iterable, Mapping

from study.errors import TableError
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


def require_apart(lists: Mapping[str, Iterable[Key]]) -> None:
    """Raise if a clip stands twice in a list that is about to be written, or in two of them.

    Parameters
    ----------
    lists : dict of str to iterable of tuple
        Keys of the clips by the list's name.

    Raises
    ------
    TableError
        With the clip and the lists. Whoever writes lists calls this before the first is written.
    """
    stands: dict[Key, str] = {}
    for name, keys in lists.items():
        own: set[Key] = set()
        for key in keys:
            other = name if key in own else stands.get(key)
            if other is not None:
                where = f"twice in {name}" if other == name else f"in {other} and in {name}"
                clip = f"{in_one_line(key[1])} ({key[0] or 'no location'})"
                raise TableError(
                    f"{clip} would stand {where}. Nothing was written; check the tables that it "
                    "comes from"
                )
            own.add(key)
        stands |= dict.fromkeys(own, name)
