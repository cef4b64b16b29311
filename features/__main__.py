"""Command line of the features: embeddings of clips."""

import os
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from features.commands.weights import WeightsFolderOption, weights_app
from features.embedding_set import Grid, Normalisation, Precision, SetName
from study.tools.cli import (
    LARGEST_NUMBER,
    MOST_PROCESSES,
    OverwriteOption,
    fail,
    new_app,
    run,
    stderr_console,
)

if TYPE_CHECKING:
    from features.extraction.run import Perform

app = new_app("Extract the audiovisual embeddings of clips, and look after them.")
app.add_typer(weights_app, name="weights")


@app.command()
def extract(
    ratings: Annotated[
        Path, typer.Option("--ratings", help="list of clips: a released .csv, or a folder of clips")
    ],
    embedding_set: Annotated[SetName, typer.Option("--set", help="which networks")],
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
    precision: Annotated[
        Precision, typer.Option(help="bfloat16 is faster on some processors and not the same")
    ] = "float32",
    processes: Annotated[
        int | None,
        typer.Option(min=1, max=MOST_PROCESSES, help="how many processes [default: one per core]"),
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Dask scheduler to work on")
    ] = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Write one record per clip, and a manifest beside them; goes on where it was stopped."""
    from features.extraction.clip_list import (
        read_clip_list,  # numpy, OpenCV and the engine take a second
    )
    from features.extraction.prepare import prepare
    from features.extraction.run import REJECTS_NAME, extract_all
    from study.tools.progress import progress_bar

    clips = read_clip_list(ratings, mit_root)
    console = stderr_console()
    job, notes = prepare(
        embedding_set,
        grid=grid,
        normalisation=normalisation,
        silence_for_missing_audio=silence_for_missing_audio,
        precision=precision,
        weights_folder=weights,
        weights_of=dict(_named_path(text) for text in weights_of or ()),
        untrained_seed=untrained,
        out=out,
    )
    for note in notes:
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
        f"{outcome.n_extracted} clips extracted ({rate:.1f} clips/s), {outcome.n_kept} kept, "
        f"{n_rejects} rejected: {outcome.folder}"
    )
    if n_rejects:
        fail(f"{n_rejects} of {len(clips)} clips have no record: {outcome.folder / REJECTS_NAME}")


@app.command()
def pack(
    folder: Annotated[Path, typer.Argument(help="folder of records, such as .../VGGish_VGG16")],
    out: Annotated[Path, typer.Option(help="where to write")],
    overwrite: OverwriteOption = False,
) -> None:
    """Write the .tar of a release, and one array of all records with its index."""
    from features.records.archive import pack_archive
    from features.records.folder import record_paths, set_of
    from features.records.pack import pack_arrays
    from study.tools.progress import progress_bar

    embedding_set = set_of(folder)
    n_records = len(record_paths(folder))
    archive = out / f"AVMIT_{embedding_set.folder}.tar"
    arrays = out / f"AVMIT_{embedding_set.folder}.npy"
    with progress_bar() as progress:
        task = progress.add_task("records packed", total=2 * n_records)

        def advance() -> None:
            progress.advance(task)

        n_cut = pack_arrays(folder, arrays, embedding_set, overwrite=overwrite, advance=advance)
        pack_archive(folder, archive, overwrite=overwrite, advance=advance)
    typer.echo(f"{n_records} records, {n_cut} of them cut to 7 timesteps in the arrays: {out}")


@app.command()
def unpack(
    archive: Annotated[Path, typer.Argument(help="the .tar of a release")],
    out: Annotated[Path, typer.Option(help="where its folder is to lie")],
) -> None:
    """Unpack the .tar of a release, and check every record."""
    from features.records.archive import unpack_archive

    check(unpack_archive(archive, out))


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(help="folder of records, such as .../VGGish_VGG16")],
) -> None:
    """Prove every record: exactly one in a file, sizes, finite, clip, label, and hash."""
    from features.records.check import check_records
    from features.records.folder import record_paths
    from study.tools.progress import progress_bar

    n_records = len(record_paths(folder))
    with progress_bar() as progress:
        task = progress.add_task("records checked", total=n_records)
        problems = check_records(folder, lambda: progress.advance(task))
    for problem in problems:
        typer.echo(f"{problem.tfrecord_filename}: {problem.detail}")
    typer.echo(f"{n_records} records, {len(problems)} problems: {folder}")
    if problems:
        fail(f"{len(problems)} problems in {folder}. Extract those clips again")


@app.command()
def explore(
    folder: Annotated[Path, typer.Argument(help="folder of records, such as .../VGGish_VGG16")],
    out: Annotated[Path, typer.Option(help="the page to write")],
    mit_root: Annotated[Path | None, typer.Option(help="folder of clips, for pictures")] = None,
    max_clips: Annotated[
        int, typer.Option(min=3, max=1_000_000, help="draw this many, if there are more")
    ] = 5000,
    seed: Annotated[
        int, typer.Option(min=0, max=LARGEST_NUMBER, help="of the drawing and of the map")
    ] = 1,
    overwrite: OverwriteOption = False,
) -> None:
    """Write a page that shows clips by their embeddings: suspects, duplicates, correspondence."""
    from features.explore.page import write_page
    from features.records.folder import record_paths
    from study.tools.files import refuse_existing

    refuse_existing(out, overwrite=overwrite)
    table, duplicates = write_page(
        out,
        folder,
        record_paths(folder),
        mit_root=mit_root,
        max_clips=max_clips,
        seed=seed,
    )
    n_suspects = int((table["suggested_label"] != table["label"]).sum())
    typer.echo(
        f"{len(table)} clips, {n_suspects} among clips of another class, {len(duplicates)} pairs "
        f"of near-duplicates: {out}"
    )


@app.command()
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
    from features.extraction import forecast as forecasting
    from study.tools.files import written_atomically

    parts = [part.strip() for part in cores.split(",")]
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise typer.BadParameter(f"{cores!r} is no list such as 2,16", param_hint="--cores")
    n_cores = [int(part) for part in parts]
    table = forecasting.forecast(rate / on_cores, n_cores=n_cores, price_per_core_h=price)
    page = forecasting.forecast_page(table, rate=rate, on_cores=on_cores, price_per_core_h=price)
    with written_atomically(out, overwrite=overwrite) as part:
        part.write_text(page, encoding="utf-8")
    for row in table.itertuples():
        typer.echo(f"{row.clips} clips, {row.cores} cores: {row.hours:.3g} h, {row.cost:.2f}")
    typer.echo(f"{len(table)} forecasts: {out}")


def _named_path(text: str) -> tuple[str, Path]:
    network, separator, path = text.partition("=")
    if not separator or not path:
        raise typer.BadParameter(
            f"{text!r} is not such as yamnet=yamnet.h5", param_hint="--weights-of"
        )
    return network, Path(path)


def _performer(cluster: str | None, n_processes: int | None) -> "Perform":
    from features.extraction.cluster import on_cluster
    from features.extraction.processes import on_processes

    if cluster is not None:
        return partial(on_cluster, address=cluster)
    return partial(on_processes, n_processes=n_processes or len(os.sched_getaffinity(0)))


def main() -> None:
    """Run the command line."""
    run(app)


if __name__ == "__main__":
    main()
