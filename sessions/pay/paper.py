"""Write what is printed: Markdown, or the same as A4 PDF."""

from pathlib import Path

from sessions.pay.receipt import AT_THE_DESK, file_of, statement_text
from sessions.pay.statement import Statement, is_settled_here
from study.config.study import Study
from study.errors import ConfigError, StudyError
from study.store.desk import Desk
from study.tools.access import Readers
from study.tools.files import written_atomically


def write_statement(everything: Statement, path: Path, study: Study, *, overwrite: bool) -> None:
    """Write a statement of pay to sign.

    Raises StudyError if it is there already and may not be replaced, or cannot be printed.
    """
    text, title = statement_text(everything, study), study.config.title
    write_text(text, path, footer=title, overwrite=overwrite, readers=Readers.OWNER)


def print_statement(
    desk: Desk, everything: Statement, out: Path | None = None, *, overwrite: bool = False
) -> Path:
    """Write a statement of pay where it belongs in the study's folder, or to another place.

    Returns where it lies. Raises StudyError on a laptop, which does not know what was paid.
    """
    if not is_settled_here(desk.db):
        raise StudyError(AT_THE_DESK)
    path = out or desk.study.folder / file_of(everything)
    write_statement(everything, path, desk.study, overwrite=overwrite)
    return path


def write_text(
    text: str, path: Path, *, footer: str, overwrite: bool, readers: Readers = Readers.UMASK
) -> None:
    """Write a Markdown text, as A4 PDF where the file's name says so.

    Raises ConfigError if the file's name says neither PDF nor Markdown, or the PDF library is not
    installed.
    """
    if path.suffix not in {".pdf", ".md"}:
        raise ConfigError(f"{path} is not the name of a sheet. Give one that ends in .pdf or .md")

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
