"""Command line of the random search."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from study.tools.cli import LARGEST_NUMBER, MOST_PROCESSES, new_app

if TYPE_CHECKING:
    from models.search.surrogates import SearchPlan, SurrogateResult

app = new_app("The paper's random search: run it, see how far it is, take the best.")

TableFormat = Literal["markdown", "csv", "latex"]

OutOption = Annotated[Path, typer.Option("--out", help="folder of the search")]


@app.command()
def run(
    embeddings: Annotated[
        Path, typer.Option("--embeddings", help="folder with the folders of the embedding sets")
    ],
    train: Annotated[Path, typer.Option(help="training list (CSV)")],
    validation: Annotated[Path, typer.Option(help="validation list (CSV)")],
    out: OutOption,
    cells: Annotated[
        list[str] | None, typer.Option("--cell", help="such as yamnet_effnet-gru [default: six]")
    ] = None,
    n: Annotated[int, typer.Option(min=1, max=1_000_000, help="surrogates per cell")] = 300,
    epochs: Annotated[int, typer.Option(min=1, max=1_000_000, help="at most so many each")] = 200,
    patience: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="epochs without improvement each")
    ] = 8,
    seed: Annotated[int, typer.Option(min=0, max=LARGEST_NUMBER, help="of the study")] = 1,
    processes: Annotated[
        int | None,
        typer.Option(min=1, max=MOST_PROCESSES, help="how many at a time [default: one per core]"),
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="run on this Dask cluster instead")
    ] = None,
    cache: Annotated[
        Path | None, typer.Option(help="folder for packed records [default: in the user's cache]")
    ] = None,
    allow_untrained: Annotated[
        bool, typer.Option("--allow-untrained", help="take embeddings of untrained networks")
    ] = False,
    trust_list: Annotated[
        bool, typer.Option("--trust-list", help="take the list's label where a record has another")
    ] = False,
) -> None:
    """Run the surrogates that have no result yet; goes on where it was stopped."""
    import os

    from models.data.lists import read_list
    from models.network.hyperparameters import CELLS
    from models.search.surrogates import (
        SearchPlan,
        missing_tasks,
        prepare,
        read_results,
        write_plan,
    )
    from models.search.workers import cluster_size, run_here, run_on_cluster
    from models.training.schedule import Schedule

    lists = read_list(train), read_list(validation)
    plan = SearchPlan(
        seed=seed,
        cells=tuple(cells or [cell.name for cell in CELLS]),
        n_surrogates=n,
        schedule=Schedule(n_epochs=epochs, patience=patience),
        embeddings=embeddings.resolve(),
        train=train.resolve(),
        validation=validation.resolve(),
        lists=(lists[0].sha256, lists[1].sha256),
        cache=cache.resolve() if cache else None,
        trust_list=trust_list,
    )
    prepare(plan, allow_untrained=allow_untrained)
    write_plan(plan, out)
    tasks = missing_tasks(plan, out)
    if cluster:
        n_at_a_time, results = cluster_size(cluster), run_on_cluster(plan, tasks, out, cluster)
    else:
        n_at_a_time = processes or os.cpu_count() or 1
        results = run_here(plan, tasks, out, n_at_a_time)
    _show(results, plan, out, n_at_a_time, n_clips=len(lists[0]))
    done = read_results(out)
    n_diverged = sum(result.diverged for result in done)
    typer.echo(f"{len(done)} surrogates with a result, {n_diverged} of them diverged: {out}")


def _show(
    results: "Iterator[SurrogateResult]",
    plan: "SearchPlan",
    out: Path,
    n_at_a_time: int,
    *,
    n_clips: int,
) -> None:
    from models.search.forecast import forecast
    from models.search.surrogates import read_results
    from study.tools.cli import stderr_console
    from study.tools.progress import progress_bar

    console = stderr_console()
    done = read_results(out)
    first = forecast(plan, done, n_clips)
    console.print(first.text(n_at_a_time), highlight=False)
    with progress_bar() as progress:
        bar = progress.add_task("surrogates", total=first.n_done + first.n_left)
        progress.update(bar, completed=first.n_done)
        for result in results:
            done.append(result)
            now = forecast(plan, done, n_clips)
            hours = now.core_s / 3600 / n_at_a_time
            progress.update(bar, advance=1, description=f"surrogates (about {hours:.1f} h left)")


@app.command()
def status(out: OutOption) -> None:
    """Print how far a search is."""
    import os

    from models.data.lists import read_list
    from models.evaluation import tables
    from models.search.forecast import forecast
    from models.search.surrogates import plan_cells, read_plan, read_results

    plan, results = read_plan(out), read_results(out)
    rows = []
    for cell in plan_cells(plan):
        own = [result for result in results if result.cell == cell.name]
        losses = [result.val_loss for result in own if result.val_loss is not None]
        best = f"{min(losses):.4f}" if losses else "-"
        n_diverged = sum(result.diverged for result in own)
        done = f"{len(own)} of {plan.n_surrogates}"
        rows.append((cell.name, done, str(n_diverged), best))
    typer.echo(tables.markdown(("Cell", "Done", "Diverged", "Best validation loss"), rows))
    left = forecast(plan, results, len(read_list(plan.train)))
    typer.echo(left.text(os.cpu_count() or 1))


@app.command()
def best(
    out: OutOption,
    layout: Annotated[
        TableFormat, typer.Option("--format", help="of what is printed")
    ] = "markdown",
) -> None:
    """Print Table 4 of a search and write best.json, to be passed as --preset."""
    from models.evaluation import tables
    from models.evaluation.table5 import FORMATS
    from models.search.surrogates import best_of, read_results, write_best
    from study.errors import ConfigError

    chosen = best_of(read_results(out))
    if not chosen:
        raise ConfigError(f"no surrogate of {out} has a result yet. Run the search first")
    typer.echo(FORMATS[layout](tables.TABLE_4_COLUMNS, tables.table_4_rows(chosen)))
    write_best(chosen, out / "best.json")
    if layout == "markdown":
        typer.echo(f"{len(chosen)} cells: {out / 'best.json'}")


@app.command()
def plots(out: OutOption) -> None:
    """Plot the surrogates of every cell: parallel coordinates and learning curves."""
    from dataclasses import asdict

    import pandas as pd

    from models.evaluation.figures import (
        new_figure,
        plot_learning_curves,
        plot_parallel_coordinates,
        save_figure,
    )
    from models.search.surrogates import plan_cells, read_plan, read_results

    results, n_drawn = read_results(out), 0
    for cell in plan_cells(read_plan(out)):
        own = [each for each in results if each.cell == cell.name and each.val_loss is not None]
        if not own:
            continue
        surrogates = pd.DataFrame(
            [asdict(each.hyperparameters) | {"val_loss": each.val_loss} for each in own]
        )
        curves = pd.DataFrame(
            [
                {"number": each.number, "epoch": epoch.epoch, "val_loss": epoch.val_loss}
                for each in own
                for epoch in each.history
            ]
        )
        figure, axes = new_figure(1, 2, width=6)
        plot_parallel_coordinates(surrogates, axes[0, 0])
        plot_learning_curves(curves, axes[0, 1])
        figure.suptitle(cell.name)
        save_figure(figure, out, cell.name)
        n_drawn += 1
    typer.echo(f"{n_drawn} cells plotted: {out}")


@app.command()
def to_optuna(
    out: OutOption,
    storage: Annotated[str, typer.Option(help="such as sqlite:///search.db")],
) -> None:
    """Copy the results into Optuna studies, for its dashboard."""
    from models.search.optuna_export import to_optuna
    from models.search.surrogates import read_results

    typer.echo(f"{to_optuna(read_results(out), storage)} surrogates copied: {storage}")
