"""Choose the clips of training and screening; they are in no plan and in no sample."""

import csv
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from sessions.chance import Stream, generator
from study.config import Study
from study.errors import ConfigError
from study.files import written_atomically
from study.store import Db, assignments, audit, candidates, exercises, ground_truths
from study.store.exercises import ExerciseClip
from study.vocabulary import Phase, Rating

ClipKey = tuple[str, str]
_CLIP = ("avmit_label", "video_location", "filename")
COLUMNS = ("phase", "exercise_set", "avmit_label", "video_location", "filename", "rating",
           "reasoning")  # fmt: skip


def free_candidates(db: Db) -> pd.DataFrame:
    """Return the candidates that may still become exercise clips.

    Parameters
    ----------
    db : Session
        An open transaction.

    Returns
    -------
    DataFrame
        As `candidates.frame`, without exercise clips, sampled ground truths and planned clips.
    """
    taken = {
        *ground_truths.sampled(db),
        *exercises.frame(db)["candidate_id"].tolist(),
        *assignments.candidate_ids(db).tolist(),
    }
    found = candidates.frame(db)
    return found[~found["candidate_id"].isin(taken)].reset_index(drop=True)


def sample_clips(db: Db, study: Study, n_screening_sets: int) -> pd.DataFrame:
    """Pick exercise clips from the candidates that are free, with the study's seed.

    Parameters
    ----------
    db : Session
        An open transaction.
    study : Study
        Gives the seed.
    n_screening_sets : int
        A screening that is repeated takes the next set.

    Returns
    -------
    DataFrame
        As `sample`, for every class that has candidates.
    """
    labels = sorted(set(candidates.frame(db)["avmit_label"]))
    if not labels:
        raise ConfigError("there are no candidates yet. Run: python -m curation candidates")
    rng = generator(study, Stream.EXERCISE, len(exercises.frame(db)))
    return sample(free_candidates(db), labels, n_screening_sets, rng)


def sample(
    free: pd.DataFrame, labels: list[str], n_screening_sets: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Pick one clip per class for the training and for each screening.

    Parameters
    ----------
    free : DataFrame
        From `free_candidates`.
    labels : list of str
        The classes.
    n_screening_sets : int
        A screening that is repeated takes the next set.
    rng : Generator
        Source of chance.

    Returns
    -------
    DataFrame
        Columns ``candidate_id, phase, exercise_set, position, avmit_label, video_location,
        filename``; no clip twice.

    Raises
    ------
    ConfigError
        If a class has too few clips.
    """
    sets = [(Phase.TRAINING.value, 1)]
    sets += [(Phase.SCREENING.value, number) for number in range(1, n_screening_sets + 1)]
    picked = []
    for label in labels:
        own = free[free["avmit_label"] == label]
        if len(own) < len(sets):
            raise ConfigError(
                f"class {label} has {len(own)} clips to choose from and {len(sets)} are needed "
                "for training and screening. Admit more candidates, or pass fewer "
                "--screening-sets"
            )
        chosen = own.iloc[rng.permutation(len(own))[: len(sets)]]
        picked.append(chosen.assign(phase=[s[0] for s in sets], exercise_set=[s[1] for s in sets]))
    table = pd.concat(picked).reset_index(drop=True)
    parts = [
        group.sample(frac=1, random_state=rng)
        for _, group in table.groupby(["phase", "exercise_set"])
    ]
    shown = pd.concat(parts)
    shown["position"] = shown.groupby(["phase", "exercise_set"]).cumcount()
    return shown[["candidate_id", "phase", "exercise_set", "position", *_CLIP]]


def rehearsed(
    picked: pd.DataFrame, truths: Mapping[ClipKey, Rating], reasons: Mapping[ClipKey, str]
) -> list[ExerciseClip]:
    """Take ratings and reasons from the scenes that rehearsal clips were made from.

    Parameters
    ----------
    picked : DataFrame
        From `sample`.
    truths, reasons : mapping of (video_location, filename) to Rating or str
        From `study.rehearsal`.

    Returns
    -------
    list of ExerciseClip
        What the expert would say of each clip.

    Raises
    ------
    ConfigError
        If a clip has no scene.
    """
    clips = []
    for row in picked.to_dict("records"):
        key = (row["video_location"], row["filename"])
        if key not in truths:
            raise ConfigError(
                f"{row['filename']} is in no scenes.csv, so nobody knows how it should be rated. "
                "Give a list of exercise clips instead: python -m sessions set-exercise FILE"
            )
        clips.append(
            ExerciseClip(
                candidate_id=row["candidate_id"],
                phase=Phase(row["phase"]),
                exercise_set=row["exercise_set"],
                position=row["position"],
                rating=truths[key],
                reasoning=reasons[key],
            )
        )
    return clips


def write_draft(picked: pd.DataFrame, path: Path, *, overwrite: bool) -> None:
    """Write chosen clips for the expert to fill in ratings and reasons.

    Parameters
    ----------
    picked : DataFrame
        From `sample`.
    path : Path
        A CSV file.
    overwrite : bool
        Whether it may be replaced.
    """
    draft = picked.assign(rating="", reasoning="")[list(COLUMNS)]
    with written_atomically(path, overwrite=overwrite) as part:
        draft.to_csv(part, index=False)


def read_list(path: Path, free: pd.DataFrame) -> list[ExerciseClip]:
    """Read exercise clips that the expert has rated and explained.

    Parameters
    ----------
    path : Path
        A CSV file with `COLUMNS`; ``avmit_label`` is for the reader only.
    free : DataFrame
        From `free_candidates`.

    Returns
    -------
    list of ExerciseClip
        In the order of the file.

    Raises
    ------
    ConfigError
        If a column is missing, or a clip is unknown, taken, named twice or not rated.
    """
    if not path.is_file():
        raise ConfigError(
            f"no file {path}. Write a draft: python -m sessions set-exercise --sample"
        )
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    if not rows or not set(COLUMNS) <= set(rows[0]):
        found = ", ".join(rows[0]) if rows else "no rows"
        raise ConfigError(f"{path} has {found}; the columns {', '.join(COLUMNS)} are expected")
    ids = {
        (row["video_location"], row["filename"]): row["candidate_id"]
        for row in free.to_dict("records")
    }
    positions: dict[tuple[str, str], int] = {}
    clips = []
    for number, row in enumerate(rows, start=2):
        clip = _clip(row, ids, positions, where=f"{path}, line {number}")
        ids.pop((row["video_location"], row["filename"]))
        clips.append(clip)
    return clips


def set_exercise(
    db: Db, clips: list[ExerciseClip], *, study: Study, actor: str, at: datetime
) -> None:
    """Keep chosen clips; from now on they are in no plan.

    Parameters
    ----------
    db : Session
        An open transaction.
    clips : list of ExerciseClip
        From `rehearsed` or `read_list`.
    study : Study
        The study.
    actor : str
        Who chose.
    at : datetime
        Now.

    Raises
    ------
    ConfigError
        If a set that is there already would be changed.
    """
    for phase in (Phase.TRAINING, Phase.SCREENING):
        new = {clip.exercise_set for clip in clips if clip.phase is phase}
        there = new & set(exercises.set_sizes(db, phase))
        if there:
            raise ConfigError(
                f"{phase.value} set {min(there)} has been chosen already, and people may have "
                "been trained with it. Choose clips for a new set"
            )
    exercises.add_many(db, clips)
    detail = {
        "seed": study.config.seed,
        "clips": {str(clip.candidate_id): [clip.phase.value, clip.exercise_set] for clip in clips},
    }
    audit.add(db, actor=actor, action="set_exercise", subject="exercises", detail=detail, at=at)


def _clip(
    row: Mapping[str, str],
    ids: Mapping[tuple[str, str], int],
    positions: dict[tuple[str, str], int],
    where: str,
) -> ExerciseClip:
    key = (row["video_location"], row["filename"])
    if key not in ids:
        raise ConfigError(
            f"{where}: {row['filename']} is no free candidate (unknown, named twice, sampled for "
            "ground truths, or in use already). Choose another clip of this class"
        )
    phases = {Phase.TRAINING.value, Phase.SCREENING.value}
    if row["phase"] not in phases or not row["exercise_set"].isdigit():
        raise ConfigError(
            f"{where}: phase {row['phase']!r}, set {row['exercise_set']!r}; expected training or "
            "screening and a number from 1"
        )
    if row["rating"] not in {"1", "2", "3"} or not row["reasoning"].strip():
        raise ConfigError(
            f"{where}: rating {row['rating']!r}, reasoning {row['reasoning']!r}; the expert gives "
            "a rating from 1 to 3 and says why"
        )
    group = (row["phase"], row["exercise_set"])
    position = positions.get(group, 0)
    positions[group] = position + 1
    return ExerciseClip(
        ids[key], Phase(row["phase"]), int(row["exercise_set"]), position,
        Rating(int(row["rating"])), row["reasoning"].strip(),
    )  # fmt: skip
