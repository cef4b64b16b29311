"""Sound that starts at a given time: two paths, chosen by name, with no silent fallback."""

import ctypes
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from study.errors import StageError

WARM_UP_PLAYS = 3
WARM_UP_TOLERANCE_S = 0.005
WARM_UP_PATIENCE_S = 20.0
_N_CHANNELS = 2
_LOW_LATENCY = 1  # shared, low latency: other programs may sound, but are not waited for
NO_DEVICE = (
    "no sound device: {found}. The task needs headphones. Plug them in and check that the system "
    "plays sound (Debian: apt-get install pulseaudio alsa-utils; then: speaker-test -c 2)"
)

SOUND_GONE = (
    "the sound device stopped. Check that the headphones are plugged in and that the system plays "
    "sound"
)
SOUND_LATE = f"{SOUND_GONE}: it did not begin the clip in several tries"
# A device asks for samples every few milliseconds, even for silence. On a busy machine it may be
# held up for a second; one that asks no more for so long is gone.
_LONGEST_WAIT_S = 3.0
_CUT_OFF_S = 0.3  # less than that at the end of a clip may be missing in the driver's count
# How long a new thread may take on a busy machine until it has asked for its priority.
_FIRST_WORDS_US = 100_000
_LONGER_THAN_THAT_S = 0.2


Samples = npt.NDArray[np.float32]


class SoundPath(Protocol):
    """A path to the headphones."""

    name: str

    def load(self, samples: Samples) -> None:
        """Take the sound of the next playing, shape (n_samples, 2)."""

    def start_at(self, t_s: float) -> None:
        """Schedule the loaded sound for a moment on the rig clock."""

    def started_s(self) -> float | None:
        """Return when the driver says the first sample went out; None if it has not."""

    def stop(self) -> None:
        """Stop the sound at once."""

    def n_xruns(self) -> int:
        """Return how many gaps the driver reported since the start."""

    def is_alive(self) -> bool:
        """Return whether the device takes samples; to start one that does not may hang."""

    def broke_off(self) -> bool:
        """Return whether what is played ended before its end, the device being gone."""

    def facts(self) -> dict[str, Any]:
        """Return device and latency, ready for JSON."""

    def close(self) -> None:
        """Release the device."""


def open_sound(name: str, sample_rate_hz: int) -> SoundPath:
    """Open a sound path and warm it up with silence, so that the first clip is as good as any.

    Raises StageError if there is no device, or it does not take samples.

    Parameters
    ----------
    name : {"psychtoolbox", "sounddevice"}
        Which path.
    """
    sound: SoundPath
    if name == "psychtoolbox":
        sound = PsychtoolboxSound(sample_rate_hz)
    else:
        from annotator.window.sound.sounddevice_path import (
            SounddeviceSound,  # which needs this file
        )

        sound = SounddeviceSound(sample_rate_hz)
    warm_up(sound, sample_rate_hz)
    return sound


def warm_up(sound: SoundPath, sample_rate_hz: int) -> None:
    """Play silence until the device starts on time.

    The first start of a stream comes up to two seconds late.

    Raises StageError if the device takes no samples.
    """
    silence = np.zeros((sample_rate_hz // 20, _N_CHANNELS), dtype=np.float32)
    give_up_s = time.monotonic() + WARM_UP_PATIENCE_S
    n_exact = n_started = 0
    while n_exact < WARM_UP_PLAYS and time.monotonic() < give_up_s:
        error_s = start_error_s(sound, silence, give_up_s)
        n_started += error_s is not None
        is_exact = error_s is not None and abs(error_s) < WARM_UP_TOLERANCE_S
        n_exact = n_exact + 1 if is_exact else 0
    if n_started == 0:
        raise StageError(NO_DEVICE.format(found=f"{sound.name} takes no samples"))


def rig_clock() -> Callable[[], float]:
    """Return Psychtoolbox's clock, on which sounds, flips and keys have their times in seconds."""
    from psychtoolbox import GetSecs  # of the extra [annotator]; there is none for Python 3.13

    now: Callable[[], float] = GetSecs
    return now


def start_error_s(sound: SoundPath, samples: Samples, give_up_s: float) -> float | None:
    """Return how much later than scheduled a sound started.

    Returns seconds; None where it never started.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_samples, 2)
        What to play.
    give_up_s : float
        Until when to wait, on the monotonic clock.
    """
    now = rig_clock()
    sound.load(samples)
    requested_s = now() + 0.1
    sound.start_at(requested_s)
    while time.monotonic() < give_up_s:
        time.sleep(0.005)
        started_s = sound.started_s()
        if started_s is not None:
            time.sleep(len(samples) / 48000)
            sound.stop()
            return started_s - requested_s
    sound.stop()
    return None


@contextmanager
def threads_starting() -> Iterator[None]:
    """Run a block that starts threads of Psychtoolbox, and wait until they have printed.

    They ask for realtime priority, which only root and accounts with `rtprio` get, and print it
    when they do not. They print through Python without holding its lock: where nobody else holds
    it at that moment, the process ends with a segmentation fault. So this thread holds it
    meanwhile, and what they print goes nowhere.

    Keep the block short: no other thread of Python runs meanwhile.
    """
    if sys.platform != "linux":
        yield
        return
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(_LONGER_THAN_THAT_S)
    try:
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            yield
            # A PyDLL keeps the lock while it is in the function.
            ctypes.PyDLL(None).usleep(_FIRST_WORDS_US)
    finally:
        sys.setswitchinterval(interval_s)


class PsychtoolboxSound:
    """PsychPortAudio: the driver starts the sound at its time."""

    name = "psychtoolbox"

    def __init__(self, sample_rate_hz: int) -> None:
        from psychtoolbox import PsychPortAudio, audio  # of the extra [annotator]

        self._driver, self._audio = PsychPortAudio, audio
        self._driver("Verbosity", 1)
        # PsychPortAudio would suspend a sound server that it then plays through.
        self._driver("EngineTunables", [], [], [], 0)
        try:
            # It prints its usage as well; what it found is in its exception.
            with redirect_stdout(StringIO()):
                self._stream = audio.Stream(
                    mode=1, freq=sample_rate_hz, channels=_N_CHANNELS, latency_class=_LOW_LATENCY
                )
            # Silence between clips keeps the device awake, and shows whether it is there.
            self._stream.run_mode = 1
            self._stream.fill_buffer(np.zeros((1, _N_CHANNELS), np.float32))
            with threads_starting():
                self._stream.start(1, 0, 0)
        except Exception as error:  # the driver raises bare Exceptions
            self._forget_devices()
            found = str(error).split("\n")[0].rstrip(".") or "the driver says no more"
            raise StageError(NO_DEVICE.format(found=found)) from error
        self._rate_hz, self._duration_s = sample_rate_hz, 0.0

    def load(self, samples: Samples) -> None:
        """Take the sound of the next playing."""
        self._stream.stop(0, 1)
        self._stream.fill_buffer(samples)
        self._duration_s = len(samples) / self._rate_hz

    def start_at(self, t_s: float) -> None:
        """Schedule it."""
        self._stream.start(1, t_s, 0)

    def started_s(self) -> float | None:
        """Return when the first sample went out."""
        started_s = float(self._stream.status["StartTime"])
        return started_s if started_s > 0 else None

    def stop(self) -> None:
        """Stop the sound at once, without waiting for the driver."""
        self._stream.stop(0, 0)

    def n_xruns(self) -> int:
        """Return the gaps since the start."""
        return int(self._stream.status["XRuns"])

    def is_alive(self) -> bool:
        """Return whether the driver asks for samples, now."""
        n_before = self._n_calls()
        give_up_s = time.monotonic() + _LONGEST_WAIT_S
        while self._n_calls() == n_before:
            if time.monotonic() > give_up_s:
                return False
            time.sleep(0.0005)
        return True

    def broke_off(self) -> bool:
        """Return whether the device stopped before the end."""
        status = self._stream.status
        is_over = float(status["PositionSecs"]) >= self._duration_s - _CUT_OFF_S
        return not status["Active"] and not is_over

    def _n_calls(self) -> float:
        return float(self._stream.status["TotalCalls"])

    def facts(self) -> dict[str, Any]:
        """Return device and latency."""
        status = self._stream.status
        return {
            "path": self.name,
            "latency_class": _LOW_LATENCY,
            "device": self._device_name(int(status.get("OutDeviceIndex", -1))),
            "device_index": int(status.get("OutDeviceIndex", -1)),
            "sample_rate_hz": float(status["SampleRate"]),
            "predicted_latency_s": float(status.get("PredictedLatency", 0.0)),
            "buffer_size": int(status.get("BufferSize", 0)),
        }

    def close(self) -> None:
        """Release the device."""
        self._stream.close()
        self._forget_devices()

    def _forget_devices(self) -> None:
        # A driver only knows the devices that were there when it was first asked.
        self._driver("Close")

    def _device_name(self, index: int) -> str:
        found = self._audio.get_devices(device_index=index)
        return str((found[0] if isinstance(found, list) else found)["DeviceName"])
