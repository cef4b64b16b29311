"""The user's cache, for files that can be made again."""

import os
from pathlib import Path

from study.errors import StudyError

CACHE_VARIABLE = "AVMIT_CACHE"
_OTHERS_MAY_WRITE = 0o002


def cache_folder() -> Path:
    """Return the folder of downloads and of what is made from them.

    Returns ``$AVMIT_CACHE``, else `avmit-lab` in the user's cache.
    """
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "avmit-lab"


def own_folder(name: str) -> Path:
    """Return a folder of the cache in which nobody else can put a file.

    Raises StudyError if it is another's, if everybody may write into it, or if it cannot be made.

    `name`: its name; it is made if need be.
    """
    folder = cache_folder() / name
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        state = folder.stat()
    except OSError as error:
        raise StudyError(
            f"{folder} cannot be used: {error.strerror}. Name a folder of your own in "
            f"{CACHE_VARIABLE}"
        ) from error
    if state.st_uid not in (os.geteuid(), 0) or state.st_mode & _OTHERS_MAY_WRITE:
        raise StudyError(
            f"others can write into {folder}, so that what lies there cannot be believed. Name a "
            f"folder of your own in {CACHE_VARIABLE}, or take the right away: chmod o-w {folder}"
        )
    return folder
