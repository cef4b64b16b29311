"""Trials in a row: the loop around the state machine."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from annotator.pages import AGAIN_KEY, Pages
from annotator.stage import Page, Stage
from annotator.trial import (
    LEAVE_KEY,
    PAUSE_KEY,
    Command,
    KeyPressed,
    LeaveAsked,
    LeaveOrdered,
    PlaybackEnded,
    PlaybackFailed,
    Trial,
    step,
)
from sessions.plan import PlannedTrial, SessionPlan
from study.errors import StoreError
from study.vocabulary import Rating, Stimulus, TrialRecord

N_AHEAD = 2  # clips decoded before their turn
Keep = Callable[[TrialRecord], int | None]


class Ending(StrEnum):
    """Why a session ended."""

    FINISHED = "finished"  # nothing is left to rate
    LIMIT = "limit"  # as many trials as were asked for
    LEFT = "left"  # the participant left


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """How a session went."""

    ending: Ending
    n_rated: int
    n_failed: int


class _LeftError(Exception):
    """The participant left; unwinds to the session."""


def run_trial(stage: Stage, stimulus: Stimulus, pause: Page) -> TrialRecord:
    """Present a stimulus until it is rated, cannot be shown, or the participant leaves.

    Parameters
    ----------
    stage : Stage
        Screen, headphones and keyboard.
    stimulus : Stimulus
        What to present.
    pause : Page
        What to show in a pause.

    Returns
    -------
    TrialRecord
        The response and the evidence of how it came about.
    """
    perform: dict[Command, Callable[[], None]] = {
        Command.PLAY: lambda: stage.play(stimulus),
        Command.WARN: stage.warn,
        Command.PROMPT: stage.prompt,
        Command.PAUSE: lambda: stage.show_page(pause),
    }
    trial = Trial()
    stage.play(stimulus)
    while not trial.is_over:
        for event in stage.poll():
            trial, command = step(trial, event)
            if command is not None:
                perform[command]()
    return TrialRecord(
        stimulus=stimulus,
        response=trial.response,
        presentations=stage.take_presentations(),
        key_presses=trial.key_presses,
        failure=trial.failure,
    )


def run_session(
    stage: Stage,
    plan: SessionPlan,
    pages: Pages,
    keep: Keep,
    *,
    trials_per_block: int,
    max_trials: int | None = None,
    may_ask: bool = True,
) -> SessionSummary:
    """Perform what is left of a plan.

    Parameters
    ----------
    stage : Stage
        Screen, headphones and keyboard.
    plan : SessionPlan
        What to show.
    pages : Pages
        The texts around the trials.
    keep : callable
        Writes a trial record and returns the new bonus total; the next clip is not shown before
        it returns.
    trials_per_block : int
        Trials between two breaks, those of earlier sessions counted.
    max_trials : int or None
        End after so many trials; None to go on to the end.
    may_ask : bool
        Whether somebody is there to solve a problem; if not, it ends the session.

    Returns
    -------
    SessionSummary
        How it went.
    """
    session = _Session(stage, pages, keep, may_ask)
    trials = plan.trials if max_trials is None else plan.trials[:max_trials]
    try:
        session.show(pages.welcome())
        for i, planned in enumerate(trials):
            n_done = plan.n_done + i
            if i > 0 and n_done % trials_per_block == 0:
                session.show(pages.rest(n_done - session.n_failed))
            stage.prepare([later.stimulus for later in trials[i : i + 1 + N_AHEAD]])
            session.perform(planned)
        if len(trials) < len(plan.trials):
            return session.summary(Ending.LIMIT)
        session.show(pages.finished(plan.n_done + session.n_rated))
    except _LeftError:
        return session.summary(Ending.LEFT)
    return session.summary(Ending.FINISHED)


class _Session:
    def __init__(self, stage: Stage, pages: Pages, keep: Keep, may_ask: bool) -> None:
        self.stage, self.pages, self.keep, self.may_ask = stage, pages, keep, may_ask
        self.n_rated = self.n_failed = 0

    def summary(self, ending: Ending) -> SessionSummary:
        return SessionSummary(ending, self.n_rated, self.n_failed)

    def perform(self, planned: PlannedTrial) -> None:
        record = run_trial(self.stage, planned.stimulus, self.pages.pause())
        self.stage.show_bonus(self._kept(record))
        self.n_rated += record.response is not None
        self.n_failed += record.failure is not None
        if record.failure is not None:
            self.show(self.pages.technical_failure())
        elif record.response is None:
            raise _LeftError
        elif planned.reasoning is not None:
            self._discuss(planned, record.response.rating)

    def show(self, page: Page) -> str:
        """Show a page until a key ends it; a pause in between comes back to it."""
        while True:
            key = show_page(self.stage, page)
            if key is not None:
                return key
            if show_page(self.stage, self.pages.pause()) == LEAVE_KEY:
                raise _LeftError

    def _kept(self, record: TrialRecord) -> int | None:
        while True:
            try:
                return self.keep(record)
            except StoreError as error:
                if not self.may_ask:
                    raise
                problem = str(error)
            # Leaving is no way out here: the rating would be lost. The page asks again.
            show_page(self.stage, self.pages.call_experimenter(problem))

    def _discuss(self, planned: PlannedTrial, rating: Rating) -> None:
        page = self.pages.feedback(planned, rating)
        while self.show(page) == AGAIN_KEY:
            self._play_unrated(planned.stimulus)

    def _play_unrated(self, stimulus: Stimulus) -> None:
        self.stage.play(stimulus)
        over = False
        while not over:
            events = self.stage.poll()
            over = any(isinstance(e, PlaybackEnded | PlaybackFailed | LeaveAsked) for e in events)
            _leave_if_ordered(events)
        self.stage.take_presentations()  # of no trial


def show_page(stage: Stage, page: Page) -> str | None:
    """Show a page until a key ends it.

    Parameters
    ----------
    stage : Stage
        Screen and keyboard.
    page : Page
        What to show; a key counts after `at_least_s`.

    Returns
    -------
    str or None
        The key; None where Escape or the pause key was pressed instead.
    """
    shown_s = stage.now_s
    stage.show_page(page)
    while True:
        events = stage.poll()
        _leave_if_ordered(events)
        for event in events:
            if isinstance(event, LeaveAsked):
                return None
            if not isinstance(event, KeyPressed) or event.t_s < shown_s:
                continue
            if event.key == PAUSE_KEY:
                return None
            is_early = event.t_s < shown_s + page.at_least_s
            if not is_early and (page.keys is None or event.key in page.keys):
                return event.key


def _leave_if_ordered(events: Sequence[object]) -> None:
    if any(isinstance(event, LeaveOrdered) for event in events):
        raise _LeftError
