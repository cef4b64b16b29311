"""Make a study, check it, freeze its protocol, bring it up to date."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from instructions import checking
from study.config.study import find_study
from study.errors import ConfigError
from study.init import findings, init_study, seen_from
from study.init import protect as protect_files
from study.store import store_transaction, studies, upgrade_store
from study.tools.cli import (
    LARGEST_NUMBER,
    THE_DESK,
    ByOption,
    StoreOption,
    StudyOption,
)
from study.tools.wording import counted, without_password


def init(
    folder: Annotated[Path, typer.Argument(help="the study's folder")],
    mit_root: Annotated[
        str | None,
        typer.Option(help="folder with training/ and validation/"),
    ] = None,
    title: Annotated[str | None, typer.Option(help="the study's name")] = None,
    classes: Annotated[str | None, typer.Option(help="a classes.csv of the study's own")] = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, max=LARGEST_NUMBER, help="seed of every random choice"),
    ] = None,
    rehearsal: Annotated[
        bool, typer.Option("--rehearsal", help="let simulated people rate")
    ] = False,
    recognition: Annotated[
        str | None,
        typer.Option(help="a recognition experiment alone, on this folder of clips"),
    ] = None,
    store: StoreOption = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", help="any key of study.toml, text in double quotes"),
    ] = None,
) -> None:
    """Write study.toml (unless it is there) and make the study's empty store."""
    places = {"mit_root": mit_root, "classes": classes, "recognition.stimuli": recognition}
    typed = {key: seen_from(folder, path) for key, path in places.items() if path is not None}
    named = typed | {"title": title, "seed": seed, "store": store}
    settings = [f"{key}={json.dumps(value)}" for key, value in named.items() if value is not None]
    settings += ["rehearsal=true"] if rehearsal else []
    settings += ["recognition.alone=true"] if recognition is not None else []
    study = init_study(folder, settings + (setting or []), datetime.now(UTC))
    typer.echo(
        f"study {study.config.title!r} in {folder}: study.toml, {without_password(study.store_url)}"
    )


def check(study: StudyOption = None, store: StoreOption = None) -> None:
    """Check that configuration, classes, texts, clips and store can be used."""
    found = find_study(study, store)
    problems = [*findings(found), *checking.findings(found)]
    for problem in problems:
        typer.echo(f"finding: {problem}")
    if problems:
        count = counted(len(problems), "finding")
        raise ConfigError(f"{count} in {found.folder}. Correct what stands above")
    typer.echo(f"study {found.config.title!r} in {found.folder}: no findings")


def freeze(
    study: StudyOption = None,
    store: StoreOption = None,
    amend: Annotated[
        bool, typer.Option("--amend", help="replace the frozen configuration")
    ] = False,
    reason: Annotated[str, typer.Option(help="why it is replaced")] = "",
    by: ByOption = THE_DESK,
) -> None:
    """Freeze the protocol; sessions under another one are refused from now on."""
    if amend and not reason.strip():
        raise ConfigError("an amendment needs a reason. Pass --reason WHY")
    if reason and not amend:
        raise ConfigError("a reason belongs to an amendment. Pass --amend too, or leave it out")
    found = find_study(study, store)
    with store_transaction(found.store_url) as db:
        studies.identity(db, found)
        version = studies.freeze(
            db,
            config=found.config,
            amend_reason=reason if amend else None,
            by=by,
            at=datetime.now(UTC),
        )
    typer.echo(f"frozen: protocol version {version}")


def upgrade(study: StudyOption = None, store: StoreOption = None) -> None:
    """Upgrade a store of an older version; a SQLite file is backed up first."""
    found = find_study(study, store)
    done, shown = upgrade_store(found.store_url), without_password(found.store_url)
    if done.before == done.after:
        typer.echo(f"{shown} is already at revision {done.after}: nothing to do")
        return
    copied = f"; back-up: {done.backup}" if done.backup else ""
    typer.echo(f"upgraded {shown} from revision {done.before} to {done.after}{copied}")


def protect(study: StudyOption = None, store: StoreOption = None) -> None:
    """Close the study's folder, store and back-ups to other accounts; desk.group keeps access."""
    found = find_study(study, store)
    n_changed = protect_files(found)
    whose = f"the group {found.config.desk.group}" if found.config.desk.group else "this account"
    changed = counted(n_changed, "file or folder", "files and folders")
    typer.echo(f"{found.folder} is of {whose}; {changed} changed")
