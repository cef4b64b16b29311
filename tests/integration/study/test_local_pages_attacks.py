"""What a stranger on the same machine can send to a local page costs nobody anything."""

import http.client
import json
import os
import socket
import stat
import time
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from pydantic import BaseModel

from study.reports import connections
from study.reports.guard import TOKEN_HEADER
from study.reports.web import (
    MAX_BODY_BYTES,
    PostedText,
    address_file,
    file_response,
    new_web_app,
    open_site,
)
from tests.worlds.local_server import running
from tests.worlds.machine import PATIENCE_S

N_CLIP_BYTES = 2**23


class Said(BaseModel):
    number: int
    note: PostedText = ""


@pytest.fixture
def short_clocks(monkeypatch):
    monkeypatch.setattr(connections, "REQUEST_S", 0.5)
    monkeypatch.setattr(connections, "READ_S", 0.5)


@pytest.fixture
def site(tmp_path, caplog):
    """A page whose log stays empty, whatever is sent to it."""
    (tmp_path / "clip.mp4").write_bytes(bytes(N_CLIP_BYTES))
    site, listener = open_site()
    app = new_web_app("test", site)

    @app.get("/")
    def page() -> str:
        return "page"

    @app.get("/clip")
    def clip():
        return file_response(tmp_path, "clip.mp4")

    @app.post("/said")
    def say(said: Said) -> str:
        return "kept"

    with running(app, listener):
        yield site
    assert [record.getMessage() for record in caplog.records] == []


@contextmanager
def plug(site, sent=b""):
    with socket.create_connection(("127.0.0.1", site.port), timeout=PATIENCE_S) as connection:
        connection.sendall(sent)
        yield connection


def head(site, start="GET / HTTP/1.1", *lines):
    host = f"Host: 127.0.0.1:{site.port}"
    return "\r\n".join([start, host, f"{TOKEN_HEADER}: {site.token}", *lines, "", ""]).encode()


def ends(connection):
    """Return what the server sent until it closed the connection."""
    answer = b""
    try:
        while piece := connection.recv(2**16):
            answer += piece
    except ConnectionResetError:
        pass
    return answer


def status(site, sent):
    with plug(site, sent) as connection:
        return int(connection.recv(2**16).split()[1])


def say(site, content, **headers):
    headers = {TOKEN_HEADER: site.token, "Content-Type": "application/json", **headers}
    with closing(
        http.client.HTTPConnection("127.0.0.1", site.port, timeout=PATIENCE_S)
    ) as connection:
        connection.request("POST", "/said", content, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HT",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: ",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhalf",
    ],
)
def test_a_request_that_does_not_go_on_is_ended(site, short_clocks, sent):
    with plug(site, sent) as connection:
        ends(connection)


def trickle(connection):
    for _ in range(1000):
        connection.sendall(b"x")
        time.sleep(0.02)


def test_a_request_that_trickles_is_ended_too(site, short_clocks):
    with (
        plug(site, head(site, "POST /said HTTP/1.1", "Content-Length: 60000")) as connection,
        pytest.raises((BrokenPipeError, ConnectionResetError)),
    ):
        trickle(connection)


def test_an_answer_that_nobody_reads_is_ended(site, short_clocks):
    with plug(site, head(site, "GET /clip HTTP/1.1")) as connection:
        time.sleep(1.5)
        assert len(ends(connection)) < N_CLIP_BYTES


def test_half_sent_requests_do_not_crowd_a_whole_one_out(site):
    with ExitStack() as many:
        for _ in range(200):
            many.enter_context(plug(site, b"GET / HTTP/1.1\r\nHost: "))
        assert status(site, head(site)) == 200


def test_a_browser_may_hold_connections_while_others_come_and_go(site):
    kept = http.client.HTTPConnection("127.0.0.1", site.port, timeout=PATIENCE_S)
    for _ in range(3):
        kept.request("GET", "/", headers={TOKEN_HEADER: site.token})
        assert kept.getresponse().read() == b'"page"'
        ports = {kept.sock.getsockname()[1]}
    assert len(ports) == 1
    kept.close()


def test_a_body_over_the_limit_is_refused_and_not_kept(site):
    before = _memory_bytes()
    assert say(site, bytes(2**26)) == (413, "Content Too Large")
    assert _memory_bytes() - before < 2**25 + 2**26  # the client's own copy is 2**26
    assert say(site, json.dumps({"number": 1, "note": "x" * MAX_BODY_BYTES}))[0] == 413
    assert say(site, json.dumps({"number": 1, "note": "x" * (MAX_BODY_BYTES - 99)}))[0] == 200


def test_a_body_of_unknown_length_has_the_same_limit(site):
    assert say(site, (b"x" * 2**14 for _ in range(2**8)))[0] == 413


def _memory_bytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize(
    "content",
    [
        b'{"number": NaN}',
        b'{"number": 1e999}',
        b'{"number": ' + b"9" * 5000 + b"}",
        b'{"number": 1, "note": "\\ud800"}',
        b'{"number": "\\ud800"}',
        b'{"number": 1, "note": "\\u0000"}',
        b'{"\\ud800": 1}',
        b"[" * 20_000,
        b'{"number": 1, "note": "caf\xe9"}',
        b"\xff\xfe{",
        b"",
        b"null",
    ],
)
def test_a_body_that_says_nothing_is_refused_in_a_line(site, content):
    code, answer = say(site, content)
    assert code in {400, 422}
    assert len(answer.splitlines()) == 1


def test_every_fault_of_a_body_is_said_by_the_name_of_its_field(site):
    number = "number: Input should be a valid integer, unable to parse string as an integer"
    assert say(site, b'{"number": "x"}') == (422, number)
    code, answer = say(site, b'{"number": "x", "note": "\\u0000"}')
    assert (code, answer.partition(" pattern ")[0]) == (
        422, f"{number}; note: String should match",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),  # no Host
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"\x16\x03\x01 a TLS greeting\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\nb\r\n\r\n", 400),
        (b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 2**17 + b"\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403),
        (b"GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n", 403),
        (b"GET http://127.0.0.1/ HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403),
        (b"OPTIONS * HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403),
        (b"CONNECT 10.0.0.1:80 HTTP/1.1\r\nHost: 10.0.0.1:80\r\n\r\n", 403),
    ],
)
def test_what_is_no_request_of_this_page_is_refused(site, sent, code):
    assert status(site, sent) == code


@pytest.mark.parametrize("name", ["Origin", "Sec-Fetch-Site", TOKEN_HEADER])
def test_a_header_that_is_judged_may_stand_there_once(site, name):
    own = {"Origin": f"http://127.0.0.1:{site.port}", "Sec-Fetch-Site": "same-origin"}
    line = f"{name}: {own.get(name, site.token)}"
    assert status(site, head(site, "GET / HTTP/1.1", line, line)) == 400


@pytest.mark.parametrize("suffix", ["", ".evil.example", "/", " ", "0", "@evil.example", "#"])
def test_an_origin_is_compared_as_a_whole(site, suffix):
    origin = f"Origin: http://127.0.0.1:{site.port}{suffix}"
    found = status(site, head(site, "GET / HTTP/1.1", origin))
    assert found == (200 if suffix in {"", " "} else 403)  # a space at the end is not content


@pytest.mark.parametrize(
    "change", [lambda t: t[:-1], lambda t: t + "x", lambda t: t[:8], str.upper]
)
def test_a_token_is_compared_as_a_whole(site, change):
    host, wrong = f"Host: 127.0.0.1:{site.port}", change(site.token)
    for carried in (f"{TOKEN_HEADER}: {wrong}", f"Cookie: {site.cookie_name}={wrong}"):
        assert status(site, f"GET / HTTP/1.1\r\n{host}\r\n{carried}\r\n\r\n".encode()) == 401
    assert status(site, f"GET /?token={wrong} HTTP/1.1\r\n{host}\r\n\r\n".encode()) == 401


def test_an_address_cannot_put_lines_into_the_answer(site):
    for path in (
        "/%0d%0aSet-Cookie:%20a=b",
        "/\\evil.example",
        "/%5cevil.example",
        "//evil.example",
    ):
        with plug(site, head(site, f"GET {path}?token={site.token} HTTP/1.1")) as connection:
            lines = connection.recv(2**16).decode().lower().split("\r\n")
        (place,) = [line for line in lines if line.startswith("location:")]
        assert place.startswith("location: /")
        assert not place.startswith("location: //")
        assert [line for line in lines if line.startswith("set-cookie: a=b")] == []


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("bytes=0-9", 206),
        ("bytes=-5", 206),
        ("bytes=9-0", 400),
        ("bytes=99999999-", 416),
        ("bytes=" + ",".join(["0-"] * 1000), 200),  # all of it, once
        ("bytes=" + ",".join(f"{i}-{i}" for i in range(0, 180, 2)), 206),
        ("bytes=" + "9" * 5000 + "-", 400),
        ("bytes=0-" + "9" * 5000, 400),
        ("lines=1-2", 400),
        ("bytes=a-b", 400),
        ("bytes=\xff", 400),
    ],
)
def test_parts_of_a_file_are_few_and_within_it(site, asked, code):
    request = head(site, "GET /clip HTTP/1.1").replace(b"\r\n\r\n", b"\r\n")
    with plug(site, request + b"Range: " + asked.encode("latin-1") + b"\r\n\r\n") as connection:
        answer = connection.recv(2**16)
    assert int(answer.split()[1]) == code


def test_what_comes_after_a_request_is_not_taken_for_an_answer(site):
    with plug(site, head(site) + b"no request at all\r\n\r\n") as connection:
        assert ends(connection).startswith(b"HTTP/1.1 200 OK")
    broken = head(site, "POST /said HTTP/1.1", "Transfer-Encoding: chunked") + b"no number\r\n"
    with plug(site, broken) as connection:
        ends(connection)


def test_the_end_does_not_wait_for_those_who_hold_on(tmp_path):
    (tmp_path / "clip.mp4").write_bytes(bytes(N_CLIP_BYTES))
    site, listener = open_site()
    app = new_web_app("test", site)

    @app.get("/")
    def clip():
        return file_response(tmp_path, "clip.mp4")

    with ExitStack() as many, running(app, listener):
        many.enter_context(plug(site, b"GET / HT"))
        many.enter_context(plug(site, head(site)))
        many.enter_context(plug(site, head(site, "POST / HTTP/1.1", "Content-Length: 9")))
        # `running` fails where the server does not end.


def test_the_file_that_leads_a_browser_to_the_page_is_private_and_does_not_stay(site):
    with address_file(site) as path:
        text = path.read_text(encoding="utf-8")
        assert site.url in text
        assert site.token not in str(path)
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert not path.parent.exists()


def test_a_browser_that_another_page_sent_here_begins_anew(site):
    target = f"GET /?token={site.token} HTTP/1.1"
    host = f"Host: 127.0.0.1:{site.port}"
    request = f"{target}\r\n{host}\r\nSec-Fetch-Site: cross-site\r\n\r\n".encode()
    with plug(site, request) as connection:
        answer = connection.recv(2**16).decode().lower()
    assert answer.startswith("http/1.1 200 ok")
    assert "refresh: 0; url=/\r\n" in answer
    assert f"set-cookie: {site.cookie_name}={site.token}".lower() in answer
