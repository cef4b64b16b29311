"""The other sound path: sounddevice, whose callback starts the clip at its sample."""

import threading
from typing import Any

import numpy as np

from annotator.window.sound.paths import NO_DEVICE, Samples, rig_clock
from study.errors import StageError


class SounddeviceSound:
    """Sounddevice: an open stream plays silence, and the clip begins at the sample that is due."""

    name = "sounddevice"

    def __init__(self, sample_rate_hz: int) -> None:
        try:
            import sounddevice  # of the extra [annotator], and the library may be missing
        except OSError as error:
            raise StageError(
                f"{error}. Install it (Debian: apt-get install libportaudio2)"
            ) from error
        self._now = rig_clock()
        self._rate_hz = sample_rate_hz
        self._lock = threading.Lock()
        self._samples: Samples = np.zeros((0, 2), dtype=np.float32)
        self._due_s: float | None = None
        self._started_s: float | None = None
        self._position = 0
        self._n_xruns = 0
        try:
            self._stream: Any = sounddevice.OutputStream(
                samplerate=sample_rate_hz,
                channels=2,
                dtype="float32",
                latency="low",
                callback=self._fill,
            )
            self._stream.start()
            self._name = str(sounddevice.query_devices(self._stream.device)["name"])
        except sounddevice.PortAudioError as error:
            raise StageError(NO_DEVICE.format(found=str(error))) from error

    def load(self, samples: Samples) -> None:
        """Take the sound of the next playing."""
        with self._lock:
            self._samples, self._position = samples, 0
            self._due_s = self._started_s = None
            self._n_xruns = 0

    def start_at(self, t_s: float) -> None:
        """Schedule it."""
        with self._lock:
            self._due_s = t_s

    def started_s(self) -> float | None:
        """Return when the first sample went out."""
        return self._started_s

    def stop(self) -> None:
        """Stop the sound at once."""
        with self._lock:
            self._due_s = None

    def n_xruns(self) -> int:
        """Return the gaps since the start."""
        return self._n_xruns

    def is_alive(self) -> bool:
        """Return whether the device takes samples."""
        return bool(self._stream.active)

    def broke_off(self) -> bool:
        """Return whether the device is gone."""
        return not self._stream.active

    def facts(self) -> dict[str, Any]:
        """Return device and latency."""
        return {
            "path": self.name,
            "latency_class": "low",
            "device": self._name,
            "device_index": self._stream.device,
            "sample_rate_hz": self._stream.samplerate,
            "predicted_latency_s": self._stream.latency,
            "buffer_size": self._stream.blocksize,
        }

    def close(self) -> None:
        """Release the device."""
        self._stream.close()

    def _fill(self, out: Any, n_samples: int, times: Any, status: Any) -> None:  # noqa: ANN401
        out.fill(0)
        with self._lock:
            if self._due_s is None:
                return
            self._n_xruns += bool(status.output_underflow)
            first = 0
            if self._started_s is None:
                # The driver's clock and the rig's have different origins.
                out_s = self._now() + times.outputBufferDacTime - times.currentTime
                first = round((self._due_s - out_s) * self._rate_hz)
                if first >= n_samples:
                    return
                first = max(0, first)
                self._started_s = out_s + first / self._rate_hz
            chunk = self._samples[self._position : self._position + n_samples - first]
            out[first : first + len(chunk)] = chunk
            self._position += len(chunk)
