"""Local pages: loopback only, behind a token, safe from other pages of the same browser.

A page on another site can make a browser send requests to this machine. So a request has to name
this server (Host), must not come from another page (Origin), and must carry a token that only the
command's own output and its cookie hold.
"""

import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from urllib.parse import parse_qs

import uvicorn
from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from study.errors import ClipError, ConfigError

LOOPBACK = "127.0.0.1"
TOKEN_HEADER = "x-study-token"
_READING = {"GET", "HEAD"}
_HEADERS = {
    # Scripts come from files of this server, never from text inside a page.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; media-src 'self'; connect-src 'self'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Site:
    """Where a local page is served.

    Parameters
    ----------
    port : int
        The port, on the loopback device.
    token : str
        What a request has to carry.
    """

    port: int
    token: str

    @property
    def url(self) -> str:
        """The address to open in a browser, token included."""
        return f"http://{LOOPBACK}:{self.port}/?token={self.token}"

    @property
    def hosts(self) -> frozenset[str]:
        """The Host headers of requests that are meant for this server."""
        return frozenset({f"{LOOPBACK}:{self.port}", f"localhost:{self.port}"})

    @property
    def cookie_name(self) -> str:
        """The name of the token's cookie; cookies do not tell ports apart."""
        return f"study-{self.port}"


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
        If the port is in use, or is none.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
    except (OSError, OverflowError) as error:
        listener.close()
        why = error.strerror if isinstance(error, OSError) else "ports are numbers from 0 to 65535"
        raise ConfigError(
            f"port {port} cannot be used: {why}. Choose another one, or 0 for any"
        ) from error
    return Site(listener.getsockname()[1], secrets.token_urlsafe(32)), listener


def new_web_app(title: str, site: Site) -> FastAPI:
    """Return an application without routes whose every request passes the guard.

    Parameters
    ----------
    title : str
        Its name.
    site : Site
        Address and token.

    Returns
    -------
    FastAPI
        Add routes; there are no pages of documentation, which would load from the network.
    """
    app = FastAPI(title=title, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(Guard, site=site)
    return app


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
    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            ws="none",
            lifespan="off",
        )
    )


class Guard:
    """Middleware that lets a request pass only if it is meant for this server and has the token.

    Parameters
    ----------
    app : ASGIApp
        What stands behind it.
    site : Site
        Address and token.
    """

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app = app
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] != "http":
            return
        answer = self._answer(scope)
        if answer is not None:
            await answer(scope, receive, _with_headers(send))
            return
        await self._app(scope, receive, _with_headers(send))

    def _answer(self, scope: Scope) -> Response | None:
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        refusal = self._refusal(scope["method"], headers)
        if refusal is not None:
            return PlainTextResponse(refusal, status_code=403)
        offered = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if offered and self._is_token(offered) and scope["method"] in _READING:
            # The token leaves the address bar, the history and whatever is copied from them.
            return self._welcome(scope["path"])
        if self._is_token(headers.get(TOKEN_HEADER, "")) or self._is_token(self._cookie(headers)):
            return None
        return PlainTextResponse(
            "This page needs the address that the command printed, token included.", status_code=401
        )

    def _refusal(self, method: str, headers: Mapping[str, str]) -> str | None:
        host, origin = headers.get("host", ""), headers.get("origin")
        if host not in self._site.hosts:
            return "This request names another server."
        if origin is None:
            asked_by_page = headers.get("sec-fetch-site", "same-origin")
            foreign = asked_by_page in {"cross-site", "same-site"}
            bare_write = method not in _READING and TOKEN_HEADER not in headers
            return "This request comes from another page." if foreign or bare_write else None
        return None if origin == f"http://{host}" else "This request comes from another page."

    def _welcome(self, path: str) -> Response:
        # A path that starts with two slashes would be another server's address.
        answer = RedirectResponse("/" + path.lstrip("/\\"), status_code=303)
        answer.set_cookie(
            self._site.cookie_name, self._site.token, httponly=True, samesite="strict", path="/"
        )
        return answer

    def _cookie(self, headers: Mapping[str, str]) -> str:
        try:
            cookies = SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            return ""
        found = cookies.get(self._site.cookie_name)
        return "" if found is None else found.value

    def _is_token(self, offered: str) -> bool:
        return secrets.compare_digest(offered.encode(), self._site.token.encode())


def path_inside(root: Path, relative: str) -> Path:
    """Return a path below a folder, after following links.

    Parameters
    ----------
    root : Path
        The folder that must not be left.
    relative : str
        The path, as the store or a request has it.

    Returns
    -------
    Path
        Where the file lies.

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

    Parameters
    ----------
    root : Path
        The folder that must not be left.
    relative : str
        The file.

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


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers[name] = value
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return send_with_headers
