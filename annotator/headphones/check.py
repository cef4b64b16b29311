"""The headphone check of a participant: the sounds, the answers, the result in the store."""

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path

from annotator.headphones import headphone_pages as shown
from annotator.headphones.level import check_headphones, set_level
from annotator.headphones.sounds import HeadphoneTrial, example_trial, headphone_trials
from annotator.task.actor import PERSON, Actor
from annotator.task.pages import Pages
from annotator.task.stage import Stage
from annotator.task.turning import LeftError, perform_page
from instructions import screens
from sessions.exercises import headphones
from sessions.running.gate import require_may_check_headphones
from sessions.running.next_step import Step
from sessions.running.recording import utc_now
from sessions.running.session_plan import SessionPlan
from study.classes import read_classes
from study.config.study import Study, find_study
from study.errors import ConfigError, StudyError
from study.store import Engine, audit, open_store, transaction
from study.store.people import headphone_checks, participants
from study.store.people.headphone_checks import HeadphoneCheck
from study.tools.seeding import generator
from study.vocabulary import Phase

# Takes the pages, and a name for what a simulated person leaves to chance.
Opened = Callable[[Pages, str], AbstractContextManager[Stage]]


@dataclass(frozen=True, slots=True)
class HeadphoneOutcome:
    """How a headphone check went."""

    participant_id: str
    n_right: int
    n_trials: int

    @property
    def is_passed(self) -> bool:
        """Whether enough sounds were found."""
        return headphones.passed(self.n_right)

    def in_words(self) -> str:
        """Return the outcome as a line."""
        verdict = "passed" if self.is_passed else f"not passed, {headphones.PASS_MARK} are needed"
        return (
            f"{self.participant_id}: headphone check, {self.n_right} of {self.n_trials} found: "
            f"{verdict}"
        )


def perform(
    participant_id: str,
    opened: Opened,
    actor: Actor = PERSON,
    *,
    study_dir: Path | None = None,
    store: str | None = None,
    says_what_is_next: bool = False,
) -> HeadphoneOutcome:
    """Do a headphone check from its first page to the store; return how it went.

    Raises StudyError if there is no check in this study, the participant may not do it, or somebody
    left.

    Parameters
    ----------
    opened : callable
        Opens the stage, or gives one that is open already and stays so.
    store : str or None
        A store URL that overrides the one in `study.toml`.
    says_what_is_next : bool
        Whether its first page says that this check comes next.
    """
    study = find_study(study_dir, store)
    stimulus = study.config.headphones.check
    if stimulus == "off":
        raise ConfigError(
            "this study has no headphone check. Choose one in study.toml: headphones.check = "
            '"huggins" or "antiphase"'
        )
    engine = open_store(study.store_url)
    with transaction(engine) as db:
        require_may_check_headphones(db, study, participant_id)
        n_before = len(headphone_checks.listed(db, participant_id))
    pages = Pages(
        study,
        _no_trials(participant_id),
        len(read_classes(study.classes_path).avmit_labels),
        names=screens.of_headphone_check(study.config),
    )
    stream = f"headphones/{participant_id}/{n_before}"
    rate_hz, seed = study.config.screen.sample_rate_hz, study.config.seed
    trials = headphone_trials(stimulus, rate_hz, generator(seed, stream))
    example = example_trial(stimulus, rate_hz, generator(seed, f"{stream}/example"))
    with opened(pages, stream) as stage:
        try:
            if says_what_is_next:
                perform_page(stage, pages.start(Step.HEADPHONE_CHECK), pages, actor)
            gain_db = set_level(stage, pages, actor)
            answers = check_headphones(stage, pages, stimulus, trials, example, actor)
        except LeftError:
            raise StudyError(
                f"{participant_id} left the headphone check, and nothing of it was saved. Start it "
                "again"
            ) from None
        check = _kept(engine, study, participant_id, trials, answers, gain_db)
        is_passed = headphones.passed(check.n_right)
        with suppress(LeftError):
            perform_page(stage, shown.result(pages, passed=is_passed), pages, actor)
    return HeadphoneOutcome(participant_id, check.n_right, len(trials))


def _no_trials(participant_id: str) -> SessionPlan:
    return SessionPlan(participant_id, Phase.TRAINING, 1, (), 0, shows_bonus=False)


def _kept(
    engine: Engine,
    study: Study,
    participant_id: str,
    trials: list[HeadphoneTrial],
    answers: list[int],
    gain_db: float,
) -> HeadphoneCheck:
    stimulus = study.config.headphones.check
    targets = tuple(trial.target for trial in trials)
    check = HeadphoneCheck(
        participant_id,
        stimulus,
        targets,
        tuple(answers),
        gain_db,
        headphones.n_right(targets, answers),
        utc_now(),
    )
    with transaction(engine) as db:
        participants.lock(db, [participant_id])
        # The check took minutes, in which somebody may have left or gone to a laptop.
        require_may_check_headphones(db, study, participant_id)
        headphone_checks.add(db, check)
        audit.add(
            db,
            actor=participant_id,
            action="check headphones",
            subject=participant_id,
            detail={"stimulus": stimulus, "n_right": check.n_right, "n_trials": len(targets)},
            at=check.done_at,
        )
    return check
