"""The steps of a demo: the commands that a lab would type, in their order."""

import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lab.size import DemoSize
from lab.state import DATASET, EMBEDDINGS, MIT, MODELS, RELEASE, DemoState
from study.tools.cli import python_command
from study.vocabulary import Phase

EXPERT = "EXPERT"
LATE = "P03"
# One of them is hasty, so that the warning screen is seen.
PROFILES = {"S01": "good", "S02": "eager", "S03": "good", "S04": "tired"}
SEED = 1
SCREENSHOTS = "screenshots"
SETS = {"yamnet_effnet": "YamNet_EffNetB0", "vggish_vgg16": "VGGish_VGG16"}
TRAINED_ON = {"AVMIT": "prominent clips", "MIT16": "all clips"}
# What descriptions of a dataset ask for; without it their validators recommend to add it.
SAID_OF_RELEASE = {
    "release.creators": '["Doe, Jane", "Roe, Richard"]',
    "release.institution": '"University of Somewhere"',
    "release.institution_url": '"https://www.example.org/"',
    "release.institution_address": '"1 High Street, Somewhere"',
    "release.department": '"Psychology"',
    "release.cognitive_atlas": '"https://www.cognitiveatlas.org/task/id/trm_4f244f46ebf58/"',
    "release.cogpo": '"http://www.cogpo.org/ontologies/CogPOver1.owl#COGPO_00049"',
}
TITLES = (
    "Make clips",
    "Prepare the study",
    "Rate",
    "Write the tables",
    "Extract embeddings",
    "Train and evaluate networks",
    "Release",
    "Report",
)


@dataclass(frozen=True, slots=True)
class DemoStep:
    """One command line of the demo.

    Parameters
    ----------
    part : int
        Number of the part of the demo, from 1; `TITLES` names it.
    what : str
        What the command does, in a few words.
    command : tuple of str
        What stands after ``python -m``.
    is_done : callable
        Returns whether it need not run again.
    in_window : bool
        Whether it opens a window.
    """

    part: int
    what: str
    command: tuple[str, ...]
    is_done: Callable[[], bool]
    in_window: bool = False


def next_steps(folder: Path) -> tuple[str, str, str]:
    """Return what to type after a demo: to rate, to see where it stands, to start afresh.

    Returns
    -------
    tuple of three str
        Command lines with the Python that runs this, as seen from the working directory.
    """
    return (
        typed("annotator", "--participant", LATE, "--study", str(folder)),
        typed("sessions", "status", "--study", str(folder)),
        typed("lab", "demo", str(folder), "--fresh"),
    )


def typed(*words: str) -> str:
    """Return a command of this project as a person types it here.

    Parameters
    ----------
    *words : str
        What stands after ``python -m``.
    """
    return shlex.join((python_command(), "-m", *words))


def steps_of(folder: Path, size: DemoSize, weights: Path | None = None) -> tuple[DemoStep, ...]:
    """Return the steps of a demo, up to the report.

    Parameters
    ----------
    weights : Path or None
        Folder with the weights of trained networks; None for the downloaded ones.
    """
    found = DemoState(folder)
    return (
        *_clips(found, size),
        *_preparation(found, size),
        *_rating(found, size),
        *_tables(found),
        *_embeddings(found, weights),
        *_networks(found, size),
        *_release(found),
    )


def _clips(found: DemoState, size: DemoSize) -> Iterator[DemoStep]:
    root = str(found.folder / MIT)
    count = ("--clips-per-class", str(size.clips_per_class), "--classes", ",".join(size.classes))
    yield DemoStep(
        1,
        "make clips whose truth is known",
        ("study", "make-clips", root, "--seed", str(SEED), *count),
        lambda: found.n_clips >= size.n_clips,
    )


def _preparation(found: DemoState, size: DemoSize) -> Iterator[DemoStep]:
    here = ("--study", str(found.folder))
    yield DemoStep(2, "make the study", _init(found, size), lambda: found.is_made)
    yield DemoStep(
        2, "admit clips with sound", ("curation", "candidates", *here), found.knows_every_clip
    )
    yield DemoStep(
        2, "sample ground truths", ("curation", "sample-ground-truths", *here), found.has_sample
    )
    for person, kind in {**dict.fromkeys(PROFILES, "simulated"), EXPERT: "expert"}.items():
        yield DemoStep(
            2,
            f"enrol {person}",
            ("sessions", "enrol", person, "--kind", kind, *here),
            partial(found.has_enrolled, person),
        )
    yield DemoStep(
        2,
        "choose the clips of training and screening",
        ("sessions", "set-exercise", "--sample", "--screening-sets", "1", *here),
        found.has_exercises,
    )
    yield DemoStep(
        2,
        "let the expert rate the ground truths",
        _annotator(found, EXPERT, "perfect", Phase.GROUND_TRUTH, "--stage", "simulated"),
        found.has_truths,
    )
    yield DemoStep(2, "decide who rates what", ("sessions", "plan", *here), found.has_plan)
    yield DemoStep(
        2,
        f"enrol {LATE}, who joins late",
        ("sessions", "enrol", LATE, "--clear-for-rehearsal", *here),
        lambda: found.has_enrolled(LATE),
    )
    yield DemoStep(
        2,
        f"give {LATE} clips of the others",
        ("sessions", "extend", LATE, "--clips", str(size.n_late_clips), *here),
        lambda: found.has_clips(LATE),
    )


def _init(found: DemoState, size: DemoSize) -> tuple[str, ...]:
    settings = {
        "protocol.n_ground_truths": size.n_ground_truths,
        "protocol.class_min_prominent": size.class_min_prominent,
        "protocol.test_size_per_class": size.test_size_per_class,
        "protocol.trials_per_block": size.trials_per_block,
        "screen.break_s": 2.0,
        **SAID_OF_RELEASE,
    }
    named = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
    mit = found.folder / MIT
    where = ("--mit-root", str(mit), "--classes", str(mit / "classes.csv"))
    title = ("--title", "Demo", "--seed", str(SEED))
    return ("study", "init", str(found.folder), "--rehearsal", *where, *title, *named)


def _rating(found: DemoState, size: DemoSize) -> Iterator[DemoStep]:
    for phase in (Phase.TRAINING, Phase.SCREENING):
        yield DemoStep(
            3,
            f"S01: {phase}, on the simulated stage",
            _annotator(found, "S01", PROFILES["S01"], phase, "--stage", "simulated"),
            partial(found.has_exercised, "S01", phase),
        )
    for person, profile in list(PROFILES.items())[: size.n_in_window]:
        shots = str(found.folder / SCREENSHOTS / person)
        yield DemoStep(
            3,
            f"{person}: a block in the window, at real speed",
            _annotator(
                found, person, profile, Phase.ANNOTATION, "--blocks", "1", "--screenshots", shots
            ),
            partial(found.has_rated, person, size.trials_per_block),
            in_window=True,
        )
    for n, (person, profile) in enumerate(PROFILES.items()):
        which = "the other" if n < size.n_in_window else "all"
        yield DemoStep(
            3,
            f"{person}: {which} clips, on the simulated stage",
            _annotator(found, person, profile, Phase.ANNOTATION, "--stage", "simulated"),
            partial(found.has_finished, person),
        )


def _annotator(
    found: DemoState, person: str, profile: str, phase: Phase, *more: str
) -> tuple[str, ...]:
    who = ("--participant", person, "--phase", str(phase), "--simulate", profile)
    return ("annotator", *who, *more, "--study", str(found.folder))


def _tables(found: DemoState) -> Iterator[DemoStep]:
    here = ("--study", str(found.folder))
    for what, verb, proof, more in (
        ("write the ratings", "export-ratings", "video_ratings.csv", ()),
        ("draw the test set", "test-set", "test_set.csv", ("--allow-fewer",)),
        ("write the training lists", "training-lists", "MIT16_validation.csv", ()),
        ("draw Figure 2", "figures", "figure_2.png", ()),
    ):
        yield DemoStep(4, what, ("curation", verb, *more, *here), partial(found.has_table, proof))


def _embeddings(found: DemoState, weights: Path | None) -> Iterator[DemoStep]:
    where = ("--mit-root", str(found.folder / MIT), "--out", str(found.folder / EMBEDDINGS))
    kept = ("--weights", str(weights)) if weights else ()
    source = ("--silence-for-missing-audio", "--untrained", str(SEED), *kept)
    rated, all_clips = ("video_ratings.csv",), ("MIT16_train.csv", "MIT16_validation.csv")
    # Networks are trained on the first set; of the second one the rated clips will do.
    tables_of = {"yamnet_effnet": (*rated, *all_clips), "vggish_vgg16": rated}
    for name, folder in SETS.items():
        for table in tables_of[name]:
            ratings = ("--ratings", str(found.folder / RELEASE / table))
            yield DemoStep(
                5,
                f"{folder}: {table}",
                ("features", "extract", "--set", name, *ratings, *where, *source),
                partial(found.has_embeddings, folder, table),
            )


def _networks(found: DemoState, size: DemoSize) -> Iterator[DemoStep]:
    release = found.folder / RELEASE
    embeddings = str(found.folder / EMBEDDINGS / SETS["yamnet_effnet"])
    rules = ("--embeddings", embeddings, "--allow-untrained")
    length = ("--epochs", str(size.n_epochs), "--patience", str(size.patience))
    network = ("--set", "yamnet_effnet", "--rnn", "gru", "--preset", "paper", *length)
    for name, clips in TRAINED_ON.items():
        model, test = str(found.folder / MODELS / name), str(release / "test_set.csv")
        train = ("--train", str(release / f"{name}_train.csv"))
        validation = ("--validation", str(release / f"{name}_validation.csv"))
        yield DemoStep(
            6,
            f"train a GRU on {clips}",
            ("models", "train", *rules, *train, *validation, *network, "--out", model),
            partial(found.has_model, name),
        )
        yield DemoStep(
            6,
            f"evaluate the GRU of {clips} on the test set",
            ("models", "evaluate", *rules, "--model", model, "--test", test),
            partial(found.has_evaluation, name),
        )


def _release(found: DemoState) -> Iterator[DemoStep]:
    # The late joiner has clips left, so the study of a demo is never finished.
    where = ("--study", str(found.folder), "--out", str(found.folder / DATASET))
    yield DemoStep(
        7,
        "release the dataset",
        ("lab", "release", "--allow-unfinished", *where),
        found.has_dataset,
    )
