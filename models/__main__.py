"""Command line of the networks: train, evaluate, tabulate."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from models.commands.search import TableFormat
from models.commands.search import app as search_app
from models.network.hyperparameters import Rnn
from study.tools.cli import LARGEST_NUMBER, OverwriteOption, new_app, run

app = new_app("Train the paper's networks on embeddings, evaluate them, tabulate the results.")

app.add_typer(search_app, name="search")

EmbeddingsOption = Annotated[
    Path, typer.Option("--embeddings", help="folder of one embedding set, with its records")
]
CacheOption = Annotated[
    Path | None, typer.Option(help="folder for packed records [default: in the user's cache]")
]
AllowUntrainedOption = Annotated[
    bool, typer.Option("--allow-untrained", help="take embeddings of untrained networks")
]
AllowOverlapOption = Annotated[
    bool, typer.Option("--allow-overlap", help="let a clip stand in two lists")
]
TrustListOption = Annotated[
    bool, typer.Option("--trust-list", help="take the list's label where a record has another")
]


@app.command()
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
    """Train one network as the paper did (Table 4's hyperparameters are the preset)."""
    from models.commands.requests import TrainRequest, train_with_progress

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


@app.command()
def evaluate(
    model: Annotated[Path, typer.Option(help="folder of the model")],
    embeddings: EmbeddingsOption,
    test: Annotated[Path, typer.Option(help="test list (CSV)")],
    modality: Annotated[str, typer.Option(help="both, audio or visual")] = "both",
    incongruent: Annotated[
        bool, typer.Option("--incongruent", help="give each clip the sound of another class")
    ] = False,
    seed: Annotated[
        int, typer.Option(min=0, max=LARGEST_NUMBER, help="draws the incongruent pairs")
    ] = 1,
    cache: CacheOption = None,
    allow_untrained: AllowUntrainedOption = False,
    allow_overlap: AllowOverlapOption = False,
    trust_list: TrustListOption = False,
) -> None:
    """Evaluate a network on a list, print its row of Table 5 and draw a page."""
    from models.commands.requests import EvaluateRequest, evaluate_and_write
    from models.evaluation import tables

    request = EvaluateRequest(
        model=model,
        embeddings=embeddings,
        test=test,
        modality=modality,
        incongruent=incongruent,
        seed=seed,
        cache=cache,
        allow_untrained=allow_untrained,
        allow_overlap=allow_overlap,
        trust_list=trust_list,
    )
    evaluation, page = evaluate_and_write(request)
    typer.echo(tables.markdown(tables.TABLE_5_COLUMNS, [tables.table_5_row(evaluation)]))
    if evaluation.untrained_embeddings:
        typer.echo("the embeddings come from untrained networks: no figure of the paper's kind")
    typer.echo(f"{evaluation.test.n_clips} clips: {page}")


@app.command()
def table5(
    results: Annotated[list[Path], typer.Option(help="models, or folders that hold models")],
    layout: Annotated[
        TableFormat, typer.Option("--format", help="of what is printed")
    ] = "markdown",
    test: Annotated[
        str | None, typer.Option(help="name of the test list, where there are several")
    ] = None,
) -> None:
    """Print the evaluations below some folders in the form of Table 5, seeds together."""
    import numpy as np

    from models.evaluation.comparison import differences, group
    from models.evaluation.measures import of_one_test, read_evaluations
    from models.evaluation.table5 import FORMATS, difference_table, table_5

    plain = of_one_test(read_evaluations(results), test)
    typer.echo(FORMATS[layout](*table_5(group(plain))))
    found = differences(plain, np.random.default_rng(1))
    if found:
        typer.echo("")
        typer.echo(FORMATS[layout](*difference_table(found)))
    if layout == "markdown":
        if any(evaluation.untrained_embeddings for evaluation in plain):
            typer.echo("some embeddings come from untrained networks: not the paper's figures")
        typer.echo(f"{len(plain)} evaluations on {plain[0].test.name}")


@app.command()
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
    from models.commands.requests import TrainRequest
    from models.network.hyperparameters import CELLS, cell_named
    from models.training.experiment import parse_lists, planned_runs, run_all
    from study.tools.progress import track

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


@app.command()
def import_checkpoint(
    folder: Annotated[Path, typer.Argument(help="a released network: checkpoint and train.yaml")],
    out: Annotated[Path, typer.Option(help="folder of the model to be")],
    overwrite: OverwriteOption = False,
) -> None:
    """Turn one of the authors' released checkpoints into a model of ours."""
    from models.checkpoints.importing import import_checkpoint
    from models.saving.saved import clear_place, require_place, save_model

    require_place(out, resume=False, overwrite=overwrite)
    card, weights = import_checkpoint(folder, made_at=datetime.now(UTC))
    clear_place(out)
    save_model(out, card, weights)
    task = "" if card.task == "action" else f" ({card.task})"
    said = f"{card.rnn.upper()} of {card.training_set}{task}, {len(card.classes)} classes"
    typer.echo(f"{said}: {out}")


def main() -> None:
    """Run the command line."""
    run(app)


if __name__ == "__main__":
    main()
