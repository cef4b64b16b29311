import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from lab.virtual_station import SINK_NAME, virtual_station
from study.errors import StageError
from tests.paths import ROOT
from tests.worlds.machine import PATIENCE_S

HAS_SERVERS = all(shutil.which(program) for program in ("Xvfb", "pulseaudio", "pactl"))
needs_servers = pytest.mark.skipif(not HAS_SERVERS, reason="Xvfb or PulseAudio is not installed")


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def servers_of(display, pulse_server):
    folder = pulse_server.removeprefix("unix:").removesuffix("/native")
    found = []
    for cmdline in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = cmdline.read_bytes().decode(errors="replace")
            environ = (cmdline.parent / "environ").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if folder in words or (words.startswith("Xvfb") and folder in environ):
            found.append(int(cmdline.parent.name))
    return found


@needs_servers
def test_station_has_a_screen_and_a_sink_and_both_are_gone_afterwards():
    from Xlib.display import Display

    with virtual_station(width_px=640, height_px=480) as environment:
        display = Display(environment["DISPLAY"])
        screen = display.screen()
        display.close()
        assert (screen.width_in_pixels, screen.height_in_pixels) == (640, 480)
        sinks = subprocess.run(
            ["pactl", "list", "short", "sinks"],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert SINK_NAME in sinks
        folder = Path(environment["PULSE_SERVER"].removeprefix("unix:")).parent
        assert folder.is_dir()
    assert not folder.exists()


@needs_servers
def test_two_stations_stand_side_by_side():
    with virtual_station() as one, virtual_station() as other:
        assert one["DISPLAY"] != other["DISPLAY"]
        assert one["PULSE_SERVER"] != other["PULSE_SERVER"]


@needs_servers
@pytest.mark.parametrize("name", ["with a blank", "x" * 100])
def test_a_station_stands_whatever_the_folders_of_the_user_are(name, monkeypatch, tmp_path):
    (tmp_path / name).mkdir()
    monkeypatch.setattr(tempfile, "tempdir", os.fspath(tmp_path / name))
    monkeypatch.setenv("HOME", "/proc/nobody")
    with virtual_station() as environment:
        command = ["pactl", "list", "short", "sinks"]
        assert SINK_NAME in subprocess.check_output(command, env=environment, text=True)


@needs_servers
def test_servers_end_when_the_process_that_started_them_is_killed():
    code = (
        "import time\n"
        "from lab.virtual_station import virtual_station\n"
        "with virtual_station() as environment:\n"
        "    print(environment['DISPLAY'], environment['PULSE_SERVER'], flush=True)\n"
        "    time.sleep(60)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE)
    display, pulse_server = child.stdout.readline().decode().split()
    servers = servers_of(display, pulse_server)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    deadline = time.monotonic() + PATIENCE_S
    while any(is_running(pid) for pid in servers) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert servers
    assert not any(is_running(pid) for pid in servers)


def test_a_missing_server_is_named_with_the_package_that_brings_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    with (
        pytest.raises(StageError, match=r"Xvfb is not installed.*apt-get install xvfb"),
        virtual_station(),
    ):
        pass
