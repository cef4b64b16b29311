"""One training: what is trained on what, and the clips that it needs."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from features.embedding_set import EmbeddingSet, find_embedding_set
from features.records.manifest import Recipe
from models.data.dataset import Dataset, load_dataset, recipe_of
from models.data.labelled_clips import LabelledClips, read_list, refuse_overlap, training_set_of
from models.network.spec import Architecture, Cell, Hyperparameters, Schedule
from study.errors import TableError


@dataclass(frozen=True, slots=True)
class Training:
    """What to train on what; `train`, `experiment` and `search` all say it with this.

    Parameters
    ----------
    embeddings : Path
        Folder of the embedding set, with its records.
    train, validation : Path
        The lists.
    training_set : str or None
        Name for tables; None for that of the training list.
    seed : int
        All chance follows from it.
    mixed_precision : bool
        Whether products take their factors in bfloat16.
    cache : Path or None
        Folder for packed rows; None for the user's cache.
    allow_untrained, allow_overlap : bool
        Whether embeddings may come from untrained networks, and clips may stand in both lists.
    trust_list : bool
        Whether a list's label goes before a record's.
    """

    cell: Cell
    hyperparameters: Hyperparameters
    embeddings: Path
    train: Path
    validation: Path
    training_set: str | None = None
    schedule: Schedule = field(default_factory=Schedule)
    seed: int = 1
    mixed_precision: bool = False
    cache: Path | None = None
    allow_untrained: bool = False
    allow_overlap: bool = False
    trust_list: bool = False

    @property
    def embedding_set(self) -> EmbeddingSet:
        """The set that the network takes."""
        return find_embedding_set(self.cell.embedding_set)

    @property
    def architecture(self) -> Architecture:
        """How to run its weights."""
        return Architecture(
            self.cell.rnn,
            self.hyperparameters.activation,
            self.embedding_set.audio_size,
            mixed_precision=self.mixed_precision,
        )

    @property
    def name(self) -> str:
        """What it is trained on, as Table 5 has it."""
        return self.training_set or training_set_of(self.train.stem)


@dataclass(frozen=True, slots=True, eq=False)
class TrainingData:
    """The clips of a training; their classes are those of the training list."""

    train: Dataset
    validation: Dataset
    recipe: Recipe | None = None


def load_data(
    training: Training, lists: tuple[LabelledClips, LabelledClips] | None = None
) -> TrainingData:
    """Load the clips of a training, and refuse what must not be trained on.

    Parameters
    ----------
    lists : tuple of LabelledClips or None
        For training and for validation; None to read them.
    """
    lists = lists or (read_list(training.train), read_list(training.validation))
    classes = lists[0].classes
    if len(classes) < 2:
        raise TableError(
            f"{training.train} has only the class {classes[0]}, expected two. Name another list"
        )
    if not training.allow_overlap:
        refuse_overlap(lists[1], lists[0])
    recipe = recipe_of(training.embeddings, allow_untrained=training.allow_untrained)
    train, validation = (
        load_dataset(
            clips,
            training.embeddings,
            training.embedding_set,
            classes,
            cache=training.cache,
            trust_list=training.trust_list,
        )
        for clips in lists
    )
    return TrainingData(train, validation, recipe)


def fingerprint(training: Training, data: TrainingData) -> str:
    """Return all that the trained weights depend on, as text."""
    return json.dumps(
        {
            "cell": training.cell.name,
            "hyperparameters": asdict(training.hyperparameters),
            "schedule": asdict(training.schedule),
            "mixed_precision": training.mixed_precision,
            "seed": training.seed,
            "lists": [data.train.clips.sha256, data.validation.clips.sha256],
            "records": [data.train.sha256, data.validation.sha256],
        },
        sort_keys=True,
    )
