"""Which clip a record is of: its own name is held against the name that it should have."""

import re
import unicodedata
from pathlib import PurePosixPath

_ENDINGS = frozenset({".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".tfrecord"})
# Windows' short names: the published script used them for eight clips with long ones.
_SHORT = re.compile(r"([A-Z0-9!#$%&'()@^_`{}~-]{1,6})~\d{1,2}")


def is_of_clip(recorded: str, filename: str, *, any_class: bool = False) -> bool:
    r"""Whether a record that names a clip is the record of a listed one.

    Lists and records come from several hands: names have slashes of either kind, the folder of a
    location in front of that of the class, no folder at all, accents in one or two characters,
    and endings in capitals or none. The clip's own name must agree to the letter, since YouTube's
    differ by capitals.

    Parameters
    ----------
    filename : str
        ``<MIT class>/<clip>.mp4``, from a list.
    any_class : bool
        Whether the folder of the class may differ.

    Examples
    --------
    >>> is_of_clip(r"MIT_training\barking\yt-abc_7.MP4", "barking/yt-abc_7.mp4")
    True
    >>> is_of_clip("barking/yt-ABC_7.mp4", "barking/yt-abc_7.mp4")
    False
    """
    one, other = _parts(recorded), _parts(filename)
    if not one or not other or not _is_one_name(one[-1], other[-1]):
        return False
    folders = [parts[-2].casefold() for parts in (one, other) if len(parts) > 1]
    return any_class or len(folders) < 2 or folders[0] == folders[1]


def is_of_file(recorded: str, tfrecord_filename: str) -> bool:
    """Whether a record is the one that its file's name promises.

    Parameters
    ----------
    tfrecord_filename : str
        ``<label>/<stem>.tfrecord``; the stem is the clip's, or Windows' short form of it.
    """
    parts, stem = _parts(recorded), PurePosixPath(tfrecord_filename).stem
    if not parts:
        return False
    short = _SHORT.fullmatch(stem)
    if short is not None and re.sub(r"[ .]", "", parts[-1]).upper().startswith(short[1]):
        return True
    return _is_one_name(parts[-1], f"{_composed(stem)}.tfrecord")


def other_clip(recorded: str, tfrecord_filename: str, filename: str | None) -> str | None:
    """Return a sentence on whose record it is, from "it" on; None if it is its own clip's.

    Parameters
    ----------
    tfrecord_filename : str
        Its file within the folder of the set.
    filename : str or None
        The clip that it should be of, from the manifest; None where only the file's name tells.
    """
    if filename is None:
        is_right, expected = is_of_file(recorded, tfrecord_filename), tfrecord_filename
    else:
        is_right, expected = is_of_clip(recorded, filename), filename
    if is_right:
        return None
    return f"it is the record of {recorded!r}, expected that of {expected!r}"


def _parts(name: str) -> list[str]:
    return [part for part in _composed(name).replace("\\", "/").split("/") if part not in ("", ".")]


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _is_one_name(one: str, other: str) -> bool:
    (stem, ending), (other_stem, other_ending) = _split(one), _split(other)
    # A record's own ending, or none, says nothing about the clip's.
    known = {ending, other_ending} - {"", ".tfrecord"}
    return stem == other_stem and len(known) < 2


def _split(name: str) -> tuple[str, str]:
    stem, dot, ending = name.rpartition(".")
    if dot and f".{ending.lower()}" in _ENDINGS:
        return stem, f".{ending.lower()}"
    return name, ""
