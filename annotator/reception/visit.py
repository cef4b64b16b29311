"""From whoever sits down to the session that is next for them."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from annotator.headphones import check
from annotator.opening import OpenStage, open_stage, stage_of
from annotator.reception import reception_pages as shown
from annotator.reception.who import ask_who
from annotator.request import Request, StageOptions
from annotator.rig.lead import lead_of
from annotator.task.actor import PERSON, Actor
from annotator.task.pages import Pages
from annotator.task.problems import code_of
from annotator.task.turning import LeftError, perform_page
from instructions import screens
from sessions.running.next_step import NextStep, Step, next_step
from sessions.running.recording import host_name, utc_now
from sessions.running.session_plan import SessionPlan
from study.classes import read_classes
from study.config.study import Study, find_study
from study.errors import ConfigError, NotClearedError, StudyError
from study.store import Engine, open_store, transaction
from study.store.people import participants
from study.store.ratings import rig_checks
from study.vocabulary import Phase


@dataclass(frozen=True, slots=True)
class Visit:
    """What was asked for on the command line, nothing being said of what comes next.

    Parameters
    ----------
    participant_id : str or None
        None to ask on the screen.
    n_blocks, n_trials, minutes : int, int and float, or None
        Where the session ends, as `annotator.request.Request` has them.
    kiosk : bool
        Whether the screen asks for the next participant when a session has ended.
    """

    participant_id: str | None = None
    actor: Actor = PERSON
    options: StageOptions = field(default_factory=StageOptions)
    n_blocks: int | None = None
    n_trials: int | None = None
    minutes: float | None = None
    ungraded: bool = False
    kiosk: bool = False

    def __post_init__(self) -> None:
        """Refuse simulated people who would have to type an id."""
        self.options.require_for(self.actor)
        if self.participant_id is None and self.actor.is_simulated:
            raise ConfigError("a simulated person types no id. Add --participant, such as S01")


@dataclass(frozen=True, slots=True)
class Received:
    """How a visit went: a line a session, and whether no headphone check was failed."""

    text: str
    is_passed: bool = True


class Perform(Protocol):
    """Runs a session: `annotator.session.perform`."""

    def __call__(
        self, request: Request, *, study_dir: Path | None, store: str | None, on: OpenStage | None
    ) -> str:
        """Return how it went, in a line."""


def receive(
    visit: Visit, perform: Perform, *, study_dir: Path | None, store: str | None
) -> Received:
    """Find out who is there and what comes next, and do it; return how it went.

    Raises StudyError if nothing can begin; once the screen asks who is there, it says so itself and
    asks again.

    Parameters
    ----------
    perform : callable
        Runs the session that comes next.
    store : str or None
        A store URL that overrides the one in `study.toml`.
    """
    study = find_study(study_dir, store)
    engine = open_store(study.store_url)
    reception = _Reception(visit, perform, study, engine, study_dir, store)
    if visit.participant_id is not None:
        found = reception.next_of(visit.participant_id)
        if found.is_finished:
            return Received(found.why)
        if found.step is None:
            raise NotClearedError(found.why)
        if found.step is not Step.GROUND_TRUTH or visit.actor.is_simulated:
            text = reception.begin(found, found.step, None)
            return Received(text, reception.is_passed)
    text = reception.ask()
    return Received(text, reception.is_passed or visit.kiosk)


class _Reception:
    def __init__(
        self,
        visit: Visit,
        perform: Perform,
        study: Study,
        engine: Engine,
        study_dir: Path | None,
        store: str | None,
    ) -> None:
        self.visit, self.perform, self.study, self.engine = visit, perform, study, engine
        self.study_dir, self.store = study_dir, store
        self.is_passed = True  # the headphone check, where there was one

    def next_of(self, participant_id: str) -> NextStep:
        with transaction(self.engine) as db:
            return next_step(db, self.study, participant_id)

    def ask(self) -> str:
        """Open the stage, and ask on it what is not known."""
        nobody = SessionPlan("", Phase.ANNOTATION, 1, (), 0, shows_bonus=False)
        n_classes = len(read_classes(self.study.classes_path).avmit_labels)
        pages = Pages(self.study, nobody, n_classes, names=screens.of_reception(self.study.config))
        with transaction(self.engine) as db:
            last_check = rig_checks.latest(db, host_name())
        measured = self.study.config.screen.measured_lead
        lead = lead_of(last_check, at=utc_now()) if measured else None
        actor, options = self.visit.actor, self.visit.options
        lines: list[str] = []
        with open_stage(pages, actor, options, chance="", lead=lead) as on:
            while not lines or self.visit.kiosk:
                try:
                    lines += self._one(pages, on)
                except LeftError:
                    break
        return "\n".join(lines) or "nobody began a session"

    def begin(self, found: NextStep, step: Step, on: OpenStage | None) -> str:
        visit, options = self.visit, self.visit.options
        if step.phase is None:
            done = check.perform(
                found.participant_id,
                partial(stage_of, actor=visit.actor, options=options, on=on),
                visit.actor,
                study_dir=self.study_dir,
                store=self.store,
                says_what_is_next=True,
            )
            self.is_passed = done.is_passed
            return done.in_words()
        request = Request(
            participant_id=found.participant_id,
            phase=step.phase,
            actor=visit.actor,
            options=options,
            n_blocks=visit.n_blocks,
            n_trials=visit.n_trials,
            minutes=visit.minutes,
            says_what_is_next=True,
            ungraded=visit.ungraded,
        )
        return self.perform(request, study_dir=self.study_dir, store=self.store, on=on)

    def _one(self, pages: Pages, on: OpenStage) -> list[str]:
        """Receive one participant; return how it went, nothing where nothing began."""
        on.stage.show_bonus(None)
        with transaction(self.engine) as db:
            ids = [participant.id for participant in participants.listed(db)]
        participant_id = self.visit.participant_id or ask_who(on.stage, pages, ids)
        try:
            return [self._begun(participant_id, pages, on)]
        except StudyError as error:
            if self.visit.participant_id is not None:
                raise
            page = shown.refused(pages, str(error), code_of(error))
            perform_page(on.stage, page, pages)
            return []

    def _begun(self, participant_id: str, pages: Pages, on: OpenStage) -> str:
        found = self.next_of(participant_id)
        if found.step is None:
            raise NotClearedError(found.why)
        step = found.step
        if step is Step.GROUND_TRUTH:
            key = perform_page(on.stage, shown.choose(pages, found), pages)
            step = shown.CHOICES[key or "1"]
        return self.begin(found, step, on)
