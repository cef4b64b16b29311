"""Sound in one form, even where a file changes the form half-way."""

from typing import Any

import av


class Resampler:
    """PyAV's resampler, begun anew where the sound changes its rate, channels or sample format.

    PyAV's own refuses such a sound; FFmpeg's programs go on in the form of its beginning.

    Parameters
    ----------
    sample_format : str
        FFmpeg's name of what comes out, such as ``"s16"``.
    layout : str or None
        Channels of what comes out; None for those of the first frame.
    rate_hz : int or None
        Rate of what comes out; None for that of the first frame.
    """

    def __init__(
        self, sample_format: str, *, layout: str | None = None, rate_hz: int | None = None
    ) -> None:
        self._sample_format = sample_format
        self._layout: Any = layout
        self._rate_hz = rate_hz
        self._resampler: Any = None
        self._form: tuple[str, str, int] | None = None

    @property
    def rate_hz(self) -> int | None:
        """Rate of what comes out; None where it is the first frame's and none has come."""
        return self._rate_hz

    def resample(self, frame: av.AudioFrame | None) -> list[av.AudioFrame]:
        """Return what is ready after a frame.

        Parameters
        ----------
        frame : AudioFrame or None
            The next one; None at the end, or where a gap follows.

        Returns
        -------
        list of AudioFrame
            In the one form; after None, all that was still held.
        """
        form = None if frame is None else (frame.format.name, frame.layout.name, frame.sample_rate)
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
