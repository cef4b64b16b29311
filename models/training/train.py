"""Train a network and save it with its card, lists and history."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import pandas as pd

from models.data.dataset import Dataset
from models.data.labelled_clips import write_list
from models.evaluation.plots import new_figure, plot_history, save_figure
from models.network.predict import memory_errors
from models.network.spec import Epoch
from models.saving.card import SOFTWARE, Card, DataCard
from models.saving.model_folder import LISTS_NAME, STATE_NAME, clear_place, require_place
from models.saving.save import save_model
from models.training.description import Training, TrainingData, fingerprint
from models.training.epochs import epochs, first_state
from models.training.loop import TrainingState
from models.training.resume import read_state, write_state
from study.errors import ConfigError
from study.tools.files import written_atomically
from study.tools.versions import versions


def train_model(
    training: Training,
    data: TrainingData,
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
    training : Training
        What to train on what.
    data : TrainingData
        Its clips, from `load_data`.
    folder : Path
        The model's folder.
    made_at : datetime
        For the card, in UTC.
    resume, overwrite : bool
        Whether to go on with a training that was interrupted, and to replace what is there.
    on_epoch : callable or None
        Called with each `Epoch`, before it is saved.
    on_step : callable or None
        Called with a number of clips when they have been handed to the network.

    Returns
    -------
    Card
        What was saved; the weights are those of the epoch with the best validation loss.

    Raises
    ------
    ConfigError
        If the folder is taken, or the training diverged.
    StudyError
        If the memory does not suffice.

    Notes
    -----
    Paper: Hyperparameter Search and Training.
    """
    require_place(folder, resume=resume, overwrite=overwrite)
    for part in folder.glob(".*.part.*"):  # of a training that was killed while it wrote
        part.unlink()
    mark = fingerprint(training, data)
    with memory_errors(folder):
        state = first_state(training, len(data.train.clips.classes))
        if resume and not overwrite:
            state = read_state(state, mark, folder)
        for state in epochs(training, data, state, on_step=on_step):  # noqa: B020 - to the last
            # Before the epoch is saved: who is killed in between sees it twice, never not at all.
            if on_epoch is not None:
                on_epoch(state.history[-1])
            write_state(state, mark, folder)
    if state.has_diverged:
        raise ConfigError(
            f"the loss became NaN or infinite in epoch {len(state.history)}. Lower the learning "
            f"rate ({training.hyperparameters.learning_rate:g}) and start afresh with --overwrite"
        )
    return _save(training, data, state, folder, made_at)


def _save(
    training: Training, data: TrainingData, state: TrainingState, folder: Path, made_at: datetime
) -> Card:
    card = _card(training, data, state, made_at)
    clear_place(folder)
    write_list(data.train.clips, folder / LISTS_NAME / "train.csv")
    write_list(data.validation.clips, folder / LISTS_NAME / "validation.csv")
    _write_history(state.history, folder)
    save_model(folder, card, state.best)
    (folder / STATE_NAME).unlink(missing_ok=True)
    return card


def _card(training: Training, data: TrainingData, state: TrainingState, made_at: datetime) -> Card:
    embedding_set = training.embedding_set
    return Card(
        embedding_set=embedding_set.name,
        rnn=str(training.cell.rnn),
        audio_size=embedding_set.audio_size,
        visual_size=embedding_set.visual_size,
        classes=data.train.clips.classes,
        hyperparameters=training.hyperparameters,
        training_set=training.name,
        train=_data_card(data.train),
        validation=_data_card(data.validation),
        schedule=training.schedule,
        seed=training.seed,
        mixed_precision=training.mixed_precision,
        history=state.history,
        best_epoch=state.best_epoch,
        software=versions(*SOFTWARE),
        made_at=made_at,
        embeddings=data.recipe,
        overlap_allowed=training.allow_overlap,
        trust_list=training.trust_list,
    )


def _data_card(dataset: Dataset) -> DataCard:
    clips = dataset.clips
    return DataCard(
        name=clips.name,
        n_clips=len(clips),
        list_sha256=clips.sha256,
        records_sha256=dataset.sha256,
        n_cut=dataset.n_cut,
        n_per_class=dict(sorted(Counter(clips.labels).items())),
    )


def _write_history(history: Iterable[Epoch], folder: Path) -> None:
    frame = pd.DataFrame([asdict(epoch) for epoch in history])
    with written_atomically(folder / "history.csv") as part:
        frame.to_csv(part, index=False)
    figure, axes = new_figure(1, 2)
    plot_history(frame, axes[0, 0], axes[0, 1])
    save_figure(figure, folder, "history")
