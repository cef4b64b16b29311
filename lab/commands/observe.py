"""Networks as observers of manipulated clips."""

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from features.commands.options import WeightsFolderOption
from lab.observing.observe import NEUTRAL, PAIRS, PREDICTIONS_NAME, EmbeddingOptions
from lab.observing.observe import observe as ask_all
from models.commands.options import AllowUntrainedOption, CacheOption
from models.evaluation.table_text import table_text
from study.tools.cli import LARGEST_NUMBER, MOST_PROCESSES, OverwriteOption, fail, stderr_console
from study.tools.commands import example
from study.tools.wording import counted


@example("python -m lab observe stimuli --model models/seed-1 --model models/seed-2 --out observed")
def observe(
    stimuli: Annotated[Path, typer.Argument(help="folder that curation manipulate wrote")],
    model: Annotated[list[Path], typer.Option("--model", help="folder of a network; several do")],
    out: Annotated[Path, typer.Option("--out", help="folder for embeddings and predictions")],
    weights: WeightsFolderOption = None,
    untrained: Annotated[
        int | None,
        typer.Option(
            min=0, max=LARGEST_NUMBER, metavar="SEED", help="untrained where weights are missing"
        ),
    ] = None,
    processes: Annotated[
        int | None,
        typer.Option(min=1, max=MOST_PROCESSES, help="how many [default: one per core]"),
    ] = None,
    cache: CacheOption = None,
    allow_untrained: AllowUntrainedOption = False,
    overwrite: OverwriteOption = False,
) -> None:
    """Show manipulated clips to networks; embeddings, then a table of what each says."""
    console = stderr_console()
    found = ask_all(
        stimuli,
        model,
        out,
        EmbeddingOptions(weights, untrained, allow_untrained, processes, cache),
        overwrite=overwrite,
        say=lambda line: console.print(line, highlight=False),
    )
    for title, table, place in (
        ("Which action, of the clips as they are (a black picture, silence)", found.actions, out),
        ("Which action, one embedding neutral", found.neutral, out / NEUTRAL),
        ("Whether sound and picture belong together", found.pairs, out / PAIRS),
    ):
        if len(table):
            typer.echo(f"{title}: {place / PREDICTIONS_NAME}")
            typer.echo(table_text(_accuracies(table)))
    if found.rejects:
        for detail in found.rejects[:5]:
            typer.echo(f"no embeddings: {detail}")
        fail(
            f"{counted(len(found.rejects), 'clip')} without embeddings; the others were shown. "
            "Look into rejects.csv beside them, which says why"
        )
    n_clips = len({*_names(found.actions), *_names(found.pairs)})
    typer.echo(f"{counted(n_clips, 'clip')} shown to {counted(len(model), 'network')}: {out}")


def _names(table: pd.DataFrame) -> set[str]:
    return set(table["filename"]) if len(table) else set()


def _accuracies(table: pd.DataFrame) -> pd.DataFrame:
    asked = table["label"] != ""
    right = (table["predicted"] == table["label"]).where(asked)
    by = [table["condition"], table["network"]]
    grouped = table.assign(right=right.astype(float)).groupby(by, sort=False)
    figures = grouped.agg(n=("filename", "size"), right=("right", "mean"), loss=("loss", "mean"))
    return pd.DataFrame(
        {
            "Condition": figures.index.get_level_values(0),
            "Network": figures.index.get_level_values(1),
            "Clips": figures["n"].astype(str).to_numpy(),
            "Right (%)": [_shown(100 * value, 2) for value in figures["right"]],
            "Loss": [_shown(value, 4) for value in figures["loss"]],
        }
    )


def _shown(value: float, places: int) -> str:
    return "-" if pd.isna(value) else f"{value:.{places}f}"
