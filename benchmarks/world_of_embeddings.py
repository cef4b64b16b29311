"""A world of embeddings in which it is known which labels are audiovisual.

The paper found that a small set of audiovisual clips trains better networks than a set three
times as large in which a clip's label may be only heard or only seen. Here that share is set.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from features.embedding_set import EmbeddingSet, find_embedding_set
from models.data.dataset import Dataset
from models.data.labelled_clips import LabelledClips
from models.network.predict import log_probabilities
from models.network.spec import TIMESTEPS, Cell, Hyperparameters, Rnn, Schedule
from models.training.description import Training, TrainingData
from models.training.epochs import epochs

N_CLASSES = 16  # Paper: Test Set

Absence = Literal["one", "both"]


@dataclass(frozen=True, slots=True)
class World:
    """What the embeddings of an event are.

    Parameters
    ----------
    audio, visual : ndarray of float64, shape (n_events, size)
        What each event adds to an embedding; the first `N_CLASSES` events are the classes, the
        others are things that are merely there.
    noise : float
        Spread of what is not the event, in the unit of an event's values.
    spread : float
        How much two clips of one event differ, in the same unit.
    """

    audio: npt.NDArray[np.float64]
    visual: npt.NDArray[np.float64]
    noise: float
    spread: float


def make_world(
    rng: np.random.Generator,
    embedding_set: EmbeddingSet,
    *,
    n_other_events: int = 48,
    noise: float = 6.0,
    spread: float = 2.0,
) -> World:
    """Draw what events sound and look like.

    Parameters
    ----------
    rng : Generator
        The source of chance.
    embedding_set : EmbeddingSet
        Gives the sizes.
    n_other_events : int
        Events beside the classes.
    noise, spread : float
        As in `World`.

    Returns
    -------
    World
        The world.
    """
    n_events = N_CLASSES + n_other_events
    audio, visual = (
        rng.standard_normal((n_events, size))
        for size in (embedding_set.audio_size, embedding_set.visual_size)
    )
    return World(audio, visual, noise, spread)


def draw_clips(
    world: World,
    rng: np.random.Generator,
    n_per_class: int,
    share_not_audiovisual: float,
    absent_from: Absence = "one",
) -> Dataset:
    """Draw clips of all classes.

    Parameters
    ----------
    world : World
        What events are.
    rng : Generator
        The source of chance.
    n_per_class : int
        Clips of each class.
    share_not_audiovisual : float
        Share of clips whose label is not both heard and seen.
    absent_from : {"one", "both"}
        Whether the label of such a clip is only heard or only seen, half of them each, and the
        other modality shows some other event; or whether both show that other event, which may
        be one of another class.

    Returns
    -------
    Dataset
        The clips; its list names them only.
    """
    targets = np.repeat(np.arange(N_CLASSES), n_per_class)
    heard, seen = targets.copy(), targets.copy()
    n_events = len(world.audio)
    other = (targets + rng.integers(1, n_events, len(targets))) % n_events
    draw = rng.random(len(targets))
    not_heard = draw < share_not_audiovisual / 2
    not_seen = (draw >= share_not_audiovisual / 2) & (draw < share_not_audiovisual)
    if absent_from == "both":
        not_heard = not_seen = draw < share_not_audiovisual
    heard[not_heard], seen[not_seen] = other[not_heard], other[not_seen]
    rows = np.concatenate(
        [
            _embeddings(world.audio[heard], world, rng),
            _embeddings(world.visual[seen], world, rng),
        ],
        axis=-1,
    )
    names = tuple(f"clip_{place}" for place in range(len(targets)))
    labels = tuple(f"class {target:02d}" for target in targets)
    clips = LabelledClips("synthetic", names, labels, names, "")
    digest = hashlib.sha256(rows.tobytes()).hexdigest()
    return Dataset(rows, targets.astype(np.int32), clips, digest, 0)


def _embeddings(
    events: npt.NDArray[np.float64], world: World, rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    n_clips, size = events.shape
    own = events + world.spread * rng.standard_normal((n_clips, size))
    # The event is there from some timestep on and for a while; the rest is noise.
    onset = rng.integers(0, 3, (n_clips, 1))
    length = rng.integers(3, TIMESTEPS + 1, (n_clips, 1))
    times = np.arange(TIMESTEPS)[None]
    there = (times >= onset) & (times < onset + length)
    noise = world.noise * rng.standard_normal((n_clips, TIMESTEPS, size))
    return (own[:, None] * there[..., None] + noise).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What training on the small and on the large set gave, in one world.

    Parameters
    ----------
    share : float
        Share of the large set's labels that are not audiovisual.
    seed : int
        Of the world and of the training.
    small_right, large_right : float
        Share of test clips that were right.
    small_loss, large_loss : float
        Mean cross-entropy on the test clips, in nats.
    """

    share: float
    seed: int
    small_right: float
    large_right: float
    small_loss: float
    large_loss: float


def compare(
    share: float,
    seed: int,
    *,
    n_small: int = 100,
    n_large: int = 308,
    n_test: int = 60,
    absent_from: Absence = "one",
    schedule: Schedule | None = None,
) -> Comparison:
    """Train a network on a small audiovisual set and one on a large mixed set.

    Parameters
    ----------
    share : float
        Share of the large set's labels that are not audiovisual.
    seed : int
        World, clips and training follow from it.
    n_small, n_large, n_test : int
        Clips per class; a tenth more of the first two are for validation. The defaults have the
        paper's ratio of 1,406 to 456.
    absent_from : {"one", "both"}
        Where the label of such a clip is missing, as in `draw_clips`.
    schedule : Schedule or None
        How long to train; None for patience 8.

    Returns
    -------
    Comparison
        Accuracy and loss on audiovisual test clips.

    Notes
    -----
    Paper: Train Sets; Results.
    """
    rng = np.random.default_rng([seed, 7])
    world = make_world(rng, find_embedding_set("vggish_vgg16"))
    test = draw_clips(world, rng, n_test, 0.0)
    figures = []
    for n_clips, share_here in ((n_small, 0.0), (n_large, share)):
        train = draw_clips(world, rng, n_clips, share_here, absent_from)
        validation = draw_clips(world, rng, n_clips // 9, share_here, absent_from)
        figures.append(_train_and_test(train, validation, test, seed, schedule))
    (small_loss, small_right), (large_loss, large_right) = figures
    return Comparison(share, seed, small_right, large_right, small_loss, large_loss)


def _train_and_test(
    train: Dataset, validation: Dataset, test: Dataset, seed: int, schedule: Schedule | None
) -> tuple[float, float]:
    training = Training(
        Cell("vggish_vgg16", Rnn.GRU),
        Hyperparameters(64, 64, "swish", 0.5, 1e-3),
        *(Path("in memory"),) * 3,
        schedule=schedule or Schedule(patience=8),
        seed=seed,
    )
    *_, last = epochs(training, TrainingData(train, validation))
    logarithms = log_probabilities(last.best, test.rows, training.architecture)
    loss = -logarithms[np.arange(len(test)), test.targets].mean()
    return float(loss), float((logarithms.argmax(axis=1) == test.targets).mean())
