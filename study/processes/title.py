"""What other accounts of a machine read of a running program: its command line."""

import ctypes
import sys
from pathlib import Path

from study.tools.access import notice
from study.tools.wording import has_password, without_password

_ARG_START, _ARG_END = 47, 48  # of /proc/<pid>/stat, from 0; see proc(5)


def hide_passwords() -> None:
    """Overwrite the passwords of URLs on the command line, which everybody can list.

    For a moment they were there, and the shell keeps what was typed, so a notice names a better
    place.
    """
    if not any(has_password(argument) for argument in sys.argv[1:]):
        return
    notice(
        "a password on the command line is seen by every account of this machine. Put it into "
        "~/.pgpass or study.toml"
    )
    if not sys.platform.startswith("linux"):
        return
    # The name of the program, in brackets, may hold blanks.
    fields = Path("/proc/self/stat").read_text(encoding="latin-1").rpartition(")")[2].split()
    start, end = (int(fields[number - 2]) for number in (_ARG_START, _ARG_END))
    before = ctypes.string_at(start, end - start)
    after = b"\0".join(_hidden(argument) for argument in before.split(b"\0"))
    ctypes.memmove(start, after[: end - start], end - start)


def _hidden(argument: bytes) -> bytes:
    text = argument.decode(errors="surrogateescape")
    return without_password(text).encode(errors="surrogateescape").ljust(len(argument), b" ")
