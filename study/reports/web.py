"""Local pages: served on the loopback device to one browser, with bounds on all that is sent.

Who may ask is decided in `study.reports.guard`, how long in `study.reports.connections`.
"""

import html
import secrets
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import StringConstraints
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.responses import FileResponse, PlainTextResponse, Response

from study.errors import ClipError, ConfigError
from study.processes.machine import ENDING_SIGNALS
from study.reports.connections import MAX_HEAD_BYTES, BoundedConnection, BoundedServer
from study.reports.guard import LOOPBACK, Guard, Site

MAX_BODY_BYTES = 65_536
# Text that a page sends: no NUL, which PostgreSQL refuses, no other control characters, and no half
# characters, which no expression matches.
PostedText = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")]
_EXIT_BY_SIGNAL = 128  # what shells add to the number of a signal
_SHUTDOWN_S = 3  # for answers that are under way when the server is told to end


def open_site(port: int = 0) -> tuple[Site, socket.socket]:
    """Take a port on the loopback device and make a token.

    Parameters
    ----------
    port : int
        Which port; 0 for any free one.

    Returns
    -------
    site : Site
        Address and token.
    listener : socket
        For `serve`.

    Raises
    ------
    ConfigError
        If the port is in use, or is not a port.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
        listener.listen()  # a browser that is quicker than the server waits
    except (OSError, OverflowError) as error:
        listener.close()
        why = error.strerror if isinstance(error, OSError) else "ports are numbers from 0 to 65535"
        raise ConfigError(
            f"port {port} cannot be used: {why}. Choose another one, or 0 for any"
        ) from error
    return Site(listener.getsockname()[1], secrets.token_urlsafe(32)), listener


def new_web_app(title: str, site: Site) -> FastAPI:
    """Return an application without routes whose every request passes the guard.

    Returns
    -------
    FastAPI
        Add routes; there are no pages of documentation, which would load from the network.
    """
    app = FastAPI(title=title, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(RequestBodyLimitMiddleware, max_body_size=MAX_BODY_BYTES)
    app.add_middleware(Guard, site=site)  # added last, so it comes first
    app.add_exception_handler(RequestValidationError, _refused)
    return app


@contextmanager
def address_file(site: Site) -> Iterator[Path]:
    """Yield a private file that leads a browser to a page.

    A browser's command line can be read by everybody on the machine; so the address, which has
    the token, is not on it.

    Yields
    ------
    Path
        The file; it is gone when the block ends, also by a signal that asks the program to end.
    """
    # Nobody else may enter the folder.
    with _signals_end_blocks(), tempfile.TemporaryDirectory(prefix="study-") as folder:
        path = Path(folder) / "open.html"
        address = html.escape(site.url)
        path.write_text(
            f'<!doctype html><meta charset="utf-8"><title>Opening</title>'
            f'<meta http-equiv="refresh" content="0; url={address}">'
            f'<a href="{address}">Open the page</a>',
            encoding="utf-8",
        )
        yield path


@contextmanager
def _signals_end_blocks() -> Iterator[None]:
    """Turn a signal that would end the program at once into an exit that cleans up."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's
        return

    def leave(number: int, _: object) -> None:
        raise SystemExit(_EXIT_BY_SIGNAL + number)

    before = {number: signal.signal(number, leave) for number in ENDING_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def serve(app: FastAPI, listener: socket.socket) -> None:
    """Serve until the keyboard stops it.

    Parameters
    ----------
    app : FastAPI
        From `new_web_app`.
    listener : socket
        From `open_site`.
    """
    server(app).run(sockets=[listener])


def server(app: FastAPI) -> uvicorn.Server:
    """Return the server of an application, not started yet.

    Parameters
    ----------
    app : FastAPI
        From `new_web_app`.

    Returns
    -------
    Server
        Run it with ``run(sockets=[listener])``; end it by setting ``should_exit``.
    """
    return BoundedServer(
        uvicorn.Config(
            app,
            http=BoundedConnection,
            h11_max_incomplete_event_size=MAX_HEAD_BYTES,
            timeout_graceful_shutdown=_SHUTDOWN_S,
            log_level="error",  # neither what a stranger sends nor asks is logged
            server_header=False,
            ws="none",
            lifespan="off",
        )
    )


def path_inside(root: Path, relative: str) -> Path:
    """Return a path below a folder, after following links.

    Parameters
    ----------
    relative : str
        The path, as the store or a request has it.

    Raises
    ------
    ClipError
        With reason ``"outside_root"`` where it leads out of the folder.
    """
    path = (root / relative).resolve()
    if not path.is_relative_to(root.resolve()):
        raise ClipError(f"{relative!r} leads out of {root}. Correct the list", "outside_root")
    return path


def file_response(root: Path, relative: str) -> Response:
    """Answer with a file below a folder, or with the part of it that was asked for (Range).

    Returns
    -------
    Response
        The file; 403 outside the folder, 404 where there is none.
    """
    try:
        path = path_inside(root, relative)
    except ClipError:
        return PlainTextResponse("This file is outside the folder.", status_code=403)
    if not path.is_file():
        return PlainTextResponse("This file is missing.", status_code=404)
    return FileResponse(path, headers={"Cache-Control": "private, max-age=3600"})


def _refused(_request: Request, error: Exception) -> Response:
    # Not the answer of FastAPI, which repeats what was sent: NaN and half characters, too.
    problems = error.errors() if isinstance(error, RequestValidationError) else []
    said = "; ".join(f"{'.'.join(map(str, one['loc'][1:]))}: {one['msg']}" for one in problems)
    return PlainTextResponse(ascii(said[:300]).strip("'\""), status_code=422)
