"""What the commands do, between the command line and the library."""

import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import get_args

import numpy as np

from features.embedding_set import find_embedding_set
from models.data.dataset import Dataset, load_dataset
from models.data.lists import ClipList, read_list, refuse_overlap
from models.data.provenance import recipe_of
from models.evaluation.measures import (
    Evaluation,
    Modality,
    evaluate,
    evaluation_path,
    incongruent_partners,
    write_evaluation,
)
from models.evaluation.tables import training_set_of
from models.network.hyperparameters import Rnn, cell_of, preset
from models.network.memory import memory_errors
from models.saving.card import Card
from models.saving.saved import LISTS_NAME, SavedModel, load_model, require_place
from models.training.run import Notes, Plan, train_model
from models.training.schedule import Epoch, Schedule
from models.training.tensorboard import EventFile
from study.errors import ConfigError, TableError
from study.tools.cli import fail
from study.tools.progress import progress_bar


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """What the train command was asked for; its flags, one by one."""

    embeddings: Path
    train: Path
    validation: Path
    embedding_set: str = "yamnet_effnet"
    rnn: Rnn = Rnn.GRU
    preset: str = "paper"
    n_epochs: int = 200
    patience: int = 20
    seed: int = 1
    training_set: str | None = None
    mixed_precision: bool = False
    cache: Path | None = None
    allow_untrained: bool = False
    allow_overlap: bool = False
    trust_list: bool = False


def plan_training(request: TrainRequest) -> Plan:
    """Read what a training needs, and refuse what it must not have.

    Raises
    ------
    StudyError
        If a list, a record or an option cannot be used.
    """
    embedding_set = find_embedding_set(request.embedding_set)
    cell = cell_of(embedding_set.name, str(request.rnn))
    hyperparameters = preset(request.preset, cell)
    train, validation = read_list(request.train), read_list(request.validation)
    if len(train.classes) < 2:
        raise TableError(f"{request.train} has only the class {train.classes[0]}, expected two")
    if not request.allow_overlap:
        refuse_overlap(validation, train)
    recipe = recipe_of(request.embeddings, allow_untrained=request.allow_untrained)

    def load(clips: ClipList) -> Dataset:
        return load_dataset(
            clips,
            request.embeddings,
            embedding_set,
            train.classes,
            cache=request.cache,
            trust_list=request.trust_list,
        )

    return Plan(
        cell,
        hyperparameters,
        load(train),
        load(validation),
        request.training_set or training_set_of(train.name),
        request.seed,
        Schedule(n_epochs=request.n_epochs, patience=request.patience),
        request.mixed_precision,
        Notes(recipe, overlap_allowed=request.allow_overlap, trust_list=request.trust_list),
    )


def train_with_progress(
    request: TrainRequest,
    folder: Path,
    *,
    made_at: datetime,
    resume: bool,
    overwrite: bool,
    tensorboard: Path | None = None,
) -> Card:
    """Train a network while a bar shows how far it is.

    Parameters
    ----------
    made_at : datetime
        For the card, in UTC.
    tensorboard : Path or None
        Folder for TensorBoard's event file; None for none.
    """
    require_place(folder, resume=resume, overwrite=overwrite)
    plan = plan_training(request)
    events = EventFile(tensorboard, started_s=time.time()) if tensorboard else None
    try:
        return _train_under_a_bar(plan, folder, made_at, events, resume=resume, overwrite=overwrite)
    except KeyboardInterrupt:
        fail(f"{folder}: stopped after a whole epoch; go on with --resume", exit_code=130)
        raise


def _train_under_a_bar(
    plan: Plan,
    folder: Path,
    made_at: datetime,
    events: EventFile | None,
    *,
    resume: bool,
    overwrite: bool,
) -> Card:
    with progress_bar() as progress:
        epochs_bar = progress.add_task("epochs", total=plan.schedule.n_epochs)
        clips_bar = progress.add_task("clips", total=len(plan.train))

        def on_epoch(epoch: Epoch) -> None:
            said = f"epochs (validation loss {epoch.val_loss:.4f})"
            progress.update(epochs_bar, completed=epoch.epoch, description=said)
            progress.reset(clips_bar)
            if events is not None:
                events.add(epoch, at_s=time.time())

        card = train_model(
            plan,
            folder,
            made_at=made_at,
            resume=resume,
            overwrite=overwrite,
            on_epoch=on_epoch,
            on_step=lambda n_clips: progress.advance(clips_bar, n_clips),
        )
        progress.remove_task(clips_bar)
        return card


@dataclass(frozen=True, slots=True)
class EvaluateRequest:
    """What the evaluate command was asked for; its flags, one by one."""

    model: Path
    embeddings: Path
    test: Path
    modality: str = "both"
    incongruent: bool = False
    seed: int = 1
    cache: Path | None = None
    allow_untrained: bool = False
    allow_overlap: bool = False
    trust_list: bool = False


def evaluate_and_write(request: EvaluateRequest) -> tuple[Evaluation, Path]:
    """Evaluate a network and keep the figures in its folder.

    Returns
    -------
    evaluation : Evaluation
        The figures.
    page : Path
        The page that shows them; the figures are in the JSON file beside it.

    Raises
    ------
    StudyError
        If the model, the list or a record cannot be used.
    """
    if request.modality not in get_args(Modality):
        raise ConfigError(f"no modality {request.modality!r}. Choose both, audio or visual")
    model, clips = load_model(request.model), read_list(request.test)
    if not request.allow_overlap:
        _refuse_known_clips(model, clips)
    recipe = recipe_of(request.embeddings, allow_untrained=request.allow_untrained)
    if model.card.untrained_embeddings and not request.allow_untrained:
        raise ConfigError(
            f"{request.model} was trained on embeddings of untrained networks. "
            "Pass --allow-untrained to evaluate it all the same"
        )
    test = load_dataset(
        clips,
        request.embeddings,
        find_embedding_set(model.card.embedding_set),
        model.card.classes,
        cache=request.cache,
        trust_list=request.trust_list,
    )
    rng = np.random.default_rng(request.seed)
    with memory_errors(request.model):
        evaluation = evaluate(
            model,
            test,
            modality=request.modality,  # type: ignore[arg-type]
            sound_from=incongruent_partners(test.targets, rng) if request.incongruent else None,
            untrained_embeddings=model.card.untrained_embeddings
            or (recipe is not None and recipe.is_untrained),
            overlap_allowed=request.allow_overlap,
        )
    path = evaluation_path(
        request.model, evaluation.test.name, evaluation.modality, evaluation.pairing
    )
    from models.evaluation.page import write_page  # matplotlib is slow to import

    # The figures last: where they are, all of it is.
    page, *_ = write_page(evaluation, path)
    write_evaluation(evaluation, path)
    return evaluation, page


def _refuse_known_clips(model: SavedModel, test: ClipList) -> None:
    # An imported network has no lists: what it was trained on is not known here.
    for path in sorted((model.folder / LISTS_NAME).glob("*.csv")):
        refuse_overlap(test, read_list(path))
