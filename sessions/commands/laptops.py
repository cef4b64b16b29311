"""Laptops: prepare one with a part of the study, and merge it afterwards."""

import shlex
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from sessions.commands.options import at_desk, changing
from sessions.laptops import away, clips_needed
from sessions.laptops.deal import deal_part
from sessions.laptops.merge import bring_back, require_honest
from study.config.study import Study
from study.store.addresses import sqlite_url
from study.store.laptops import foreign
from study.tools.cli import ByOption, StoreOption, StudyOption
from study.tools.commands import example
from study.tools.files import refuse_existing
from study.tools.progress_bars import track
from study.tools.wording import counted


@example(
    "python -m sessions deal --participants P01 P02 --out laptop-a.sqlite "
    "--clips-to /media/stick/mit --by AB"
)
def deal(
    out: Annotated[Path, typer.Option(help="SQLite file for the laptop")],
    participants: Annotated[
        list[str], typer.Option("--participants", help="who rates there; repeat")
    ],
    more: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="further ones")
    ] = None,
    clips_to: Annotated[
        Path | None, typer.Option("--clips-to", help="folder into which their clips are copied")
    ] = None,
    by: ByOption = "desk",
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Prepare a laptop without a network for some participants; they rate nowhere else."""
    people = sorted({*participants, *(more or [])})
    listed = clips_needed.list_of(out)
    for path in (out, listed):
        refuse_existing(path, overwrite=False)
    # Whoever rates here does not wait for files to be copied.
    with at_desk(study, store) as (found, db):
        first = clips_needed.needed(db, people)
    if clips_to is not None:
        _copy_clips(first, found, clips_to)
    with changing(study, store, by) as desk:
        part = deal_part(desk, people, out)
        last = clips_needed.needed(desk.db, people)
    clips_needed.write_list(last, listed)
    if clips_to is not None and not last.equals(first):
        _copy_clips(last, found, clips_to)
    typer.echo(
        f"{out}: {counted(part.n_clips, 'clip')} left for {', '.join(people)} (part {part.part_id})"
    )
    typer.echo(f"clips that the laptop needs: {len(last)}, listed in {listed}")
    address = shlex.quote(sqlite_url(Path(out.name)))
    typer.echo(
        "on the laptop, put the clips, study.toml and what it names (classes, texts) there, "
        f"and rate with: --store {address}"
    )
    if last["video_location"].eq(clips_needed.STIMULI).any():
        typer.echo(f"set recognition.stimuli there to the folder {clips_needed.STIMULI} of them")


def _copy_clips(needed: pd.DataFrame, study: Study, folder: Path) -> None:
    copied = track(clips_needed.copy(needed, study, folder), "copying clips", total=len(needed))
    n_there = sum(copied)
    typer.echo(f"{folder}: {counted(len(needed) - n_there, 'clip')} copied, {n_there} there before")


@example("python -m sessions merge laptop-a.sqlite --final --by AB")
def merge(
    files: Annotated[list[Path], typer.Argument(help="SQLite files from laptops")],
    final: Annotated[
        bool, typer.Option("--final", help="the laptop is back; its people rate here again")
    ] = False,
    by: ByOption = "desk",
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Merge the ratings from laptops; the same file can be merged any number of times."""
    for path in files:
        # Whoever rates here waits for what is merged, not for what is looked at.
        with foreign.opened(path) as laptop:
            with at_desk(study, store) as (found, db):
                require_honest(laptop, db, found, path)
            with changing(study, store, by) as desk:
                came = bring_back(laptop, desk, path, final=final)
        typer.echo(
            f"{path}: {counted(came.n_ratings, 'new rating')} in "
            f"{counted(came.n_sessions, 'new session')}, "
            f"{counted(came.n_known, 'rating was', 'ratings were')} here already"
        )


@example("python -m sessions write-off-laptop laptop-a.sqlite --reason stolen --by AB")
def write_off_laptop(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="its name, or the number of its part")
    ],
    reason: Annotated[str, typer.Option(help="what happened to it")],
    by: ByOption = "desk",
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Write off a laptop that will not come back; its people rate here again."""
    with changing(study, store, by) as desk:
        people = away.write_off(desk, file, reason=reason)
    typer.echo(
        f"wrote off {file}; {', '.join(people)} rate here again, ratings that were not merged are "
        "lost"
    )
