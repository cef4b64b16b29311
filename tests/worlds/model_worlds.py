"""Small worlds of embeddings for tests of the models: records and lists on disk."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from features.embedding_set import find_embedding_set
from features.records.records import Record, write_record
from models.checkpoints.correspondence import CorrespondenceWeights, Dense
from models.network.parameters import OutputLayer, Recurrent
from models.network.spec import Hyperparameters
from models.saving.card import Card
from models.saving.save import save_model


@dataclass(frozen=True)
class World:
    """A folder of embeddings and its lists."""

    embeddings: Path
    train: Path
    validation: Path
    test: Path

    def train_flags(self, out, **flags):
        """Arguments of the train command."""
        return [
            "train",
            *("--embeddings", str(self.embeddings)),
            *("--train", str(self.train)),
            *("--validation", str(self.validation)),
            *("--out", str(out)),
            *(part for name, value in flags.items() for part in (f"--{name}", str(value))),
        ]


def make_world(
    root,
    *,
    classes=("barking", "diving", "raining"),
    n_train=20,
    n_validation=6,
    n_test=5,
    set_name="vggish_vgg16",
    seed=1,
    noise=1.0,
):
    """Write records whose embeddings differ by class, and three lists of them."""
    rng = np.random.default_rng(seed)
    embedding_set = find_embedding_set(set_name)
    sizes = (embedding_set.audio_size, embedding_set.visual_size)
    means = {label: [rng.standard_normal(size) for size in sizes] for label in classes}
    lists = {}
    for name, n_clips in (("train", n_train), ("validation", n_validation), ("test", n_test)):
        rows = []
        for label in classes:
            for number in range(n_clips):
                stem = f"{name}-{label}_{number}"
                audio, visual = (
                    (mean + noise * rng.standard_normal((int(rng.integers(3, 8)), len(mean))))
                    for mean in means[label]
                )
                path = root / "embeddings" / label / f"{stem}.tfrecord"
                filename = f"{label}/{stem}.mp4"
                write_record(
                    path,
                    Record(filename, label, audio.astype(np.float32), visual.astype(np.float32)),
                )
                rows.append((filename, label, label, "training", f"{label}/{stem}.tfrecord"))
        columns = ["filename", "AVMIT_label", "MIT_label", "video_location", "tfrecord_filename"]
        lists[name] = root / f"AVMIT_{name}.csv"
        pd.DataFrame(rows, columns=columns).to_csv(lists[name], index=False)
    return World(root / "embeddings", lists["train"], lists["validation"], lists["test"])


def save_correspondence(folder, set_name, *, width=8, units=6, timesteps=4, seed=1):
    """Save a network that was never trained and says whether sound and picture belong together."""
    rng = np.random.default_rng(seed)
    embedding_set = find_embedding_set(set_name)

    def drawn(*shape):
        return rng.standard_normal(shape).astype(np.float32)

    def pair(size):
        return Dense(drawn(size, width), drawn(width)), Dense(drawn(width, width), drawn(width))

    weights = CorrespondenceWeights(
        pair(embedding_set.audio_size),
        pair(embedding_set.visual_size),
        Recurrent(drawn(1, 3 * units), drawn(units, 3 * units), drawn(2, 3 * units)),
        OutputLayer(drawn(units, 2), drawn(2)),
    )
    card = Card(
        origin="drawn",
        task="correspondence",
        embedding_set=embedding_set.name,
        rnn="gru",
        audio_size=embedding_set.audio_size,
        visual_size=embedding_set.visual_size,
        timesteps=timesteps,
        classes=("incongruent", "congruent"),
        hyperparameters=Hyperparameters(units, width, "relu", 0.0, 1e-4),
        training_set="MIT 16",
        made_at=datetime(2026, 11, 22, tzinfo=UTC),
    )
    save_model(folder, card, weights)
    return folder
