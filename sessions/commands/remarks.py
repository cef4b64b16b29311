"""What the experimenter remarks, and what is flagged."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from sessions.commands.options import IdArgument, at_desk, changing
from sessions.people import remarks
from study.tools.access import Readers
from study.tools.cli import ByOption, OverwriteOption, StoreOption, StudyOption
from study.tools.commands import example
from study.tools.files import written_atomically
from study.tools.wording import counted
from study.vocabulary import FlagKind

_KINDS = {"mis-key": FlagKind.MIS_KEY, "disturbed": FlagKind.TRIAL_DISTURBED}


@example('python -m sessions note P03 --text "The alarm rang during the session." --by AB')
def note(
    participant_id: IdArgument,
    text: Annotated[str, typer.Option(help="what happened; no name")],
    clip: Annotated[
        str | None, typer.Option(help="a clip that they rated, such as barking/clip.mp4")
    ] = None,
    by: ByOption = "desk",
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Write a remark on a participant; it stays in the lab."""
    with changing(study, store, by) as desk:
        remarks.write_note(desk, participant_id, text, clip=clip)
    typer.echo(f"noted on {participant_id}" + (f", {clip}" if clip else ""))


@example("python -m sessions flag P03 barking/clip.mp4 --by AB")
def flag(
    participant_id: IdArgument,
    clip: Annotated[str, typer.Argument(metavar="CLIP", help="such as barking/clip.mp4")],
    what: Annotated[
        Literal["mis-key", "disturbed"],
        typer.Option(help="another key was meant; or somebody was disturbed"),
    ] = "mis-key",
    by: ByOption = "desk",
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Flag a rating as a mis-key, or its trial as disturbed; rating and bonus stay."""
    with changing(study, store, by) as desk:
        remarks.flag(desk, participant_id, clip, _KINDS[what])
    typer.echo(f"flagged the rating of {clip} by {participant_id}: {what}; rating and bonus stay")


@example("python -m sessions export-notes")
def export_notes(
    out: Annotated[
        Path | None, typer.Option(help="CSV file [default: notes.csv of the study]")
    ] = None,
    overwrite: OverwriteOption = False,
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Export all remarks and flags for the lab's own use."""
    with at_desk(study, store) as (found, db):
        table = remarks.remarks(db)
    path = out or found.folder / "notes.csv"
    with written_atomically(path, overwrite=overwrite, readers=Readers.OWNER) as part:
        remarks.for_spreadsheets(table).to_csv(part, index=False)
    n_remarks = int(table["kind"].eq(remarks.REMARK).sum())
    typer.echo(f"{counted(n_remarks, 'remark')}, {counted(len(table) - n_remarks, 'flag')}: {path}")
