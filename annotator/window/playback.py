"""Frames and sound of one playing on one clock: which frame is due, and the evidence.

Pure: the stage tells it when flips happened and what the sound driver says.
"""

import math

from annotator.task.layout import Rectangle
from study.clips.display import PlayableClip
from study.vocabulary import Presentation

LATE_SHARE = 1.5  # of a refresh period between two flips: the second one is late


def next_start(now_s: float, next_flip_s: float, period_s: float, lead_s: float) -> float:
    """Return the first flip that leaves enough time to schedule the sound.

    Parameters
    ----------
    lead_s : float
        How long before its start the sound has to be scheduled.

    Examples
    --------
    >>> next_start(0.0, next_flip_s=0.01, period_s=0.02, lead_s=0.03)
    0.03
    """
    n_flips = max(0, math.ceil((now_s + lead_s - next_flip_s) / period_s - 1e-9))
    return next_flip_s + n_flips * period_s


class Playback:
    """One playing of a clip.

    Parameters
    ----------
    requested_s : float
        When the first frame and the first sample are due.
    asked_s : float or None
        When the key went down that asked for it.
    """

    def __init__(
        self,
        clip: PlayableClip,
        *,
        requested_s: float,
        period_s: float,
        asked_s: float | None = None,
    ) -> None:
        self.clip = clip
        self.requested_s = requested_s
        self.onset_s: float | None = None
        self._asked_s = asked_s
        self._disturbed = False
        self._period_s = period_s
        self._sound_started_s: float | None = None
        self.longest_gap_s = 0.0  # between two flips
        self._shown: set[int] = set()
        self._n_late = 0
        self._last_flip_s: float | None = None

    @property
    def has_begun(self) -> bool:
        """Whether a frame was shown."""
        return self.onset_s is not None

    @property
    def is_sound_known(self) -> bool:
        """Whether the driver has said when the sound started."""
        return self._sound_started_s is not None

    @property
    def end_s(self) -> float:
        """When the last frame and the last sample are out, by the sound's clock.

        Never before the first frame, even if the machine stood still for as long as the clip lasts.
        """
        end_s = self._begin_s + self.clip.duration_s
        return end_s if self.onset_s is None else max(end_s, self.onset_s)

    @property
    def delay_s(self) -> float:
        """How much later than they were due the first frame and the sound came, the later one."""
        first_s = self.requested_s if self.onset_s is None else self.onset_s
        return max(self._begin_s, first_s) - self.requested_s

    @property
    def sound_delay_s(self) -> float:
        """How much later than it was due the sound came, by what is known."""
        return self._begin_s - self.requested_s

    def sound_started(self, t_s: float) -> None:
        """Record when the sound started, as the driver reports it."""
        self._sound_started_s = t_s

    def disturb(self) -> None:
        """Record that sound or picture came too late or not at all, so that playing stops."""
        self._disturbed = True

    def frame_due(self, flip_s: float) -> int | None:
        """Return the frame to show at a flip.

        Returns the index of the frame whose time has come on the sound's clock; None before the
        beginning.
        """
        # Half a period early is nearer to this flip than to the next one.
        if self.onset_s is None and flip_s < self.requested_s - self._period_s / 2:
            return None
        return self.clip.frame_at(flip_s - self._begin_s + self._period_s / 2)

    def flipped(self, t_s: float, frame: int) -> None:
        """Record a flip that showed a frame.

        Parameters
        ----------
        frame : int
            Which frame.
        """
        if self.onset_s is None:
            self.onset_s = t_s
        if self._last_flip_s is not None:
            gap_s = t_s - self._last_flip_s
            self._n_late += gap_s > LATE_SHARE * self._period_s
            self.longest_gap_s = max(self.longest_gap_s, gap_s)
        self._last_flip_s = t_s
        self._shown.add(frame)

    def presentation(
        self, *, offset_s: float, interrupted: bool, n_xruns: int, place: Rectangle
    ) -> Presentation | None:
        """Return the evidence.

        Returns None where no frame was shown.
        """
        if self.onset_s is None:
            return None
        n_due = max(self._shown) + 1 if interrupted else self.clip.n_frames
        return Presentation(
            onset_s=self.onset_s,
            offset_s=offset_s,
            interrupted=interrupted,
            clip_sha256=self.clip.sha256,
            sound_requested_s=self.requested_s,
            sound_started_s=self._sound_started_s,
            n_frames_shown=len(self._shown),
            n_frames_dropped=n_due - len(self._shown),
            n_frames_late=self._n_late,
            n_xruns=n_xruns,
            left_px=place.left,
            bottom_px=place.bottom,
            width_px=place.width,
            height_px=place.height,
            scale=self.clip.scale * place.height / self.clip.height_px,
            asked_s=self._asked_s,
            disturbed=self._disturbed,
        )

    @property
    def _begin_s(self) -> float:
        # Until the driver has spoken, the appointment counts.
        return self.requested_s if self._sound_started_s is None else self._sound_started_s
