"""Sound in one form, even where a file changes the form half-way."""

from collections.abc import Iterator
from typing import Any

import av
import numpy as np
import numpy.typing as npt

N_EARS = 2
Form = tuple[str, str, int]


def form_of(frame: av.AudioFrame) -> Form:
    """Return in which form a frame of sound is.

    `frame`: the frame.
    """
    return frame.format.name, frame.layout.name, frame.sample_rate


class Resampler:
    """PyAV's resampler, begun anew where the sound changes its rate, channels or sample format.

    PyAV's own refuses such a sound; FFmpeg's programs go on in the form of its beginning.

    Parameters
    ----------
    sample_format : str
        FFmpeg's name of what comes out, such as ``"s16"``.
    """

    def __init__(self, sample_format: str) -> None:
        self._sample_format = sample_format
        self._layout: Any = None
        self._rate_hz: int | None = None
        self._resampler: Any = None
        self._form: Form | None = None

    @property
    def rate_hz(self) -> int | None:
        """Rate of what comes out, the first frame's; None where none has come."""
        return self._rate_hz

    def resample(self, frame: av.AudioFrame | None) -> list[av.AudioFrame]:
        """Return what is ready after a frame.

        Returns frames in the one form; after None, all that was still held.

        `frame`: the next one; None at the end.
        """
        form = None if frame is None else form_of(frame)
        ready: list[av.AudioFrame] = []
        if self._resampler is not None and form != self._form:
            ready += self._resampler.resample(None)
            self._resampler = None
        if frame is None:
            return ready
        if self._resampler is None:
            self._begin(frame)
            self._form = form
        return ready + list(self._resampler.resample(frame))

    def _begin(self, frame: av.AudioFrame) -> None:
        self._layout = self._layout or frame.layout
        self._rate_hz = self._rate_hz or frame.sample_rate
        self._resampler = av.AudioResampler(
            format=self._sample_format, layout=self._layout, rate=self._rate_hz
        )


class EarMixer:
    """Sound of one form, brought to one rate and to two ears.

    One channel is heard on both ears alike. More than two are mixed by FFmpeg's matrix, normalised
    so that full scale stays full scale; FFmpeg itself leaves that out for samples with a point.

    Parameters
    ----------
    form : tuple
        From `form_of`.
    rate_hz : int
        Rate of what comes out.

    Raises
    ------
    FFmpegError
        If there is no such mix.
    """

    def __init__(self, form: Form, rate_hz: int) -> None:
        sample_format, layout, form_rate_hz = form
        self._n_out = 1 if av.AudioLayout(layout).nb_channels == 1 else N_EARS
        out = "mono" if self._n_out == 1 else "stereo"
        self._graph = av.filter.Graph()
        source = self._graph.add_abuffer(
            format=sample_format, sample_rate=form_rate_hz, layout=layout
        )
        mix = self._graph.add("aresample", f"osr={rate_hz}:ochl={out}:osf=flt:rematrix_maxval=1.0")
        sink = self._graph.add("abuffersink")
        source.link_to(mix)
        mix.link_to(sink)
        self._graph.configure()

    def mix(self, frame: av.AudioFrame | None) -> Iterator[npt.NDArray[np.float32]]:
        """Yield what is ready after a frame; after None, all that was still held.

        `frame`: the next one, of the mixer's form; None at the end.

        Yields
        ------
        ndarray of float32, shape (n_samples, 2)
            Left and right.
        """
        self._graph.push(frame)
        while True:
            try:
                mixed = self._graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            # Packed samples come as one row: left, right, left, ...
            samples = mixed.to_ndarray().reshape(-1, self._n_out)
            yield np.broadcast_to(samples, (len(samples), N_EARS))
