"""The rating task: python -m annotator --participant P03."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from annotator.first_words import first_words
from sessions.commands.options import NOBODY, ByOption
from study.tools.cli import (
    OverwriteOption,
    StoreOption,
    StudyOption,
    new_app,
    run,
    stderr_console,
)
from study.vocabulary import Phase

app = new_app("Rate clips in the window.")


# By name here, because `study.rehearsal.people` is slow to import.
SIMULATE_HELP = (
    "let a simulated person answer: perfect, good, eager, sloppy, fast-clicker or tired "
    "(rehearsals only)"
)
SimulateOption = Annotated[str | None, typer.Option(metavar="PROFILE", help=SIMULATE_HELP)]


class StageName(StrEnum):
    """Where clips are shown."""

    WINDOW = "window"
    SIMULATED = "simulated"


class Speed(StrEnum):
    """Whether clips are waited for."""

    REAL = "real"
    MAX = "max"


@app.callback(invoke_without_command=True)
def annotate(
    context: typer.Context,
    participant: Annotated[str | None, typer.Option(help="who rates, such as P03")] = None,
    phase: Annotated[Phase, typer.Option(help="what the session is for")] = Phase.ANNOTATION,
    simulate: SimulateOption = None,
    stage: Annotated[StageName, typer.Option(help="where clips are shown")] = StageName.WINDOW,
    speed: Annotated[
        Speed, typer.Option(help="max: do not wait for clips to end (simulated people only)")
    ] = Speed.REAL,
    blocks: Annotated[
        int | None, typer.Option(min=1, max=10_000, help="end after so many blocks")
    ] = None,
    trials: Annotated[
        int | None, typer.Option(min=1, max=1_000_000, help="end after so many trials")
    ] = None,
    screenshots: Annotated[
        Path | None, typer.Option(help="folder for a picture of every screen")
    ] = None,
    show: Annotated[
        bool, typer.Option("--show", help="use the real screen (the default; for scripts)")
    ] = False,
    ungraded: Annotated[
        bool, typer.Option("--ungraded", help="start on an unchecked rig; the data are flagged")
    ] = False,
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Open the task for a participant and go on where they stopped."""
    if context.invoked_subcommand is not None:
        context.obj = (study, store)  # --study may stand before the subcommand as well
        return
    if participant is None:
        raise typer.BadParameter("who rates? Add --participant P03")
    del show  # a window is always opened on $DISPLAY; whoever has none gives a virtual one
    with (
        first_words(study, wanted=stage is StageName.WINDOW) as moment,
        stderr_console().status(f"{participant}: {phase}"),
    ):
        from annotator.opening import Request, perform  # seconds, in which the words stand

        request = Request(
            participant_id=participant,
            phase=phase,
            profile=simulate,
            in_window=stage is StageName.WINDOW,
            hurry=speed is Speed.MAX,
            n_blocks=blocks,
            n_trials=trials,
            screenshots=screenshots,
            ungraded=ungraded,
        )
        line = perform(request, study_dir=study, store=store, moment=moment)
    typer.echo(line)


@app.command()
def check_rig(
    context: typer.Context,
    loopback: Annotated[
        str | None,
        typer.Option(
            metavar="DEVICE", help="source that hears what is played; measures end to end"
        ),
    ] = None,
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Measure screen, sound and keyboard of this machine, grade it, and keep the result."""
    from annotator.rig.check import check_rig as check
    from annotator.rig.check import lines
    from sessions.running.recording import utc_now
    from study.config.study import find_study
    from study.store import open_store, transaction
    from study.store.ratings import rig_checks
    from study.tools.local_time import local_day

    found = find_study(study or context.obj[0], store or context.obj[1])
    engine = open_store(found.store_url)
    with stderr_console().status("measuring, about half a minute"):
        result = check(found.config.screen, found.folder, loopback=loopback, at=utc_now())
    with transaction(engine) as db:
        rig_checks.add(db, result)
    typer.echo("\n".join(lines(result)))
    until = result.checked_at + rig_checks.VALID_FOR
    typer.echo(f"{result.host}: grade {result.grade}, valid until {local_day(until)}")


@app.command()
def accept_rig(
    context: typer.Context,
    reason: Annotated[str, typer.Option(help="why its ratings can be trusted")],
    host: Annotated[
        str | None, typer.Argument(help="the machine, by its name [default: this one]")
    ] = None,
    session: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID", help="only this session, by the beginning of its id; repeatable"
        ),
    ] = None,
    by: ByOption = NOBODY,
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Let ratings of ended sessions on an ungraded machine count; the audit log keeps who and why.

    Look at the sessions first: python -m annotator timing-report
    """
    import socket

    from sessions.maintenance.rigs import accept
    from sessions.running.recording import utc_now
    from sessions.wording import counted
    from study.config.study import find_study
    from study.store import store_transaction, studies

    found = find_study(study or context.obj[0], store or context.obj[1])
    with store_transaction(found.store_url) as db:
        studies.identity(db, found)
        done = accept(
            db,
            found,
            host=host or socket.gethostname(),
            prefixes=session or (),
            reason=reason,
            actor=by,
            at=utc_now(),
        )
    if done.n_taken_back:
        n_back = counted(done.n_taken_back, "rating")
        typer.echo(f"{n_back} to be given again taken back: those that there are count")
    typer.echo(
        f"{done.host} ({done.check}): {counted(done.n_ratings, 'rating')} of "
        f"{counted(done.n_sessions, 'session')} accepted"
    )


@app.command()
def timing_report(
    context: typer.Context,
    session: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID", help="only this session, by the beginning of its id; repeatable"
        ),
    ] = None,
    participant: Annotated[str | None, typer.Option(help="only this participant's")] = None,
    out: Annotated[Path, typer.Option(help="the page; tables (CSV) are put beside it")] = Path(
        "timing.html"
    ),
    overwrite: OverwriteOption = False,
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Tell how well sessions kept time: a page with plots, and its numbers as CSV files."""
    from annotator.timing.report import write_report
    from sessions.running.recording import utc_now
    from study.config.study import find_study
    from study.store import store_snapshot

    given_study, given_store = context.obj
    found = find_study(study or given_study, store or given_store)
    with store_snapshot(found.store_url) as db, stderr_console().status("timing"):
        timing, written = write_report(
            db, found, out, prefixes=session or (), participant_id=participant,
            overwrite=overwrite, at=utc_now(),
        )  # fmt: skip
    flagged = int(timing.sessions["flags"].ne("").sum())
    typer.echo(
        f"{len(timing.sessions)} sessions ({flagged} flagged), {len(timing.presentations)} "
        f"presentations: {written[0]} and {len(written) - 1} tables"
    )


@app.command()
def flash_and_beep(
    context: typer.Context,
    plays: Annotated[int, typer.Option(min=1, max=1000, help="three flashes each")] = 20,
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Play flashes with beeps where clips stand, for a photodiode and a line-in to record."""
    from annotator.rig.flashes import FLASHES_PER_PLAY, play_flashes
    from study.config.study import find_study

    given_study, given_store = context.obj
    found = find_study(study or given_study, store or given_store)
    play_flashes(found.config.screen, plays)
    typer.echo(f"{FLASHES_PER_PLAY * plays} flashes in {plays} plays")


@app.command()
def photodiode(
    recording: Annotated[Path, typer.Argument(help="WAV or FLAC: left photodiode, right sound")],
) -> None:
    """Tell the true offset between picture and sound from a recording of flashes and beeps."""
    from annotator.rig.photodiode import lines, read_recording, true_offset

    typer.echo("\n".join(lines(true_offset(*read_recording(recording)))))


@app.command()
def check_headphones(
    context: typer.Context,
    participant: Annotated[str, typer.Option(help="whose headphones, such as P03")],
    simulate: SimulateOption = None,
    stage: Annotated[StageName, typer.Option(help="where it is done")] = StageName.WINDOW,
    speed: Annotated[
        Speed, typer.Option(help="max: do not wait for sounds to end (simulated people only)")
    ] = Speed.REAL,
    screenshots: Annotated[
        Path | None, typer.Option(help="folder for a picture of every screen")
    ] = None,
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Find out whether a participant wears headphones that work, and keep the result."""
    study = study or context.obj[0]
    with (
        first_words(study, wanted=stage is StageName.WINDOW) as moment,
        stderr_console().status(f"{participant}: headphone check"),
    ):
        from annotator.headphones.check import perform

        line = perform(
            participant,
            profile=simulate,
            in_window=stage is StageName.WINDOW,
            hurry=speed is Speed.MAX,
            screenshots=screenshots,
            study_dir=study,
            store=store or context.obj[1],
            moment=moment,
        )
    typer.echo(line)


def main() -> None:
    """Run the command line."""
    run(app)


if __name__ == "__main__":
    main()
