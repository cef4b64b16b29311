"""Train the networks of the paper."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from models.commands.options import (
    AllowOverlapOption,
    AllowUntrainedOption,
    CacheOption,
    EmbeddingsOption,
    TrustListOption,
)
from models.commands.requests import TrainRequest, train_with_progress
from models.network.hyperparameters import CELLS, Rnn, cell_named
from models.training.experiment import parse_lists, planned_runs, run_all
from study.tools.cli import LARGEST_NUMBER, OverwriteOption
from study.tools.progress import track


def train(
    embeddings: EmbeddingsOption,
    train: Annotated[Path, typer.Option(help="training list (CSV)")],
    validation: Annotated[Path, typer.Option(help="validation list (CSV)")],
    out: Annotated[Path, typer.Option(help="folder of the model to be")],
    embedding_set: Annotated[
        str, typer.Option("--set", help="yamnet_effnet or vggish_vgg16")
    ] = "yamnet_effnet",
    rnn: Annotated[Rnn, typer.Option(help="recurrent layer")] = Rnn.GRU,
    preset: Annotated[
        str, typer.Option(help="paper (Table 4), or the best.json of a search")
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
    request = TrainRequest(
        embeddings=embeddings,
        train=train,
        validation=validation,
        embedding_set=embedding_set,
        rnn=rnn,
        preset=preset,
        n_epochs=epochs,
        patience=patience,
        seed=seed,
        training_set=training_set,
        mixed_precision=mixed_precision,
        cache=cache,
        allow_untrained=allow_untrained,
        allow_overlap=allow_overlap,
        trust_list=trust_list,
    )
    card = train_with_progress(
        request,
        out,
        made_at=datetime.now(UTC),
        resume=resume,
        overwrite=overwrite,
        tensorboard=tensorboard,
    )
    best = card.history[card.best_epoch - 1]
    typer.echo(
        f"{len(card.history)} epochs, best {card.best_epoch} (validation loss "
        f"{best.val_loss:.4f}, accuracy {100 * best.val_accuracy:.2f} %): {out}"
    )


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
    training_sets = [parse_lists(text) for text in lists]
    chosen = [cell_named(name) for name in cells] if cells else list(CELLS)
    runs = planned_runs(training_sets, chosen, range(1, seeds + 1))
    base = TrainRequest(
        embeddings=embeddings,
        train=training_sets[0].train,
        validation=training_sets[0].validation,
        preset=preset,
        n_epochs=epochs,
        patience=patience,
        cache=cache,
        allow_untrained=allow_untrained,
        allow_overlap=allow_overlap,
        trust_list=trust_list,
    )
    done = run_all(runs, base, test, out, lambda: datetime.now(UTC))
    n_new = sum(evaluation is not None for _, evaluation in track(done, "networks", len(runs)))
    typer.echo(f"{len(runs)} networks, {n_new} of them evaluated now: {out}")
