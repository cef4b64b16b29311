"""What all command lines share: options, and errors as one line."""

import errno
import io
import os
import re
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from study.errors import StudyError
from study.processes.title import hide_passwords
from study.tools.wording import without_password

StudyOption = Annotated[
    Path | None,
    typer.Option("--study", help="folder with study.toml [default: $AVMIT_STUDY, else here]"),
]
StoreOption = Annotated[
    str | None,
    typer.Option("--store", help="store URL [default: the one in study.toml]"),
]
THE_DESK = "desk"  # who makes a change, where nobody says so


def checked_initials(by: str) -> str:
    """Refuse what could be a name or an e-mail address; the audit log keeps initials.

    Raises BadParameter if it is neither initials, the expert nor the desk itself.

    `by`: what was given as ``--by``.
    """
    if by != THE_DESK and not re.fullmatch(r"[A-Z]{2,4}|EXPERT[0-9]{0,2}", by):
        raise typer.BadParameter(f"{by!r} is not two to four capital initials. Write them as AB")
    return by


ByOption = Annotated[
    str,
    typer.Option(
        "--by",
        envvar="AVMIT_EXPERIMENTER",
        help="initials, for the audit log",
        callback=checked_initials,
    ),
]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="replace existing files")]

# What an integer of every database, and every generator of random numbers, takes.
LARGEST_NUMBER = 2**31 - 1
MOST_PROCESSES = 1024

# What the operating system refuses and a person can correct; other OSErrors are bugs.
_REFUSALS = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EEXIST,
    errno.EISDIR,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.ENOTDIR,
}

# Of packages that only some commands of a role need.
_EXTRAS = {"optuna": "search", "scipy": "recognition", "tensorflow": "tensorflow"}

_STOPPED = 130
_OWN_VARIABLES = "AVMIT_"
_PYTHON = re.compile(r"(?<![^\s(`])python(?= -m )")  # not the end of a path


class _Said(SystemExit):
    """An end whose reason stands on the screen already."""


def run(app: typer.Typer) -> None:
    """Run a command line; an error that a person can meet becomes one line and exit code 1."""
    hide_passwords()
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal may lack a pound sign
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        _require_text(sys.argv[1:], os.environ)
        app()
    except StudyError as error:
        fail(str(error))
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        if not module or find_spec(module) is not None:
            raise
        fail(
            f"the Python package {module} is not installed; this environment was set up for "
            "another role. Set up what this command needs: make setup, or "
            f"pip install 'avmit-lab[{_EXTRAS.get(module, 'all')}]'"
        )
    except OSError as error:
        if error.errno not in _REFUSALS:
            raise
        where = f"{error.filename}: " if error.filename else ""
        fail(
            f"{where}{error.strerror}. Make room, give access or name another place, then run again"
        )
    except SystemExit as ending:
        # typer turns Ctrl-C into this exit code and says nothing.
        if ending.code != _STOPPED or isinstance(ending, _Said):
            raise
        fail(
            "stopped by the keyboard. What was finished is saved: run it again to go on",
            exit_code=_STOPPED,
        )


def _require_text(arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    # What is not UTF-8 cannot be stored, printed or written into a table.
    said = {f"argument {place}": text for place, text in enumerate(arguments, start=1)}
    said |= {name: text for name, text in environment.items() if name.startswith(_OWN_VARIABLES)}
    for where, text in said.items():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise StudyError(
                f"{where}, {text!a}, is not UTF-8 text. Type it again in a terminal that is set "
                "to UTF-8, or rename the file"
            ) from error


def python_command() -> str:
    """Return what a person types to run the Python that runs this.

    Returns
    -------
    str
        ``python`` where that is the one, else its path as seen from the working directory: a
        fresh Debian has no ``python`` on its path.
    """
    if shutil.which("python") == sys.executable:
        return "python"
    return sys.executable.removeprefix(f"{Path.cwd()}/")


def fail(message: str, *, exit_code: int = 1) -> None:
    """Print one line to stderr and leave; the commands that it names can be typed as they stand.

    Parameters
    ----------
    message : str
        What was found, expected, and what to do next.
    """
    python = shlex.quote(python_command())
    line = _PYTHON.sub(lambda _: python, without_password(" ".join(message.split())))
    sys.stderr.write(f"error: {line}\n")
    raise _Said(exit_code)


def stderr_console() -> Console:
    """Return a console for progress and notices; results belong to stdout."""
    return Console(stderr=True, soft_wrap=True)
