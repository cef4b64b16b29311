"""Vetting by eye in a real browser: keep, exclude, undo, reload, two tabs, two curators."""

import shutil
import subprocess
import time
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from curation.__main__ import app as command_line
from curation.vetting import hints
from curation.vetting.outcome import disagreements, hint_quality, verdict_counts
from curation.vetting.page import vetting_app
from curation.vetting.queue import vetting_queue
from study.clips.sound.envelope import sound_envelope
from study.clips.thumbnails import contact_sheet, small_frames
from study.errors import ConfigError
from study.rehearsal.odd import make_odd_clip
from study.reports.guard import TOKEN_HEADER
from study.reports.web import open_site
from study.store import open_store, transaction
from study.store.clips import vettings
from tests.worlds.curated import AT, candidate, fill, new_study
from tests.worlds.local_server import running
from tests.worlds.machine import PATIENCE_S

CHROMIUM = shutil.which("chromium")
N_CLIPS = 5


@pytest.fixture
def study(tmp_path):
    study = new_study(tmp_path, "protocol.class_min_prominent=1", "protocol.test_size_per_class=1")
    clips = [candidate(f"barking/c_{i}.mp4", "barking") for i in range(N_CLIPS)]
    clips.append(candidate("swimming/slow_1.mp4", "diving", frame_rate_hz=25.0))
    clips.append(candidate("swimming/split_2.mp4", "diving"))
    fill(study, clips, lambda place: (3, 3, 1) if place == N_CLIPS + 1 else (3, 3, 3))
    folder = tmp_path / "mit/training/barking"
    folder.mkdir(parents=True)
    source = make_odd_clip("short", tmp_path / "short.mp4").read_bytes()
    for i in range(N_CLIPS):
        (folder / f"c_{i}.mp4").write_bytes(source)
    return study


@contextmanager
def _served(study, curator="C1"):
    site, listener = open_site()
    app = vetting_app(study, curator, site, lambda: AT)
    with running(app, listener):
        yield site


def _history(study):
    with transaction(open_store(study.store_url)) as db:
        return vettings.history(db)


def _said(study):
    rows = _history(study)[["candidate_id", "curator", "verdict", "reasons", "note"]]
    return [tuple(row) for row in rows.itertuples(index=False)]


def test_the_queue_has_unanimous_clips_of_one_frame_rate_likely_exclusions_first(study):
    with transaction(open_store(study.store_url)) as db:
        vettings.set_hints(db, [(3, "cut", 0.9), (3, "cartoon", 0.1), (5, "overlay", 0.4)], AT)
        queue = vetting_queue(db, study)
    assert queue["candidate_id"].tolist() == [3, 5, 1, 2, 4]
    assert queue["hint"].tolist() == ["cut", "overlay", "", "", ""]


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("no Chromium: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--mute-audio"]
    with sync_playwright() as playwright:
        instance = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield instance
        instance.close()


@contextmanager
def _page(browser, site):
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(site.url)
    page.wait_for_selector("#by-state option", state="attached")
    page.keyboard.press("Enter")
    page.wait_for_selector("#work:not([hidden])")
    yield page
    context.close()
    assert [line for line in errors if "409" not in line] == []
    assert all(url.startswith((f"http://127.0.0.1:{site.port}/", "data:")) for url in asked)


def _wait_until(is_so):
    # The page forbids strings as scripts, so waiting is done from outside.
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _wait(page, script):
    _wait_until(lambda: page.evaluate(script))


def _press(page, *keys):
    for key in keys:
        before = page.inner_text("#pace"), page.inner_text("#name")
        page.keyboard.press(key)
        if key in ("Enter", "u"):
            _wait_until(
                lambda seen=before: (page.inner_text("#pace"), page.inner_text("#name")) != seen
            )


def test_a_clip_plays_with_sound_beside_nine_frames(study, browser):
    with _served(study) as site, _page(browser, site) as page:
        _wait(page, "document.getElementById('player').currentTime > 0.2")
        assert page.evaluate("document.getElementById('player').muted") is False
        _wait(page, "document.getElementById('sheet').naturalWidth === 480")
        _wait(page, "document.getElementById('next').readyState >= 2")
        _wait(page, "document.getElementById('player').ended")
        page.keyboard.press(" ")
        _wait(page, "!document.getElementById('player').paused")
        box = page.locator("#confirm").bounding_box()
        assert box["y"] + box["height"] <= 800  # no scrolling to see the verdict


def test_a_picture_that_the_browser_cannot_show_is_said(study, browser):
    clip = study.mit_root / "training/barking/c_0.mp4"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=d=1", "-f", "lavfi", "-i",
         "sine=d=1", "-c:v", "mpeg4", "-c:a", "libmp3lame", str(clip)],
        check=True,
    )  # fmt: skip
    with _served(study) as site, _page(browser, site) as page:
        _wait(page, "document.getElementById('name').textContent.includes('judge by the frames')")
        page.keyboard.press("Enter")
        _wait(page, "document.getElementById('name').textContent === 'training/barking/c_1.mp4'")


def test_keep_exclude_undo_and_note_are_rows_and_survive_a_reload(study, browser):
    with _served(study) as site, _page(browser, site) as page:
        assert page.inner_text("#confirm") == "Enter: keep"
        _press(page, "Enter")
        page.keyboard.press("2")
        page.keyboard.press("5")
        page.keyboard.press("3")
        page.keyboard.press("3")
        assert page.inner_text("#confirm") == "Enter: exclude (time-lapse; not naturalistic)"
        page.keyboard.press("n")
        page.keyboard.type("sped up 2x")
        page.keyboard.press("Enter")
        _press(page, "Enter", "Enter", "u")
        assert page.inner_text("#name") == "training/barking/c_2.mp4"
        assert page.inner_text("#pace").startswith("2 of 5 judged")
        page.reload()
        page.wait_for_selector("#by-state option", state="attached")
        page.keyboard.press("Enter")
        _wait(page, "document.getElementById('name').innerText.endsWith('c_2.mp4')")
        assert page.inner_text("#pace").startswith("2 of 5 judged")
        page.select_option("#by-state", "reason:time_lapse")
        assert page.inner_text("#name") == "training/barking/c_1.mp4"
        assert page.input_value("#note") == "sped up 2x"
    assert _said(study) == [
        (1, "C1", "keep", "", ""),
        (2, "C1", "exclude", "time_lapse,not_naturalistic", "sped up 2x"),
        (3, "C1", "keep", "", ""),
        (3, "C1", "undo", "", ""),
    ]
    with transaction(open_store(study.store_url)) as db:
        assert vettings.excluded(db) == {2}
        assert vettings.vetted(db) == {1, 2}


def test_a_verdict_in_another_tab_is_not_given_twice(study, browser):
    with _served(study) as site, _page(browser, site) as first, _page(browser, site) as second:
        assert first.inner_text("#name") == second.inner_text("#name")
        _press(first, "Enter")
        second.keyboard.press("1")
        _press(second, "Enter")
        assert "judged in another tab" in second.inner_text("#message")
        assert second.inner_text("#name") == first.inner_text("#name")
    assert _said(study) == [(1, "C1", "keep", "", "")]


def test_two_curators_see_where_they_disagree(study, browser):
    with _served(study, "C1") as site, _page(browser, site) as page:
        _press(page, "Enter", "Enter")
    with _served(study, "C2") as site, _page(browser, site) as page:
        page.keyboard.press("4")
        _press(page, "Enter", "Enter")
        assert "1 disagreement" in page.inner_text("#pace")
        page.select_option("#by-state", "disagreement")
        assert page.inner_text("#name") == "training/barking/c_0.mp4"
    result = CliRunner().invoke(command_line, ["vet-report", "--study", str(study.folder)])
    assert result.exit_code == 0, result.output
    assert "2 clips judged, 1 disagreement:" in result.output
    table = pd.read_csv(study.folder / "release/vetting_disagreements.csv")
    assert table.to_dict("records") == [
        {"candidate_id": 1, "filename": "barking/c_0.mp4", "C1": "keep", "C2": "exclude"}
    ]


def test_a_server_that_is_gone_is_said_and_the_clip_stays(study, browser):
    if CHROMIUM is None:
        pytest.skip("no Chromium")
    context = browser.new_context()
    page = context.new_page()
    with _served(study) as site:
        page.goto(site.url)
        page.wait_for_selector("#by-state option", state="attached")
        page.keyboard.press("Enter")
    name = page.inner_text("#name")
    page.keyboard.press("Enter")
    _wait(page, "document.getElementById('message').innerText.startsWith('Not kept')")
    assert page.inner_text("#name") == name
    context.close()
    assert _history(study).empty


def _request(site, method, path, body=None, **headers):
    import http.client
    import json

    content = None if body is None else json.dumps(body)
    if content:
        headers["Content-Type"] = "application/json"
    with closing(
        http.client.HTTPConnection("127.0.0.1", site.port, timeout=PATIENCE_S)
    ) as connection:
        connection.request(method, path, content, {TOKEN_HEADER: site.token, **headers})
        answer = connection.getresponse()
        return answer.status, answer.read()


def test_strangers_and_paths_outside_the_clips_are_refused(study):
    secret = study.folder / "secret.mp4"
    secret.write_bytes(b"secret")
    (study.folder / "mit/training/barking/c_3.mp4").unlink()
    (study.folder / "mit/training/barking/c_3.mp4").symlink_to(secret)
    (study.folder / "mit/training/barking/c_4.mp4").unlink()
    with _served(study) as site:
        assert _request(site, "GET", "/clips/1", Range="bytes=0-99")[0] == 206
        status, text = _request(site, "GET", "/clips/4")
        assert (status, b"secret" in text) == (403, False)
        assert _request(site, "GET", "/sheets/4")[0] == 404
        assert _request(site, "GET", "/clips/5")[0] == 404
        assert _request(site, "GET", "/clips/7")[0] == 404  # a candidate, but not in the queue
        assert _request(site, "GET", "/clips/..%2f..%2fsecret.mp4")[0] in (404, 422)
        assert _request(site, "GET", "/queue", **{TOKEN_HEADER: "wrong"})[0] == 401
        assert _request(site, "GET", "/queue", Origin="http://evil.example")[0] == 403
        assert _request(site, "GET", "/queue", Host="evil.example")[0] == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"candidate_id": 1, "verdict": "keep"}, 200),
        ({"candidate_id": 99, "verdict": "keep"}, 404),
        ({"candidate_id": 1, "verdict": "exclude"}, 422),
        ({"candidate_id": 1, "verdict": "keep", "reasons": ["writing"]}, 422),
        ({"candidate_id": 1, "verdict": "exclude", "reasons": ["ugly"]}, 422),
        ({"candidate_id": 1, "verdict": "delete"}, 422),
        ({"candidate_id": 1, "verdict": "note", "note": "x" * 501}, 422),
        ({"candidate_id": 1, "verdict": "keep", "curator": "C9"}, 422),
        ({"candidate_id": 1, "verdict": "keep", "known": 3}, 409),
    ],
)
def test_what_is_no_verdict_is_refused_and_leaves_no_row(study, body, status):
    with _served(study) as site:
        assert _request(site, "POST", "/verdicts", body)[0] == status
    assert len(_history(study)) == (status == 200)


def test_a_curator_is_an_id_and_no_name(study):
    arguments = ["vet", "--study", str(study.folder), "--curator", "Ann Smith"]
    assert isinstance(CliRunner().invoke(command_line, arguments).exception, ConfigError)


def test_a_contact_sheet_is_upright(tmp_path):
    import cv2

    path = make_odd_clip("rotated", tmp_path / "clip.mp4")
    sheet = cv2.imdecode(np.frombuffer(contact_sheet(path), np.uint8), cv2.IMREAD_COLOR)
    assert sheet.shape[:2] == (3 * 213, 3 * 160)
    assert small_frames(path, width_px=16, height_px=8).shape == (90, 8, 16, 3)


def _noise(rng, n=30):
    base = rng.integers(60, 190, (45, 80, 3)).astype(np.uint8)
    base = np.repeat(np.repeat(base, 2, axis=0), 2, axis=1)
    return np.stack([np.roll(base, shift, axis=1) for shift in range(n)])


def test_each_hint_rises_for_what_it_is_made_for_and_for_nothing_else():
    rng = np.random.default_rng(0)
    still = np.repeat(rng.integers(80, 120, (1, 90, 160, 3)).astype(np.uint8), 30, axis=0)
    smooth = np.repeat(np.linspace(60, 160, 160)[None, None, :, None], 90, axis=1)
    smooth = np.repeat(np.repeat(smooth, 3, axis=3), 30, axis=0).astype(np.uint8)
    cut = np.concatenate([smooth[:15], 255 - smooth[15:]])
    split = smooth.copy()
    split[:, :, 80:] = 255 - split[:, :, :80]
    lapse = rng.integers(0, 255, (30, 9, 16, 3)).astype(np.uint8).repeat(10, 1).repeat(10, 2)
    written = _noise(rng)
    written[:, 70:80, 20:140:4] = 255
    written[:, 70:80, 22:140:4] = 0
    cartoon = np.zeros((30, 90, 160, 3), np.uint8)
    cartoon[:, :, :80] = (250, 30, 30)
    cartoon[:, :, 80:] = (30, 220, 60)
    assert hints.cut(cut) > 0.9
    assert hints.cut(smooth) == hints.cut(still) == 0
    assert hints.split_screen(split) > 0.9
    assert hints.split_screen(smooth) < 0.1
    steady = np.full(29, 0.2, np.float32)
    assert hints.time_lapse(lapse, steady) > 0.9
    assert hints.time_lapse(still, steady) == 0
    assert hints.overlay(written) > 0.5
    assert hints.overlay(_noise(rng)) < 0.1
    assert hints.overlay(still) == 0
    assert hints.cartoon(cartoon) > 0.9
    assert hints.cartoon(rng.integers(0, 255, (30, 90, 160, 3)).astype(np.uint8)) < 0.1


def test_motion_that_the_sound_goes_with_is_no_time_lapse():
    rng = np.random.default_rng(0)
    beat = 1.5 + np.sin(np.arange(60) / 3)
    frames = [np.zeros((9, 16, 3))]
    for strength in beat[1:]:
        frames.append(frames[-1] + rng.normal(0, 60 * strength, (9, 16, 3)))
    moving = (np.stack(frames) % 256).astype(np.uint8).repeat(10, 1).repeat(10, 2)
    motion = hints._steps(moving)
    alone = hints.time_lapse(moving, np.full(59, 0.1, np.float32))
    together = hints.time_lapse(moving, motion / 255)
    against = hints.time_lapse(moving, (motion.max() - motion) / 255)
    assert alone > 0.9
    assert together < 0.1
    assert against > 0.9


def test_an_envelope_rises_where_it_beeps(tmp_path):
    level = sound_envelope(make_odd_clip("plain", tmp_path / "clip.mp4"), 30)
    assert np.flatnonzero(level > 0.2).tolist() == [5, 15, 25]
    short = sound_envelope(make_odd_clip("short", tmp_path / "short.mp4"), 6)
    assert np.flatnonzero(short > 0.2).tolist() == [5]


def test_hints_are_computed_for_the_queue_and_only_once(study):
    (study.folder / "mit/training/barking/c_4.mp4").write_bytes(b"")
    arguments = ["hints", "--study", str(study.folder)]
    first = CliRunner().invoke(command_line, arguments)
    assert "5 clips to vet, hints for 4 of them computed now" in first.output
    assert "no hints:" in first.output
    with transaction(open_store(study.store_url)) as db:
        assert set(vettings.hints(db).columns) == set(hints.REASON_OF)
    again = CliRunner().invoke(command_line, arguments)
    assert "hints for 0 of them computed now" in again.output


def test_a_report_says_how_well_a_hint_predicted_the_verdicts():
    verdicts = pd.DataFrame(
        [(1, "C1", "exclude", "supernatural"), (2, "C1", "keep", ""), (3, "C1", "keep", ""),
         (1, "C2", "keep", ""), (4, "C1", "exclude", "writing,time_lapse")],
        columns=["candidate_id", "curator", "verdict", "reasons"],
    )  # fmt: skip
    scores = pd.DataFrame({"cut": [0.9, 0.1, 0.2, 0.3], "overlay": [0.5, 0.6, 0.1, 0.5]},
                          index=[1, 2, 3, 4])  # fmt: skip
    quality = hint_quality(verdicts, scores).set_index("hint")
    assert quality["auc"].to_dict() == {"cut": 1.0, "overlay": 0.5}
    assert quality["n_excluded"].to_dict() == {"cut": 1, "overlay": 1}
    assert disagreements(verdicts).index.tolist() == [1]
    counts = verdict_counts(verdicts).set_index(["curator", "what"])["n"].to_dict()
    assert counts == {
        ("C1", "exclude"): 2, ("C1", "keep"): 2, ("C1", "supernatural"): 1,
        ("C1", "time_lapse"): 1, ("C1", "writing"): 1, ("C2", "keep"): 1,
    }  # fmt: skip


def test_excluded_clips_stay_out_of_the_test_set(study):
    with transaction(open_store(study.store_url)) as db:
        for clip in range(1, 5):
            vettings.add(
                db, candidate_id=clip, curator="C1", verdict="exclude", reasons=["writing"], at=AT
            )
        vettings.add(db, candidate_id=4, curator="C1", verdict="note", note="sure", at=AT)
    run = CliRunner()
    folder = str(study.folder)
    assert run.invoke(command_line, ["export-ratings", "--study", folder]).exit_code == 0
    config = Path(folder, "study.toml")
    config.write_text(
        config.read_text().replace("class_min_prominent = 1", "class_min_prominent = 3")
    )
    result = run.invoke(command_line, ["test-set", "--study", folder])
    assert result.exit_code == 0, result.output
    assert "left out, excluded by vetting: 4" in result.output
    assert "1 of the test clips has not been vetted" in result.output
    test = pd.read_csv(study.folder / "release/test_set.csv")
    assert test["filename"].tolist() == ["barking/c_4.mp4"]
    refused = run.invoke(
        command_line, ["test-set", "--study", folder, "--vetted-only", "--overwrite"]
    )
    assert "barking 0" in str(refused.exception)
