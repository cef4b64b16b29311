"""The words that all parts share: rating, phase, stimulus, response, presentation, trial record."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from pathlib import Path

VIDEO_LOCATIONS = ("training", "validation")  # the two parts of Moments in Time


class Rating(IntEnum):
    """How clean a clip is, as the paper defines it (Paper: Annotation Procedure)."""

    UNCLEAN = 1
    MODERATELY_CLEAN = 2
    VERY_CLEAN = 3


class Phase(StrEnum):
    """What a session is for."""

    TRAINING = "training"
    SCREENING = "screening"
    ANNOTATION = "annotation"
    GROUND_TRUTH = "ground_truth"
    RECOGNITION = "recognition"


class EndReason(StrEnum):
    """Why a session ended."""

    ENDED = "ended"  # all its trials were done
    LEFT = "left"  # somebody left, or the machine was shut down
    STOPPED = "stopped"  # by an error
    ABANDONED = "abandoned"  # its process was gone


class FlagKind(StrEnum):
    """What somebody says against a rating, which stays as it is."""

    SLIP = "slip"  # the participant pressed another key than was meant
    MIS_KEY = "mis_key"  # the experimenter saw that
    TRIAL_DISTURBED = "trial_disturbed"  # the experimenter saw the participant disturbed


class ParticipantKind(StrEnum):
    """Who rates: a person, the expert whose ratings are ground truths, or a simulated person."""

    HUMAN = "human"
    EXPERT = "expert"
    SIMULATED = "simulated"


@dataclass(frozen=True, slots=True)
class Stimulus:
    """What a trial presents: a clip and the label shown above it.

    Parameters
    ----------
    candidate_id : int
        The candidate; 0 where it is none.
    sha256 : str or None
        SHA-256 of the file that was admitted, the only one that is shown; None for any.
    stimulus_id : int or None
        The stimulus of a recognition experiment; its label is empty. None for a candidate.
    """

    candidate_id: int
    path: Path
    label: str
    sha256: str | None = None
    stimulus_id: int | None = None


@dataclass(frozen=True, slots=True)
class KeyPress:
    """A key that went down during a trial.

    Parameters
    ----------
    key : str
        Its name, such as ``"3"`` or ``"space"``.
    t_s : float
        When, in seconds on the session clock.
    early : bool
        Whether it was a key of the task and the clip was still playing.
    warned_s : float or None
        When the first flip showed the warning that it brought up; None where it brought up none.
    """

    key: str
    t_s: float
    early: bool = False
    warned_s: float | None = None


@dataclass(frozen=True, slots=True)
class Presentation:
    """One playing of a clip, with the evidence of how it went.

    Parameters
    ----------
    onset_s, offset_s : float
        First frame and end of playback, in seconds on the session clock.
    interrupted : bool
        Whether it was cut short: by an early press, a pause or a disturbance.
    clip_sha256 : str
        SHA-256 of the file that was played; empty where no file was opened.
    sound_requested_s, sound_started_s : float or None
        When the sound was asked to start and when the driver says it did.
    n_frames_shown, n_frames_dropped, n_frames_late : int
        Distinct frames shown, never shown, and flips that came late.
    n_xruns : int
        Gaps in the sound that the driver reported.
    left_px, bottom_px, width_px, height_px : int
        Where the clip stood, from the bottom left of the screen.
    scale : float
        Display size divided by clip size.
    asked_s : float or None
        When the key went down that asked for it: the rating of the clip before, or space. None
        where no key did (the first clip, after a page, after a warning).
    disturbed : bool
        Whether it was broken off because sound or first frame came too late or not at all.
    width_deg, height_deg : float or None
        Its size for the eye; None where distance or width of the screen is not known.
    """

    onset_s: float
    offset_s: float
    interrupted: bool = False
    clip_sha256: str = ""
    sound_requested_s: float | None = None
    sound_started_s: float | None = None
    n_frames_shown: int = 0
    n_frames_dropped: int = 0
    n_frames_late: int = 0
    n_xruns: int = 0
    left_px: int = 0
    bottom_px: int = 0
    width_px: int = 0
    height_px: int = 0
    scale: float = 1.0
    asked_s: float | None = None
    disturbed: bool = False
    width_deg: float | None = None
    height_deg: float | None = None

    @property
    def av_offset_s(self) -> float | None:
        """Sound start minus first frame, in seconds; negative where the sound leads."""
        if self.sound_started_s is None:
            return None
        return self.sound_started_s - self.onset_s


@dataclass(frozen=True, slots=True)
class Response:
    """A rating and how it came about.

    Parameters
    ----------
    rt_s : float
        Seconds from the offset of the last presentation, without interruptions.
    n_replays, n_early_presses : int
        How often the clip was replayed on request, and how often a key came too early.
    interrupted_s : float
        Seconds of pauses and of the question whether to leave between that offset and the rating;
        the clock on the wall shows ``rt_s + interrupted_s``.
    """

    rating: Rating
    rt_s: float
    n_replays: int = 0
    n_early_presses: int = 0
    interrupted_s: float = 0.0
    n_interruptions: int = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """Which class somebody chose for a clip, and how that came about.

    Parameters
    ----------
    answer : str
        The class.
    rt_s : float
        Seconds from the offset of the last presentation to the press that gave the answer,
        without interruptions.
    confidence : int or None
        From 1, unsure; None where the study does not ask.
    n_early_presses : int
        How often a key of an answer went down before the clip had ended; they change nothing.
    interrupted_s : float
        Seconds of pauses and of the question whether to leave between that offset and the answer.
    """

    answer: str
    rt_s: float
    confidence: int | None = None
    n_early_presses: int = 0
    interrupted_s: float = 0.0
    n_interruptions: int = 0


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """All that happened in a trial.

    Parameters
    ----------
    response : Response or None
        None where the trial ended without a rating.
    presentations : tuple of Presentation
        In the order of playing.
    key_presses : tuple of KeyPress
        Every key, early ones included, in the order of time.
    failure : str or None
        Why the clip could not be shown, where it could not.
    disturbed : bool
        Whether the experimenter flagged it as disturbed.
    slip_before : bool
        Whether the participant flagged the rating before it as a slip.
    choice : Choice or None
        The answer of a recognition trial, which has no response.
    """

    stimulus: Stimulus
    response: Response | None
    presentations: tuple[Presentation, ...] = ()
    key_presses: tuple[KeyPress, ...] = ()
    failure: str | None = None
    disturbed: bool = False
    slip_before: bool = False
    choice: Choice | None = None

    @property
    def is_rated(self) -> bool:
        """Whether it ended with a rating or an answer."""
        return self.response is not None or self.choice is not None
