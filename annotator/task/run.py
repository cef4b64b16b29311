"""Trials in a row: the loop around the state machine."""

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum

from annotator.recognition.run_choice import run_choice
from annotator.task.actor import PERSON, Actor
from annotator.task.page import Page
from annotator.task.pages import Pages
from annotator.task.problems import code_of
from annotator.task.run_trial import run_trial
from annotator.task.session_progress import Limits, SessionProgress
from annotator.task.stage import Stage
from annotator.task.trial import (
    LeaveAsked,
    PlaybackDisturbed,
    PlaybackEnded,
    PlaybackFailed,
    Slips,
    SoundLost,
)
from annotator.task.turning import (
    LeftError,
    PageEnd,
    leave_if_ordered,
    perform_page,
    show_page,
)
from annotator.triggers import Send, no_markers
from sessions.running.session_plan import PlannedTrial, SessionPlan
from study.errors import StoreError
from study.vocabulary import Choice, Phase, Rating, Stimulus, TrialRecord

N_AHEAD = 2  # clips decoded before their turn
N_PACE = 20  # trials from which is judged how long the next one takes
NO_LIMITS = Limits()
Save = Callable[[TrialRecord], int | None]
FlagSlip = Callable[[], None]


def _no_slip() -> None:
    """Flag nothing."""


class Ending(StrEnum):
    """Why a session ended."""

    FINISHED = "finished"  # nothing is left to rate
    LIMIT = "limit"  # as many trials as were asked for
    TIME = "time"  # no time is left for another one
    LEFT = "left"  # the participant left


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """How a session went.

    Parameters
    ----------
    n_disturbed : int
        Trials that the experimenter flagged as disturbed.
    """

    ending: Ending
    n_rated: int
    n_failed: int
    n_disturbed: int = 0


def run_session(
    stage: Stage,
    plan: SessionPlan,
    pages: Pages,
    save: Save,
    actor: Actor = PERSON,
    *,
    trials_per_block: int,
    limits: Limits = NO_LIMITS,
    bonus_pence: int | None = None,
    flag_slip: FlagSlip = _no_slip,
    send: Send = no_markers,
) -> SessionSummary:
    """Run the trials that are left of a plan.

    Parameters
    ----------
    save : callable
        Writes a trial record and returns the new bonus total; the next clip is not shown before
        it returns.
    trials_per_block : int
        Trials between two breaks, those of earlier sessions counted.
    limits : Limits
        Where the session ends if anything is left.
    bonus_pence : int or None
        What was earned before; None where there is no bonus.
    flag_slip : callable
        Flags the last rating as a slip, where a page stands after it.
    send : callable
        Sends a marker of what happened in a recognition trial so many seconds ago.
    """
    session = _Session(stage, plan, pages, save, actor, limits, bonus_pence, flag_slip, send)
    trials = plan.trials[: limits.n_trials]
    stimuli = [planned.stimulus for planned in trials]
    ending = Ending.LIMIT if len(trials) < len(plan.trials) else Ending.FINISHED
    try:
        stage.prepare(stimuli[: 1 + N_AHEAD])  # while the instructions are read
        session.show(pages.welcome())
        for i, planned in enumerate(trials):
            is_break = i > 0 and (plan.n_done + i) % trials_per_block == 0
            if session.is_over(pages.rest_s if is_break else None):
                ending = Ending.TIME
                break
            if is_break:
                session.rest()
            stage.prepare(stimuli[i : i + 1 + N_AHEAD])
            session.perform(planned)
    except LeftError:
        return session.summary(Ending.LEFT)
    with suppress(LeftError):  # nothing is left to leave
        session.show_last(is_all=ending is Ending.FINISHED)
    return session.summary(ending)


class _Session:
    def __init__(
        self,
        stage: Stage,
        plan: SessionPlan,
        pages: Pages,
        save: Save,
        actor: Actor,
        limits: Limits,
        bonus_pence: int | None,
        flag_slip: FlagSlip,
        send: Send,
    ) -> None:
        self.stage, self.plan, self.pages, self.save = stage, plan, pages, save
        self.actor, self.limits, self.flag_slip = actor, limits, flag_slip
        self.send = send
        self.n_rated = self.n_failed = self.n_disturbed = 0
        self.n_slips = 0  # since the last break
        self.asked_s: float | None = None  # when the next clip was asked for by a rating
        self.bonus_before = self.bonus_pence = bonus_pence
        self.began_s = stage.now_s
        self.trials_s: deque[float] = deque(maxlen=N_PACE)

    def summary(self, ending: Ending) -> SessionSummary:
        return SessionSummary(ending, self.n_rated, self.n_failed, self.n_disturbed)

    def is_over(self, rest_s: float | None) -> bool:
        elapsed_s = self.stage.now_s - self.began_s
        return self.limits.is_over(elapsed_s, self.trials_s, rest_s=rest_s)

    def progress(self) -> SessionProgress:
        n_trials, elapsed_s = self.n_rated + self.n_failed, self.stage.now_s - self.began_s
        earned = None
        if self.bonus_pence is not None and self.bonus_before is not None:
            earned = self.bonus_pence - self.bonus_before
        return SessionProgress(
            n_done=self.plan.n_done + self.n_rated,
            n_session=self.n_rated,
            elapsed_s=elapsed_s,
            share=self.limits.share(n_trials, elapsed_s, len(self.plan.trials)),
            bonus_session_pence=earned,
            bonus_total_pence=self.bonus_pence,
        )

    def rest(self) -> None:
        self._show_after_rating(self.pages.rest(self.progress()))
        self.n_slips = 0

    def show_last(self, *, is_all: bool) -> None:
        self._show_after_rating(self.pages.finished(self.progress(), is_all=is_all))

    def perform(self, planned: PlannedTrial) -> None:
        began_s = self.stage.now_s
        record = self._present(planned)
        self.n_slips += record.slip_before
        self.asked_s = None if record.response is None else record.key_presses[-1].t_s
        self._keep(record)
        if record.failure is not None:
            self.show(self.pages.technical_failure())
        elif not record.is_rated:
            raise LeftError
        elif planned.is_practice and record.choice is not None:
            self._after_practice(planned, record.choice)
        elif planned.reasoning is not None and record.response is not None:
            self._discuss(planned, record.response.rating)
        self.trials_s.append(self.stage.now_s - began_s)

    def _present(self, planned: PlannedTrial) -> TrialRecord:
        if planned.recognise is not None:
            return run_choice(self.stage, planned, self.pages, self.actor, self.send)
        return run_trial(
            self.stage,
            planned.stimulus,
            self.pages,
            self.actor,
            asked_s=self.asked_s,
            slips=self._slips(),
        )

    def _after_practice(self, planned: PlannedTrial, choice: Choice) -> None:
        label = planned.recognise.label if planned.recognise is not None else ""
        if self.pages.study.config.recognition.feedback and label:
            self.show(self.pages.practised(label, choice.answer))
        if planned == [each for each in self.plan.trials if each.is_practice][-1]:
            self.show(self.pages.practice_over())

    def show(self, page: Page) -> str | None:
        self.asked_s = None
        return perform_page(self.stage, page, self.pages, self.actor)

    def _slips(self) -> Slips:
        keys, is_choice = self.pages.keys, self.plan.phase is Phase.RECOGNITION
        if keys.slip is None or not self.n_rated or is_choice:
            return Slips.NOTHING_RATED
        is_left = self.n_slips < self.pages.study.config.protocol.slips_per_block
        return Slips.LEFT if is_left else Slips.USED_UP

    def _show_after_rating(self, page: Page) -> None:
        """Show a page that any key ends, but for the one that flags the rating before it."""
        until_s = self.stage.now_s + page.at_least_s
        while self.show(page) == self.pages.keys.slip and self._slips() is Slips.LEFT:
            self.flag_slip()
            self.n_slips += 1
            page = replace(page, at_least_s=max(0.0, until_s - self.stage.now_s))
            page = replace(page, small_print=self.pages.notices()["slip_noted"].strip())

    def _keep(self, record: TrialRecord) -> None:
        while True:
            try:
                total = self.save(record)
            except StoreError as error:
                if self.actor.is_simulated:
                    raise
                problem, code = str(error), code_of(error)
            else:
                break
            self.asked_s = None
            self._call(self.pages.call_experimenter(problem, code), record)
        self.bonus_pence = total
        self.stage.show_bonus(total)
        self._count(record)

    def _count(self, record: TrialRecord) -> None:
        self.n_rated += record.is_rated
        self.n_failed += record.failure is not None
        self.n_disturbed += record.disturbed

    def _call(self, call: Page, record: TrialRecord) -> None:
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
