"""Where a clip lies that a list names: some systems write an accented letter in another way."""

import unicodedata
from pathlib import Path


def clip_file(root: Path, location: str, filename: str) -> Path:
    """Return where a clip lies, whichever way its file name's accents are written on the disk.

    A tree that was unpacked on macOS has ``e`` and an accent where a list has one letter, and
    other file systems take these for two names.

    Parameters
    ----------
    root : Path
        Folder with ``training/`` and ``validation/``.
    location : str
        Which of them.
    filename : str
        ``<class>/<clip>.mp4``.

    Returns
    -------
    Path
        The file as the disk calls it; as the list calls it where no such file is there.
    """
    named = root / location / filename
    if filename.isascii() or named.exists():
        return named
    found = root / location
    for part in filename.split("/"):
        found = found / _as_on_disk(found, part)
    return found if found.exists() else named


def _as_on_disk(folder: Path, name: str) -> str:
    if name.isascii() or (folder / name).exists():
        return name
    composed = unicodedata.normalize("NFC", name)
    try:
        names = sorted(path.name for path in folder.iterdir())
    except OSError:
        return name
    alike = (one for one in names if unicodedata.normalize("NFC", one) == composed)
    return next(alike, name)
