"""What a clip must be to be shown; asked when it is shown, and when it is admitted."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from study.clips.containers import MAX_DURATION_S
from study.clips.orientation import Orientation, orientation_of
from study.clips.sound.one_form import EarMixer, Form, form_of
from study.errors import ClipError

MAX_FRAMES_BYTES = 600_000_000
# A file that breaks off before this share of what it promises is broken, not short.
MIN_DECODED_SHARE = 0.9
_JUMP_BACK_S = 0.002  # more than rounding
_N_COLOURS = 3
_Av = Any  # PyAV's containers and streams


class Showing:
    """What showing a clip asks of it; the annotator decodes by this, and admission asks the same.

    Parameters
    ----------
    box_px : tuple of int
        Width and height that a larger clip is scaled down to fit.
    rate_hz : int
        Rate to bring its sound to.
    scale : float
        Pixels of the screen for each of the clip's, where the box has room; no clip is decoded
        larger than it is.
    """

    def __init__(
        self,
        path: Path,
        video: _Av,
        *,
        box_px: tuple[int, int],
        rate_hz: int,
        scale: float = 1.0,
    ) -> None:
        self._path, self._video = path, video
        self._largest_scale = min(1.0, scale)
        self._box_px, self._rate_hz = box_px, rate_hz
        self._pixel_aspect = float(_pixel_aspect(video))
        self._usual_interval_s = _usual_interval_s(video)  # asked while the container is open
        self._room = MAX_FRAMES_BYTES
        self._begin_s: float | None = None
        # AVI stamps frames in the order of decoding; elsewhere they come in the order of showing.
        self._is_ordered = video.container.format.name != "avi"
        self._last_length_s = 0.0
        self._forms: set[Form | tuple[str, int, int]] = set()
        self.picture_times_s: list[float] = []
        self.sound_begin_s: float | None = None
        self.sound_end_s = 0.0
        self.scale = 1.0

    @property
    def picture_end_s(self) -> float:
        """When the last picture is gone, on the file's clock."""
        return max(self.picture_times_s) + (self._last_length_s or self._usual_interval_s)

    def picture(self, frame: av.VideoFrame) -> tuple[int, int, Orientation]:
        """Ask one picture.

        Parameters
        ----------
        frame : VideoFrame
            The next one, in the order of showing.

        Returns
        -------
        width_px, height_px : int
            Of the stored picture, scaled to the screen.
        orientation : Orientation
            What makes it upright.

        Raises
        ------
        ClipError
            If it cannot be shown.
        """
        stamp = frame.dts if frame.pts is None else frame.pts
        if stamp is None or frame.time_base is None:
            raise self._refusal("has frames without a time stamp. Convert it", "no_times")
        self._is_ordered &= frame.pts is not None
        time_s = float(stamp * frame.time_base)
        self._require_order(time_s)
        self.picture_times_s.append(time_s)
        self._last_length_s = float((frame.duration or 0) * frame.time_base)
        width, height, orientation = self._size(frame)
        self._room -= width * height * _N_COLOURS
        self._require_room(time_s)
        return width, height, orientation

    def sound(self, frame: av.AudioFrame) -> float | None:
        """Ask one frame of sound.

        Returns
        -------
        float or None
            When it is due, on the file's clock; None where the file does not say.

        Raises
        ------
        ClipError
            If it cannot be heard.
        """
        if form_of(frame) not in self._forms:
            self._require_mix(form_of(frame))
        stamp = frame.dts if frame.pts is None else frame.pts
        time_s = None if stamp is None or not frame.time_base else float(stamp * frame.time_base)
        at_s = self.sound_end_s if time_s is None else time_s
        if self.sound_begin_s is None:
            self.sound_begin_s = self.sound_end_s = at_s
        self.sound_end_s = max(self.sound_end_s, at_s + frame.samples / frame.sample_rate)
        self._require_room(at_s)
        return time_s

    def finish(self, container: _Av, *, needs_sound: bool = True) -> None:
        """Ask the whole clip, after its last frame.

        Raises
        ------
        ClipError
            If nothing can be shown, or the file breaks off.
        """
        if not self.picture_times_s:
            raise self._refusal("has no frame that can be decoded. Copy it again", "unreadable")
        if self.sound_begin_s is None and needs_sound:
            raise self._refusal("holds no sound that can be decoded. Leave it out", "no_audio")
        self._refuse_broken_off(container)

    def _size(self, frame: av.VideoFrame) -> tuple[int, int, Orientation]:
        orientation = orientation_of(frame)
        width, height = frame.width * self._pixel_aspect, float(frame.height)
        upright = (height, width) if orientation.transposed else (width, height)
        self.scale = min(
            self._largest_scale, self._box_px[0] / upright[0], self._box_px[1] / upright[1]
        )
        size = max(1, round(width * self.scale)), max(1, round(height * self.scale))
        form = (frame.format.name, frame.width, frame.height)
        if form not in self._forms:
            self._require_conversion(frame, size)
            self._forms.add(form)
        return *size, orientation

    def _require_conversion(self, frame: av.VideoFrame, size: tuple[int, int]) -> None:
        try:
            scaled(frame, *size)
        except (av.error.FFmpegError, ValueError) as error:
            raise self._refusal(
                f"has pictures of {frame.width} x {frame.height} in {frame.format.name} that "
                "cannot be shown. Convert it",
                "odd_pictures",
            ) from error

    def _require_mix(self, form: Form) -> None:
        try:
            EarMixer(form, self._rate_hz)
        except (av.error.FFmpegError, ValueError) as error:
            raise self._refusal(
                f"has sound of the layout {form[1]} at {form[2]} Hz, for which there is no mix "
                "for two ears. Convert it",
                "odd_sound",
            ) from error
        self._forms.add(form)

    def _require_order(self, time_s: float) -> None:
        before = self.picture_times_s[-1:] if self._is_ordered else []
        if before and time_s < before[0] - _JUMP_BACK_S:
            raise self._refusal(
                f"has time stamps that jump back from {before[0]:.3f} to {time_s:.3f} s. "
                "Convert it",
                "odd_times",
            )

    def _require_room(self, time_s: float) -> None:
        self._begin_s = time_s if self._begin_s is None else self._begin_s
        if self._room < 0 or abs(time_s - self._begin_s) > MAX_DURATION_S:
            raise self._refusal(
                f"is too long to be shown from memory: at most {MAX_DURATION_S:g} s and "
                f"{MAX_FRAMES_BYTES / 1e6:g} MB of frames. Take it out of the candidates",
                "too_large",
            )

    def _refuse_broken_off(self, container: _Av) -> None:
        video, begin_s, end_s = self._video, min(self.picture_times_s), self.picture_end_s
        if video.duration:
            promised_s, decoded_s = float(video.duration * video.time_base), end_s - begin_s
        elif container.duration:  # Matroska tells how long the longest stream is
            promised_s = container.duration / av.time_base
            decoded_s = max(end_s, self.sound_end_s)
        else:
            return
        if decoded_s < MIN_DECODED_SHARE * promised_s:
            raise self._refusal(
                f"breaks off after {decoded_s:.2f} of {promised_s:.2f} s. Replace the file",
                "unreadable",
            )

    def _refusal(self, what: str, reason: str) -> ClipError:
        return ClipError(f"{self._path} {what}", reason)


def scaled(frame: av.VideoFrame, width_px: int, height_px: int) -> Any:  # noqa: ANN401
    """Return a picture as the screen takes it, not turned upright yet.

    Returns
    -------
    ndarray of uint8, shape (height_px, width_px, 3)
        Red first.
    """
    small = frame.reformat(
        width=width_px, height=height_px, format="rgb24", interpolation="BICUBIC"
    )
    return small.to_ndarray()


def _pixel_aspect(video: _Av) -> Fraction:
    aspect = video.sample_aspect_ratio or video.codec_context.sample_aspect_ratio
    return Fraction(aspect) if aspect else Fraction(1)


def _usual_interval_s(video: _Av) -> float:
    return 1.0 / float(video.average_rate) if video.average_rate else 0.0
