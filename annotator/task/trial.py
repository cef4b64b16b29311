"""The trial as a state machine: events in, a new trial and one command out.

No window, no clock, no store. Every time is in seconds on the session clock.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from study.config.keys import ESCAPE_KEY, PAPER_KEYS, Keys
from study.vocabulary import KeyPress, Response


class State(StrEnum):
    """The states of a trial."""

    LOADING = "loading"  # asked to play; the first frame is not out yet
    PLAYING = "playing"
    WARNED = "warned"
    WAITING = "waiting"  # for a rating or a replay
    PAUSED = "paused"  # by the experimenter
    ASKED = "asked"  # whether to leave
    HELD = "held"  # for the experimenter: there is no sound
    RATED = "rated"
    FAILED = "failed"
    LEFT = "left"


OVER = frozenset({State.RATED, State.FAILED, State.LEFT})
# Somebody interrupted the trial, and a page is on the screen.
INTERRUPTED = frozenset({State.PAUSED, State.ASKED, State.HELD})


class Command(StrEnum):
    """What the stage has to do."""

    PLAY = "play"
    WARN = "warn"
    PROMPT = "prompt"
    PAUSE = "pause"
    ASK = "ask"
    CALL = "call"
    NOTE_DISTURBED = "disturbed_noted"
    NOTE_SLIP = "slip_noted"
    REFUSE_SLIP = "slip_refused"


class Slips(StrEnum):
    """Whether the rating before a trial may be flagged as a slip."""

    NOTHING_RATED = "nothing rated"  # there is no rating before it, or no key for it
    LEFT = "left"
    USED_UP = "used up"  # as many as a block may have


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
    """The clip was not shown as it should: sound began too late, or the picture stood still."""

    t_s: float


@dataclass(frozen=True, slots=True)
class SoundLost:
    """The sound device is gone; no clip can be shown until it is back."""

    t_s: float
    problem: str


@dataclass(frozen=True, slots=True)
class PageEnded:
    """A page that ends by itself has been shown long enough."""

    t_s: float


@dataclass(frozen=True, slots=True)
class WarningBegan:
    """The warning is on the screen."""

    t_s: float


@dataclass(frozen=True, slots=True)
class WarningEnded:
    """The warning has been shown long enough to be read."""

    t_s: float


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """A key went down."""

    key: str
    t_s: float


@dataclass(frozen=True, slots=True)
class LeaveAsked:
    """Escape was pressed, or the window was closed: then no key went down."""

    t_s: float
    key: str | None = ESCAPE_KEY


@dataclass(frozen=True, slots=True)
class LeaveOrdered:
    """The machine is being shut down or the program ended from outside: no time to ask."""

    t_s: float


Event = (
    PlaybackBegan
    | PlaybackEnded
    | PlaybackFailed
    | PlaybackDisturbed
    | SoundLost
    | PageEnded
    | WarningBegan
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
    paused_in : State
        Where it stood before a pause.
    asked_in : State
        Where it stood when somebody was asked whether to leave.
    onset_s, offset_s : float
        Beginning and end of the last presentation.
    asked_s : float or None
        When the key went down that asked for the coming presentation; None where no key did.
    n_replays, n_early_presses : int
        Replays that were asked for, and presses that came too early.
    interrupted_at_s : float or None
        When the wait for a rating was interrupted, by a pause or by the question whether to leave;
        None while it is not.
    interrupted_s : float
        How long the interruptions of this wait lasted that are over.
    key_presses : tuple of KeyPress
        Every key pressed during the trial, those included that end it or interrupt it.
    response : Response or None
        The rating, once there is one.
    failure : str or None
        Why the clip cannot be shown, where it cannot.
    problem : str
        Why the experimenter was called, where it was so.
    slips : Slips
        Whether the rating before may be flagged as a slip.
    disturbed : bool
        Whether the experimenter flagged the trial as disturbed.
    slip_before : bool
        Whether the participant flagged the rating before as a slip.
    """

    keys: Keys = PAPER_KEYS
    state: State = State.LOADING
    paused_in: State = State.LOADING
    asked_in: State = State.LOADING
    onset_s: float = 0.0
    offset_s: float = 0.0
    asked_s: float | None = None
    n_replays: int = 0
    n_early_presses: int = 0
    interrupted_at_s: float | None = None
    interrupted_s: float = 0.0
    n_interruptions: int = 0
    key_presses: tuple[KeyPress, ...] = ()
    response: Response | None = None
    failure: str | None = None
    problem: str = ""
    slips: Slips = Slips.NOTHING_RATED
    disturbed: bool = False
    slip_before: bool = False

    @property
    def is_over(self) -> bool:
        """Whether the trial is over."""
        return self.state in OVER


def step(trial: Trial, event: Event) -> tuple[Trial, Command | None]:
    """Return the trial after an event, and what the stage has to do about it.

    Events that mean nothing in the present state leave the trial as it is. A press before the
    first frame is out belongs to no trial.

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
        case LeaveAsked():
            return _after_leave(trial, event)
    match trial.state, event:
        case State.LOADING | State.PLAYING, SoundLost(problem=problem):
            return replace(trial, state=State.HELD, problem=problem), Command.CALL
        case State.LOADING, PlaybackBegan(t_s=t_s):
            return replace(trial, state=State.PLAYING, onset_s=t_s), None
        case State.PLAYING, PlaybackEnded(t_s=t_s):
            waiting = replace(trial, state=State.WAITING, offset_s=t_s)
            return replace(waiting, interrupted_s=0.0, n_interruptions=0), Command.PROMPT
        case State.PLAYING, PlaybackDisturbed():
            return _again(trial)
        case State.WARNED, WarningBegan(t_s=t_s):
            return _with_warning(trial, t_s), None
        case State.WARNED, WarningEnded():
            return _again(trial)
    return trial, None


def _after_leave(trial: Trial, asked: LeaveAsked) -> tuple[Trial, Command | None]:
    if asked.key is not None:
        trial = _with_press(trial, asked.key, asked.t_s)
    if trial.state is State.ASKED:
        return trial, None
    interrupted = _interrupted(trial, asked.t_s)
    return replace(interrupted, state=State.ASKED, asked_in=trial.state), Command.ASK


def _after_key(trial: Trial, press: KeyPressed) -> tuple[Trial, Command | None]:
    key, keys = press.key, trial.keys
    if key in (keys.disturbed, keys.slip) and trial.state is not State.ASKED:
        return _flagged(_with_press(trial, key, press.t_s), key)
    if trial.state in INTERRUPTED:
        return _after_key_in_between(_with_press(trial, key, press.t_s), press)
    match trial.state:
        case State.PLAYING if key in keys.task and press.t_s >= trial.onset_s:
            return _warned(trial, press)
        case State.WAITING if key in keys.task and press.t_s < trial.offset_s:
            # The driver delivered it late: it went down while the clip was playing.
            return _warned(trial, press)
    # Before the first frame only a key that does something belongs to the trial.
    if key == keys.pause or (trial.state is not State.LOADING and press.t_s >= trial.onset_s):
        trial = _with_press(trial, key, press.t_s)
    if key == keys.pause:
        interrupted = _interrupted(trial, press.t_s)
        return replace(interrupted, state=State.PAUSED, paused_in=trial.state), Command.PAUSE
    if trial.state is State.WAITING and key == keys.replay:
        return _again(replace(trial, n_replays=trial.n_replays + 1), asked_s=press.t_s)
    if trial.state is State.WAITING and key in keys.ratings:
        return _rated(trial, press), None
    return trial, None


def _flagged(trial: Trial, key: str) -> tuple[Trial, Command | None]:
    """Flag this trial or the rating before; neither it nor its clock is touched."""
    is_seen = trial.state not in INTERRUPTED  # a page stands there then
    if key == trial.keys.disturbed:
        return replace(trial, disturbed=True), Command.NOTE_DISTURBED if is_seen else None
    if not is_seen:
        return trial, None
    if trial.slips is Slips.NOTHING_RATED:
        return trial, None
    if trial.slips is Slips.USED_UP:
        return trial, Command.REFUSE_SLIP
    return replace(trial, slip_before=True), Command.NOTE_SLIP


def _after_key_in_between(trial: Trial, press: KeyPressed) -> tuple[Trial, Command | None]:
    key, keys = press.key, trial.keys
    match trial.state:
        case State.ASKED if key == keys.leave:
            return replace(trial, state=State.LEFT), None
        case State.ASKED:
            return _resumed(trial, trial.asked_in, press.t_s)
        case State.PAUSED if key == keys.pause:
            return _resumed(trial, trial.paused_in, press.t_s)
        case State.HELD if key == keys.go_on:
            return _again(trial)
    return trial, None


def _with_press(trial: Trial, key: str, t_s: float, *, early: bool = False) -> Trial:
    kept = KeyPress(key, t_s, early)
    return replace(trial, key_presses=(*trial.key_presses, kept))


def _with_warning(trial: Trial, t_s: float) -> Trial:
    presses = list(trial.key_presses)
    last_early = max(i for i, press in enumerate(presses) if press.early)
    presses[last_early] = replace(presses[last_early], warned_s=t_s)
    return replace(trial, key_presses=tuple(presses))


def _again(trial: Trial, *, asked_s: float | None = None) -> tuple[Trial, Command]:
    return replace(trial, state=State.LOADING, asked_s=asked_s), Command.PLAY


def _warned(trial: Trial, press: KeyPressed) -> tuple[Trial, Command]:
    n_early = trial.n_early_presses + 1
    warned = replace(trial, state=State.WARNED, n_early_presses=n_early)
    return _with_press(warned, press.key, press.t_s, early=True), Command.WARN


def _interrupted(trial: Trial, t_s: float) -> Trial:
    """Stop the clock of the response: it runs while a rating is waited for."""
    if trial.state is not State.WAITING:
        return trial
    n_interruptions = trial.n_interruptions + 1
    begun_s = max(t_s, trial.offset_s)  # the driver may deliver a press late
    return replace(trial, interrupted_at_s=begun_s, n_interruptions=n_interruptions)


def _waiting_again(trial: Trial, t_s: float) -> Trial:
    begun_s = t_s if trial.interrupted_at_s is None else trial.interrupted_at_s
    interrupted_s = trial.interrupted_s + max(0.0, t_s - begun_s)
    return replace(trial, state=State.WAITING, interrupted_at_s=None, interrupted_s=interrupted_s)


def _rated(trial: Trial, press: KeyPressed) -> Trial:
    response = Response(
        rating=trial.keys.ratings[press.key],
        rt_s=press.t_s - trial.offset_s - trial.interrupted_s,
        n_replays=trial.n_replays,
        n_early_presses=trial.n_early_presses,
        interrupted_s=trial.interrupted_s,
        n_interruptions=trial.n_interruptions,
    )
    return replace(trial, state=State.RATED, response=response)


def _resumed(trial: Trial, before: State, t_s: float) -> tuple[Trial, Command]:
    match before:
        case State.WAITING:  # who has seen the whole clip need not see it again
            return _waiting_again(trial, t_s), Command.PROMPT
        case State.PAUSED:
            return replace(trial, state=State.PAUSED), Command.PAUSE
        case State.HELD:
            return replace(trial, state=State.HELD), Command.CALL
    return _again(trial)
