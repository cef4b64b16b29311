"""One training from lists to a saved model."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from features.embedding_set import find_embedding_set
from features.records.manifest import Recipe
from models.data.dataset import Dataset
from models.data.lists import write_list
from models.network.forward import Architecture
from models.network.hyperparameters import Cell, Hyperparameters
from models.network.memory import memory_errors
from models.saving.card import Card, DataCard, software_versions
from models.saving.saved import (
    LISTS_NAME,
    STATE_NAME,
    clear_place,
    read_course,
    require_place,
    save_model,
    write_course,
    write_history,
)
from models.training.schedule import Course, Epoch, Schedule, epochs, new_course
from study.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Notes:
    """What a card has to say beside the plan.

    Parameters
    ----------
    recipe : Recipe or None
        What made the embeddings, where that is known.
    overlap_allowed, trust_list : bool
        Whether clips may stand in two lists, and whether a list's label went before a record's.
    """

    recipe: Recipe | None = None
    overlap_allowed: bool = False
    trust_list: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What to train on what.

    Parameters
    ----------
    train, validation : Dataset
        The clips; their classes are those of the training list.
    training_set : str
        Short name, as Table 5 has it.
    seed : int
        All chance follows from it.
    mixed_precision : bool
        Whether products take their factors in bfloat16.
    notes : Notes
        What the card has to say beside.
    """

    cell: Cell
    hyperparameters: Hyperparameters
    train: Dataset
    validation: Dataset
    training_set: str
    seed: int
    schedule: Schedule = field(default_factory=Schedule)
    mixed_precision: bool = False
    notes: Notes = field(default_factory=Notes)

    @property
    def fingerprint(self) -> str:
        """All that the trained weights depend on, as text."""
        return json.dumps(
            {
                "cell": self.cell.name,
                "hyperparameters": asdict(self.hyperparameters),
                "schedule": asdict(self.schedule),
                "mixed_precision": self.mixed_precision,
                "seed": self.seed,
                "lists": [self.train.clips.sha256, self.validation.clips.sha256],
                "records": [self.train.sha256, self.validation.sha256],
            },
            sort_keys=True,
        )


def train_model(
    plan: Plan,
    folder: Path,
    *,
    made_at: datetime,
    resume: bool = False,
    overwrite: bool = False,
    on_epoch: Callable[[Epoch], None] | None = None,
    on_step: Callable[[int], None] | None = None,
) -> Card:
    """Train a network and save it with its card, lists and history.

    Parameters
    ----------
    made_at : datetime
        For the card, in UTC.
    on_step : callable or None
        Called with a number of clips when they have been handed to the network.

    Raises
    ------
    ConfigError
        If the folder is taken, or the training diverged.
    StudyError
        If the memory does not suffice.
    """
    require_place(folder, resume=resume, overwrite=overwrite)
    for part in folder.glob(".*.part.*"):  # of a training that was killed while it wrote
        part.unlink()
    with memory_errors(folder):
        course = _start(plan)
        if resume and not overwrite:
            course = read_course(course, plan.fingerprint, folder)
        for course in epochs(  # noqa: B020 - the last course is the result
            course,
            plan.train,
            plan.validation,
            architecture=_architecture(plan),
            hyperparameters=plan.hyperparameters,
            schedule=plan.schedule,
            seed=plan.seed,
            on_step=on_step,
        ):
            # Before the epoch is kept: who is killed in between sees it twice, never not at all.
            if on_epoch is not None:
                on_epoch(course.history[-1])
            write_course(course, plan.fingerprint, folder)
    _refuse_diverged(course, plan)
    card = _card(plan, course, made_at)
    clear_place(folder)
    write_list(plan.train.clips, folder / LISTS_NAME / "train.csv")
    write_list(plan.validation.clips, folder / LISTS_NAME / "validation.csv")
    write_history(course.history, folder)
    save_model(folder, card, course.best)
    (folder / STATE_NAME).unlink(missing_ok=True)
    return card


def _refuse_diverged(course: Course, plan: Plan) -> None:
    if course.has_diverged:
        raise ConfigError(
            f"the loss is not a number any more after epoch {len(course.history)}. Lower the "
            f"learning rate ({plan.hyperparameters.learning_rate:g}) and start afresh with "
            "--overwrite"
        )


def _start(plan: Plan) -> Course:
    embedding_set = find_embedding_set(plan.cell.embedding_set)
    return new_course(
        plan.cell,
        plan.hyperparameters,
        audio_size=embedding_set.audio_size,
        visual_size=embedding_set.visual_size,
        n_classes=len(plan.train.clips.classes),
        seed=plan.seed,
    )


def _architecture(plan: Plan) -> Architecture:
    embedding_set = find_embedding_set(plan.cell.embedding_set)
    return Architecture(
        plan.cell.rnn,
        plan.hyperparameters.activation,
        embedding_set.audio_size,
        mixed_precision=plan.mixed_precision,
    )


def _card(plan: Plan, course: Course, made_at: datetime) -> Card:
    embedding_set = find_embedding_set(plan.cell.embedding_set)
    return Card(
        embedding_set=plan.cell.embedding_set,
        rnn=str(plan.cell.rnn),
        audio_size=embedding_set.audio_size,
        visual_size=embedding_set.visual_size,
        classes=plan.train.clips.classes,
        hyperparameters=plan.hyperparameters,
        training_set=plan.training_set,
        train=_data_card(plan.train),
        validation=_data_card(plan.validation),
        schedule=plan.schedule,
        seed=plan.seed,
        mixed_precision=plan.mixed_precision,
        history=course.history,
        best_epoch=course.best_epoch,
        software=software_versions(),
        made_at=made_at,
        embeddings=plan.notes.recipe,
        overlap_allowed=plan.notes.overlap_allowed,
        trust_list=plan.notes.trust_list,
    )


def _data_card(dataset: Dataset) -> DataCard:
    clips = dataset.clips
    return DataCard(
        name=clips.name,
        n_clips=len(clips),
        list_sha256=clips.sha256,
        records_sha256=dataset.sha256,
        n_cut=dataset.n_cut,
    )
