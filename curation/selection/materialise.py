"""The test clips themselves, under their new names and with checksums."""

import errno
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

import pandas as pd

from study.errors import ClipError, StudyError
from study.tools.files import sha256_of, written_atomically
from study.vocabulary import VIDEO_LOCATIONS

SUMS_NAME = "SHA256SUMS"
How = Literal["copy", "link", "symlink"]


@dataclass(frozen=True)
class Placed:
    """A test clip in its new place."""

    path: Path
    sha256: str
    was_there: bool


def materialise(
    test: pd.DataFrame,
    clip_path: Callable[[str, str], Path],
    folder: Path,
    *,
    how: How = "copy",
    known_sha256: Mapping[tuple[str, str], str] | None = None,
) -> Iterator[Placed]:
    """Copy or link test clips to their new names; after the last one write the checksums.

    Yields one per clip; what is there with the right bytes stays. Raises ClipError if a clip is
    missing, or is not the file that was rated. Raises StudyError if another file stands where a
    clip belongs, two clips have one new name, or a name leads out of its folder.

    Parameters
    ----------
    test : DataFrame
        With ``video_location, filename, new_filename``.
    clip_path : callable
        From location and filename to where the clip lies.
    how : {"copy", "link", "symlink"}
        ``link`` makes a hard link, which needs the same disk.
    known_sha256 : dict of tuple of str to str or None
        Digest by location and filename, as the clip was rated.
    """
    twice = test.loc[test.duplicated("new_filename"), "new_filename"]
    if len(twice):
        raise StudyError(f"the new name {twice.iloc[0]!r} is given twice. Correct the list")
    sums = []
    for row in test.to_dict("records"):
        _refuse_outside(row["video_location"], row["filename"])
        source = clip_path(row["video_location"], row["filename"])
        target = folder / row["new_filename"]
        if not target.parent.resolve().is_relative_to(folder.resolve()):
            raise StudyError(f"{row['new_filename']!r} leads out of {folder}. Correct the list")
        if not source.is_file():
            raise ClipError(f"no clip at {source}. Check mit_root", "missing")
        sha256 = sha256_of(source)
        rated = (known_sha256 or {}).get((row["video_location"], row["filename"]), sha256)
        if sha256 != rated:
            raise ClipError(f"{source} is not the file that was rated. Restore it", "changed")
        was_there = os.path.lexists(target)
        if was_there and not (target.is_file() and sha256_of(target) == sha256):
            raise StudyError(f"{target} is another file. Remove it, or choose another folder")
        if not was_there:
            _place(source, target, how)
        sums.append(f"{sha256}  {row['new_filename']}\n")
        yield Placed(target, sha256, was_there)
    with written_atomically(folder / SUMS_NAME) as part:
        part.write_text("".join(sums), encoding="utf-8")


def _refuse_outside(video_location: str, filename: str) -> None:
    path = PurePosixPath(filename)
    if video_location not in VIDEO_LOCATIONS or path.is_absolute() or ".." in path.parts:
        raise StudyError(
            f"{video_location}/{filename} is not a clip of the tree: expected a location of "
            f"{' or '.join(VIDEO_LOCATIONS)} and <class>/<clip>. Correct the list"
        )


def _place(source: Path, target: Path, how: How) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if how == "copy":
        with written_atomically(target, overwrite=False) as part:
            shutil.copyfile(source, part)
    elif how == "link":
        _link(source, target)
    else:
        target.symlink_to(source.resolve())


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK):
            raise
        raise StudyError(
            f"{target} cannot be a hard link to {source}: {error.strerror}. Use --how copy, or "
            "--how symlink"
        ) from error
