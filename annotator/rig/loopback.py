"""Record what was really played, from a loopback cable or a sink's monitor."""

import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from study.errors import StageError

RATE_HZ = 48_000
_BYTES_PER_FRAME = 8  # two channels of 32 bits
_CHUNK = 480 * _BYTES_PER_FRAME
_QUIET_S = 0.15  # a new sound begins after so much silence
_THRESHOLD = 0.1
_NEARBY_S = 2.0
_PATIENCE_S = 5.0


@dataclass(slots=True)
class Recording:
    """Recorded samples, and when they arrived.

    Parameters
    ----------
    chunks : list of bytes
        Interleaved 32-bit floats, two channels.
    arrivals : list of (int, float)
        Samples per channel up to the end of each chunk, and when it came on the wall clock.
    """

    chunks: list[bytes] = field(default_factory=list)
    arrivals: list[tuple[int, float]] = field(default_factory=list)

    def take(self, chunk: bytes, arrived_s: float) -> None:
        """Add a chunk that has just arrived."""
        n_before = self.arrivals[-1][0] if self.arrivals else 0
        self.chunks.append(chunk)
        self.arrivals.append((n_before + len(chunk) // _BYTES_PER_FRAME, arrived_s))

    def onsets_s(self) -> npt.NDArray[np.float64]:
        """Return when sounds begin.

        Returns
        -------
        ndarray of float64, shape (n_sounds,)
            Seconds on the wall clock.
        """
        whole = b"".join(self.chunks)
        whole = whole[: len(whole) // _BYTES_PER_FRAME * _BYTES_PER_FRAME]
        onsets = sound_onsets(np.frombuffer(whole, dtype=np.float32).reshape(-1, 2))
        arrivals = np.array(self.arrivals)
        origins_s = arrivals[:, 1] - arrivals[:, 0] / RATE_HZ
        # A chunk can come late, never early; and the card's clock is not the machine's: the least
        # delayed chunk nearby shows when a sample came.
        near = np.abs(arrivals[None, :, 0] - onsets[:, None]) < _NEARBY_S * RATE_HZ
        origin_s: npt.NDArray[np.float64] = np.where(near, origins_s, np.inf).min(axis=1)
        return onsets / RATE_HZ + origin_s


def sound_onsets(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """Return the samples at which sounds begin.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_samples, n_channels)
        A recording of beeps.

    Returns
    -------
    ndarray of int64, shape (n_sounds,)
        First sample of each sound that follows enough silence.
    """
    loud = np.flatnonzero(np.abs(samples).max(axis=1) > _THRESHOLD)
    gaps = np.diff(loud, prepend=-RATE_HZ)
    return loud[gaps > _QUIET_S * RATE_HZ]


@contextmanager
def recorded(device: str, environment: dict[str, str] | None = None) -> Iterator[Recording]:
    """Record while the block runs.

    Raises StageError if it cannot be recorded.

    Parameters
    ----------
    device : str
        PulseAudio or PipeWire source, such as ``"avmit.monitor"`` or the line-in that a loopback
        cable leads to.
    environment : dict of str to str or None
        Where the sound server is; None for this process's.
    """
    if shutil.which("parec") is None:
        raise StageError(
            "parec is not installed, which records the loopback. "
            "Install it (Debian: apt-get install pulseaudio-utils)"
        )
    command = ["parec", "-d", device, "--rate", str(RATE_HZ), "--channels", "2"]
    command += ["--format", "float32le", "--latency-msec", "2", "--raw"]
    recorder = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    )
    recording = Recording()
    reader = threading.Thread(target=_read, args=(recorder, recording), daemon=True)
    reader.start()
    try:
        _wait_for_sound(recording, reader, device)
        yield recording
    finally:
        recorder.terminate()
        recorder.wait()
        reader.join()
        if recorder.stdout is not None:
            recorder.stdout.close()


def _wait_for_sound(recording: Recording, reader: threading.Thread, device: str) -> None:
    # A source gives samples all the time, those of silence too.
    give_up_s = time.monotonic() + _PATIENCE_S
    while not recording.chunks:
        if not reader.is_alive() or time.monotonic() > give_up_s:
            raise StageError(
                f"nothing came from {device}. List what can be recorded: pactl list short sources"
            )
        time.sleep(0.01)


def _read(recorder: subprocess.Popen[bytes], recording: Recording) -> None:
    if recorder.stdout is None:
        return
    while chunk := recorder.stdout.read(_CHUNK):
        recording.take(chunk, time.time())
