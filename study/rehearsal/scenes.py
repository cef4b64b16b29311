"""Scenes: what happens in a clip, and what a rater should therefore say."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from study.vocabulary import Rating

Audio = Literal["sound", "silent", "none"]


@dataclass(frozen=True, slots=True)
class Event:
    """An action in a scene.

    Parameters
    ----------
    action : str
        One of the actions of a rehearsal.
    start_s, end_s : float
        When it begins and ends.
    size : float
        Height of its picture, as a share of the clip's.
    loudness : float
        Peak of its sound, as a share of full scale.
    seen, heard : bool
        Whether its picture is drawn and its sound mixed in.
    right : float
        Where it stands, from 0 at the left edge to 1 at the right.
    """

    action: str
    start_s: float
    end_s: float
    size: float
    loudness: float
    seen: bool
    heard: bool
    right: float
    seed: int

    @property
    def duration_s(self) -> float:
        """How long it lasts."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class Source:
    """The video that several clips were cut from: place, camera and recorder.

    Parameters
    ----------
    frame_rate_hz : Fraction
        Frames a second.
    n_channels : {1, 2}
        Of the sound.
    """

    width_px: int
    height_px: int
    frame_rate_hz: Fraction
    n_channels: int
    seed: int


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a clip is made of.

    Parameters
    ----------
    video_location : {"training", "validation"}
        The part of the tree.
    filename : str
        ``<MIT class>/<clip>.mp4``.
    mit_label, avmit_label : str
        The folder's class, and the class under which the clip is rated.
    event, other : Event or None
        The action of the class, and another one.
    audio : {"sound", "silent", "none"}
        Whether there is a sound stream, and anything in it.
    source : Source
        What it was cut from.
    seed : int
        The seed of the tree.
    """

    video_location: str
    filename: str
    mit_label: str
    avmit_label: str
    event: Event | None
    other: Event | None
    audio: Audio
    source: Source
    duration_s: float
    seed: int

    @property
    def events(self) -> tuple[Event, ...]:
        """What is drawn and mixed, the smaller thing in front."""
        there = [event for event in (self.event, self.other) if event is not None]
        return tuple(sorted(there, key=lambda event: -event.size))

    @property
    def is_present(self) -> bool:
        """Whether the labelled event is both seen and heard."""
        return (
            self.event is not None
            and self.event.seen
            and self.event.heard
            and self.audio == "sound"
        )

    @property
    def is_prominent(self) -> bool:
        """Whether the labelled event is longer, larger and louder than any other."""
        if not self.is_present or self.event is None:
            return False
        return self.other is None or (
            self.event.duration_s > self.other.duration_s
            and self.event.size > self.other.size
            and self.event.loudness > self.other.loudness
        )

    @property
    def rating(self) -> Rating:
        """What a rater should say.

        Notes
        -----
        Paper: Annotation Procedure.
        """
        if not self.is_present:
            return Rating.UNCLEAN
        return Rating.VERY_CLEAN if self.is_prominent else Rating.MODERATELY_CLEAN
