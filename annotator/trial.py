"""The trial as a state machine: events in, a new trial and one command out.

No window, no clock, no store. Every time is in seconds on the session clock.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from study.vocabulary import KeyPress, Rating, Response

REPLAY_KEY = "space"
RATING_KEYS = {"1": Rating.UNCLEAN, "2": Rating.MODERATELY_CLEAN, "3": Rating.VERY_CLEAN}
TASK_KEYS = frozenset({*RATING_KEYS, REPLAY_KEY})
PAUSE_KEY = "f10"  # the experimenter's; far from the task keys
LEAVE_KEY = "y"


class State(StrEnum):
    """Where a trial stands."""

    LOADING = "loading"  # asked to play; the first frame is not out yet
    PLAYING = "playing"
    WARNED = "warned"
    WAITING = "waiting"  # for a rating or a replay
    PAUSED = "paused"  # and asked whether to leave
    RATED = "rated"
    FAILED = "failed"
    LEFT = "left"


OVER = frozenset({State.RATED, State.FAILED, State.LEFT})


class Command(StrEnum):
    """What the stage has to do."""

    PLAY = "play"
    WARN = "warn"
    PROMPT = "prompt"
    PAUSE = "pause"


@dataclass(frozen=True, slots=True)
class PlaybackBegan:
    """The first frame is out."""

    t_s: float


@dataclass(frozen=True, slots=True)
class PlaybackEnded:
    """The last frame and the last sample are out."""

    t_s: float


@dataclass(frozen=True, slots=True)
class PlaybackFailed:
    """The clip cannot be shown."""

    t_s: float
    reason: str


@dataclass(frozen=True, slots=True)
class PlaybackDisturbed:
    """The clip was not shown as it should: the sound device stopped, or the machine slept."""

    t_s: float


@dataclass(frozen=True, slots=True)
class WarningEnded:
    """The warning has stood long enough to be read."""

    t_s: float


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """A key went down."""

    key: str
    t_s: float


@dataclass(frozen=True, slots=True)
class LeaveAsked:
    """Escape was pressed, or the window was closed."""

    t_s: float


@dataclass(frozen=True, slots=True)
class LeaveOrdered:
    """The machine is being shut down or the program ended from outside: no time to ask."""

    t_s: float


Event = (
    PlaybackBegan
    | PlaybackEnded
    | PlaybackFailed
    | PlaybackDisturbed
    | WarningEnded
    | KeyPressed
    | LeaveAsked
    | LeaveOrdered
)


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial up to now.

    Parameters
    ----------
    state : State
        Where it stands.
    came_from : State
        Where it stood before a pause.
    onset_s, offset_s : float
        Beginning and end of the last presentation.
    n_replays, n_early_presses : int
        Replays that were asked for, and presses that came too early.
    key_presses : tuple of KeyPress
        Every task key pressed during the trial.
    response : Response or None
        The rating, once there is one.
    failure : str or None
        Why the clip cannot be shown, where it cannot.
    """

    state: State = State.LOADING
    came_from: State = State.LOADING
    onset_s: float = 0.0
    offset_s: float = 0.0
    n_replays: int = 0
    n_early_presses: int = 0
    key_presses: tuple[KeyPress, ...] = ()
    response: Response | None = None
    failure: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more can happen."""
        return self.state in OVER


def step(trial: Trial, event: Event) -> tuple[Trial, Command | None]:
    """Return the trial after an event, and what the stage has to do about it.

    Events that mean nothing in the present state leave the trial as it is. A press before the
    first frame is out belongs to no trial.

    Parameters
    ----------
    trial : Trial
        The trial before the event.
    event : Event
        What happened.

    Returns
    -------
    trial : Trial
        The trial after the event.
    command : Command or None
        What to show or play now; None to leave the screen alone.

    Notes
    -----
    Paper: Annotation Procedure.
    """
    if trial.is_over:
        return trial, None
    match event:
        case LeaveOrdered():
            return replace(trial, state=State.LEFT), None
        case PlaybackFailed(reason=reason):
            return replace(trial, state=State.FAILED, failure=reason), None
        case KeyPressed():
            return _after_key(trial, event)
        case LeaveAsked() if trial.state is not State.PAUSED:
            return _paused(trial)
    match trial.state, event:
        case State.LOADING, PlaybackBegan(t_s=t_s):
            return replace(trial, state=State.PLAYING, onset_s=t_s), None
        case State.PLAYING, PlaybackEnded(t_s=t_s):
            return replace(trial, state=State.WAITING, offset_s=t_s), Command.PROMPT
        case State.PLAYING, PlaybackDisturbed():
            return _loading(trial), Command.PLAY
        case State.WARNED, WarningEnded():
            return _loading(trial), Command.PLAY
    return trial, None


def _after_key(trial: Trial, press: KeyPressed) -> tuple[Trial, Command | None]:
    key = press.key
    match trial.state:
        case State.PAUSED if key == LEAVE_KEY:
            return replace(trial, state=State.LEFT), None
        case State.PAUSED:
            return _resumed(trial)
        case _ if key == PAUSE_KEY:
            return _paused(trial)
        case State.PLAYING if key in TASK_KEYS and press.t_s >= trial.onset_s:
            return _warned(trial, press)
        case State.WAITING if key in TASK_KEYS and press.t_s < trial.offset_s:
            # The driver delivered it late: it went down while the clip was playing.
            return _warned(trial, press)
        case State.WAITING if key == REPLAY_KEY:
            trial = _with_press(trial, press)
            return replace(_loading(trial), n_replays=trial.n_replays + 1), Command.PLAY
        case State.WAITING if key in RATING_KEYS:
            return _rated(_with_press(trial, press), press), None
        case State.WARNED if key in TASK_KEYS:
            return _with_press(trial, press), None
    return trial, None


def _with_press(trial: Trial, press: KeyPressed, *, early: bool = False) -> Trial:
    kept = KeyPress(press.key, press.t_s, early)
    return replace(trial, key_presses=(*trial.key_presses, kept))


def _loading(trial: Trial) -> Trial:
    return replace(trial, state=State.LOADING)


def _warned(trial: Trial, press: KeyPressed) -> tuple[Trial, Command]:
    n_early = trial.n_early_presses + 1
    warned = replace(trial, state=State.WARNED, n_early_presses=n_early)
    return _with_press(warned, press, early=True), Command.WARN


def _rated(trial: Trial, press: KeyPressed) -> Trial:
    response = Response(
        rating=RATING_KEYS[press.key],
        rt_s=press.t_s - trial.offset_s,
        n_replays=trial.n_replays,
        n_early_presses=trial.n_early_presses,
    )
    return replace(trial, state=State.RATED, response=response)


def _paused(trial: Trial) -> tuple[Trial, Command]:
    return replace(trial, state=State.PAUSED, came_from=trial.state), Command.PAUSE


def _resumed(trial: Trial) -> tuple[Trial, Command]:
    # Who has seen the whole clip need not see it again; who has not, does.
    if trial.came_from is State.WAITING:
        return replace(trial, state=State.WAITING), Command.PROMPT
    return _loading(trial), Command.PLAY
