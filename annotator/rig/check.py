"""Measure the machine at which participants will rate."""

import itertools
import os
import re
import resource
import shutil
import socket
import statistics
import subprocess
import time
from datetime import datetime
from pathlib import Path

import numpy as np
import psutil

from annotator.rig.flashes import FLASHES_PER_PLAY, play_flashes
from annotator.rig.grades import (
    NOT_APPLICABLE,
    Measurement,
    as_table,
    graded,
    observed,
    overall,
    robust_sd,
)
from annotator.rig.keyboard_path import keyboard_path_s
from annotator.rig.lead import MEASUREMENT, safe_lead_s
from annotator.rig.loopback import recorded
from annotator.window.keys.keyboard import Keyboard
from annotator.window.sound.paths import SoundPath, open_sound, start_error_s
from annotator.window.texture import Texture
from annotator.window.virtual import ask_server, told_width_cm
from annotator.window.window import TaskWindow
from sessions.running.recording import machine
from study.config.screen import Screen
from study.errors import StageError
from study.rehearsal.odd import FIRST_FLASH_S, FLASH_EVERY_S
from study.store.ratings.rig_checks import RigCheck

N_FLIPS = 180
N_UPLOADS = 30
N_STARTS = 20
WIDTH_TOLERANCE = 0.03
N_LOOPBACK_PLAYS = 7  # three flashes each


def check_rig(screen: Screen, folder: Path, *, loopback: str | None, at: datetime) -> RigCheck:
    """Measure screen, sound, keyboard and system.

    Returns measurements and grade, to be kept in the store. Raises StageError if there is no
    display or no sound device.

    Parameters
    ----------
    loopback : str or None
        A source on which what is played can be recorded; None to leave that out.
    """
    # First of all: a source that is not there should not be found out after half a minute.
    from_end_to_end = [] if loopback is None else [_av_offset(screen, loopback)]
    window = TaskWindow(screen, paced=False)
    try:
        sound = open_sound(screen.audio_path, screen.sample_rate_hz)
        measurements = [
            *_screen(window, screen),
            *_sound(sound, screen.sample_rate_hz),
            *_keyboard(is_virtual=window.is_virtual),
            *_system(folder),
            *from_end_to_end,
        ]
        facts = {"screen": window.facts(), "sound": sound.facts()}
        sound.close()
    finally:
        window.close()
    return RigCheck(
        host=socket.gethostname(),
        checked_at=at,
        grade=overall(measurements, is_virtual=window.is_virtual),
        rig=machine() | facts,
        measurements=as_table(measurements),
    )


def _screen(window: TaskWindow, screen: Screen) -> list[Measurement]:
    times_s = [window.flip() for _ in range(N_FLIPS)]
    intervals_s = [b - a for a, b in itertools.pairwise(times_s)]
    period_s = statistics.median(intervals_s)
    n_late = sum(interval > 1.5 * period_s for interval in intervals_s)
    real = not window.is_virtual
    refresh = f"{1 / window.period_s:.2f} Hz" if real else "virtual screen"
    share = 100 * _upload_s(window, screen) / window.period_s
    return [
        observed("refresh", refresh, advice=_why_virtual(window)),
        *screen_width(screen.width_cm, told_width_cm(ask_server())),
        graded("flip_jitter", 1000 * robust_sd(intervals_s), applicable=real),
        graded("late_flips", 100 * n_late / len(intervals_s), applicable=real),
        graded("upload", share, applicable=real),
    ]


def screen_width(width_cm: float | None, told_cm: float | None) -> list[Measurement]:
    """Return how wide the screen is for the study, and what the monitor says against it.

    Nothing where the study does not need it.

    Examples
    --------
    >>> screen_width(53.0, 59.8)[0].advice
    'The monitor says 59.8 cm. Measure it; the width of this machine: [desk] screen_widths_cm.'
    >>> screen_width(53.0, 53.1)[0].advice, screen_width(53.0, None)[0].advice
    ('', '')
    """
    if width_cm is None:
        return []
    advice = ""
    if told_cm is not None and abs(told_cm - width_cm) > WIDTH_TOLERANCE * width_cm:
        advice = (
            f"The monitor says {told_cm:g} cm. Measure it; the width of this machine: [desk] "
            "screen_widths_cm."
        )
    return [observed("screen_width", f"{width_cm:g} cm", advice=advice)]


def _why_virtual(window: TaskWindow) -> str:
    reason = window.verdict.reason
    return f"{reason}: no grade. Rate at a machine with a screen of its own." if reason else ""


def _upload_s(window: TaskWindow, screen: Screen) -> float:
    texture = Texture(window.win)
    shape = (screen.max_clip_height_px, screen.max_clip_width_px, 3)
    frames = np.random.default_rng(1).integers(0, 255, (2, *shape), dtype=np.uint8)

    def upload(i: int) -> float:
        begin_s = time.perf_counter()
        texture.upload(frames[i % 2])
        window.finish()
        return time.perf_counter() - begin_s

    return statistics.median(upload(i) for i in range(N_UPLOADS))


def _sound(sound: SoundPath, sample_rate_hz: int) -> list[Measurement]:
    silence = np.zeros((sample_rate_hz // 20, 2), dtype=np.float32)
    give_up_s = time.monotonic() + 30.0
    errors_s = [
        error_s
        for _ in range(N_STARTS)
        if (error_s := start_error_s(sound, silence, give_up_s)) is not None
    ]
    if not errors_s:
        raise StageError(f"{sound.name} did not start one of {N_STARTS} sounds. Check the device")
    return [
        graded("sound_start_error", 1000 * abs(statistics.median(errors_s))),
        graded("sound_start_spread", 1000 * robust_sd(errors_s)),
        _lead(sound, sample_rate_hz),
    ]


def _lead(sound: SoundPath, sample_rate_hz: int) -> Measurement:
    lead_s = safe_lead_s(sound, sample_rate_hz)
    if lead_s is None:
        advice = "No short lead is safe with this device: close other programs and check again."
        return Measurement(MEASUREMENT, None, "ms", NOT_APPLICABLE, advice)
    return Measurement(MEASUREMENT, round(1000 * lead_s, 1), "ms", NOT_APPLICABLE, "")


def _keyboard(*, is_virtual: bool) -> list[Measurement]:
    keyboard = Keyboard()
    names = keyboard.device_names()
    path_s = keyboard_path_s(keyboard)
    keyboard.close()
    advice = "" if names else "Plug a keyboard in."
    found = observed("keyboards", ", ".join(names) or None, advice=advice)
    if path_s is None:
        advice = "Log in to an X11 session: elsewhere no program can press a key and time it."
        return [found, observed("keyboard_path", None, advice=advice)]
    return [found, graded("keyboard_path", 1000 * path_s, applicable=not is_virtual)]


def _system(folder: Path) -> list[Measurement]:
    free_gb = shutil.disk_usage(folder).free / 1e9
    return [
        observed("disk_free", f"{free_gb:.1f} GB"),
        graded("disk", max(0.0, 1.0 - free_gb)),
        _real_time(),
        _compositor(),
        _sleep(),
        _power(),
    ]


def _real_time() -> Measurement:
    allowed = resource.getrlimit(resource.RLIMIT_RTPRIO)[1]
    unlimited = allowed == resource.RLIM_INFINITY or os.geteuid() == 0
    if unlimited or allowed > 0:
        return observed("real_time", "allowed")
    return observed(
        "real_time",
        "not allowed",
        advice="Give the rating account rtprio 50 and memlock unlimited in limits.conf.",
    )


def _compositor() -> Measurement:
    if not os.environ.get("DISPLAY"):
        return observed("compositor", None)
    from Xlib import display  # of the extra [annotator]

    connection = display.Display()
    try:
        owner = connection.get_selection_owner(connection.intern_atom("_NET_WM_CM_S0"))
    finally:
        connection.close()
    if not owner:
        return observed("compositor", "none")
    return observed("compositor", "running", advice="Switch the compositor off for the session.")


def _sleep() -> Measurement:
    if shutil.which("xset") is None:
        return observed("sleep", None, advice="Install x11-xserver-utils to see the sleep settings")
    told = subprocess.run(["xset", "q"], capture_output=True, text=True, check=False).stdout
    on = what_sleeps(told)
    if not on:
        return observed("sleep", "off")
    advice = "Switch it off for the session: xset s off -dpms"
    return observed("sleep", ", ".join(on), advice=advice)


def what_sleeps(told: str) -> list[str]:
    r"""Return which parts of the screen's power saving are on.

    The words are empty where nothing does.

    Parameters
    ----------
    told : str
        What ``xset q`` says.

    Examples
    --------
    >>> what_sleeps("  timeout:  600    cycle:  600\nDPMS is Disabled")
    ['screen saver after 600 s']
    """
    on = ["display power saving"] if "DPMS is Enabled" in told else []
    timeout = re.search(r"timeout:\s+(\d+)", told)
    if timeout is not None and int(timeout[1]) > 0:
        on.append(f"screen saver after {timeout[1]} s")
    return on


def _power() -> Measurement:
    try:
        battery = psutil.sensors_battery()
    except FileNotFoundError:  # machines that know of no power supply: servers, containers
        battery = None
    if battery is None or battery.power_plugged:
        return observed("power", "mains")
    return observed("power", "battery", advice="Plug it in: on battery processors run slower.")


def _av_offset(screen: Screen, device: str) -> Measurement:
    with recorded(device) as recording:
        onsets_s = play_flashes(screen, N_LOOPBACK_PLAYS)
    flashes_s = [
        onset_s + FIRST_FLASH_S + i * FLASH_EVERY_S
        for onset_s in onsets_s
        for i in range(FLASHES_PER_PLAY)
    ]
    beeps_s = recording.onsets_s()
    if len(beeps_s) == 0:
        raise StageError(
            f"nothing was heard on {device}. Check the cable and the level, or name another "
            "source: pactl list short sources"
        )
    nearest = [beeps_s[np.abs(beeps_s - flash_s).argmin()] - flash_s for flash_s in flashes_s]
    return graded("av_offset", 1000 * abs(statistics.median(map(float, nearest))))


def lines(check: RigCheck) -> list[str]:
    """Return a check as lines of text.

    Returns one line per measurement, with what to change below it.
    """
    told = []
    for m in check.measurements.values():
        value = "not known" if m["value"] is None else f"{m['value']} {m['unit']}".strip()
        told.append(f"{m['name']:20} {value:32} {m['grade']}")
        if m["advice"]:
            told.append(f"{'':20} -> {m['advice']}")
    return told
