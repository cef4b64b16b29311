"""The store: back-ups, checks and the audit log."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from sessions.commands.options import at_desk
from sessions.maintenance.backups import back_up_study, record_backup
from sessions.maintenance.rights import access_findings
from sessions.maintenance.store_check import findings
from study.config.study import find_study
from study.errors import StoreError
from study.store import audit, maintenance
from study.tools.access import Readers, notice
from study.tools.cli import ByOption, OverwriteOption, StoreOption, StudyOption
from study.tools.commands import example
from study.tools.files import written_atomically
from study.tools.local_time import local_time
from study.tools.wording import counted


@example("python -m sessions backup --out /media/stick")
def backup(
    out: Annotated[
        Path | None, typer.Option(help="file, or a folder [default: the study's backups/]")
    ] = None,
    overwrite: OverwriteOption = False,
    by: ByOption = "desk",
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Copy the store, even while people rate; the copy is read once."""
    found = find_study(study, store)
    at = datetime.now(UTC)
    path, counts = back_up_study(found, out, overwrite=overwrite, at=at)
    if not record_backup(found, path, actor=by, at=at):
        notice("the store cannot record where this back-up is: make a note of it")
    size_mb = path.stat().st_size / 1e6
    typer.echo(
        f"{path}: {size_mb:.1f} MB, {counted(counts['rating'], 'rating')}, "
        f"{counted(counts['session'], 'session')}"
    )


@example("python -m sessions check --hashes")
def check(
    clips: Annotated[bool, typer.Option("--clips/--no-clips", help="look for the clips")] = True,
    hashes: Annotated[
        bool, typer.Option("--hashes", help="read every clip and compare it; takes minutes")
    ] = False,
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Check that the store is intact and its clips are the admitted ones."""
    with at_desk(study, store) as (found, db):
        problems = list(findings(db, found, clips=clips, hashes=hashes))
        problems += access_findings(db, found)
        counts = maintenance.counts(db)
    for problem in problems:
        typer.echo(f"finding: {problem}")
    typer.echo(", ".join(f"{n} {table}" for table, n in counts.items()))
    if problems:
        raise StoreError(f"{counted(len(problems), 'finding')}. Do what stands above")
    typer.echo("no findings")


@example("python -m sessions audit-log P01")
def audit_log(
    subject: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="only what was done to or by whom")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="a CSV file instead, digests in full")] = None,
    overwrite: OverwriteOption = False,
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Show who changed what, and when."""
    with at_desk(study, store) as (_, db):
        events = audit.frame(db)
    if subject is not None:
        events = events[(events["subject"] == subject) | (events["actor"] == subject)]
    if out is not None:
        with written_atomically(out, overwrite=overwrite, readers=Readers.OWNER) as part:
            events.assign(detail=events["detail"].map(json.dumps)).to_csv(part, index=False)
    else:
        for event in events.to_dict("records"):
            typer.echo(
                f"{local_time(event['at'], seconds=True)}  {event['actor']}  {event['action']}  "
                f"{event['subject']}  {json.dumps(audit.in_short(event['detail']))}"
            )
    typer.echo(f"{counted(len(events), 'event')}" + (f": {out}" if out else ""))
