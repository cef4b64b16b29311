"""The headphones: a sound path with a level, opened again after its device was gone."""

from typing import Any

import numpy as np

from annotator.window.sound.paths import SOUND_GONE, Samples, SoundPath, open_sound
from study.errors import StageError


class Headset:
    """One sound path at a time.

    Parameters
    ----------
    audio_path : {"psychtoolbox", "sounddevice"}
        Which path.

    Raises
    ------
    StageError
        If there is no device.
    """

    def __init__(self, audio_path: str, sample_rate_hz: int) -> None:
        self._audio_path, self._sample_rate_hz = audio_path, sample_rate_hz
        self._path: SoundPath = open_sound(audio_path, sample_rate_hz)
        self._is_open = True
        self._gain = np.float32(1.0)

    def set_gain_db(self, gain_db: float) -> None:
        """Set the gain of all sounds loaded from now on; 0 dB leaves them as they are."""
        self._gain = np.float32(10 ** (gain_db / 20))

    def load(self, samples: Samples) -> None:
        """Take the sound of the next playing, on a device that is there.

        Raises StageError if the device is gone and cannot be opened again.

        Parameters
        ----------
        samples : ndarray of float32, shape (n_samples, 2)
            What will be heard.
        """
        if not self._is_open:
            self._path = open_sound(self._audio_path, self._sample_rate_hz)
            self._is_open = True
        elif not self._path.is_alive():
            self._give_up()
            raise StageError(SOUND_GONE)
        self._path.load(samples if self._gain == 1 else samples * self._gain)

    def start_at(self, t_s: float) -> None:
        """Schedule the loaded sound for a moment on the rig clock."""
        self._path.start_at(t_s)

    def started_s(self) -> float | None:
        """Return when the first sample went out; None if it has not."""
        return self._path.started_s()

    def broke_off(self) -> bool:
        """Return whether the device was lost while playing."""
        if self._is_open and self._path.broke_off():
            self._give_up()
        return not self._is_open

    def stop(self) -> None:
        """Stop the sound at once."""
        if self._is_open:
            self._path.stop()

    def n_xruns(self) -> int:
        """Return how many gaps the driver reported since the start."""
        return self._path.n_xruns() if self._is_open else 0

    def facts(self) -> dict[str, Any]:
        """Return device and latency, ready for JSON."""
        return self._path.facts()

    def close(self) -> None:
        """Release the device."""
        if self._is_open:
            self._give_up()

    def _give_up(self) -> None:
        self._path.close()
        self._is_open = False
