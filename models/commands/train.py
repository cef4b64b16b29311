"""Train the networks of the paper."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from features.embedding_set import Device
from features.records.dataset import dataset
from models.commands.options import (
    AllowOverlapOption,
    AllowUntrainedOption,
    CacheOption,
    EmbeddingsOption,
    TrustListOption,
)
from models.network.spec import CELLS, Epoch, Rnn, Schedule, cell_named
from models.network.spec import preset as preset_of
from models.saving.card import Card
from models.saving.model_folder import require_place
from models.saving.saved import SavedModel
from models.training.description import Training
from models.training.experiment import parse_training_set, planned_trainings, run_all
from models.training.start import train as train_on
from models.training.tensorboard import EventFile
from study.tools.cli import LARGEST_NUMBER, OverwriteOption, fail
from study.tools.progress_bars import progress_bar, track
from study.tools.wording import counted


def train(
    embeddings: EmbeddingsOption,
    train: Annotated[Path, typer.Option(help="training list (CSV)")],
    validation: Annotated[Path, typer.Option(help="validation list (CSV)")],
    out: Annotated[Path, typer.Option(help="folder of the model to be")],
    embedding_set: Annotated[
        str, typer.Option("--set", help="yamnet_effnet, vggish_vgg16, or one that a package brings")
    ] = "yamnet_effnet",
    rnn: Annotated[Rnn, typer.Option(help="recurrent layer")] = Rnn.GRU,
    preset: Annotated[
        str, typer.Option(help="paper (Table 4), one of its cells, or the best.json of a search")
    ] = "paper",
    epochs: Annotated[int, typer.Option(min=1, max=1_000_000, help="at most so many")] = 200,
    patience: Annotated[
        int,
        typer.Option(min=1, max=1_000_000, help="stop after so many epochs without improvement"),
    ] = 20,
    seed: Annotated[
        int, typer.Option(min=0, max=LARGEST_NUMBER, help="all chance follows from it")
    ] = 1,
    training_set: Annotated[
        str | None, typer.Option(help="name for tables [default: from the training list]")
    ] = None,
    mixed_precision: Annotated[
        bool,
        typer.Option("--mixed-precision", help="products in bfloat16, weights in float32"),
    ] = False,
    device: Annotated[
        Device, typer.Option(help="where to calculate; auto leaves it to JAX")
    ] = "auto",
    cache: CacheOption = None,
    tensorboard: Annotated[
        Path | None, typer.Option(metavar="DIR", help="folder for TensorBoard's event files")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="go on after an interruption")] = False,
    allow_untrained: AllowUntrainedOption = False,
    allow_overlap: AllowOverlapOption = False,
    trust_list: TrustListOption = False,
    overwrite: OverwriteOption = False,
) -> None:
    """Train one network as the paper did; Table 4's hyperparameters are the preset."""
    require_place(out, resume=resume, overwrite=overwrite)
    records, kept_back = (
        dataset(embeddings, clips, embedding_set=embedding_set) for clips in (train, validation)
    )
    begin = partial(
        train_on,
        records,
        kept_back,
        rnn=rnn,
        out=out,
        preset=preset,
        epochs=epochs,
        patience=patience,
        seed=seed,
        training_set=training_set,
        mixed_precision=mixed_precision,
        device=device,
        cache=cache,
        resume=resume,
        allow_untrained=allow_untrained,
        allow_overlap=allow_overlap,
        trust_list=trust_list,
        overwrite=overwrite,
    )
    try:
        card = _with_progress(begin, epochs, len(records), tensorboard)
    except KeyboardInterrupt:
        fail(f"{out}: stopped after a whole epoch. Go on with --resume", exit_code=130)
    best = card.history[card.best_epoch - 1]
    typer.echo(
        f"{counted(len(card.history), 'epoch')}, best {card.best_epoch} (validation loss "
        f"{best.val_loss:.4f}, accuracy {100 * best.val_accuracy:.2f} %): {out}"
    )


def _with_progress(
    begin: Callable[..., SavedModel], n_epochs: int, n_clips: int, tensorboard: Path | None
) -> Card:
    events = EventFile(tensorboard, started_s=time.time()) if tensorboard else None
    with progress_bar() as progress:
        epochs_bar = progress.add_task("epochs", total=n_epochs)
        clips_bar = progress.add_task("clips", total=n_clips)

        def on_epoch(epoch: Epoch) -> None:
            said = f"epochs (validation loss {epoch.val_loss:.4f})"
            progress.update(epochs_bar, completed=epoch.epoch, description=said)
            progress.reset(clips_bar)
            if events is not None:
                events.add(epoch, at_s=time.time())

        model = begin(on_epoch=on_epoch, on_step=lambda n: progress.advance(clips_bar, n))
        progress.remove_task(clips_bar)
        return model.card


def experiment(
    embeddings: Annotated[
        Path, typer.Option("--embeddings", help="folder with the folders of the embedding sets")
    ],
    lists: Annotated[
        list[str],
        typer.Option("--lists", metavar="NAME=TRAIN,VALIDATION", help="a training set; repeat"),
    ],
    test: Annotated[Path, typer.Option(help="test list (CSV)")],
    out: Annotated[Path, typer.Option(help="folder of the models to be")],
    cells: Annotated[
        list[str] | None, typer.Option("--cell", help="such as yamnet_effnet-gru [default: six]")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, max=10_000, help="how many, counted from 1")] = 5,
    preset: Annotated[str, typer.Option(help="paper, or the best.json of a search")] = "paper",
    epochs: Annotated[int, typer.Option(min=1, max=1_000_000, help="at most so many")] = 200,
    patience: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="epochs without improvement")
    ] = 20,
    cache: CacheOption = None,
    allow_untrained: AllowUntrainedOption = False,
    allow_overlap: AllowOverlapOption = False,
    trust_list: TrustListOption = False,
) -> None:
    """Train and evaluate all cells on several training sets; goes on where it was stopped."""
    training_sets = [parse_training_set(text) for text in lists]
    chosen = [cell_named(name) for name in cells] if cells else list(CELLS)
    base = Training(
        chosen[0],
        preset_of(preset, chosen[0]),
        embeddings,
        training_sets[0].train,
        training_sets[0].validation,
        schedule=Schedule(n_epochs=epochs, patience=patience),
        cache=cache,
        allow_untrained=allow_untrained,
        allow_overlap=allow_overlap,
        trust_list=trust_list,
    )
    trainings = planned_trainings(training_sets, chosen, range(1, seeds + 1), base, preset)
    done = run_all(trainings, test, out, lambda: datetime.now(UTC))
    n_new = sum(each is not None for each in track(done, "networks", len(trainings)))
    typer.echo(f"{counted(len(trainings), 'network')}, {n_new} of them evaluated now: {out}")
