"""Choose the clips of training and screening; they are in no plan and in no sample."""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from sessions.exercises.verdicts import TRAINING_SET
from sessions.laptops.away import on_laptops
from sessions.streams import Stream
from study.config.study import Study
from study.errors import ConfigError
from study.store import Db
from study.store.clips import candidates
from study.store.desk import Desk
from study.store.plan import assignments, exercises, ground_truths
from study.store.plan.exercises import ExerciseClip
from study.store.ratings import sessions
from study.tools.seeding import generator
from study.tools.wording import counted
from study.vocabulary import Phase, Rating

ClipKey = tuple[str, str]
ExerciseSet = tuple[Phase, int]
EXERCISES = (Phase.TRAINING, Phase.SCREENING)
_CLIP = ("avmit_label", "video_location", "filename")


def standing(db: Db, replaced: Collection[ExerciseSet] = ()) -> pd.DataFrame:
    """Return all clips that were looked at, and why some cannot become exercise clips.

    `replaced`: sets whose clips are free again, because a list takes their place.

    Returns
    -------
    DataFrame
        Columns ``candidate_id, avmit_label, video_location, filename, taken``: why not, in words;
        empty where it is free. The candidate_id of a clip that was not admitted is 0.
    """
    columns = ["candidate_id", *_CLIP]
    found = candidates.frame(db)[columns]
    why = dict.fromkeys(assignments.candidate_ids(db).tolist(), "is in the plan")
    why |= {
        row["candidate_id"]: f"is in {row['phase']} set {row['exercise_set']} already"
        for row in exercises.frame(db).to_dict("records")
        if (row["phase"], row["exercise_set"]) not in replaced
    }
    why |= dict.fromkeys(ground_truths.sampled(db), "was sampled for ground truths")
    found = found.assign(taken=[why.get(number, "") for number in found["candidate_id"]])
    rejected = candidates.rejects(db)
    reasons = rejected["reason"].str.replace("_", " ")
    rejected = rejected.assign(
        candidate_id=0, avmit_label="", taken="was not admitted (" + reasons + ")"
    )[[*columns, "taken"]]
    return pd.concat([found, rejected] if len(rejected) else [found], ignore_index=True)


def free_candidates(db: Db) -> pd.DataFrame:
    """Return the candidates that may still become exercise clips.

    Returns
    -------
    DataFrame
        As `standing`, without clips that are taken.
    """
    found = standing(db)
    return found[found["taken"].eq("")].reset_index(drop=True)


def sample_clips(db: Db, study: Study, n_screening_sets: int) -> pd.DataFrame:
    """Pick exercise clips from the candidates that are free, with the study's seed.

    `n_screening_sets`: a screening that is repeated takes the next set.

    Returns
    -------
    DataFrame
        As `sample`; a training unless there is one, and screenings after those that there are.
    """
    rng = generator(study.config.seed, Stream.EXERCISE, len(exercises.frame(db)))
    return sample(free_candidates(db), labels(db), new_sets(db, n_screening_sets), rng)


def labels(db: Db) -> list[str]:
    """Return the classes that have candidates; a set of an exercise has one clip of each.

    Raises ConfigError if there are no candidates.
    """
    found = sorted(set(candidates.frame(db)["avmit_label"]))
    if not found:
        raise ConfigError("there are no candidates yet. Run: python -m curation candidates")
    return found


def new_sets(db: Db, n_screening_sets: int) -> list[ExerciseSet]:
    """Return which sets come next.

    Returns the training, unless it has been chosen, and screenings after those that there are.
    """
    training = [] if exercises.set_sizes(db, Phase.TRAINING) else [(Phase.TRAINING, TRAINING_SET)]
    first = max(exercises.set_sizes(db, Phase.SCREENING), default=0) + 1
    return [*training, *((Phase.SCREENING, first + i) for i in range(n_screening_sets))]


def sample(
    free: pd.DataFrame, labels: list[str], sets: list[ExerciseSet], rng: np.random.Generator
) -> pd.DataFrame:
    """Pick one clip per class for each set.

    Returns columns ``candidate_id, phase, exercise_set, position, avmit_label, video_location,
    filename``; no clip twice. Raises ConfigError if a class has too few clips.

    Parameters
    ----------
    free : DataFrame
        From `free_candidates`.
    sets : list of (Phase, int)
        From `new_sets`.
    """
    picked = []
    for label in labels:
        own = free[free["avmit_label"] == label]
        if len(own) < len(sets):
            raise ConfigError(
                f"class {label} has {counted(len(own), 'clip')} to choose from and "
                f"{len(sets)} are needed "
                "for training and screening. Admit more candidates, or pass fewer "
                "--screening-sets"
            )
        chosen = own.iloc[rng.permutation(len(own))[: len(sets)]]
        picked.append(
            chosen.assign(
                phase=[phase.value for phase, _ in sets], exercise_set=[n for _, n in sets]
            )
        )
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
    """Return ratings and reasons from the scenes that rehearsal clips were made from.

    Returns what the expert would say of each clip. Raises ConfigError if a clip has no scene.

    Parameters
    ----------
    picked : DataFrame
        From `sample`.
    truths, reasons : mapping of (video_location, filename) to Rating or str
        From `study.rehearsal`.
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


def set_exercise(desk: Desk, clips: list[ExerciseClip]) -> list[ExerciseSet]:
    """Save chosen clips; from now on no plan takes them.

    Returns the sets that were there and were replaced. Raises ConfigError if people have seen one
    of these, or a set would never be shown.

    `clips`: from `rehearsed` or `read_list`.
    """
    sets = {(clip.phase, clip.exercise_set) for clip in clips}
    replaced = replaceable(desk.db, sets)
    for phase in EXERCISES:
        _require_shown(phase, {number for each, number in sets if each is phase}, desk.db)
    for phase, number in replaced:
        exercises.remove(desk.db, phase, number)
    exercises.add_many(desk.db, clips)
    detail = {
        "seed": desk.study.config.seed,
        "clips": {str(clip.candidate_id): [clip.phase.value, clip.exercise_set] for clip in clips},
        "replaced": [[phase.value, number] for phase, number in replaced],
    }
    desk.log("set_exercise", "exercises", detail)
    return replaced


def replaceable(db: Db, sets: Collection[ExerciseSet]) -> list[ExerciseSet]:
    """Return which of some sets are there already and may be replaced, because nobody has seen one.

    Raises ConfigError if somebody has seen one, may see it at the moment, or has it on a laptop.
    """
    there = [
        (phase, number)
        for phase in EXERCISES
        for number in exercises.set_sizes(db, phase)
        if (phase, number) in sets
    ]
    for phase, number in there:
        why = _why_fixed(db, phase, number)
        if why:
            raise ConfigError(
                f"{phase.value} set {number} cannot be changed: {why}. Nothing was changed. A "
                "further screening is drawn with: python -m sessions set-exercise --sample"
            )
    return there


def _why_fixed(db: Db, phase: Phase, number: int) -> str:
    """Return why a set stays as it is; empty where it may be replaced."""
    seen_by, out = exercises.seen_by(db, phase, number), on_laptops(db)
    if seen_by:
        return f"{', '.join(seen_by)} rated clips of it"
    if out:
        return f"the clips of {', '.join(out)} are on a laptop, with this set"
    going = sessions.in_session(db, phase)
    return f"a {phase.value} of {', '.join(going)} is open at the moment" if going else ""


def _require_shown(phase: Phase, new: set[int], db: Db) -> None:
    there = set(exercises.set_sizes(db, phase))
    shown = {TRAINING_SET} if phase is Phase.TRAINING else set(range(1, len(there | new) + 1))
    never = sorted(new - shown)
    if never:
        raise ConfigError(
            f"{phase.value} set {never[0]} would never be shown: the training has set 1 only, and "
            f"screenings take theirs in turn, {len(there) + 1} next. Change exercise_set"
        )
