"""How good a network is on a list: loss, accuracies, confusion, calibration."""

import re
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, model_validator

from models.data.dataset import Dataset
from models.network.hyperparameters import cell_of
from models.saving.card import Card, DataCard
from models.saving.saved import EVALUATIONS_NAME, SavedModel
from models.training.schedule import log_probabilities
from study.errors import ConfigError
from study.reading.text import read_bytes
from study.tools.files import written_atomically

N_CALIBRATION_BINS = 10
_MOST_BYTES = 100_000_000

Modality = Literal["both", "audio", "visual"]
Pairing = Literal["congruent", "incongruent"]


class ClassScore(BaseModel):
    """How good a network is on one class."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str
    n_clips: int
    loss: float | None
    top_1: float | None


class CalibrationBin(BaseModel):
    """Clips whose highest probability lies between two values, and how often it was right."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    low: float
    high: float
    n_clips: int
    confidence: float | None
    accuracy: float | None


class Evaluation(BaseModel):
    """How good a network is on a list.

    Parameters
    ----------
    training_set, embedding_set, rnn : str
        Which network, as Table 5 names it.
    test : DataCard
        What it was run on.
    modality : {"both", "audio", "visual"}
        What it could perceive; the other branch is neutral.
    pairing : {"congruent", "incongruent"}
        Whether the sound was the clip's own or that of a clip of another class.
    untrained_embeddings, overlap_allowed : bool
        What its reader has to know.
    loss, top_1, top_5 : float
        Mean cross-entropy in nats; shares of clips whose class got the highest, or one of the
        five highest probabilities.
    calibration_error : float
        Mean distance of confidence and accuracy over the bins, weighted by clips.
    confusion : tuple of tuple of int
        Clips by class (rows) and by prediction (columns).
    correct : tuple of bool
        Per clip in the order of the list, so that networks can be compared clip by clip.
    n_heard : int or None
        Of incongruent pairs: how many were given to the class of the sound.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    training_set: str
    embedding_set: str
    rnn: str
    seed: int | None
    model_sha256: str
    test: DataCard
    modality: Modality = "both"
    pairing: Pairing = "congruent"
    untrained_embeddings: bool = False
    overlap_allowed: bool = False
    loss: float
    top_1: float
    top_5: float
    calibration_error: float
    classes: tuple[ClassScore, ...]
    confusion: tuple[tuple[int, ...], ...]
    calibration: tuple[CalibrationBin, ...]
    correct: tuple[bool, ...]
    losses: tuple[float, ...]
    n_heard: int | None = None

    @model_validator(mode="after")
    def _adds_up(self) -> "Evaluation":
        cell_of(self.embedding_set, self.rnn)
        per_clip = {len(self.correct), len(self.losses), sum(map(sum, self.confusion))}
        per_class = {len(self.confusion), *map(len, self.confusion)}
        if per_clip != {self.test.n_clips} or per_class != {len(self.classes)}:
            raise ValueError("its figures are not of one list")
        return self


def evaluate(
    model: SavedModel,
    test: Dataset,
    *,
    modality: Modality = "both",
    sound_from: npt.NDArray[np.intp] | None = None,
    untrained_embeddings: bool = False,
    overlap_allowed: bool = False,
) -> Evaluation:
    """Evaluate a network on a list.

    Parameters
    ----------
    modality : {"both", "audio", "visual"}
        What it may perceive.
    sound_from : ndarray of int or None, shape (n_clips,)
        Whose sound each clip gets, as `incongruent_partners` draws them; None for its own.

    Notes
    -----
    Paper: Evaluation Method. With fewer than five classes, top 5 is 1.
    """
    architecture = model.card.architecture
    rows = test.rows
    if sound_from is not None:
        rows = _with_sound_of(rows, sound_from, architecture.audio_size)
    logarithms = log_probabilities(
        model.weights,
        rows,
        architecture,
        heard=modality != "visual",
        seen=modality != "audio",
    )
    predicted = logarithms.argmax(axis=1)
    losses = -logarithms[np.arange(len(test)), test.targets]
    bins = _calibration(np.exp(logarithms.max(axis=1)), predicted == test.targets)
    return Evaluation(
        **_identity(model.card),
        test=DataCard(
            name=test.clips.name,
            n_clips=len(test),
            list_sha256=test.clips.sha256,
            records_sha256=test.sha256,
            n_cut=test.n_cut,
        ),
        modality=modality,
        pairing="congruent" if sound_from is None else "incongruent",
        untrained_embeddings=untrained_embeddings,
        overlap_allowed=overlap_allowed,
        loss=float(losses.mean()),
        top_1=float((predicted == test.targets).mean()),
        top_5=top_k(logarithms, test.targets, 5),
        calibration_error=_calibration_error(bins),
        classes=_per_class(model.card.classes, test.targets, losses, predicted),
        confusion=confusion_matrix(test.targets, predicted, len(model.card.classes)),
        calibration=bins,
        correct=tuple((predicted == test.targets).tolist()),
        losses=tuple(losses.tolist()),
        n_heard=None if sound_from is None else int((predicted == test.targets[sound_from]).sum()),
    )


def _identity(card: Card) -> dict[str, str | int | None]:
    return {
        "training_set": card.training_set,
        "embedding_set": card.embedding_set,
        "rnn": card.rnn,
        "seed": card.seed,
        "model_sha256": card.model_sha256,
    }


def _with_sound_of(
    rows: npt.NDArray[np.float32], sound_from: npt.NDArray[np.intp], audio_size: int
) -> npt.NDArray[np.float32]:
    mixed = np.array(rows)
    mixed[..., :audio_size] = rows[sound_from, :, :audio_size]
    return mixed


def incongruent_partners(
    targets: npt.NDArray[np.int32], rng: np.random.Generator
) -> npt.NDArray[np.intp]:
    """Draw for each clip another clip, of another class, whose sound it gets.

    Parameters
    ----------
    targets : ndarray of int32, shape (n_clips,)
        Classes.

    Returns
    -------
    ndarray of int, shape (n_clips,)
        A permutation in which no clip gets a sound of its own class, if no class has more than
        half of the clips; else each clip's partner is drawn on its own.

    Raises
    ------
    ConfigError
        If there is only one class.
    """
    n_clips, largest = len(targets), int(np.bincount(targets).max())
    if largest == n_clips:
        raise ConfigError("all clips are of one class, so none can get a sound of another one")
    if 2 * largest > n_clips:
        others = [np.flatnonzero(targets != target) for target in targets]
        return np.array([rng.choice(choices) for choices in others], dtype=np.intp)
    # Sorted by class, a shift by the size of the largest class always leaves the class.
    order = np.lexsort((rng.random(n_clips), rng.permutation(targets.max() + 1)[targets]))
    partners = np.empty(n_clips, dtype=np.intp)
    partners[order] = np.roll(order, -largest)
    return partners


def top_k(logarithms: npt.NDArray[np.float64], targets: npt.NDArray[np.int32], k: int) -> float:
    """Return the share of clips whose class has one of the k highest probabilities.

    Parameters
    ----------
    logarithms : ndarray of float64, shape (n_clips, n_classes)
        Log probabilities.
    targets : ndarray of int32, shape (n_clips,)
        Classes.

    Returns
    -------
    float
        The share; a class counts when fewer than k others have a higher probability.
    """
    own = logarithms[np.arange(len(targets)), targets][:, None]
    return float(((logarithms > own).sum(axis=1) < k).mean())


def confusion_matrix(
    targets: npt.NDArray[np.int32], predicted: npt.NDArray[np.intp], n_classes: int
) -> tuple[tuple[int, ...], ...]:
    """Count clips by class and prediction.

    Parameters
    ----------
    targets, predicted : ndarray of int, shape (n_clips,)
        Classes and predictions.

    Returns
    -------
    tuple of tuple of int
        One row per class, one column per prediction.
    """
    counts = np.zeros((n_classes, n_classes), dtype=int)
    np.add.at(counts, (targets, predicted), 1)
    return tuple(tuple(row) for row in counts.tolist())


def _per_class(
    classes: tuple[str, ...],
    targets: npt.NDArray[np.int32],
    losses: npt.NDArray[np.float64],
    predicted: npt.NDArray[np.intp],
) -> tuple[ClassScore, ...]:
    scores = []
    for index, label in enumerate(classes):
        own = targets == index
        there = bool(own.any())
        scores.append(
            ClassScore(
                label=label,
                n_clips=int(own.sum()),
                loss=float(losses[own].mean()) if there else None,
                top_1=float((predicted[own] == index).mean()) if there else None,
            )
        )
    return tuple(scores)


def _calibration(
    confidence: npt.NDArray[np.float64], correct: npt.NDArray[np.bool_]
) -> tuple[CalibrationBin, ...]:
    edges = np.linspace(0, 1, N_CALIBRATION_BINS + 1)
    place = np.clip(np.digitize(confidence, edges) - 1, 0, N_CALIBRATION_BINS - 1)
    bins = []
    for index in range(N_CALIBRATION_BINS):
        own = place == index
        there = bool(own.any())
        bins.append(
            CalibrationBin(
                low=float(edges[index]),
                high=float(edges[index + 1]),
                n_clips=int(own.sum()),
                confidence=float(confidence[own].mean()) if there else None,
                accuracy=float(correct[own].mean()) if there else None,
            )
        )
    return tuple(bins)


def _calibration_error(bins: tuple[CalibrationBin, ...]) -> float:
    n_clips = sum(each.n_clips for each in bins)
    distances = [
        each.n_clips * abs(each.confidence - each.accuracy)
        for each in bins
        if each.confidence is not None and each.accuracy is not None
    ]
    return sum(distances) / n_clips


def evaluation_path(
    model: Path, test: str, modality: Modality = "both", pairing: Pairing = "congruent"
) -> Path:
    """Return where an evaluation belongs.

    Parameters
    ----------
    modality : {"both", "audio", "visual"}
        What the network could perceive.
    pairing : {"congruent", "incongruent"}
        Whose sound each clip had.
    """
    stem = re.sub(r"[^\w.-]", "_", test)
    if modality != "both":
        stem += f"-{modality}"
    if pairing != "congruent":
        stem += f"-{pairing}"
    return model / EVALUATIONS_NAME / f"{stem}.json"


def write_evaluation(evaluation: Evaluation, path: Path) -> None:
    """Write an evaluation.

    Parameters
    ----------
    path : Path
        A JSON file; an older evaluation of the same kind is replaced.
    """
    with written_atomically(path) as part:
        part.write_text(evaluation.model_dump_json(indent=1) + "\n", encoding="utf-8")


def read_evaluation(path: Path) -> Evaluation:
    """Read an evaluation.

    Parameters
    ----------
    path : Path
        A file that `write_evaluation` wrote.

    Raises
    ------
    ConfigError
        If the file is none.
    """
    try:
        return Evaluation.model_validate_json(read_bytes(path, largest=_MOST_BYTES))
    except ValueError as error:
        raise ConfigError(f"{path} is no evaluation of this version. Evaluate again") from error


def read_evaluations(folders: list[Path]) -> list[Evaluation]:
    """Read all evaluations below some folders.

    Raises
    ------
    ConfigError
        If there is none, or a file is none.
    """
    found = []
    for path in sorted(
        {path for top in folders for path in top.glob(f"**/{EVALUATIONS_NAME}/*.json")}
    ):
        found.append(read_evaluation(path))
    if not found:
        where = ", ".join(map(str, folders))
        raise ConfigError(f"no evaluation below {where}. Run: python -m models evaluate")
    return found


def of_one_test(evaluations: list[Evaluation], name: str | None = None) -> list[Evaluation]:
    """Keep the evaluations that belong into Table 5: of one list, both modalities, congruent.

    Parameters
    ----------
    name : str or None
        The test list; None where there is only one.

    Raises
    ------
    ConfigError
        If none is left, or they are of several lists.
    """
    plain = [
        each
        for each in evaluations
        if (each.modality, each.pairing) == ("both", "congruent") and name in (None, each.test.name)
    ]
    names = sorted({each.test.name for each in plain})
    if len(names) != 1:
        said = f"of the lists {', '.join(names)}" if names else f"of a list {name or 'of any name'}"
        raise ConfigError(f"found evaluations {said}, expected those of one list. Pass --test NAME")
    return plain
