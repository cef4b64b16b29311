"""A release is written beside its place and takes its name when it is whole."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from study.errors import StudyError
from study.tools.files import named_errors

_FILE, _FOLDER = 0o644, 0o755


def refuse_full(out: Path) -> None:
    """Raise if there is something where a release is to be written.

    Raises
    ------
    StudyError
        If it is a file, or a folder that is not empty.
    """
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise StudyError(f"{out} is not a folder. Name a new folder for the release: --out DIR")
    if out.is_dir() and any(out.iterdir()):
        raise StudyError(
            f"{out} is not empty, and a release is never written over something. Name a new "
            "folder: --out DIR"
        )


@contextmanager
def staged(out: Path) -> Iterator[Path]:
    """Yield a folder that becomes the release when the block ends without an error.

    Raises
    ------
    StudyError
        If there is something already, or nothing can be written there.
    """
    refuse_full(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".", suffix=".part", dir=out.parent))
    except OSError as error:
        raise StudyError(
            f"{out} cannot be written: {error.strerror}. Make room, give access or name another "
            "folder"
        ) from error
    try:
        with named_errors(out):
            yield folder
            _settle(folder)
            folder.rename(out)  # an empty folder gives way
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _settle(folder: Path) -> None:
    for root, folders, names in os.walk(folder):
        for name in names:
            (Path(root) / name).chmod(_FILE)
        for name in folders:
            (Path(root) / name).chmod(_FOLDER)
    folder.chmod(_FOLDER)
