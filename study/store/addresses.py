"""Store URLs: made and read in one place, so that every path means the file of that name."""

from pathlib import Path
from urllib.parse import unquote

from sqlalchemy import make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from study.errors import ConfigError, StoreError
from study.tools.urls import without_password

EXPECTED = "Expected sqlite:///path or postgresql+psycopg://host/name"
_SQLITE = ("sqlite:///", "sqlite+pysqlite:///")
_DRIVERS = ("sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg")


def sqlite_url(path: Path) -> str:
    """Return the URL of a SQLite store.

    What stands for something else in a URL is written as ``%`` and two digits. Raises
    ConfigError if the path is not UTF-8.

    Examples
    --------
    >>> sqlite_url(Path("/lab/who?/100%.sqlite"))
    'sqlite:////lab/who%3F/100%25.sqlite'
    """
    try:
        return URL.create("sqlite", database=str(path)).render_as_string()
    except UnicodeEncodeError as error:
        raise ConfigError(
            f"the path {str(path)!r} is not UTF-8, and no store URL can name it. Rename the folder "
            "or file"
        ) from error


def absolute_url(url: str, folder: Path) -> str:
    """Return a store URL as a person wrote it, with the path of a SQLite file made absolute.

    ``?`` and ``#`` belong to the name of a SQLite file. ``%20`` is a space, unless a file or
    folder is there whose name has ``%20`` in it.

    Returns a URL that `parsed` reads; anything but a SQLite URL is left as it is.

    `url`: from `study.toml` or ``--store``.
    """
    prefix = next((prefix for prefix in _SQLITE if url.startswith(prefix)), None)
    written = "" if prefix is None else url.removeprefix(prefix)
    if written in ("", ":memory:"):
        return url
    literal, decoded = (folder.resolve() / name for name in (written, unquote(written)))
    # What is there comes first, letter by letter; then what could be made there.
    is_there = [_exists(path) for path in (literal, decoded, literal.parent, decoded.parent)]
    is_literal = is_there[0] or (not is_there[1] and is_there[2] and not is_there[3])
    return sqlite_url(literal if is_literal else decoded)


def parsed(url: str) -> URL:
    """Return the parts of a store URL.

    Returns the URL of a database that a store can be in. Raises StoreError if it is not the URL of
    a store.

    `url`: ``sqlite:///<path>`` or ``postgresql+psycopg://...``.
    """
    try:
        found = make_url(url)
    except (ArgumentError, ValueError) as error:  # ValueError: a port that is not a number
        raise StoreError(f"{without_password(url)!r} is not a store URL. {EXPECTED}") from error
    shown = without_password(found.render_as_string(hide_password=False))
    if found.drivername not in _DRIVERS or _is_in_memory(found):
        raise StoreError(f"{shown} is not a store URL. {EXPECTED}")
    if "@" in (found.host or ""):
        # Else the server's name, and every message of its driver, would have a part of it.
        raise StoreError(f"{shown} has an @ in its password or user. Write it there as %40")
    if found.get_backend_name() == "sqlite" and ("?" in url or found.host):
        raise StoreError(
            f"{shown} is not the URL of a SQLite store, which has a path and nothing else; a "
            "question mark in the path is written %3F"
        )
    return found


def sqlite_path(url: URL | str) -> Path | None:
    """Return the file of a SQLite store.

    Parameters
    ----------
    url : URL or str
        Of a store.

    Returns
    -------
    Path or None
        None for PostgreSQL.
    """
    found = parsed(url) if isinstance(url, str) else url
    return Path(str(found.database)) if found.get_backend_name() == "sqlite" else None


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that is too long, or a folder that may not be entered
        return False


def _is_in_memory(url: URL) -> bool:
    # Such a store ends with the command that made it.
    return url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:")
