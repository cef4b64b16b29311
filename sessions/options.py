"""What the experimenter's commands share: options, and the way to the store."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from study.errors import ConfigError

if TYPE_CHECKING:
    from study.config import Study
    from study.store import Db

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="the participant, such as P03")]
ByOption = Annotated[
    str, typer.Option("--by", envvar="AVMIT_EXPERIMENTER", help="initials, for the audit log")
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
def at_desk(study: Path | None, store: str | None) -> "Iterator[tuple[Study, Db]]":
    """Yield a study and one transaction on its store.

    Parameters
    ----------
    study : Path or None
        The study's folder; None to look for it.
    store : str or None
        A store URL in place of the one in `study.toml`.

    Yields
    ------
    study : Study
        The study.
    db : Session
        Committed when the block ends without an error.
    """
    from study.config import find_study
    from study.store import open_store, studies, transaction

    found = find_study(study, store)
    with transaction(open_store(found.store_url)) as db:
        studies.identity(db, found)
        yield found, db


def write_text(text: str, path: Path, *, footer: str, overwrite: bool) -> None:
    """Write a Markdown text, as A4 PDF where the file's name says so.

    Parameters
    ----------
    text : str
        Markdown.
    path : Path
        Where to write.
    footer : str
        At the foot of each page.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    ConfigError
        If the PDF library is not installed.
    """
    from study.files import written_atomically

    if path.suffix != ".pdf":
        with written_atomically(path, overwrite=overwrite) as part:
            part.write_text(text, encoding="utf-8")
        return
    try:
        from sessions.sheets import write_sheet
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"printing needs the module {error.name}. Install the extra [sessions]"
        ) from error
    write_sheet(text, path, footer=footer, overwrite=overwrite)
