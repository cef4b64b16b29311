"""Commands about the store: back-ups, checks, laptops without a network."""

import json
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from sessions.commands.options import ByOption, at_desk
from study.errors import StoreError
from study.tools.cli import OverwriteOption, StoreOption, StudyOption

app = typer.Typer()


@app.command(epilog="Example: python -m sessions backup --out /media/stick/store.sqlite")
def backup(
    out: Annotated[
        Path | None, typer.Option(help="file [default: backups/ in the study's folder]")
    ] = None,
    overwrite: OverwriteOption = False,
    by: ByOption = "desk",
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Copy the store, also while people rate, and prove that the copy can be read."""
    from sessions.maintenance.backups import back_up_study, record_backup
    from study.config.study import find_study
    from study.tools.access import notice

    found = find_study(study, store)
    at = datetime.now(UTC)
    path, counts = back_up_study(found, out, overwrite=overwrite, at=at)
    if not record_backup(found, path, actor=by, at=at):
        notice("the store does not keep where this back-up lies: note it")
    size_mb = path.stat().st_size / 1e6
    typer.echo(
        f"{path}: {size_mb:.1f} MB, {counts['rating']} ratings, {counts['session']} sessions"
    )


@app.command(epilog="Example: python -m sessions check --hashes")
def check(
    clips: Annotated[bool, typer.Option("--clips/--no-clips", help="look for the clips")] = True,
    hashes: Annotated[
        bool, typer.Option("--hashes", help="read every clip and compare it; takes minutes")
    ] = False,
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Prove that the store is whole and its clips are the admitted ones."""
    from sessions.maintenance.access import access_findings
    from sessions.maintenance.checking import findings
    from study.store import maintenance

    with at_desk(study, store) as (found, db):
        problems = list(findings(db, found, clips=clips, hashes=hashes))
        problems += access_findings(db, found)
        counts = maintenance.counts(db)
    for problem in problems:
        typer.echo(f"finding: {problem}")
    typer.echo(", ".join(f"{n} {table}" for table, n in counts.items()))
    if problems:
        raise StoreError(f"{len(problems)} finding{'s' * (len(problems) != 1)}; see above")
    typer.echo("nothing to report")


@app.command(epilog="Example: python -m sessions audit-log P01")
def audit_log(
    subject: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="only what was done to or by whom")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="write a CSV file instead")] = None,
    overwrite: OverwriteOption = False,
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Show what was changed: when, by whom, what."""
    from study.store import audit
    from study.tools.access import Readers
    from study.tools.files import written_atomically
    from study.tools.local_time import local_time

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
                f"{event['subject']}  {json.dumps(event['detail'])}"
            )
    typer.echo(f"{len(events)} events" + (f": {out}" if out else ""))


@app.command(
    epilog="Example: python -m sessions deal --participants P01 P02 --out laptop-a.sqlite --by AB"
)
def deal(
    out: Annotated[Path, typer.Option(help="SQLite file for the laptop")],
    participants: Annotated[
        list[str], typer.Option("--participants", help="who rates there; repeat")
    ],
    more: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="further ones")
    ] = None,
    by: ByOption = "desk",
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Give a laptop without a network its participants; they rate nowhere else until merged."""
    from sessions.laptops import merge as stations
    from study.store.addresses import sqlite_url

    people = sorted({*participants, *(more or [])})
    with at_desk(study, store, changes=True) as (found, db):
        dealt = stations.deal(db, found, people, out, actor=by, at=datetime.now(UTC))
    typer.echo(f"{out}: {dealt.n_clips} clips left for {', '.join(people)} (deal {dealt.deal_id})")
    address = shlex.quote(sqlite_url(Path(out.name)))
    typer.echo(
        f"on the laptop, put the clips and study.toml there and rate with: --store {address}"
    )


@app.command(epilog="Example: python -m sessions merge laptop-a.sqlite --final --by AB")
def merge(
    files: Annotated[list[Path], typer.Argument(help="SQLite files from laptops")],
    final: Annotated[
        bool, typer.Option("--final", help="the laptop is back; its people rate here again")
    ] = False,
    by: ByOption = "desk",
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Bring back what was rated on laptops; the same file can be merged any number of times."""
    from sessions.laptops import merge as stations
    from study.store.laptops import foreign

    for path in files:
        # Whoever rates here waits for what is merged, not for what is looked at.
        with foreign.opened(path) as laptop:
            with at_desk(study, store) as (found, db):
                stations.require_honest(laptop, db, found, path)
            with at_desk(study, store, changes=True) as (found, db):
                came = stations.bring_back(
                    laptop, db, found, path, final=final, actor=by, at=datetime.now(UTC)
                )
        typer.echo(
            f"{path}: {came.n_ratings} new ratings in {came.n_sessions} new sessions, "
            f"{came.n_known} ratings were here already"
        )


@app.command(
    epilog="Example: python -m sessions write-off-laptop laptop-a.sqlite --reason stolen --by AB"
)
def write_off_laptop(
    file: Annotated[str, typer.Argument(metavar="FILE", help="its name, or the deal's number")],
    reason: Annotated[str, typer.Option(help="what happened to it")],
    by: ByOption = "desk",
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Give up a laptop that will not come back; its people rate here again."""
    from sessions.laptops import deal as deals

    with at_desk(study, store, changes=True) as (_, db):
        people = deals.write_off(db, file, reason=reason, actor=by, at=datetime.now(UTC))
    typer.echo(f"gave up {file}; {', '.join(people)} rate here again, what was not merged is lost")
