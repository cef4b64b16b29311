"""Run the random search."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from models.commands.options import (
    AllowUntrainedOption,
    CacheOption,
    OutOption,
    TrustListOption,
)
from models.data.labelled_clips import read_list
from models.network.spec import CELLS, Schedule
from models.search.surrogates import (
    N_SURROGATES,
    PATIENCE,
    SearchPlan,
    SurrogateResult,
    missing_tasks,
    read_results,
    write_plan,
)
from models.search.time_left import forecast
from models.search.train_surrogate import prepare
from models.search.workers import cluster_size, run_here, run_on_cluster
from study.tools.cli import LARGEST_NUMBER, MOST_PROCESSES, stderr_console
from study.tools.progress_bars import progress_bar
from study.tools.wording import counted


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
    n: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="surrogates per cell")
    ] = N_SURROGATES,
    epochs: Annotated[int, typer.Option(min=1, max=1_000_000, help="at most so many each")] = 200,
    patience: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="epochs without improvement each")
    ] = PATIENCE,
    seed: Annotated[int, typer.Option(min=0, max=LARGEST_NUMBER, help="of the study")] = 1,
    processes: Annotated[
        int | None,
        typer.Option(min=1, max=MOST_PROCESSES, help="how many at a time [default: one per core]"),
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="run on this Dask cluster instead")
    ] = None,
    cache: CacheOption = None,
    allow_untrained: AllowUntrainedOption = False,
    trust_list: TrustListOption = False,
) -> None:
    """Run the surrogates that have no result yet; goes on where it was stopped."""
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
    typer.echo(
        f"{counted(len(done), 'surrogate')} with a result, {n_diverged} of them diverged: {out}"
    )


def _show(
    results: Iterator[SurrogateResult],
    plan: SearchPlan,
    out: Path,
    n_at_a_time: int,
    *,
    n_clips: int,
) -> None:
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
