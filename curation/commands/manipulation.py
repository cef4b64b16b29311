"""Stimuli for people and networks."""

from pathlib import Path
from typing import Annotated

import typer

from curation.commands.options import JobsOption
from curation.manipulation.manifest import MANIFEST_NAME, REJECTS_NAME
from curation.manipulation.planning.design import read_design
from curation.manipulation.planning.sources import read_sources
from curation.manipulation.running import PAGE_NAME
from curation.manipulation.running import manipulate as make_all
from study.tools.cli import OverwriteOption, fail
from study.tools.commands import example
from study.tools.wording import counted


@example("python -m curation manipulate design.toml --test test_set.csv --clips DIR --out stimuli")
def manipulate(
    design: Annotated[
        Path, typer.Argument(help="the design (TOML): conditions, listed or crossed")
    ],
    clips: Annotated[
        Path, typer.Option("--clips", help="folder LABEL/CLIP, or of training/CLASS/CLIP")
    ],
    out: Annotated[Path, typer.Option("--out", help="folder for the stimuli")],
    test: Annotated[
        Path | None, typer.Option("--test", help="test_set.csv [default: all clips of the folder]")
    ] = None,
    jobs: JobsOption = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Make manipulated clips of a test set; goes on where it was stopped."""
    wanted = read_design(design)
    sources = read_sources(test, clips, per_class=wanted.clips_per_class)
    done = make_all(wanted, sources, out, n_processes=jobs, overwrite=overwrite)
    typer.echo(
        f"{counted(len(done.rows), 'clip')} of {counted(len(wanted.condition), 'condition')}: "
        f"{done.n_made} made now, {done.n_kept} kept, {len(done.rejects)} refused: "
        f"{out / MANIFEST_NAME}, {PAGE_NAME}"
    )
    if done.rejects:
        n_all = len(done.rows) + len(done.rejects)
        fail(
            f"{len(done.rejects)} of {counted(n_all, 'clip was', 'clips were')} refused. "
            f"{out / REJECTS_NAME} says why; correct the design or leave them out"
        )
