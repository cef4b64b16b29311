"""The steps of a demo of people against networks: the commands that a lab would type."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from lab.recognition.lists import SEED, TEST, TRAIN, VALIDATION, RecognitionSize
from lab.recognition.state import ANSWERS, OBSERVED, STIMULI, RecognitionState
from lab.state import COMPARISON, DESIGN, EMBEDDINGS, MIT, MODELS, RELEASE
from lab.steps import SAID_OF_RELEASE, SETS, DemoStep
from study.vocabulary import Phase

RECOGNITION_TITLES = (
    "Make and manipulate clips",
    "Prepare the experiment",
    "Ask people",
    "Ask networks",
    "Compare",
)
_RULE = "combining"
_SET = "yamnet_effnet"


def recognition_steps(
    folder: Path, size: RecognitionSize, weights: Path | None = None
) -> tuple[DemoStep, ...]:
    """Return the steps, from clips to the page of the comparison.

    Parameters
    ----------
    weights : Path or None
        Folder with the weights of trained networks; None for the downloaded ones.
    """
    found = RecognitionState(folder)
    return (
        *_stimuli(found, size),
        *_preparation(found, size),
        *_people(found, size),
        *_networks(found, size, weights),
        _comparison(found),
    )


def _stimuli(found: RecognitionState, size: RecognitionSize) -> Iterator[DemoStep]:
    folder, clips = found.folder, str(found.folder / MIT)
    count = ("--clips-per-class", str(size.clips_per_class), "--classes", ",".join(size.classes))
    yield DemoStep(
        1,
        "make clips whose truth is known",
        ("study", "make-clips", clips, "--seed", str(SEED), *count),
        lambda: found.n_clips >= size.n_clips,
    )
    where = ("--test", str(folder / TEST), "--clips", clips, "--out", str(folder / STIMULI))
    yield DemoStep(
        1,
        "manipulate some of them",
        ("curation", "manipulate", str(folder / DESIGN), *where),
        found.has_stimuli,
    )


def _preparation(found: RecognitionState, size: RecognitionSize) -> Iterator[DemoStep]:
    here = ("--study", str(found.folder))
    stimuli = str(found.folder / STIMULI)
    init = ("study", "init", str(found.folder), "--rehearsal", "--recognition", stimuli)
    more = ("--title", "People against networks", "--seed", str(SEED))
    said = SAID_OF_RELEASE | {"release.clips_url": '"https://www.example.org/clips"'}
    named = (part for key, value in said.items() for part in ("--set", f"{key}={value}"))
    yield DemoStep(2, "make the study", (*init, *more, *named), lambda: found.is_made)
    for person in size.people:
        yield DemoStep(
            2,
            f"enrol {person}",
            ("sessions", "enrol", person, "--kind", "simulated", *here),
            partial(found.has_enrolled, person),
        )
    yield DemoStep(
        2,
        "decide who meets which clip",
        ("sessions", "plan-recognition", *here),
        lambda: all(map(found.has_square, size.people)),
    )


def _people(found: RecognitionState, size: RecognitionSize) -> Iterator[DemoStep]:
    last = size.people[-1]
    shots = str(found.folder / "screenshots" / last)
    length = ("--trials", str(size.n_in_window), "--screenshots", shots)
    yield DemoStep(
        3,
        f"{last}: some clips in the window, at real speed",
        _annotator(found, last, *length),
        partial(found.has_answered, last, size.n_in_window),
        in_window=True,
    )
    for person in size.people:
        yield DemoStep(
            3,
            f"{person}: {'the other' if person == last else 'all'} clips, on the simulated stage",
            _annotator(found, person, "--stage", "simulated"),
            partial(found.has_answered, person),
        )
    yield DemoStep(
        3,
        "write the answers",
        ("curation", "export-recognition", "--study", str(found.folder)),
        found.has_answers,
    )


def _annotator(found: RecognitionState, person: str, *more: str) -> tuple[str, ...]:
    who = ("--participant", person, "--phase", str(Phase.RECOGNITION), "--simulate", _RULE)
    return ("annotator", *who, *more, "--study", str(found.folder))


def _networks(
    found: RecognitionState, size: RecognitionSize, weights: Path | None
) -> Iterator[DemoStep]:
    folder = found.folder
    kept = ("--untrained", str(SEED), *(("--weights", str(weights)) if weights else ()))
    where = ("--mit-root", str(folder / MIT), "--out", str(folder / EMBEDDINGS))
    for name in (TRAIN, VALIDATION):
        yield DemoStep(
            4,
            f"{SETS[_SET]}: {name}",
            ("features", "extract", "--set", _SET, "--ratings", str(folder / name), *where, *kept),
            partial(found.has_records, SETS[_SET], name),
        )
    networks = {f"seed-{seed}": seed for seed in size.seeds}
    for name, seed in networks.items():
        yield DemoStep(
            4,
            f"train a GRU, seed {seed}",
            _train(folder, name, seed, size.n_epochs),
            partial(found.has_model, name),
        )
    models = [part for name in networks for part in ("--model", str(folder / MODELS / name))]
    out = ("--out", str(folder / OBSERVED))
    yield DemoStep(
        4,
        "show them the manipulated clips",
        ("lab", "observe", str(folder / STIMULI), *models, *out, *kept, "--allow-untrained"),
        found.has_observed,
    )


def _train(folder: Path, name: str, seed: int, n_epochs: int) -> tuple[str, ...]:
    embeddings = ("--embeddings", str(folder / EMBEDDINGS / SETS[_SET]), "--allow-untrained")
    lists = ("--train", str(folder / TRAIN), "--validation", str(folder / VALIDATION))
    length = ("--epochs", str(n_epochs), "--patience", "20", "--seed", str(seed))
    network = ("--set", _SET, "--rnn", "gru", "--preset", "paper")
    out = ("--training-set", "clean clips", "--out", str(folder / MODELS / name))
    return ("models", "train", *embeddings, *lists, *network, *length, *out)


def _comparison(found: RecognitionState) -> DemoStep:
    folder = found.folder
    people = ("--people", str(folder / RELEASE / ANSWERS))
    networks = ("--networks", str(folder / OBSERVED))
    return DemoStep(
        5,
        "hold people against networks",
        ("lab", "compare", *people, *networks, "--out", str(folder / COMPARISON)),
        found.has_comparison,
    )
