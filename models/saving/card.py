"""The model card: what a network is, what made it, and what it must not be taken for."""

import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from features.embedding_set import find_embedding_set
from features.records.manifest import Recipe, first_reason
from models.network.spec import (
    TIMESTEPS,
    Architecture,
    Cell,
    Epoch,
    Hyperparameters,
    Schedule,
    cell_of,
    checked,
)
from models.saving.model_folder import CARD_NAME
from study.errors import ConfigError
from study.reading.dates import ClockTime
from study.reading.text import LARGEST_SETTINGS, read_bytes
from study.tools.files import written_atomically
from study.tools.wording import counted

_MOST_CLASSES = 10_000
Task = Literal["action", "correspondence"]
SOFTWARE = ("jax", "jaxlib", "keras", "numpy")  # a result may depend on their versions


class DataCard(BaseModel):
    """One list that a network was made with.

    Parameters
    ----------
    name : str
        The list's file name without ending.
    list_sha256, records_sha256 : str
        Digests of the list and of its records' content.
    n_cut : int
        Clips with more timesteps than the network sees.
    n_per_class : dict of str to int
        Clips of each class; empty where an older version made the card.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    n_clips: int
    list_sha256: str
    records_sha256: str
    n_cut: int = 0
    n_per_class: dict[str, int] = {}


class Card(BaseModel):
    """What a network is and what made it.

    Parameters
    ----------
    origin : str
        ``"trained"``, or where it was imported from.
    task : {"action", "correspondence"}
        What it says: which action a clip shows, or whether its sound and picture belong together.
    hyperparameters : Hyperparameters
        Widths, activation, dropout, learning rate.
    training_set : str
        Short name of what it was trained on, as Table 5 has it.
    schedule : Schedule or None
        How long it could train.
    mixed_precision : bool
        Whether products took their factors in bfloat16; the weights are float32 all the same.
    best_epoch : int
        The epoch whose weights it has.
    embeddings : Recipe or None
        What made the embeddings, where that is known.
    overlap_allowed, trust_list : bool
        Whether clips may stand in two lists, and whether a list's label went before a record's.
    n_trainable, n_parameters : int
        How many numbers training changes, and how many there are with the moving statistics of the
        batch norms; 0 where an older version made the card.
    model_sha256 : str
        Digest of the model's file.
    made_at : datetime
        In UTC.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    origin: str = "trained"
    task: Task = "action"
    embedding_set: str
    rnn: str
    audio_size: int
    visual_size: int
    timesteps: int = TIMESTEPS
    classes: tuple[str, ...]
    hyperparameters: Hyperparameters
    training_set: str
    train: DataCard | None = None
    validation: DataCard | None = None
    schedule: Schedule | None = None
    seed: int | None = None
    mixed_precision: bool = False
    history: tuple[Epoch, ...] = ()
    best_epoch: int = 0
    embeddings: Recipe | None = None
    overlap_allowed: bool = False
    trust_list: bool = False
    n_trainable: int = 0
    n_parameters: int = 0
    model_sha256: str = ""
    software: dict[str, str] = {}
    made_at: ClockTime

    @model_validator(mode="after")
    def _can_be_built(self) -> "Card":
        embedding_set = find_embedding_set(self.embedding_set)
        sizes = (embedding_set.audio_size, embedding_set.visual_size)
        if (self.audio_size, self.visual_size) != sizes:
            raise ValueError(f"the sizes are not those of {embedding_set.folder}")
        if self.task == "action":
            checked(self.hyperparameters)
        fewest = TIMESTEPS if self.task == "action" else 1
        if not fewest <= self.timesteps <= TIMESTEPS:
            raise ValueError(f"{self.timesteps} timesteps, expected {TIMESTEPS}")
        if not 1 < len(set(self.classes)) == len(self.classes) <= _MOST_CLASSES:
            raise ValueError("the classes are not two or more, each once")
        if not 0 <= self.best_epoch <= len(self.history):
            raise ValueError("the best epoch is not in the history")
        return self

    @property
    def cell(self) -> Cell:
        """The cell of the paper to which it belongs."""
        return cell_of(self.embedding_set, self.rnn)

    @property
    def untrained_embeddings(self) -> bool:
        """Whether the embeddings came from networks that were never trained."""
        return self.embeddings is not None and self.embeddings.is_untrained

    @property
    def architecture(self) -> Architecture:
        """How to run its weights."""
        return Architecture(self.cell.rnn, self.hyperparameters.activation, self.audio_size)


def read_card(folder: Path) -> Card:
    """Read the card of a model."""
    path = folder / CARD_NAME
    if not path.is_file():
        raise ConfigError(f"no model in {folder}: {CARD_NAME} is missing. Train one first")
    try:
        return Card.model_validate_json(read_bytes(path, largest=LARGEST_SETTINGS))
    except ValidationError as error:
        where = first_reason(error)
        raise ConfigError(
            f"{path} is not a model card of this version ({where}). "
            "Train the model again, or use the version that wrote it"
        ) from error


def write_card(card: Card, folder: Path) -> None:
    """Write a card for programs and for people.

    Parameters
    ----------
    folder : Path
        The model's folder; its ``model_card.json`` is what makes it a model.
    """
    with written_atomically(folder / "model_card.md") as part:
        part.write_text(card_text(card), encoding="utf-8")
    with written_atomically(folder / CARD_NAME) as part:
        content = json.loads(card.model_dump_json())
        part.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def card_text(card: Card) -> str:
    """Return a card as Markdown."""
    parts = [
        f"# {card.rnn.upper()} on {card.embedding_set}, {card.training_set}",
        f"Made {card.made_at:%Y-%m-%d %H:%M} UTC ({card.origin}); all of this and the digests "
        f"are in `{CARD_NAME}`.",
        "## Network",
        f"- takes {card.timesteps} timesteps of {card.audio_size} audio and {card.visual_size} "
        "visual values, padded with zeros",
        _layers_line(card),
        *_parameter_lines(card),
        f"- {counted(len(card.classes), 'class', 'classes')} in the order of the outputs: "
        f"{', '.join(card.classes)}",
        "## Training",
        *_training_lines(card),
        *_class_table(card),
        "## Limits",
        *_limit_lines(card),
        "## Software",
        ", ".join(f"{name} {number}" for name, number in sorted(card.software.items())),
    ]
    return "\n".join(_spaced(parts)) + "\n"


def _layers_line(card: Card) -> str:
    chosen = card.hyperparameters
    if card.task == "correspondence":
        before = f"two dense layers of {chosen.bottleneck_units} each, the distance of the two"
    else:
        before = f"squeeze units of {chosen.bottleneck_units} ({chosen.activation})"
    return f"- {before}, {card.rnn.upper()} of {chosen.rnn_units} units, dropout {chosen.dropout:g}"


def _parameter_lines(card: Card) -> list[str]:
    if not card.n_parameters:
        return []
    fixed = card.n_parameters - card.n_trainable
    return [f"- {card.n_trainable:,} trainable parameters and {fixed:,} moving statistics"]


def _class_table(card: Card) -> list[str]:
    lists = {
        role: data.n_per_class
        for role, data in (("training", card.train), ("validation", card.validation))
        if data is not None and data.n_per_class
    }
    if not lists:
        return []
    rows = [
        f"| {label} | {' | '.join(str(counts.get(label, 0)) for counts in lists.values())} |"
        for label in card.classes
    ]
    heading = f"| class | {' | '.join(lists)} |"
    return ["\n".join([heading, "|---" * (len(lists) + 1) + "|", *rows])]


def _spaced(parts: list[str]) -> list[str]:
    lines: list[str] = []
    for part in parts:
        if lines and not (part.startswith("- ") and lines[-1].startswith("- ")):
            lines.append("")
        lines.append(part)
    return lines


def _training_lines(card: Card) -> list[str]:
    lines = [
        f"- {role}: {counted(data.n_clips, 'clip')} of `{data.name}` (records "
        f"{data.records_sha256[:12]}, "
        f"{data.n_cut} cut to {card.timesteps} timesteps)"
        for role, data in (("training", card.train), ("validation", card.validation))
        if data is not None
    ]
    if card.embeddings is not None:
        networks = (card.embeddings.audio, card.embeddings.visual)
        made_by = ", ".join(f"{each.network} ({each.weights})" for each in networks)
        lines.append(f"- embeddings by {made_by}, {card.embeddings.grid} grid")
    if card.schedule is not None:
        lines.append(
            f"- Adam, learning rate {card.hyperparameters.learning_rate:g} * exp(-0.1 * epoch), "
            f"batches of {card.schedule.batch_size}, at most "
            f"{counted(card.schedule.n_epochs, 'epoch')}, "
            f"patience {card.schedule.patience}, seed {card.seed}"
        )
    if card.history:
        best = card.history[card.best_epoch - 1]
        lines.append(
            f"- best of {counted(len(card.history), 'epoch')}: {card.best_epoch}, validation loss "
            f"{best.val_loss:.4f}, accuracy {100 * best.val_accuracy:.2f} %"
        )
    start = card.hyperparameters.learning_rate
    return lines or [f"- learning rate {start:g} at the start; the rest is not recorded"]


def _limit_lines(card: Card) -> list[str]:
    if card.task == "correspondence":
        lines = ["- it says whether sound and picture belong together, and names no action"]
    else:
        lines = ["- it knows its classes only: every clip is given to one of them"]
    if card.train is None:
        lines.append(
            "- the clips that it was trained on are not known here, so that a test list with some "
            "of them is not refused"
        )
    if card.untrained_embeddings:
        lines.append(
            "- **the embeddings come from untrained networks**: its accuracy says nothing about "
            "the paper's"
        )
    if card.overlap_allowed:
        lines.append("- **clips may stand in more than one of its lists** (`--allow-overlap`)")
    if card.trust_list:
        lines.append("- labels were taken from the list where a record had another one")
    if card.mixed_precision:
        lines.append("- products were taken in bfloat16 (`--mixed-precision`)")
    return lines
