"""The command that opens the vetting page."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.worlds.curated import candidate, fill, new_study

CHROMIUM = shutil.which("chromium")
WAIT_S = 60


@pytest.fixture
def study(tmp_path):
    study = new_study(tmp_path, "protocol.class_min_prominent=1", "protocol.test_size_per_class=1")
    fill(study, [candidate("barking/c_1.mp4", "barking")], lambda _: (3, 3, 3))
    return study


@pytest.fixture
def vetting(study, tmp_path):
    """The running command, the address that it printed, and the file that its browser was given."""
    browser, given = tmp_path / "browser", tmp_path / "given"
    browser.write_text(
        f'#!/bin/sh\necho "$@" > {given}.part\nmv {given}.part {given}\n'
        "exec sh -c 'sleep 60; :' browser \"$@\" >&- 2>&-\n"
    )
    browser.chmod(0o755)
    command = [sys.executable, "-m", "curation", "vet", "--curator", "C1", "--study", str(tmp_path)]
    environment = os.environ | {"BROWSER": f"{browser} %s &", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    ) as process:  # fmt: skip
        address = process.stdout.readline().split()[-1]
        for _ in range(10 * WAIT_S):
            if given.is_file():
                break
            time.sleep(0.1)
        yield process, address, given.read_text().strip()
        with suppress(ProcessLookupError):  # the browser has ended, too
            os.killpg(process.pid, signal.SIGKILL)


def test_the_token_is_on_no_command_line(vetting):
    _, address, given = vetting
    token = address.partition("token=")[2]
    assert len(token) >= 40
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes())
        except OSError:  # it has ended
            continue
    assert any(given.encode() in line for line in lines)
    assert [line for line in lines if token.encode() in line] == []


def test_the_keyboard_ends_it_in_one_line_and_leaves_no_file(vetting):
    process, _, given = vetting
    path = Path(given.removeprefix("file://"))
    assert path.is_file()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=WAIT_S) == 130
    assert process.stderr.read() == (
        "error: stopped by the keyboard. What was finished is saved: run it again to go on\n"
    )
    assert not path.parent.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_ends_it_leaves_no_file(vetting, number):
    process, _, given = vetting
    path = Path(given.removeprefix("file://"))
    assert path.is_file()
    process.send_signal(number)
    assert process.wait(timeout=WAIT_S) == 128 + number
    assert process.stderr.read() == ""
    assert not path.parent.exists()


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium")
def test_a_browser_that_is_given_the_file_comes_to_the_page(vetting):
    from playwright.sync_api import sync_playwright

    _, address, given = vetting
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.goto(given)
        page.wait_for_url(re.sub(r"\?.*", "", address))
        page.get_by_text("curator C1").wait_for(state="attached")
        browser.close()
