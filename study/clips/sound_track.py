"""The sound of a clip, brought to one rate and put where its time stamps say."""

from dataclasses import dataclass, field
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from study.clips.resampling import Resampler

N_CHANNELS = 2
# Time stamps of a container are rounded and may drift a little; what is missing for longer than
# this was not recorded, and silence stands for it (FFmpeg's own limit, `min_hard_comp`).
_GAP_S = 0.1

Samples = npt.NDArray[np.float32]


@dataclass
class _Stretch:
    # Sound without a gap.
    begin_s: float
    chunks: list[Samples] = field(default_factory=list)

    @property
    def n_samples(self) -> int:
        return sum(map(len, self.chunks))


class SoundTrack:
    """Stereo sound with its gaps; one channel is heard on both ears alike.

    Parameters
    ----------
    audio : AudioStream
        What is decoded.
    sample_rate_hz : int
        Rate to bring it to.
    """

    def __init__(self, audio: Any, sample_rate_hz: int) -> None:  # noqa: ANN401
        self._is_mono = audio.codec_context.channels == 1
        self._rate_hz = sample_rate_hz
        layout = "mono" if self._is_mono else "stereo"
        self._resampler = Resampler("flt", layout=layout, rate_hz=sample_rate_hz)
        self._stretches: list[_Stretch] = []
        self._due_s = 0.0  # when the next frame is due if nothing is missing

    @property
    def begin_s(self) -> float | None:
        """When it begins, on the file's clock; None where there is no sound."""
        return self._stretches[0].begin_s if self._stretches else None

    @property
    def end_s(self) -> float:
        """When the last sample is out, on the file's clock; ask after `finish`."""
        last = self._stretches[-1]
        return last.begin_s + last.n_samples / self._rate_hz

    def add(self, frame: av.AudioFrame, time_s: float) -> None:
        """Take the next decoded frame.

        Parameters
        ----------
        frame : AudioFrame
            In the order of the file.
        time_s : float
            When it is due, on the file's clock.
        """
        if not self._stretches or time_s - self._due_s > _GAP_S:
            self.finish()
            self._stretches.append(_Stretch(time_s))
            self._due_s = time_s
        self._due_s += frame.samples / frame.sample_rate
        self._take(frame)

    def finish(self) -> None:
        """Take what the resampler still holds."""
        if self._stretches:
            self._take(None)

    def samples(self, begin_s: float, duration_s: float) -> Samples:
        """Return all samples from the beginning of a clip to its end.

        Parameters
        ----------
        begin_s : float
            When the clip begins, on the file's clock; not after the sound.
        duration_s : float
            How long it lasts.

        Returns
        -------
        ndarray of float32, shape (n_samples, 2)
            Silent where there is no sound.
        """
        n_total = max(self._place(self.end_s - begin_s), self._place(duration_s))
        found = np.zeros((n_total, N_CHANNELS), dtype=np.float32)
        for stretch in self._stretches:
            if not stretch.chunks:  # too short for a sample at the new rate
                continue
            first = self._place(stretch.begin_s - begin_s)
            sound = np.concatenate(stretch.chunks)[: n_total - first]
            found[first : first + len(sound)] = sound
        return found

    def _place(self, t_s: float) -> int:
        return round(t_s * self._rate_hz)

    def _take(self, frame: av.AudioFrame | None) -> None:
        for resampled in self._resampler.resample(frame):
            # Packed samples come as one row: left, right, left, ...
            samples = resampled.to_ndarray().reshape(-1, 1 if self._is_mono else N_CHANNELS)
            self._stretches[-1].chunks.append(np.broadcast_to(samples, (len(samples), N_CHANNELS)))
