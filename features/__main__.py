"""Command line of the features: embeddings of clips."""

from pathlib import Path
from typing import Annotated

import typer

from features.embedding_set import Grid, Normalisation, SetName
from study.cli import OverwriteOption, fail, new_app, run, stderr_console

app = new_app("Extract the audiovisual embeddings of clips, and look after them.")


@app.callback()
def _commands() -> None:
    """Extract the audiovisual embeddings of clips, and look after them."""


@app.command()
def extract(
    ratings: Annotated[
        Path, typer.Option("--ratings", help="list of clips: a released .csv, or a folder of clips")
    ],
    embedding_set: Annotated[SetName, typer.Option("--set", help="which networks")],
    out: Annotated[Path, typer.Option(help="folder for the sets of records")],
    mit_root: Annotated[
        Path | None, typer.Option(help="folder with training/<class>/<clip>.mp4")
    ] = None,
    weights: Annotated[
        Path | None, typer.Option(help="folder with weights [default: the downloaded ones]")
    ] = None,
    untrained: Annotated[
        int | None,
        typer.Option(metavar="SEED", help="untrained networks where weights are missing"),
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
        int | None, typer.Option(min=1, help="how many processes [default: one per core]")
    ] = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Write one record per clip, and a manifest beside them; goes on where it was stopped."""
    from features.clip_list import read_clip_list  # numpy, OpenCV and the engine take a second
    from features.extract import REJECTS_NAME, extract_all
    from features.prepare import prepare
    from study.progress import progress_bar

    clips = read_clip_list(ratings, mit_root)
    console = stderr_console()
    job, notes = prepare(
        embedding_set,
        grid=grid,
        normalisation=normalisation,
        silence_for_missing_audio=silence_for_missing_audio,
        weights_folder=weights,
        untrained_seed=untrained,
        out=out,
    )
    for note in notes:
        console.print(note, highlight=False)
    if job.recipe.is_untrained:
        console.print("These embeddings mean nothing: networks without training are for rehearsals")
    with progress_bar() as progress:
        task = progress.add_task(f"{job.folder.name} embeddings", total=len(clips))
        outcome = extract_all(
            clips,
            job,
            n_processes=processes or _n_cores(),
            overwrite=overwrite,
            advance=lambda: progress.advance(task),
        )
    n_rejects = len(outcome.rejects)
    typer.echo(
        f"{outcome.n_extracted} clips extracted, {outcome.n_kept} kept, {n_rejects} rejected: "
        f"{outcome.folder}"
    )
    if n_rejects:
        fail(f"{n_rejects} of {len(clips)} clips have no record: {outcome.folder / REJECTS_NAME}")


def _n_cores() -> int:
    import os

    return len(os.sched_getaffinity(0))


def main() -> None:
    """Run the command line."""
    run(app)


if __name__ == "__main__":
    main()
