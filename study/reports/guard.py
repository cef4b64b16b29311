"""Who may ask a local page: its own browser tab, and nobody else.

A page on another site can make a browser send requests to this machine, and so can a name that
leads there (DNS rebinding). So a request has to name this server with its port (Host), must not
come from another page (Origin, Sec-Fetch-Site), and must carry a token that only the command's
own output, its private file and the cookie hold. Starlette's TrustedHostMiddleware does not look
at ports, and its other middleware checks none of this (docs/adr/0005).
"""

import secrets
from dataclasses import dataclass
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = "127.0.0.1"
TOKEN_HEADER = "x-study-token"
_READING = {"GET", "HEAD"}
_JUDGED = ("host", "origin", "sec-fetch-site", TOKEN_HEADER)
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
        """The address to open in a browser, token included; never an argument of a program."""
        return f"http://{LOOPBACK}:{self.port}/?token={self.token}"

    @property
    def hosts(self) -> frozenset[str]:
        """The Host headers of requests that are meant for this server."""
        return frozenset({f"{LOOPBACK}:{self.port}", f"localhost:{self.port}"})

    @property
    def cookie_name(self) -> str:
        """The name of the token's cookie; cookies do not tell ports apart."""
        return f"study-{self.port}"


class Guard:
    """Middleware that lets a request pass only if it is meant for this server and has the token."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app = app
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] != "http":
            return
        answer = self._answer(scope) or self._app
        await answer(scope, receive, _with_headers(send))

    def _answer(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if any(len(headers.getlist(name)) > 1 for name in _JUDGED):
            return PlainTextResponse("This request says the same thing twice.", status_code=400)
        if headers.get("host") not in self._site.hosts:
            return PlainTextResponse("This request names another server.", status_code=403)
        origin = headers.get("origin")
        if origin is not None and origin != f"http://{headers['host']}":
            return PlainTextResponse("This request comes from another page.", status_code=403)
        if scope["method"] in _READING and self._is_token(_offered_in_address(scope)):
            return self._welcome(scope["path"], headers)
        if origin is None and _is_from_elsewhere(scope["method"], headers):
            return PlainTextResponse("This request comes from another page.", status_code=403)
        if self._is_token(headers.get(TOKEN_HEADER, "")) or self._is_token(self._cookie(headers)):
            return None
        return PlainTextResponse(
            "This page needs the address that the command printed, token included.", status_code=401
        )

    def _welcome(self, path: str, headers: Headers) -> Response:
        if headers.get("sec-fetch-site") == "cross-site":
            # The private file sent the browser here, and a browser sends no strict cookie along
            # a redirection that another page began: the page begins anew.
            answer: Response = PlainTextResponse("Opening.", headers={"Refresh": "0; url=/"})
        else:
            # The token leaves the address bar, the history and whatever is copied from them.
            # A path that starts with two slashes would be another server's address.
            answer = RedirectResponse("/" + path.lstrip("/\\"), status_code=303)
        answer.set_cookie(
            self._site.cookie_name, self._site.token, httponly=True, samesite="strict", path="/"
        )
        return answer

    def _cookie(self, headers: Headers) -> str:
        return str(cookie_parser(headers.get("cookie", "")).get(self._site.cookie_name, ""))

    def _is_token(self, offered: str) -> bool:
        return secrets.compare_digest(offered.encode(), self._site.token.encode())


def _offered_in_address(scope: Scope) -> str:
    return str(parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0])


def _is_from_elsewhere(method: str, headers: Headers) -> bool:
    is_bare_write = method not in _READING and TOKEN_HEADER not in headers
    return is_bare_write or headers.get("sec-fetch-site") in {"cross-site", "same-site"}


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers[name] = value
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return send_with_headers
