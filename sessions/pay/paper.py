"""Write what is printed: Markdown, or the same as A4 PDF."""

from pathlib import Path

from sessions.pay.receipt import statement_text
from sessions.pay.statement import Statement
from study.config.study import StudyConfig
from study.errors import ConfigError
from study.tools.access import Readers
from study.tools.files import written_atomically


def write_statement(
    everything: Statement, path: Path, config: StudyConfig, *, overwrite: bool
) -> None:
    """Write a statement of pay to sign.

    Raises StudyError if it is there already and may not be replaced, or cannot be printed.
    """
    text = statement_text(everything, config.title, config.money)
    write_text(text, path, footer=config.title, overwrite=overwrite, readers=Readers.OWNER)


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
