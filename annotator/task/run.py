"""Trials in a row: the loop around the state machine."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from annotator.task.actor import PERSON, Actor
from annotator.task.pages import (
    LeftError,
    PageEnd,
    Pages,
    leave_if_ordered,
    perform_page,
    show_page,
)
from annotator.task.stage import Page, Stage
from annotator.task.trial import (
    Command,
    LeaveAsked,
    PlaybackDisturbed,
    PlaybackEnded,
    PlaybackFailed,
    SoundLost,
    Trial,
    step,
)
from sessions.running.session_plan import PlannedTrial, SessionPlan
from study.errors import StageError, StoreError
from study.vocabulary import Rating, Stimulus, TrialRecord

N_AHEAD = 2  # clips decoded before their turn
Save = Callable[[TrialRecord], int | None]


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


def run_trial(
    stage: Stage,
    stimulus: Stimulus,
    pages: Pages,
    actor: Actor = PERSON,
    *,
    asked_s: float | None = None,
) -> TrialRecord:
    """Present a stimulus until it is rated, cannot be shown, or the participant leaves.

    Returns the response and the evidence of how it came about. Raises StageError if the sound
    device is gone and a simulated person cannot help.

    Parameters
    ----------
    pages : Pages
        What to show in a pause, before leaving, and where the sound device is gone.
    asked_s : float or None
        When the key went down that asked for it; None where no key did.
    """
    trial = Trial(pages.keys, asked_s=asked_s)
    stage.play(stimulus, trial.asked_s)
    while not trial.is_over:
        for event in stage.poll():
            trial, command = step(trial, event)
            match command:
                case Command.PLAY:
                    stage.play(stimulus, trial.asked_s)
                case Command.WARN:
                    stage.warn()
                case Command.PROMPT:
                    stage.prompt()
                case Command.PAUSE:
                    stage.show_page(pages.pause())
                case Command.ASK:
                    stage.show_page(pages.leave())
                case Command.CALL if actor.is_simulated:
                    raise StageError(trial.problem)
                case Command.CALL:
                    stage.show_page(pages.call_experimenter(trial.problem))
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
    save: Save,
    actor: Actor = PERSON,
    *,
    trials_per_block: int,
    max_trials: int | None = None,
) -> SessionSummary:
    """Run the trials that are left of a plan.

    Parameters
    ----------
    save : callable
        Writes a trial record and returns the new bonus total; the next clip is not shown before
        it returns.
    trials_per_block : int
        Trials between two breaks, those of earlier sessions counted.
    max_trials : int or None
        End after so many trials; None to go on to the end.
    """
    session = _Session(stage, pages, save, actor)
    trials = plan.trials if max_trials is None else plan.trials[:max_trials]
    stimuli = [planned.stimulus for planned in trials]
    try:
        stage.prepare(stimuli[: 1 + N_AHEAD])  # while the instructions are read
        session.show(pages.welcome())
        for i, planned in enumerate(trials):
            n_done = plan.n_done + i
            if i > 0 and n_done % trials_per_block == 0:
                session.show(pages.rest(n_done - session.n_failed))
            stage.prepare(stimuli[i : i + 1 + N_AHEAD])
            session.perform(planned)
        if len(trials) < len(plan.trials):
            return session.summary(Ending.LIMIT)
    except LeftError:
        return session.summary(Ending.LEFT)
    with suppress(LeftError):  # nothing is left to leave
        session.show(pages.finished(plan.n_done + session.n_rated))
    return session.summary(Ending.FINISHED)


class _Session:
    def __init__(self, stage: Stage, pages: Pages, save: Save, actor: Actor) -> None:
        self.stage, self.pages, self.save, self.actor = stage, pages, save, actor
        self.n_rated = self.n_failed = 0
        self.asked_s: float | None = None  # when the next clip was asked for by a rating

    def summary(self, ending: Ending) -> SessionSummary:
        return SessionSummary(ending, self.n_rated, self.n_failed)

    def perform(self, planned: PlannedTrial) -> None:
        record = run_trial(
            self.stage, planned.stimulus, self.pages, self.actor, asked_s=self.asked_s
        )
        self.asked_s = None if record.response is None else record.key_presses[-1].t_s
        self._keep(record)
        if record.failure is not None:
            self.show(self.pages.technical_failure())
        elif record.response is None:
            raise LeftError
        elif planned.reasoning is not None:
            self._discuss(planned, record.response.rating)

    def show(self, page: Page) -> str | None:
        self.asked_s = None
        return perform_page(self.stage, page, self.pages, self.actor)

    def _keep(self, record: TrialRecord) -> None:
        while True:
            try:
                total = self.save(record)
            except StoreError as error:
                if self.actor.is_simulated:
                    raise
                problem = str(error)
            else:
                break
            self.asked_s = None
            self._call(problem, record)
        self.stage.show_bonus(total)
        self._count(record)

    def _count(self, record: TrialRecord) -> None:
        self.n_rated += record.response is not None
        self.n_failed += record.failure is not None

    def _call(self, problem: str, record: TrialRecord) -> None:
        call = self.pages.call_experimenter(problem)
        ask = self.pages.leave(is_saved=False)
        try:
            while show_page(self.stage, call, self.pages.keys.pause) is PageEnd.LEAVE:
                if show_page(self.stage, ask, self.pages.keys.pause) == self.pages.keys.leave:
                    raise LeftError
        except LeftError:
            with suppress(StoreError):  # the last chance
                self.save(record)
                self._count(record)
            raise

    def _discuss(self, planned: PlannedTrial, rating: Rating) -> None:
        page = self.pages.feedback(planned, rating)
        while self.show(page) == self.pages.keys.replay:
            self._play_unrated(planned.stimulus)

    def _play_unrated(self, stimulus: Stimulus) -> None:
        self.stage.play(stimulus)
        over = False
        while not over:
            events = self.stage.poll()
            over = any(isinstance(event, _END_OF_PLAYING) for event in events)
            leave_if_ordered(events)
            if any(isinstance(event, PlaybackDisturbed) for event in events):
                self.stage.play(stimulus)
        self.stage.take_presentations()  # of no trial


_END_OF_PLAYING = PlaybackEnded | PlaybackFailed | SoundLost | LeaveAsked
