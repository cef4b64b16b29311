"""A PostgreSQL server and a screen with a sound card of the tests' own; they end with them."""

import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.virtual_station import virtual_station
from tests.worlds.screens import OutsideView

USER = "lab"


def _binaries() -> Path | None:
    config = shutil.which("pg_config")
    found = []
    if config is not None:
        found.append(subprocess.run([config, "--bindir"], capture_output=True, text=True).stdout)
    found += sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
    folders = (Path(folder.strip()) for folder in found)
    return next((folder for folder in folders if (folder / "initdb").is_file()), None)


def _as_server_user(command: list[str | Path]) -> list[str]:
    # PostgreSQL refuses to run as root.
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    return [*prefix, *map(str, command)]


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Start a server; yield the URL of its maintenance database."""
    binaries = _binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL server is installed (Debian: apt-get install postgresql)")
    # Not pytest's own folder: only root may enter that one.
    folder = Path(tempfile.mkdtemp(prefix="avmit-postgres-"))
    folder.chmod(0o755)
    data, port = folder / "data", _free_port()
    data.mkdir()
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
        shutil.chown(data, "postgres", "postgres")

    def run(*command: str | Path) -> None:
        subprocess.run(
            _as_server_user([*command]), check=True, cwd=folder, stdout=subprocess.DEVNULL
        )

    run(binaries / "initdb", "-D", data, "-A", "trust", "-U", USER, "--no-locale", "-E", "UTF8")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -k {data}"
    pg_ctl = binaries / "pg_ctl"
    run(pg_ctl, "-D", data, "-w", "-o", options, "-l", data / "log", "start")
    try:
        yield f"postgresql+psycopg://{USER}@127.0.0.1:{port}/postgres"
    finally:
        run(pg_ctl, "-D", data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """Yield the URL of a new, empty database, dropped afterwards."""
    from sqlalchemy import create_engine, make_url, text

    name = f"study_{uuid.uuid4().hex[:12]}"
    server = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(postgres_server).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture(scope="module")
def station() -> Iterator[dict[str, str]]:
    """Yield the environment of programs on a screen and a sound card that are not there."""
    with virtual_station() as environment:
        yield environment


@pytest.fixture
def view(station: dict[str, str]) -> Iterator[OutsideView]:
    """Yield eyes on that screen, and fingers on its keyboard."""
    with OutsideView(station) as outside:
        yield outside
