"""Archives of a release: both sets of embeddings in the published layout, and the clips."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from curation.release.trial_table.stimuli import FILE_NAME as STIMULI_NAME
from curation.release.trial_table.stimuli import FOLDER as STIMULI_FOLDER
from curation.release.whole import LISTS, Whole
from features.embedding_set import EMBEDDING_SETS
from features.records.archive import pack_archive
from features.records.identity import other_clip
from features.records.records import read_record
from lab.release.facts import StepFact
from study.config.study import Study
from study.errors import ClipError, RecordError
from study.tools.files import sha256_of
from study.tools.progress_bars import track
from study.tools.wording import counted

SETS = tuple(each.folder for each in EMBEDDING_SETS.values())
MEANS: Mapping[str, str] = {
    f"AVMIT_{name}.tar": f"embeddings {name}: <class>/<clip>.tfrecord and manifest.parquet"
    for name in SETS
}
# Of these every clip has a record in every set; other clips may have one in one of them only.
_IN_EVERY_SET = ("video_ratings.csv", "test_set.csv", "AVMIT_train.csv", "AVMIT_validation.csv")


def pack(study: Study, whole: Whole, folder: Path, embeddings: Path | None) -> Iterator[StepFact]:
    """Write both archives; yield what was done.

    Parameters
    ----------
    folder : Path
        The release.
    embeddings : Path or None
        Has a folder for each set; None to leave the archives out.

    Raises
    ------
    RecordError
        If a list names a clip without a record, or a record is broken, another clip's, or made of
        another file than was admitted.
    """
    if embeddings is None or whole.rated is None:
        return
    wanted = _require_all(whole, embeddings)
    clips = whole.tables["clips.csv"].rows.set_index("tfrecord_filename")["filename"]
    for name in SETS:
        records = sorted(wanted[name])
        for record in track(records, f"check {name}"):
            _require_own(embeddings / name / record, record, str(clips[record]))
        target = folder / f"AVMIT_{name}.tar"
        pack_archive(
            embeddings / name, target, overwrite=False, advance=lambda: None, only=set(records)
        )
        yield StepFact(
            "features extract", f"Extract the embeddings {name} of the listed clips.",
            tuple(table for table in ("video_ratings.csv", *LISTS) if table in whole.tables),
            (target.name,),
        )  # fmt: skip


def place_clips(study: Study, whole: Whole, folder: Path) -> int:
    """Copy the clips of all trials: under their names in Moments in Time, or as stimuli.

    Raises
    ------
    ClipError
        If a clip is missing, or not the file that was admitted.
    """
    clips = [*_rated_clips(study, whole), *_stimuli(study, whole)]
    for source, name, digest in track(clips, "copy the clips"):
        if not source.is_file():
            raise ClipError(f"{source} is not there. Put the clip back, or leave --with-clips out")
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        if sha256_of(target) != digest:
            raise ClipError(
                f"{source} is not the file that was admitted. Put that one back, or leave "
                "--with-clips out"
            )
    return len(clips)


def _rated_clips(study: Study, whole: Whole) -> Iterator[tuple[Path, str, str]]:
    if whole.rated is None:
        return
    rows = whole.tables["trials.csv"].rows[["video_location", "filename"]].dropna()
    for location, name in rows.drop_duplicates().itertuples(index=False, name=None):
        digest = whole.rated.sha256[location, name]
        yield study.clip_path(location, name), f"{location}/{name}", digest


def _stimuli(study: Study, whole: Whole) -> Iterator[tuple[Path, str, str]]:
    if STIMULI_NAME not in whole.tables:
        return
    if study.stimuli_path is None:
        raise ClipError(
            "study.toml names no stimuli. Put recognition.stimuli back, or leave --with-clips out"
        )
    known = whole.tables[STIMULI_NAME].rows
    shown = set(whole.tables["trials.csv"].rows["stimulus"].dropna())
    for name, digest in zip(known["stimulus"], known["sha256"], strict=True):
        if name in shown:
            yield study.stimuli_path / name, f"{STIMULI_FOLDER}/{name}", digest


def _require_all(whole: Whole, embeddings: Path) -> dict[str, set[str]]:
    have = {name: _records(embeddings / name) for name in SETS}
    anywhere = set().union(*have.values())
    wanted: dict[str, set[str]] = {name: set() for name in SETS}
    for table in ("video_ratings.csv", *LISTS):
        if table not in whole.tables:
            continue
        rows = whole.tables[table].rows
        names = set(rows["tfrecord_filename"])
        for name in SETS:
            there = have[name] if table in _IN_EVERY_SET else anywhere
            if missing := sorted(names - there):
                raise RecordError(_lacks(table, rows, missing, name))
            wanted[name] |= names & have[name]
    return wanted


def _lacks(table: str, rows: pd.DataFrame, missing: list[str], name: str) -> str:
    clip = rows.loc[rows["tfrecord_filename"] == missing[0], "filename"].iloc[0]
    return (
        f"{table} names {counted(len(missing), 'clip')} without a record in {name}, such as {clip} "
        f"({missing[0]}). Extract them: python -m features extract; or pass --without-embeddings"
    )


def _records(folder: Path) -> set[str]:
    if not folder.is_dir():
        raise RecordError(
            f"no folder {folder} with embeddings. Extract them: python -m features extract; or "
            "pass --without-embeddings"
        )
    return {path.relative_to(folder).as_posix() for path in folder.glob("*/*.tfrecord")}


def _require_own(path: Path, name: str, clip: str) -> None:
    if detail := other_clip(read_record(path).filename, name, clip):
        raise RecordError(f"{path} cannot be released: {detail}. Extract the clip again")
