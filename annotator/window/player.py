"""Play one clip at a time in the window and on the headphones, and record the evidence."""

from collections.abc import Callable
from typing import Any, Protocol

from annotator.task.layout import Layout, Rectangle
from annotator.task.trial import (
    Event,
    PlaybackBegan,
    PlaybackDisturbed,
    PlaybackEnded,
    SoundLost,
)
from annotator.window.playback import Playback, next_start
from annotator.window.sound.headset import Headset
from annotator.window.sound.paths import SOUND_GONE, SOUND_LATE, Samples
from annotator.window.texture import Texture
from study.clips.display import PlayableClip
from study.vocabulary import Presentation

# A sound or a first frame that is so late makes no clip that anybody should rate.
MAX_DELAY_S = 0.1
# Nor does a picture that stood still for so long, such as while the machine slept.
MAX_STANDSTILL_S = 0.5
# A driver may take a while to say that a sound began: as long as the clip, but within these.
MIN_SOUND_PATIENCE_S, SOUND_PATIENCE_S = 0.5, 3.0
MAX_RESTARTS = 2
# A device keeps its appointments to the sample, or misses them by a buffer or more.
LATE_START_S = 0.001


class Flips(Protocol):
    """What a player needs of a window."""

    win: Any
    period_s: float

    def next_flip_s(self) -> float:
        """Return when the next flip is due, on the rig clock."""


class Player:
    """Frames at flips, sound on its clock.

    Parameters
    ----------
    window : Flips
        Where frames are drawn.
    clock : callable
        Returns the time on the rig clock.
    lead_s : float
        How long before its start a sound is scheduled.
    safe_lead_s : float
        The same, from the first sound on that began late.
    start_s : float
        Where the session clock stands at 0, on the rig clock.
    hurry : bool
        End clips with their first frame, and play no sound.
    """

    def __init__(
        self,
        window: Flips,
        headset: Headset,
        layout: Layout,
        *,
        clock: Callable[[], float],
        lead_s: float,
        safe_lead_s: float,
        start_s: float,
        hurry: bool = False,
    ) -> None:
        self._window, self._headset, self._layout = window, headset, layout
        self._clock = clock
        self._lead_s, self._safe_lead_s = lead_s, max(lead_s, safe_lead_s)
        self._start_s, self._hurry = start_s, hurry
        self._texture = Texture(window.win, smooth=layout.clip_scale > 1)
        self._playback: Playback | None = None
        self._place = Rectangle(0, 0, 0, 0)
        self._uploaded = 0  # frame on the graphics card
        self._n_restarts = 0
        self._is_sounding = False
        self._presentations: list[Presentation] = []

    @property
    def is_in_middle(self) -> bool:
        """Whether half of the clip's frames have been shown."""
        playback = self._playback
        return playback is not None and self._uploaded >= playback.clip.n_frames // 2

    def allow_restarts(self) -> None:
        """Count the restarts of a new clip from 0."""
        self._n_restarts = 0

    def show_first(self, clip: PlayableClip) -> None:
        """Upload a clip's first frame, and draw it once."""
        self._texture.upload(clip.frames[0])
        self._uploaded = 0
        self._place = self._layout.clip(clip.width_px, clip.height_px, clip.scale)
        self._texture.draw(self._place)

    def start(self, clip: PlayableClip, asked_s: float | None) -> None:
        """Schedule a clip, whose first frame is in its place.

        Raises StageError if the sound device is gone.

        Parameters
        ----------
        asked_s : float or None
            When the key went down that asked for it, on the session clock.
        """
        if not self._hurry:
            self._headset.load(clip.sound)
        lead_s = 0.0 if self._hurry else self._lead_s
        next_flip_s, period_s = self._window.next_flip_s(), self._window.period_s
        # The lead counts from here: to load a sound takes a while, to open its device seconds.
        requested_s = next_start(self._clock(), next_flip_s, period_s, lead_s)
        self._start_sound(requested_s)
        self._playback = Playback(
            clip, requested_s=requested_s - self._start_s, period_s=period_s, asked_s=asked_s
        )

    def start_sound(self, sound: Samples) -> None:
        """Play a sound without a picture; raise StageError if the device is gone."""
        if not self._hurry:
            self._headset.load(sound)
            self._start_sound(self._clock() + self._lead_s)

    def draw(self) -> int | None:
        """Draw the frame that is due at the next flip.

        None where none is due.
        """
        playback = self._playback
        if playback is None:
            return None
        frame = playback.frame_due(self._window.next_flip_s() - self._start_s)
        if frame is None:
            return None
        if frame != self._uploaded:
            self._texture.upload(playback.clip.frames[frame])
            self._uploaded = frame
        self._texture.draw(self._place)
        return frame

    def flipped(self, shown_s: float, frame: int | None) -> list[Event]:
        """Record a flip.

        Returns what has become of the playing: that it began, ended, or broke off.

        Parameters
        ----------
        frame : int or None
            What `draw` drew for it.
        """
        playback = self._playback
        if playback is None or frame is None:
            return []
        events: list[Event] = [] if playback.has_begun else [PlaybackBegan(shown_s)]
        playback.flipped(shown_s, frame)
        broken = None if self._hurry else self._what_broke(playback, shown_s)
        if broken is not None:
            self.stop(shown_s)
            return [*events, broken]
        end_s = shown_s if self._hurry else playback.end_s
        # A clip of whose sound nothing is known has not been presented.
        if shown_s >= end_s and (self._hurry or playback.is_sound_known):
            events.append(PlaybackEnded(end_s))
            self._keep_evidence(end_s, interrupted=False)
        return events

    def stop(self, now_s: float) -> None:
        """Stop the sound at once, and record the evidence of a clip that was cut short."""
        if self._is_sounding:
            self._headset.stop()
            self._is_sounding = False
        self._keep_evidence(now_s, interrupted=True)

    def take_presentations(self) -> tuple[Presentation, ...]:
        """Return the evidence of what was played since the last call."""
        taken, self._presentations = tuple(self._presentations), []
        return taken

    def _start_sound(self, t_s: float) -> None:
        if not self._hurry:
            self._headset.start_at(t_s)
            self._is_sounding = True

    def _what_broke(self, playback: Playback, shown_s: float) -> Event | None:
        """Return why this playing cannot be rated; None if it can."""
        if playback.longest_gap_s > MAX_STANDSTILL_S and self._may_restart():
            playback.disturb()
            return PlaybackDisturbed(shown_s)
        if not playback.is_sound_known:
            return self._what_driver_says(playback, shown_s)
        return SoundLost(shown_s, SOUND_GONE) if self._headset.broke_off() else None

    def _what_driver_says(self, playback: Playback, shown_s: float) -> Event | None:
        started_s = self._headset.started_s()
        if started_s is None:
            clip_s = max(playback.clip.duration_s, MIN_SOUND_PATIENCE_S)
            if shown_s < playback.requested_s + min(clip_s, SOUND_PATIENCE_S):
                return None
            delay_s = SOUND_PATIENCE_S
        else:
            playback.sound_started(started_s - self._start_s)
            if playback.sound_delay_s > LATE_START_S:
                self._lead_s = self._safe_lead_s
            delay_s = playback.delay_s
        if delay_s < MAX_DELAY_S:
            return None
        if self._may_restart():
            playback.disturb()
            return PlaybackDisturbed(shown_s)
        if started_s is not None:
            return None  # the evidence says how late it was
        playback.disturb()
        return SoundLost(shown_s, SOUND_LATE)

    def _may_restart(self) -> bool:
        self._n_restarts += 1
        return self._n_restarts <= MAX_RESTARTS

    def _keep_evidence(self, offset_s: float, *, interrupted: bool) -> None:
        playback, self._playback = self._playback, None
        if playback is None:
            return
        presentation = playback.presentation(
            offset_s=offset_s,
            interrupted=interrupted,
            n_xruns=0 if self._hurry else self._headset.n_xruns(),
            place=self._place,
        )
        if presentation is not None:
            self._presentations.append(presentation)
