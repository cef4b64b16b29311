"""The sound of a clip, brought to one rate and put where its time stamps say."""

from collections.abc import Sequence

import av
import numpy as np
import numpy.typing as npt

from study.clips.sound.one_form import N_EARS, EarMixer, Form, form_of
from study.clips.sound.placing import stretches

Samples = npt.NDArray[np.float32]


class SoundTrack:
    """Sound for two ears: silent where nothing was recorded, every sample at its own time.

    What a file has a second time, because its time stamps jump back, is cut.

    Parameters
    ----------
    sample_rate_hz : int
        Rate to bring it to.
    """

    def __init__(self, sample_rate_hz: int) -> None:
        self._rate_hz = sample_rate_hz
        self._frames: list[av.AudioFrame] = []
        self._times_s: list[float | None] = []
        self._placed: list[tuple[float, Samples]] = []

    @property
    def begin_s(self) -> float | None:
        """When it begins, on the file's clock; None where there is none. Ask after `finish`."""
        return min((begin_s for begin_s, _ in self._placed), default=None)

    @property
    def end_s(self) -> float:
        """When the last sample is out, on the file's clock; 0 without one. Ask after `finish`."""
        ends = (begin_s + len(sound) / self._rate_hz for begin_s, sound in self._placed)
        return max(ends, default=0.0)

    def add(self, frame: av.AudioFrame, time_s: float | None) -> None:
        """Take the next decoded frame.

        `time_s`: when it is due, on the file's clock; None where the file does not say.
        """
        self._frames.append(frame)
        self._times_s.append(time_s)

    def finish(self) -> None:
        """Mix all frames, stretch by stretch."""
        if not self._frames:
            return
        lengths_s = [frame.samples / frame.sample_rate for frame in self._frames]
        tick_s = float(self._frames[0].time_base or 0)
        found = stretches(self._times_s, lengths_s, tick_s)
        ends = [stretch.first for stretch in found[1:]] + [len(self._frames)]
        for stretch, end in zip(found, ends, strict=True):
            sound = _mixed(self._frames[stretch.first : end], self._rate_hz)
            self._placed.append((stretch.begin_s, sound))
        self._frames = []

    def samples(self, begin_s: float, duration_s: float) -> Samples:
        """Return all samples from the beginning of a clip to its end.

        `begin_s`: when the clip begins, on the file's clock; not after the sound.

        Returns
        -------
        ndarray of float32, shape (n_samples, 2)
            Silent where there is no sound.
        """
        n_total = max(self._place(self.end_s - begin_s), self._place(duration_s))
        track = np.zeros((n_total, N_EARS), dtype=np.float32)
        n_taken = 0
        for stretch_s, sound in self._placed:
            first = self._place(stretch_s - begin_s)
            new = sound[max(n_taken - first, 0) : n_total - first]
            first = max(first, n_taken)
            track[first : first + len(new)] = new
            n_taken = max(n_taken, first + len(new))
        return track

    def _place(self, t_s: float) -> int:
        return round(t_s * self._rate_hz)


def _mixed(frames: Sequence[av.AudioFrame], rate_hz: int) -> Samples:
    chunks: list[Samples] = []
    mixer: EarMixer | None = None
    form: Form | None = None
    for frame in frames:
        if form != form_of(frame):
            chunks += mixer.mix(None) if mixer is not None else ()
            form = form_of(frame)
            mixer = EarMixer(form, rate_hz)
        if mixer is not None:
            chunks += mixer.mix(frame)
    chunks += mixer.mix(None) if mixer is not None else ()
    return np.concatenate(chunks) if chunks else np.zeros((0, N_EARS), dtype=np.float32)
