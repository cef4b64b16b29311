"""A recognition trial as a state machine: events in, a new trial and one command out.

No window, no clock, no store. Every time is in seconds on the session clock. The clip is shown
once: it starts again only where it was disturbed or interrupted.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from annotator.recognition.question import Entry
from annotator.task.trial import (
    Event,
    KeyPressed,
    LeaveAsked,
    LeaveOrdered,
    PageEnded,
    PlaybackBegan,
    PlaybackDisturbed,
    PlaybackEnded,
    PlaybackFailed,
    SoundLost,
)
from study.config.keys import PAPER_KEYS, Keys
from study.vocabulary import Choice, KeyPress


class ChoiceState(StrEnum):
    """The states of a recognition trial."""

    FIXATING = "fixating"
    LOADING = "loading"  # asked to play; the first frame is not out yet
    PLAYING = "playing"
    CHOOSING = "choosing"
    JUDGING = "judging"  # how sure the answer is
    PAUSED = "paused"  # by the experimenter
    ASKED = "asked"  # whether to leave
    HELD = "held"  # for the experimenter: there is no sound
    ANSWERED = "answered"
    FAILED = "failed"
    LEFT = "left"


OVER = frozenset({ChoiceState.ANSWERED, ChoiceState.FAILED, ChoiceState.LEFT})
# Somebody interrupted the trial, and a page is on the screen.
INTERRUPTED = frozenset({ChoiceState.PAUSED, ChoiceState.ASKED, ChoiceState.HELD})


class ChoiceCommand(StrEnum):
    """What the stage has to do."""

    FIXATE = "fixate"
    PLAY = "play"
    CHOOSE = "choose"
    JUDGE = "judge"
    PAUSE = "pause"
    ASK = "ask"
    CALL = "call"


@dataclass(frozen=True, slots=True)
class ChoiceTrial:
    """A recognition trial up to now.

    Parameters
    ----------
    entry : Entry
        What can be answered, and how.
    n_levels : int
        Levels of confidence that are asked for after the answer; 0 for none.
    state : ChoiceState
        Where it stands; it begins with the fixation.
    paused_in, asked_in : ChoiceState
        Where it stood before a pause, and before the question whether to leave.
    onset_s, offset_s : float
        Beginning and end of the last presentation.
    typed : str
        Digits of an answer that is not complete.
    choice : Choice or None
        The answer, once there is one; without its confidence until that is given.
    interrupted_at_s : float or None
        When the wait for an answer was interrupted; None while it is not.
    failure : str or None
        Why the clip cannot be shown, where it cannot.
    problem : str
        Why the experimenter was called, where it was so.
    """

    entry: Entry
    n_levels: int = 0
    keys: Keys = PAPER_KEYS
    state: ChoiceState = ChoiceState.FIXATING
    paused_in: ChoiceState = ChoiceState.FIXATING
    asked_in: ChoiceState = ChoiceState.FIXATING
    onset_s: float = 0.0
    offset_s: float = 0.0
    typed: str = ""
    choice: Choice | None = None
    n_early_presses: int = 0
    interrupted_at_s: float | None = None
    interrupted_s: float = 0.0
    n_interruptions: int = 0
    key_presses: tuple[KeyPress, ...] = ()
    failure: str | None = None
    problem: str = ""

    @property
    def is_over(self) -> bool:
        """Whether the trial is over."""
        return self.state in OVER

    @property
    def levels(self) -> Entry:
        """The levels of confidence, which are typed as their numbers."""
        return Entry(tuple(str(level) for level in range(1, self.n_levels + 1)))


def step(trial: ChoiceTrial, event: Event) -> tuple[ChoiceTrial, ChoiceCommand | None]:
    """Return the trial after an event, and what the stage has to do about it.

    Events that mean nothing in the present state leave the trial as it is. A press before the
    first frame is out belongs to no trial; one while the clip plays is kept and answers nothing.

    Returns
    -------
    trial : ChoiceTrial
        The trial after the event.
    command : ChoiceCommand or None
        What to show or play now; None to leave the screen as it is, but for what is typed.
    """
    if trial.is_over:
        return trial, None
    match event:
        case LeaveOrdered():
            return replace(trial, state=ChoiceState.LEFT), None
        case PlaybackFailed(reason=reason):
            return replace(trial, state=ChoiceState.FAILED, failure=reason), None
        case KeyPressed():
            return _after_key(trial, event)
        case LeaveAsked():
            return _after_leave(trial, event)
    match trial.state, event:
        case ChoiceState.FIXATING, PageEnded():
            return replace(trial, state=ChoiceState.LOADING), ChoiceCommand.PLAY
        case ChoiceState.LOADING | ChoiceState.PLAYING, SoundLost(problem=problem):
            return replace(trial, state=ChoiceState.HELD, problem=problem), ChoiceCommand.CALL
        case ChoiceState.LOADING, PlaybackBegan(t_s=t_s):
            return replace(trial, state=ChoiceState.PLAYING, onset_s=t_s), None
        case ChoiceState.PLAYING, PlaybackEnded(t_s=t_s):
            return replace(trial, state=ChoiceState.CHOOSING, offset_s=t_s), ChoiceCommand.CHOOSE
        case ChoiceState.PLAYING, PlaybackDisturbed():
            return replace(trial, state=ChoiceState.LOADING), ChoiceCommand.PLAY
    return trial, None


def _after_leave(trial: ChoiceTrial, asked: LeaveAsked) -> tuple[ChoiceTrial, ChoiceCommand | None]:
    if asked.key is not None:
        trial = _with_press(trial, asked.key, asked.t_s)
    if trial.state is ChoiceState.ASKED:
        return trial, None
    interrupted = _interrupted(trial, asked.t_s)
    return replace(interrupted, state=ChoiceState.ASKED, asked_in=trial.state), ChoiceCommand.ASK


def _after_key(trial: ChoiceTrial, press: KeyPressed) -> tuple[ChoiceTrial, ChoiceCommand | None]:
    key, t_s = press.key, press.t_s
    if trial.state in INTERRUPTED:
        return _after_key_in_between(_with_press(trial, key, t_s), press)
    if key == trial.keys.pause:
        interrupted = _interrupted(_with_press(trial, key, t_s), t_s)
        return replace(
            interrupted, state=ChoiceState.PAUSED, paused_in=trial.state
        ), ChoiceCommand.PAUSE
    if trial.state in (ChoiceState.FIXATING, ChoiceState.LOADING) or t_s < trial.onset_s:
        return trial, None
    if trial.state is ChoiceState.PLAYING or t_s < trial.offset_s:
        return _with_early(trial, press), None
    trial = _with_press(trial, key, t_s)
    return _chosen(trial, press) if trial.state is ChoiceState.CHOOSING else _judged(trial, press)


def _after_key_in_between(
    trial: ChoiceTrial, press: KeyPressed
) -> tuple[ChoiceTrial, ChoiceCommand | None]:
    match trial.state:
        case ChoiceState.ASKED if press.key == trial.keys.leave:
            return replace(trial, state=ChoiceState.LEFT), None
        case ChoiceState.ASKED:
            return _resumed(trial, trial.asked_in, press.t_s)
        case ChoiceState.PAUSED if press.key == trial.keys.pause:
            return _resumed(trial, trial.paused_in, press.t_s)
        case ChoiceState.HELD if press.key == trial.keys.go_on:
            return replace(trial, state=ChoiceState.FIXATING), ChoiceCommand.FIXATE
    return trial, None


def _chosen(trial: ChoiceTrial, press: KeyPressed) -> tuple[ChoiceTrial, ChoiceCommand | None]:
    typed, option = trial.entry.pressed(trial.typed, press.key)
    trial = replace(trial, typed=typed)
    if option is None:
        return trial, None
    choice = Choice(
        answer=trial.entry.options[option],
        rt_s=press.t_s - trial.offset_s - trial.interrupted_s,
        n_early_presses=trial.n_early_presses,
        interrupted_s=trial.interrupted_s,
        n_interruptions=trial.n_interruptions,
    )
    if not trial.n_levels:
        return replace(trial, state=ChoiceState.ANSWERED, choice=choice), None
    return replace(trial, state=ChoiceState.JUDGING, choice=choice), ChoiceCommand.JUDGE


def _judged(trial: ChoiceTrial, press: KeyPressed) -> tuple[ChoiceTrial, ChoiceCommand | None]:
    typed, level = trial.levels.pressed(trial.typed, press.key)
    trial = replace(trial, typed=typed)
    if level is None or trial.choice is None:
        return trial, None
    sure = replace(trial.choice, confidence=level + 1)
    return replace(trial, state=ChoiceState.ANSWERED, choice=sure), None


def _with_press(trial: ChoiceTrial, key: str, t_s: float, *, early: bool = False) -> ChoiceTrial:
    return replace(trial, key_presses=(*trial.key_presses, KeyPress(key, t_s, early)))


def _with_early(trial: ChoiceTrial, press: KeyPressed) -> ChoiceTrial:
    early = trial.entry.is_task_key(press.key)
    trial = replace(trial, n_early_presses=trial.n_early_presses + early)
    return _with_press(trial, press.key, press.t_s, early=early)


def _interrupted(trial: ChoiceTrial, t_s: float) -> ChoiceTrial:
    """Stop the clock of the answer: it runs while one is waited for."""
    if trial.state is not ChoiceState.CHOOSING:
        return trial
    begun_s = max(t_s, trial.offset_s)  # the driver may deliver a press late
    return replace(
        trial, interrupted_at_s=begun_s, n_interruptions=trial.n_interruptions + 1, typed=""
    )


def _choosing_again(trial: ChoiceTrial, t_s: float) -> ChoiceTrial:
    begun_s = t_s if trial.interrupted_at_s is None else trial.interrupted_at_s
    interrupted_s = trial.interrupted_s + max(0.0, t_s - begun_s)
    return replace(
        trial, state=ChoiceState.CHOOSING, interrupted_at_s=None, interrupted_s=interrupted_s
    )


def _resumed(
    trial: ChoiceTrial, before: ChoiceState, t_s: float
) -> tuple[ChoiceTrial, ChoiceCommand]:
    match before:
        case ChoiceState.CHOOSING:  # who has seen the whole clip does not see it again
            return _choosing_again(trial, t_s), ChoiceCommand.CHOOSE
        case ChoiceState.JUDGING:
            return replace(trial, state=ChoiceState.JUDGING), ChoiceCommand.JUDGE
        case ChoiceState.PAUSED:
            return replace(trial, state=ChoiceState.PAUSED), ChoiceCommand.PAUSE
        case ChoiceState.HELD:
            return replace(trial, state=ChoiceState.HELD), ChoiceCommand.CALL
    return replace(trial, state=ChoiceState.FIXATING), ChoiceCommand.FIXATE
