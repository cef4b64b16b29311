"""Local pages answer their own browser tab and nobody else."""

import http.client

import pytest

from study.errors import ClipError, ConfigError
from study.reports.guard import TOKEN_HEADER, Site
from study.reports.web import file_response, new_web_app, open_site, path_inside
from tests.worlds.local_server import running
from tests.worlds.machine import PATIENCE_S


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("clips")
    (root / "clip.mp4").write_bytes(bytes(range(256)) * 8)
    (root.parent / "secret.txt").write_text("secret")
    (root / "link").symlink_to(root.parent / "secret.txt")
    return root


@pytest.fixture(scope="module")
def site(root):
    site, listener = open_site()
    app = new_web_app("test", site)

    @app.get("/")
    def page() -> str:
        return "page"

    @app.post("/verdicts")
    def verdict() -> str:
        return "kept"

    @app.get("/files/{name:path}")
    def file(name: str):
        return file_response(root, name)

    with running(app, listener):
        yield site


def _ask(site, method="GET", path="/", **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=PATIENCE_S)
    connection.putrequest(method, path, skip_host="Host" in headers)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def _cookie(site):
    return f"{site.cookie_name}={site.token}"


def test_without_the_token_there_is_no_page(site):
    for headers in ({}, {"Cookie": f"{site.cookie_name}=wrong"}, {TOKEN_HEADER: "wrong"}):
        answer, body = _ask(site, **headers)
        assert answer.status == 401
        assert b"token included" in body
    assert _ask(site, path="/?token=wrong")[0].status == 401


def test_the_printed_address_sets_a_cookie_and_loses_the_token(site):
    path = site.url.partition(str(site.port))[2]
    answer, _ = _ask(site, path=path)
    assert (answer.status, answer.getheader("location")) == (303, "/")
    cookie = answer.getheader("set-cookie")
    assert cookie.startswith(_cookie(site))
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert _ask(site, Cookie=_cookie(site))[1] == b'"page"'


def test_a_redirect_never_leads_to_another_server(site):
    answer, _ = _ask(site, path=f"//evil.example/?token={site.token}")
    assert answer.getheader("location") == "/evil.example/"


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil:80"])
def test_a_foreign_host_is_refused_even_with_the_token(site, host):
    answer, _ = _ask(site, Host=host, Cookie=_cookie(site))
    assert answer.status == 403


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_foreign_origin_is_refused_even_with_the_token(site, origin, method):
    path = "/" if method == "GET" else "/verdicts"
    answer, _ = _ask(site, method, path, Origin=origin, Cookie=_cookie(site))
    assert answer.status == 403


def test_a_request_that_the_browser_calls_cross_site_is_refused(site):
    answer, _ = _ask(site, Cookie=_cookie(site), Sec_Fetch_Site="cross-site")
    assert answer.status == 403


def test_a_page_of_this_server_may_write_and_a_bare_request_may_not(site):
    own = f"http://127.0.0.1:{site.port}"
    assert _ask(site, "POST", "/verdicts", Cookie=_cookie(site))[0].status == 403
    assert _ask(site, "POST", "/verdicts", Cookie=_cookie(site), Origin=own)[0].status == 200
    assert _ask(site, "POST", "/verdicts", **{TOKEN_HEADER: site.token})[0].status == 200


def test_answers_forbid_scripts_of_others_and_frames(site):
    answer, _ = _ask(site, Cookie=_cookie(site))
    policy = answer.getheader("content-security-policy")
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.getheader("x-content-type-options") == "nosniff"
    assert answer.getheader("cache-control") == "no-store"
    assert answer.getheader("server") is None


def test_a_part_of_a_file_can_be_asked_for(site, root):
    answer, body = _ask(site, path="/files/clip.mp4", Cookie=_cookie(site), Range="bytes=10-19")
    assert (answer.status, body) == (206, bytes(range(10, 20)))
    assert answer.getheader("content-range") == "bytes 10-19/2048"
    answer, _ = _ask(site, path="/files/clip.mp4", Cookie=_cookie(site), Range="bytes=9999-")
    assert answer.status == 416


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("../secret.txt", 403),
        ("%2e%2e/secret.txt", 403),
        ("..%2fsecret.txt", 403),
        ("/etc/passwd", 403),
        ("link", 403),
        ("gone.mp4", 404),
    ],
)
def test_a_path_outside_the_folder_is_refused(site, name, status):
    answer, body = _ask(site, path=f"/files/{name}", Cookie=_cookie(site))
    assert answer.status == status
    assert b"secret" not in body


def test_a_path_inside_stays_and_one_outside_has_a_reason(root):
    assert path_inside(root, "clip.mp4") == (root / "clip.mp4").resolve()
    with pytest.raises(ClipError) as caught:
        path_inside(root, "../secret.txt")
    assert caught.value.reason == "outside_root"
    assert str(caught.value) == f"'../secret.txt' leads out of {root}. Correct the list"


def test_a_port_in_use_is_said_in_one_line(site):
    with pytest.raises(ConfigError, match=f"port {site.port} cannot be used: Address already"):
        open_site(site.port)


def test_a_number_that_is_no_port_is_said_in_one_line():
    with pytest.raises(
        ConfigError, match="port 65536 cannot be used: ports are numbers from 0 to 65535"
    ):
        open_site(65536)


def test_each_site_has_a_token_of_its_own():
    first, one = open_site()
    second, two = open_site()
    one.close()
    two.close()
    assert isinstance(first, Site)
    assert first.token != second.token
    assert len(first.token) == len(second.token) == 43  # 32 bytes
