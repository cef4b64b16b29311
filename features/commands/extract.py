"""Extract embeddings, and forecast what that takes."""

import time
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from features.commands.options import WeightsFolderOption
from features.embedding_set import EMBEDDING_SETS, AudioDecoder, Device, Grid, Normalisation
from features.extraction import cost
from features.extraction.clip_list import left_out, read_clip_list
from features.extraction.prepare import prepare
from features.extraction.processes import on_processes
from features.extraction.run import REJECTS_NAME, Perform, extract_all
from features.plugged_sets import plugged_sets
from study.processes.pool import n_cores
from study.tools.cli import (
    LARGEST_NUMBER,
    MOST_PROCESSES,
    OverwriteOption,
    fail,
    stderr_console,
)
from study.tools.files import written_atomically
from study.tools.progress_bars import progress_bar
from study.tools.wording import counted


def extract(
    ratings: Annotated[
        Path, typer.Option("--ratings", help="list of clips: a released .csv, or a folder of clips")
    ],
    embedding_set: Annotated[
        str, typer.Option("--set", help="yamnet_effnet, vggish_vgg16, or one that `sets` lists")
    ],
    out: Annotated[Path, typer.Option(help="folder for the sets of records")],
    mit_root: Annotated[
        Path | None, typer.Option(help="folder with training/CLASS/CLIP.mp4")
    ] = None,
    weights: WeightsFolderOption = None,
    weights_of: Annotated[
        list[str] | None,
        typer.Option(metavar="NETWORK=PATH", help="a single file or SavedModel, of any name"),
    ] = None,
    untrained: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=LARGEST_NUMBER,
            metavar="SEED",
            help="untrained networks where weights are missing",
        ),
    ] = None,
    grid: Annotated[
        Grid, typer.Option(help="frames as in the paper, or as in the published script")
    ] = "paper",
    normalisation: Annotated[
        Normalisation, typer.Option(help="of EfficientNetB0: today's Keras, or TensorFlow 2.3")
    ] = "keras3",
    silence_for_missing_audio: Annotated[
        bool, typer.Option("--silence-for-missing-audio", help="3 s of zeros, not a reject")
    ] = False,
    processes: Annotated[
        int | None,
        typer.Option(min=1, max=MOST_PROCESSES, help="how many processes [default: one per core]"),
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Dask scheduler to work on")
    ] = None,
    device: Annotated[
        Device, typer.Option(help="where networks calculate; auto takes a GPU that can be used")
    ] = "auto",
    audio_decoder: Annotated[
        AudioDecoder, typer.Option(help="pydub runs ffmpeg, as the published script; slower")
    ] = "pyav",
    overwrite: OverwriteOption = False,
) -> None:
    """Write one record per clip, and a manifest beside them; goes on where it was stopped."""
    clips = read_clip_list(ratings, mit_root)
    console = stderr_console()
    job, notes = prepare(
        embedding_set,
        grid=grid,
        normalisation=normalisation,
        silence_for_missing_audio=silence_for_missing_audio,
        weights_folder=weights,
        weights_of=dict(_named_path(text) for text in weights_of or ()),
        untrained_seed=untrained,
        out=out,
        device=device,
        audio_decoder=audio_decoder,
    )
    for note in filter(None, (*notes, left_out(ratings, clips))):
        console.print(note, highlight=False)
    if job.recipe.is_untrained:
        console.print("These embeddings mean nothing: networks without training are for rehearsals")
    perform = _performer(cluster, processes)
    begin_s = time.monotonic()
    with progress_bar() as progress:
        task = progress.add_task(f"{job.folder.name} embeddings", total=len(clips))
        outcome = extract_all(
            clips,
            job,
            perform=perform,
            overwrite=overwrite,
            advance=lambda: progress.advance(task),
        )
    n_rejects = len(outcome.rejects)
    rate = (outcome.n_extracted + n_rejects) / (time.monotonic() - begin_s)
    typer.echo(
        f"{counted(outcome.n_extracted, 'clip')} extracted ({rate:.1f} clips/s), "
        f"{outcome.n_kept} kept, "
        f"{n_rejects} rejected; {counted(outcome.n_records, 'record')} in {outcome.folder}"
    )
    if n_rejects:
        fail(
            f"{n_rejects} of {counted(len(clips), 'clip has', 'clips have')} no record: "
            f"{outcome.folder / REJECTS_NAME}. "
            "That list says why"
        )


def _named_path(text: str) -> tuple[str, Path]:
    network, separator, path = text.partition("=")
    if not separator or not path:
        raise typer.BadParameter(
            f"{text!r} is not a network and its file. Give one such as yamnet=yamnet.h5",
            param_hint="--weights-of",
        )
    return network, Path(path)


def _performer(cluster: str | None, n_processes: int | None) -> "Perform":

    if cluster is not None:
        from features.extraction.cluster import on_cluster  # the extra [cluster]

        return partial(on_cluster, address=cluster)
    return partial(on_processes, n_processes=n_processes or n_cores())


def sets() -> None:
    """List the embedding sets; the paper's, and those that installed packages bring."""
    brought = {each.embedding_set: each.package for each in plugged_sets()}
    for each in (*EMBEDDING_SETS.values(), *brought):
        audio, visual = each.audio, each.visual
        typer.echo(
            f"{each.name} ({brought.get(each, 'the paper')}): {audio.network} {audio.size} every "
            f"{audio.stride_s:g} s, {visual.network} {visual.size} every {visual.stride_s:g} s"
        )
    typer.echo(f"{counted(len(EMBEDDING_SETS) + len(brought), 'embedding set')}")


def forecast(
    rate: Annotated[
        float, typer.Option(min=1e-6, max=1e6, help="clips/s that extract has printed")
    ],
    out: Annotated[Path, typer.Option(help="the page to write")],
    on_cores: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="cores that reached the rate")
    ] = 1,
    cores: Annotated[str, typer.Option(help="cores to plan with")] = "2,16,64,256",
    price: Annotated[float, typer.Option(min=0, max=1e6, help="of one core for one hour")] = 0.05,
    overwrite: OverwriteOption = False,
) -> None:
    """Write a page with hours and cost for 57,177 and 1,000,000 clips."""
    parts = [part.strip() for part in cores.split(",")]
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise typer.BadParameter(
            f"{cores!r} is not a list of numbers. Give one such as 2,16", param_hint="--cores"
        )
    n_cores = [int(part) for part in parts]
    table = cost.forecast(rate / on_cores, n_cores=n_cores, price_per_core_h=price)
    page = cost.forecast_page(table, rate=rate, on_cores=on_cores, price_per_core_h=price)
    with written_atomically(out, overwrite=overwrite) as part:
        part.write_text(page, encoding="utf-8")
    for n_clips, n_cores, hours, money in table.itertuples(index=False, name=None):
        known = f"{counted(n_clips, 'clip')}, {counted(n_cores, 'core')}"
        typer.echo(f"{known}: {hours:.3g} h, {money:.2f}")
    typer.echo(f"{counted(len(table), 'forecast')}: {out}")
