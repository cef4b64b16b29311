"""What has been extracted so far, line by line, so that a run can go on after any end."""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice
from pathlib import Path

from features.extraction.clip_list import ListedClip
from features.records.manifest import (
    MANIFEST_NAME,
    ManifestRow,
    Recipe,
    parse_row,
    read_manifest,
    recipe_from,
    rows_from,
    write_manifest,
)
from study.errors import RecordError
from study.processes.machine import lock
from study.reading.text import json_of
from study.tools.journal import Journal, read_journal
from study.tools.wording import counted

JOURNAL_NAME = "manifest.unfinished.jsonl"


class RecordJournal:
    """The open journal of a folder of records; one process at a time has it.

    Parameters
    ----------
    recipe : Recipe
        Stated in the first line.
    again : collection of str or None
        Names of the records to forget, here and in the manifest, because they are to be made again;
        None for none.

    Raises
    ------
    RecordError
        If another process is writing it, the file system does not say, or records that are not to
        be made again were made in another way.
    """

    def __init__(self, path: Path, recipe: Recipe, *, again: Collection[str] | None = None) -> None:
        self._path = path
        self._lines = Journal(path)
        try:
            self._require_alone()
            if again is not None:  # with the lock in hand: another run may be at work here
                _forget(path.parent, recipe, again)
        except RecordError:
            self._lines.close()
            raise
        # Where a crash cut the first line, no later one would be read.
        if again is not None or _heading_of(path) is None:
            self._lines.clear()
        self._is_new = path.stat().st_size == 0
        if self._is_new:
            self._lines.add(asdict(recipe))

    def _require_alone(self) -> None:
        path, file = self._path, self._lines.file
        try:
            lock(file)
            # A run that ended just now took the file away, and its lock is worth nothing.
            is_there = path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat())
        except BlockingIOError:
            is_there = False
        except OSError as error:  # some network shares have no locks
            raise RecordError(
                f"{path} cannot be locked: {error.strerror}. Choose an --out on a disk of this "
                "machine"
            ) from error
        if not is_there:
            raise RecordError(
                f"another extraction is writing to {path.parent}. Wait for its end, or choose "
                "another --out"
            )

    def add(self, row: ManifestRow) -> None:
        """Note a record that is finished."""
        self._lines.add(asdict(row))
        self._is_new = False

    def remove(self) -> None:
        """Delete the file: the manifest holds all of it."""
        self._path.unlink(missing_ok=True)
        self._is_new = False  # a file of this name is another run's from now on

    def close(self) -> None:
        """Close the file; one in which nothing was noted is taken away."""
        if self._is_new:
            self.remove()
        self._lines.close()


def sweep(folder: Path) -> None:
    """Delete the unfinished files that a killed extraction left; call with the journal open."""
    for part in folder.glob("*/.*.part.tfrecord"):
        part.unlink(missing_ok=True)


@contextmanager
def open_journal(
    folder: Path, recipe: Recipe, *, again: Collection[str] | None = None
) -> Iterator[RecordJournal]:
    """Yield the journal of a folder of records.

    Parameters
    ----------
    again : collection of str or None
        Names of the records to forget, because they are to be made again; None for none.
    """
    journal = RecordJournal(folder / JOURNAL_NAME, recipe, again=again)
    try:
        yield journal
    finally:
        journal.close()


def read_finished(folder: Path, recipe: Recipe) -> dict[str, ManifestRow]:
    """Return which records of a folder are finished.

    Parameters
    ----------
    recipe : Recipe
        What is to make the rest of them.

    Returns
    -------
    dict of str to ManifestRow
        By record name; only those whose file is there.

    Raises
    ------
    RecordError
        If the folder's records were made in another way.
    """
    rows: list[ManifestRow] = []
    if (folder / MANIFEST_NAME).is_file():
        manifest = read_manifest(folder)
        _require_same(manifest.recipe, recipe, folder)
        rows += rows_from(manifest.rows)
    rows += _read_journal(folder, recipe)
    return {
        row.tfrecord_filename: row for row in rows if (folder / row.tfrecord_filename).is_file()
    }


def _forget(folder: Path, recipe: Recipe, again: Collection[str]) -> None:
    # Records that are not made again stay in the manifest.
    there = {path.relative_to(folder).as_posix() for path in folder.glob("*/[!.]*.tfrecord")}
    left = sorted(there.difference(again))
    try:
        rows = list(read_finished(folder, recipe).values()) if left else []
    except RecordError as error:
        raise RecordError(
            f"{folder} has {counted(len(left), 'record')} that the list lacks and that --overwrite "
            f"would leave beside records made in another way, such as {left[0]}. List them too, "
            "choose another --out, or remove the folder"
        ) from error
    kept = [row for row in rows if row.tfrecord_filename not in again]
    if kept:
        write_manifest(folder, recipe, {}, kept)
    else:
        (folder / MANIFEST_NAME).unlink(missing_ok=True)


def require_same_clips(
    clips: Sequence[ListedClip], finished: Mapping[str, ManifestRow], folder: Path
) -> None:
    """Raise if a finished record is of another clip than the list's, or has another label.

    Moments in Time has clips of one name in several classes: two lists can give them one record.

    Parameters
    ----------
    finished : dict of str to ManifestRow
        From `read_finished`.

    Raises
    ------
    RecordError
        With the first of them.
    """
    for clip in clips:
        row = finished.get(clip.tfrecord_filename)
        # Not the location: some released lists name none, and a clip lies in one place only.
        if row is not None and (row.filename, row.label) != (clip.filename, clip.label):
            raise RecordError(
                f"{folder / clip.tfrecord_filename} is of {row.filename}, labelled {row.label}; "
                f"the list has {clip.filename}, labelled {clip.label}. Name another record in the "
                "column tfrecord_filename, or choose another --out"
            )


def _read_journal(folder: Path, recipe: Recipe) -> Iterator[ManifestRow]:
    path = folder / JOURNAL_NAME
    heading = _heading_of(path)
    if heading is None:
        return
    _require_same(recipe_from(heading), recipe, folder)
    for line in islice(read_journal(path), 1, None):
        try:
            yield parse_row(line)
        except ValueError:
            continue  # cut off by a crash; the record is made again


def _heading_of(path: Path) -> str | None:
    # None where a crash came before the first line was whole: nothing was noted.
    first = next(read_journal(path), "")
    try:
        json_of(first)
    except (ValueError, RecursionError):
        return None
    return first


def _require_same(found: Recipe, recipe: Recipe, folder: Path) -> None:
    if found == recipe:
        return
    old, new = asdict(found), asdict(recipe)
    changes = [f"{name} was {old[name]}, now {new[name]}" for name in new if old[name] != new[name]]
    raise RecordError(
        f"the records in {folder} were made in another way ({'; '.join(changes)}). Choose another "
        "--out, or pass --overwrite to make them all again"
    )
