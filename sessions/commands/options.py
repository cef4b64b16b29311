"""What the experimenter's commands share: options, and the way to the store."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from study.errors import ConfigError
from study.tools.access import Readers

if TYPE_CHECKING:
    from study.config.study import Study
    from study.store import Db

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="the participant, such as P03")]


def checked_initials(by: str) -> str:
    """Refuse what could be a name or an e-mail address; the audit log keeps initials.

    Parameters
    ----------
    by : str
        What was given as ``--by``.

    Raises
    ------
    BadParameter
        If it is neither initials, the expert nor the desk itself.
    """
    if by != NOBODY and not re.fullmatch(r"[A-Z]{2,4}|EXPERT[0-9]{0,2}", by):
        raise typer.BadParameter(f"{by!r} is expected to be two to four capital initials, as AB")
    return by


NOBODY = "desk"
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
def at_desk(
    study: Path | None, store: str | None, *, changes: bool = False, on_laptop: bool = False
) -> "Iterator[tuple[Study, Db]]":
    """Yield a study and one transaction on its store, in which nobody waits for what only reads.

    Parameters
    ----------
    study : Path or None
        The study's folder; None to look for it.
    store : str or None
        A store URL in place of the one in `study.toml`.
    changes : bool
        Whether something is about to be changed; the store is only read otherwise.
    on_laptop : bool
        Whether it may be changed in a laptop's part of a store as well.

    Yields
    ------
    study : Study
        The study.
    db : Session
        Committed when the block ends without an error.
    """
    from sessions.laptops.deal import require_whole
    from study.config.study import find_study
    from study.store import open_store, open_to_read, snapshot, studies, transaction

    found = find_study(study, store)
    engine = (open_store if changes else open_to_read)(found.store_url)
    try:
        with transaction(engine) if changes else snapshot(engine) as db:
            studies.identity(db, found)
            if changes and not on_laptop:
                require_whole(db)
            yield found, db
    finally:
        engine.dispose()


def write_text(
    text: str, path: Path, *, footer: str, overwrite: bool, readers: Readers = Readers.UMASK
) -> None:
    """Write a Markdown text, as A4 PDF where the file's name says so.

    Raises
    ------
    ConfigError
        If the file's name says neither PDF nor Markdown, or the PDF library is not installed.
    """
    from study.tools.files import written_atomically

    if path.suffix not in {".pdf", ".md"}:
        raise ConfigError(f"{path} is expected to end in .pdf or .md")

    if path.suffix != ".pdf":
        with written_atomically(path, overwrite=overwrite, readers=readers) as part:
            part.write_text(text, encoding="utf-8")
        return
    try:
        from sessions.pay.sheets import write_sheet
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"printing needs the module {error.name}. Install the extra [sessions]"
        ) from error
    write_sheet(text, path, footer=footer, overwrite=overwrite, readers=readers)
