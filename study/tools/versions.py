"""Versions of the software that a result may depend on."""

import platform
from importlib import metadata

PROGRAM = "avmit-lab"


def versions(*packages: str) -> dict[str, str]:
    """Return versions of Python, this program and packages; what is not installed is left out."""
    found = {"python": platform.python_version()}
    for name in (PROGRAM, *packages):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def program() -> str:
    """Return this program's name and version as outputs state it, such as "avmit-lab 0.1.0"."""
    return f"{PROGRAM} {versions().get(PROGRAM, '(from source)')}"
