"""Who may ask a local page, decided without a server."""

import asyncio

import pytest

from study.reports.guard import TOKEN_HEADER, Guard, Site

SITE = Site(port=8123, token="t" * 20 + "0123456789")
HOST = ("host", "127.0.0.1:8123")
OWN = ("origin", "http://127.0.0.1:8123")
TOKEN = (TOKEN_HEADER, SITE.token)
COOKIE = ("cookie", f"other=1; study-8123={SITE.token}; last=2")


async def page(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"page"})


def ask(*headers, method="GET", path="/", query="", app=page):
    """Return status, headers and body of the answer to a request."""
    sent = []
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
    }

    async def send(message):
        sent.append(message)

    asyncio.run(Guard(app, SITE)(scope, None, send))
    found = [(name.decode(), value.decode()) for name, value in sent[0]["headers"]]
    return sent[0]["status"], dict(found), sent[1]["body"].decode()


def test_a_site_has_an_address_two_hosts_and_a_cookie_of_its_own():
    assert SITE.url == f"http://127.0.0.1:8123/?token={SITE.token}"
    assert SITE.hosts == {"127.0.0.1:8123", "localhost:8123"}
    assert SITE.cookie_name == "study-8123"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
def test_the_token_in_its_header_lets_everything_pass(method):
    assert ask(HOST, TOKEN, method=method)[::2] == (200, "page")
    assert ask(("host", "localhost:8123"), TOKEN, method=method)[0] == 200


def test_the_cookie_lets_a_page_of_this_server_pass():
    assert ask(HOST, COOKIE)[0] == 200
    assert ask(HOST, COOKIE, OWN)[0] == 200
    assert ask(HOST, COOKIE, OWN, method="POST")[0] == 200
    assert ask(HOST, COOKIE, ("sec-fetch-site", "same-origin"))[0] == 200
    assert ask(HOST, COOKIE, ("sec-fetch-site", "none"))[0] == 200


@pytest.mark.parametrize(
    ("headers", "method"),
    [
        ([("host", "localhost:8123"), OWN], "GET"),  # the other name of this server
        ([HOST, ("origin", "null")], "GET"),
        ([HOST, ("origin", "http://127.0.0.1:81234")], "POST"),
        ([HOST, ("origin", "")], "GET"),
        ([HOST, ("sec-fetch-site", "cross-site")], "GET"),
        ([HOST, ("sec-fetch-site", "same-site")], "HEAD"),
        ([HOST], "POST"),  # a form of another page has no Origin in an old browser
        ([HOST], "DELETE"),
    ],
)
def test_what_comes_from_another_page_is_refused_with_the_cookie(headers, method):
    answer = ask(*headers, COOKIE, method=method)
    assert answer[::2] == (403, "This request comes from another page.")


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "127.0.0.1:8124", "localhost", "127.0.0.1:8123 ", ""]
)
def test_what_names_another_server_is_refused_with_the_token(host):
    assert ask(("host", host), TOKEN)[::2] == (403, "This request names another server.")


def test_what_names_no_server_is_refused():
    assert ask(TOKEN)[0] == 403


@pytest.mark.parametrize("header", [HOST, OWN, TOKEN, ("sec-fetch-site", "same-origin")])
def test_what_is_said_twice_is_refused(header):
    said = {HOST, TOKEN, header}
    status, _, text = ask(*said, header)
    assert (status, text) == (400, "This request says the same thing twice.")
    assert ask(HOST, TOKEN, ("accept", "a"), ("accept", "b"))[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(TOKEN_HEADER, SITE.token[:-1])],
        [(TOKEN_HEADER, SITE.token + "0")],
        [(TOKEN_HEADER, "")],
        [(TOKEN_HEADER, "caf\xe9")],
        [("cookie", f"study-8124={SITE.token}")],
        [("cookie", f"study-8123={SITE.token[:8]}")],
        [("cookie", "study-8123")],
        [("cookie", SITE.token)],
    ],
)
def test_without_the_token_there_is_no_page(headers):
    status, _, text = ask(HOST, *headers)
    assert (status, text[:29]) == (401, "This page needs the address t")


def test_the_address_gives_the_cookie_and_loses_the_token():
    status, headers, _ = ask(HOST, query=f"a=1&token={SITE.token}", path="/x")
    assert (status, headers["location"]) == (303, "/x")
    assert headers["set-cookie"] == (f"study-8123={SITE.token}; HttpOnly; Path=/; SameSite=strict")
    assert ask(HOST, query=f"token={SITE.token}", method="HEAD")[0] == 303
    assert ask(HOST, query=f"token={SITE.token}", path="//evil\\x")[1]["location"] == "/evil%5Cx"


def test_the_address_is_no_key_for_writing_or_for_another_page():
    query = f"token={SITE.token}"
    assert ask(HOST, query=query, method="POST")[0] == 403
    assert ask(HOST, OWN, query=query, method="POST")[0] == 401
    assert ask(HOST, ("origin", "null"), query=query)[0] == 403
    assert ask(("host", "evil.example"), query=query)[0] == 403
    for wrong in ("token=", "token=" + SITE.token[1:], "Token=" + SITE.token):
        assert ask(HOST, query=wrong)[0] == 401


def test_a_browser_that_another_page_sent_here_begins_anew():
    sent = ("sec-fetch-site", "cross-site")
    status, headers, text = ask(HOST, sent, query=f"token={SITE.token}", path="/x")
    assert (status, headers["refresh"], text) == (200, "0; url=/", "Opening.")
    assert headers["set-cookie"].startswith(f"study-8123={SITE.token};")


def test_every_answer_forbids_scripts_of_others_frames_and_keeping():
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; media-src 'self'; connect-src 'self'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    )
    for given in ([HOST, TOKEN], [HOST], []):
        headers = ask(*given)[1]
        assert headers["content-security-policy"] == policy
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


def test_an_answer_may_say_how_long_it_is_kept():
    async def clip(scope, receive, send):
        headers = [(b"cache-control", b"private, max-age=3600")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    assert ask(HOST, TOKEN, app=clip)[1]["cache-control"] == "private, max-age=3600"


def test_what_is_no_request_is_left_alone():
    async def nobody(*_):
        raise AssertionError

    asyncio.run(Guard(nobody, SITE)({"type": "websocket"}, nobody, nobody))
