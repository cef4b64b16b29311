"""How far a search is, and what it found."""

import os
from dataclasses import asdict
from typing import Annotated

import pandas as pd
import typer

from models.commands.options import FormatOption, OutOption
from models.data.labelled_clips import read_list
from models.evaluation.plots import (
    new_figure,
    plot_learning_curves,
    plot_parallel_coordinates,
    save_figure,
)
from models.evaluation.table_text import table_text
from models.search.surrogates import (
    BEST_NAME,
    best_of,
    plan_cells,
    read_plan,
    read_results,
    write_best,
)
from models.search.table4 import table_4
from models.search.time_left import forecast
from study.errors import ConfigError
from study.tools.wording import counted


def status(out: OutOption) -> None:
    """Print how far a search is."""
    plan, results = read_plan(out), read_results(out)
    rows = []
    for cell in plan_cells(plan):
        own = [result for result in results if result.cell == cell.name]
        losses = [result.val_loss for result in own if result.val_loss is not None]
        best = f"{min(losses):.4f}" if losses else "-"
        n_diverged = sum(result.diverged for result in own)
        done = f"{len(own)} of {plan.n_surrogates}"
        rows.append((cell.name, done, str(n_diverged), best))
    columns = ["Cell", "Done", "Diverged", "Best validation loss"]
    typer.echo(table_text(pd.DataFrame(rows, columns=columns)))
    left = forecast(plan, results, len(read_list(plan.train)))
    typer.echo(left.text(os.cpu_count() or 1))


def best(
    out: OutOption,
    layout: FormatOption = "markdown",
) -> None:
    """Print Table 4 of a search and write best.json; pass it as --preset."""
    chosen = best_of(read_results(out))
    if not chosen:
        raise ConfigError(f"no surrogate of {out} has a result yet. Run the search first")
    typer.echo(table_text(table_4(chosen), layout))
    write_best(chosen, out / BEST_NAME)
    if layout == "markdown":
        typer.echo(f"{counted(len(chosen), 'cell')}: {out / BEST_NAME}")


def plots(out: OutOption) -> None:
    """Plot the surrogates of every cell; parallel coordinates and learning curves."""
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
    typer.echo(f"{counted(n_drawn, 'cell')} plotted: {out}")


def to_optuna(
    out: OutOption,
    storage: Annotated[str, typer.Option(help="such as sqlite:///search.db")],
) -> None:
    """Copy the results into Optuna studies; its dashboard shows them."""
    from models.search import optuna_export  # the extra [search]

    n_copied = optuna_export.to_optuna(read_results(out), storage)
    typer.echo(f"{counted(n_copied, 'surrogate')} copied: {storage}")
