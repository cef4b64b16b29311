"""The clips that a laptop needs: a list of them, and copies of the files."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from study.config.study import Study
from study.errors import ClipError, StudyError
from study.store import Db
from study.store.clips import candidates
from study.store.people import participants
from study.store.plan import assignments, exercises, ground_truths
from study.store.recognition import slots
from study.tools.files import sha256_of, written_atomically
from study.tools.wording import counted
from study.vocabulary import ParticipantKind

COLUMNS = {  # what each means
    "video_location": "training or validation directories of MIT, or stimuli",
    "filename": "MIT class subdirectory/ video name",
    "sha256": "digest of the clip that was admitted",
}
STIMULI = "stimuli"  # where those of a recognition experiment are, in place of a location


def needed(db: Db, people: Sequence[str]) -> pd.DataFrame:
    """Return the clips that some participants may still be shown.

    Returns columns `COLUMNS`: what they have left to rate and to recognise, training and screening,
    and for the expert all sampled clips. Raises NotClearedError if one of them is not enrolled.
    """
    kinds = {participants.get(db, who).kind for who in people}
    plan = assignments.frame(db)
    left = plan[plan["participant_id"].isin(people) & ~plan["done"].astype(bool)]
    ids = set(left["candidate_id"].tolist())
    if kinds != {ParticipantKind.EXPERT}:
        ids |= set(exercises.frame(db)["candidate_id"].tolist())
    if ParticipantKind.EXPERT in kinds:
        ids |= set(ground_truths.sampled(db))
    every = candidates.frame(db)
    rated = every.loc[every["candidate_id"].isin(ids), list(COLUMNS)]
    return pd.concat([rated, _stimuli(db, people)], ignore_index=True)


def _stimuli(db: Db, people: Sequence[str]) -> pd.DataFrame:
    found = {one.stimulus_id: one.stimulus for who in people for one in slots.remaining(db, who)}
    rows = [(STIMULI, each.filename, each.sha256) for _, each in sorted(found.items())]
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)


def list_of(laptop: Path) -> Path:
    """Return where the list of a laptop's clips lies: beside its file."""
    return laptop.with_name(f"{laptop.stem}.clips.csv")


def write_list(clips: pd.DataFrame, path: Path) -> None:
    """Write which clips a laptop needs."""
    with written_atomically(path) as part:
        clips.to_csv(part, index=False)


def copy(clips: pd.DataFrame, study: Study, folder: Path) -> Iterator[bool]:
    """Copy clips into a tree such as `mit_root`, stimuli into `STIMULI`; what is there stays.

    Yields for each clip whether it was there. Raises ClipError before the first one is copied if
    one is missing, and if one is not the file that was admitted. Raises StudyError if another file
    stands where a clip belongs.

    `clips`: from `needed`.
    """
    places = [(row["video_location"], row["filename"]) for row in clips.to_dict("records")]
    missing = [place for place in places if not _source(study, *place).is_file()]
    if missing:
        key = "recognition.stimuli" if missing[0][0] == STIMULI else "mit_root"
        raise ClipError(
            f"{counted(len(missing), 'clip')} of {len(places)} cannot be found, such as "
            f"{_source(study, *missing[0])}. Check {key} in study.toml",
            "missing",
        )
    for place, sha256 in zip(places, clips["sha256"], strict=True):
        yield _copy(_source(study, *place), folder, "/".join(place), sha256)


def _source(study: Study, location: str, filename: str) -> Path:
    if location == STIMULI and study.stimuli_path is not None:
        return study.stimuli_path / filename
    return study.clip_path(location, filename)


def _copy(source: Path, folder: Path, name: str, sha256: str) -> bool:
    target = folder / name
    if not target.resolve().is_relative_to(folder.resolve()):
        raise StudyError(f"{name!r} leads out of {folder}. Nothing more was copied")
    if target.is_file():
        if sha256_of(target) != sha256:
            raise StudyError(f"{target} is another file. Remove it, or choose another folder")
        return True
    with written_atomically(target, overwrite=False) as part:
        shutil.copyfile(source, part)
        if sha256_of(part) != sha256:
            raise ClipError(
                f"{source} is not the file that was admitted. Restore it: python -m sessions check "
                "--hashes",
                "changed",
            )
    return False
