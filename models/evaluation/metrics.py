"""How good a network is on a list: loss, accuracies, confusion, calibration."""

import numpy as np
import numpy.typing as npt

from models.data.dataset import Dataset
from models.evaluation.results import CalibrationBin, ClassScore, Evaluation, Modality
from models.network.parameters import Weights
from models.network.predict import log_probabilities
from models.saving.card import Card, DataCard
from study.errors import ConfigError

N_CALIBRATION_BINS = 10


def answers(
    card: Card,
    weights: Weights,
    rows: npt.NDArray[np.float32],
    *,
    modality: Modality = "both",
    sound_from: npt.NDArray[np.intp] | None = None,
) -> npt.NDArray[np.float64]:
    """Return what a network says of clips: natural logarithms of the probabilities.

    Parameters
    ----------
    rows : ndarray of float32, shape (n_clips, TIMESTEPS, audio_size + visual_size)
        Embeddings.
    modality : {"both", "audio", "visual"}
        What it may perceive.
    sound_from : ndarray of int or None, shape (n_clips,)
        Whose sound each clip gets, as `incongruent_partners` draws them; None for its own.
    """
    if sound_from is not None:
        rows = with_sound_of(rows, sound_from, card.architecture.audio_size)
    return log_probabilities(
        weights,
        rows,
        card.architecture,
        heard=modality != "visual",
        seen=modality != "audio",
    )


def evaluate(
    card: Card,
    logarithms: npt.NDArray[np.float64],
    test: Dataset,
    *,
    modality: Modality = "both",
    sound_from: npt.NDArray[np.intp] | None = None,
    untrained_embeddings: bool = False,
    overlap_allowed: bool = False,
) -> Evaluation:
    """Evaluate what a network said of a list.

    Parameters
    ----------
    logarithms : ndarray of float64, shape (n_clips, n_classes)
        From `answers`.
    modality, sound_from
        As for `answers`.

    Notes
    -----
    Paper: Evaluation Method. With fewer than five classes, top 5 is 1.
    """
    predicted = logarithms.argmax(axis=1)
    losses = -logarithms[np.arange(len(test)), test.targets]
    bins = _calibration(np.exp(logarithms.max(axis=1)), predicted == test.targets)
    return Evaluation(
        **_identity(card),
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
        classes=_per_class(card.classes, test.targets, losses, predicted),
        confusion=confusion_matrix(test.targets, predicted, len(card.classes)),
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


def with_sound_of(
    rows: npt.NDArray[np.float32], sound_from: npt.NDArray[np.intp], audio_size: int
) -> npt.NDArray[np.float32]:
    """Return embeddings in which each clip has the audio half of another one."""
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
    """
    n_clips, largest = len(targets), int(np.bincount(targets).max())
    if largest == n_clips:
        raise ConfigError(
            "all clips are of one class, so none can get a sound of another one. "
            "Name a list with more classes"
        )
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

    A class counts when fewer than k others have a higher probability.

    Parameters
    ----------
    logarithms : ndarray of float64, shape (n_clips, n_classes)
        Log probabilities.
    targets : ndarray of int32, shape (n_clips,)
        Classes.
    """
    own = logarithms[np.arange(len(targets)), targets][:, None]
    return float(((logarithms > own).sum(axis=1) < k).mean())


def confusion_matrix(
    targets: npt.NDArray[np.int32], predicted: npt.NDArray[np.intp], n_classes: int
) -> tuple[tuple[int, ...], ...]:
    """Count clips by class (rows) and prediction (columns).

    Parameters
    ----------
    targets, predicted : ndarray of int, shape (n_clips,)
        Classes and predictions.
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
