"""What the experimenter's commands share: options, and access to the store."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from sessions.laptops.away import require_whole
from study.config.study import Study, find_study
from study.errors import ConfigError
from study.store import Db, open_store, open_to_read, snapshot, studies, transaction
from study.store.desk import Desk
from study.tools.access import Readers
from study.tools.files import written_atomically

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="the participant, such as P03")]


def checked_initials(by: str) -> str:
    """Refuse what could be a name or an e-mail address; the audit log keeps initials.

    Raises BadParameter if it is neither initials, the expert nor the desk itself.

    `by`: what was given as ``--by``.
    """
    if by != THE_DESK and not re.fullmatch(r"[A-Z]{2,4}|EXPERT[0-9]{0,2}", by):
        raise typer.BadParameter(f"{by!r} is expected to be two to four capital initials, as AB")
    return by


THE_DESK = "desk"
ByOption = Annotated[
    str,
    typer.Option(
        "--by",
        envvar="AVMIT_EXPERIMENTER",
        help="initials, for the audit log",
        callback=checked_initials,
    ),
]
FormOption = Annotated[str | None, typer.Option("--form-version", help="of the consent form")]
EthicsOption = Annotated[str | None, typer.Option("--ethics-approval", help="approval number")]
ExperimenterOption = Annotated[
    str | None, typer.Option("--experimenter", help="initials of who took the consent")
]
SignedOption = Annotated[
    str | None, typer.Option("--signed-on", help="ISO date of the signature [default: today]")
]


@contextmanager
def at_desk(study: Path | None, store: str | None) -> Iterator[tuple[Study, Db]]:
    """Yield a study and a snapshot of its store, which blocks nobody.

    Parameters
    ----------
    study : Path or None
        The study's folder; None to look for it.
    store : str or None
        A store URL in place of the one in `study.toml`.
    """
    with changing(study, store, THE_DESK, only_read=True) as desk:
        yield desk.study, desk.db


@contextmanager
def changing(
    study: Path | None,
    store: str | None,
    by: str,
    *,
    on_laptop: bool = False,
    only_read: bool = False,
) -> Iterator[Desk]:
    """Yield a desk for changing a study; changes are saved when the block ends.

    Parameters
    ----------
    on_laptop : bool
        Whether a laptop's part of a store may be changed as well.
    only_read : bool
        Whether nothing is changed this time.
    """
    found = find_study(study, store)
    engine = (open_to_read if only_read else open_store)(found.store_url)
    try:
        with snapshot(engine) if only_read else transaction(engine) as db:
            studies.identity(db, found)
            if not (only_read or on_laptop):
                require_whole(db)
            yield Desk(db, found, by, datetime.now(UTC))
    finally:
        engine.dispose()


def write_text(
    text: str, path: Path, *, footer: str, overwrite: bool, readers: Readers = Readers.UMASK
) -> None:
    """Write a Markdown text, as A4 PDF where the file's name says so.

    Raises ConfigError if the file's name says neither PDF nor Markdown, or the PDF library is not
    installed.
    """
    if path.suffix not in {".pdf", ".md"}:
        raise ConfigError(f"{path} is expected to end in .pdf or .md")

    if path.suffix != ".pdf":
        with written_atomically(path, overwrite=overwrite, readers=readers) as part:
            part.write_text(text, encoding="utf-8")
        return
    try:
        from sessions.pay.sheets import write_sheet  # needs the extra [sessions]
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"printing needs the module {error.name}. Install the extra [sessions]"
        ) from error
    write_sheet(text, path, footer=footer, overwrite=overwrite, readers=readers)
