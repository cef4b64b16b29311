"""`python -m study`: make a study, check it, freeze its protocol, make clips to rehearse with."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from study.errors import ConfigError
from study.tools.cli import (
    LARGEST_NUMBER,
    MOST_PROCESSES,
    OverwriteOption,
    StoreOption,
    StudyOption,
    new_app,
    run,
)
from study.tools.urls import without_password

app = new_app("Make a study, check it, freeze its protocol.")
_PICTURES = (".png", ".svg", ".pdf")


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="the study's folder")],
    mit_root: Annotated[
        str | None,
        typer.Option(help="folder with training/ and validation/, seen from the study's folder"),
    ] = None,
    title: Annotated[str | None, typer.Option(help="the study's name")] = None,
    classes: Annotated[str | None, typer.Option(help="a classes.csv of the study's own")] = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, max=LARGEST_NUMBER, help="every random choice follows from it"),
    ] = None,
    rehearsal: Annotated[bool, typer.Option("--rehearsal", help="simulated people count")] = False,
    store: StoreOption = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", help="any key of study.toml, text in double quotes"),
    ] = None,
) -> None:
    """Write study.toml (unless it is there) and make the study's empty store."""
    import json

    from study.founding import found_study

    named = {"mit_root": mit_root, "title": title, "classes": classes, "seed": seed, "store": store}
    settings = [f"{key}={json.dumps(value)}" for key, value in named.items() if value is not None]
    settings += ["rehearsal=true"] if rehearsal else []
    study = found_study(folder, settings + (setting or []), datetime.now(UTC))
    typer.echo(
        f"study {study.config.title!r} in {folder}: study.toml, {without_password(study.store_url)}"
    )


@app.command()
def check(study: StudyOption = None, store: StoreOption = None) -> None:
    """Check that configuration, classes, texts, clips folder and store can be used."""
    import instructions
    from study.config.study import find_study
    from study.founding import findings

    found = find_study(study, store)
    problems = [*findings(found), *instructions.findings(found)]
    for problem in problems:
        typer.echo(f"finding: {problem}")
    if problems:
        count = "1 finding" if len(problems) == 1 else f"{len(problems)} findings"
        raise ConfigError(f"{count} in {found.folder}; see above")
    typer.echo(f"study {found.config.title!r} in {found.folder}: nothing to report")


@app.command()
def freeze(
    study: StudyOption = None,
    store: StoreOption = None,
    amend: Annotated[bool, typer.Option("--amend", help="replace a frozen configuration")] = False,
    reason: Annotated[str, typer.Option(help="why it is replaced")] = "",
) -> None:
    """Freeze the protocol: sessions under another one are refused from now on."""
    from study.config.study import find_study
    from study.store import open_store, studies, transaction

    if amend and not reason.strip():
        raise ConfigError("an amendment needs a reason. Pass --reason WHY")
    if reason and not amend:
        raise ConfigError("a reason belongs to an amendment. Pass --amend too, or leave it out")
    found = find_study(study, store)
    with transaction(open_store(found.store_url)) as db:
        studies.identity(db, found)
        version = studies.freeze(
            db,
            config=found.config,
            amend_reason=reason if amend else None,
            at=datetime.now(UTC),
        )
    typer.echo(f"frozen: protocol version {version}")


@app.command()
def upgrade(study: StudyOption = None, store: StoreOption = None) -> None:
    """Bring a store of an older version to the present one; a SQLite file is backed up first."""
    from study.config.study import find_study
    from study.store import upgrade_store

    found = find_study(study, store)
    done, shown = upgrade_store(found.store_url), without_password(found.store_url)
    if done.before == done.after:
        typer.echo(f"{shown} is of the present revision {done.after}: nothing to do")
        return
    copied = f"; back-up: {done.backup}" if done.backup else ""
    typer.echo(f"upgraded {shown} from revision {done.before} to {done.after}{copied}")


@app.command()
def protect(study: StudyOption = None, store: StoreOption = None) -> None:
    """Take the study's folder, store and back-ups from other accounts; give them to desk.group."""
    from study import founding
    from study.config.study import find_study

    found = find_study(study, store)
    n_changed = founding.protect(found)
    whose = f"the group {found.config.desk.group}" if found.config.desk.group else "this account"
    typer.echo(f"{found.folder} is of {whose}; {n_changed} files and folders changed")


@app.command()
def make_clips(
    root: Annotated[Path, typer.Argument(help="where to make training/ and validation/")],
    seed: Annotated[
        int, typer.Option(min=0, max=LARGEST_NUMBER, help="the same seed makes the same clips")
    ] = 1,
    clips_per_class: Annotated[
        int, typer.Option(min=1, max=100_000, help="clips of each class")
    ] = 40,
    classes: Annotated[str, typer.Option(help="AVMIT labels, separated by commas")] = "",
    processes: Annotated[
        int | None,
        typer.Option(
            min=1, max=MOST_PROCESSES, help="clips made at a time [default: one per core]"
        ),
    ] = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Make rehearsal clips of described scenes, and scenes.csv with the truth of each."""
    from study.rehearsal import make_clips, read_scenes
    from study.rehearsal.actions import DEFAULT_CLASSES

    n_made = make_clips(
        root,
        seed=seed,
        n_per_class=clips_per_class,
        classes=[label.strip() for label in classes.split(",")] if classes else DEFAULT_CLASSES,
        n_processes=processes,
        overwrite=overwrite,
    )
    scenes = read_scenes(root)
    n_heard = int((scenes["audio"] == "sound").sum())
    typer.echo(
        f"{len(scenes)} clips of {scenes['avmit_label'].nunique()} classes in {root}: {n_made} "
        f"made now, {len(scenes) - n_made} kept; {n_heard} with sound; truths in scenes.csv"
    )


@app.command()
def contact_sheet(
    root: Annotated[Path, typer.Argument(help="folder of rehearsal clips")],
    out: Annotated[Path, typer.Argument(help="the picture, .png, .svg or .pdf")],
    overwrite: OverwriteOption = False,
) -> None:
    """Draw rehearsal clips of every class and rating: a frame and the spectrogram of each."""
    from study.rehearsal import read_scenes
    from study.rehearsal.contact_sheet import contact_sheet
    from study.tools.files import refuse_existing, written_atomically

    if out.suffix not in _PICTURES:
        raise ConfigError(f"{out} does not end in {', '.join(_PICTURES)}. Name it so")
    refuse_existing(out, overwrite=overwrite)
    figure = contact_sheet(read_scenes(root), root)
    with written_atomically(out, overwrite=overwrite) as part:
        figure.savefig(part, dpi=90)
    typer.echo(f"contact sheet of {root}: {out}")


def main() -> None:
    """Run the command line."""
    run(app)


if __name__ == "__main__":
    main()
