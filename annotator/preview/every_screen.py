"""Every screen of a study, filled with what a session could show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

import instructions
from annotator.headphones import headphone_pages
from annotator.reception import reception_pages
from annotator.recognition.choice import ChoiceTrial
from annotator.recognition.question import Question
from annotator.recognition.run_choice import entry_of
from annotator.task.page import Page
from annotator.task.pages import Pages
from annotator.task.problems import Code
from annotator.task.session_progress import SessionProgress
from instructions import screens
from sessions.exercises.verdicts import Attempt
from sessions.pay.receipt import statement_text
from sessions.pay.statement import Statement, StatementLine
from sessions.running.next_step import NextStep, Step
from sessions.running.session_plan import PlannedTrial, SessionPlan
from study.config.study import Study
from study.store.people.payments import Payment
from study.tools.wording import lasted
from study.vocabulary import Phase, Rating, Stimulus

WHO, N_DONE, N_TOTAL = "P03", 300, 4678
PROBLEM = (
    "store sqlite:////home/lab/study/store.sqlite: database or disk is full. Nothing was changed. "
    "Make room on its disk, then try again"
)
REASONING = (
    "The event is seen all the time, but what is heard is music: it is not both seen and heard."
)
_NOISE = np.zeros((48_000, 2), np.float32)
_DAY = datetime(2026, 1, 5, 9, tzinfo=UTC)
_STATEMENT = Statement(
    WHO,
    (
        StatementLine("1", "training", _DAY, timedelta(minutes=21), 600, 210, 41, 0, False, 1),
        StatementLine("2", "annotation", _DAY, timedelta(hours=1), 600, 600, 540, 480, False, None),
    ),
    (Payment(1, _DAY, 210, 0),),
)  # fmt: skip
_PROGRESS = SessionProgress(N_DONE, 100, 642.0, 0.4, 120, 2310)


@dataclass(frozen=True, slots=True)
class Sample:
    """What the screens are filled with.

    Parameters
    ----------
    label, reasoning : str
        A label of the study and a reason of the expert; the longest ones find most faults.
    n_classes : int
        Classes of the study, clips of its exercises.
    """

    label: str
    reasoning: str = REASONING
    n_classes: int = 41

    def trial(self) -> PlannedTrial:
        """Return a trial of a clip that is not there."""
        stimulus = Stimulus(1, Path("clip.mp4"), self.label)
        return PlannedTrial(stimulus, self.reasoning, Rating.UNCLEAN)


def pages_of(study: Study, phase: Phase, sample: Sample, names: Sequence[str] = ()) -> Pages:
    """Return the texts of a session of a phase."""
    is_exercise = phase in (Phase.TRAINING, Phase.SCREENING)
    n_done, n_left = (0, sample.n_classes) if is_exercise else (N_DONE, N_TOTAL - N_DONE)
    trials = [sample.trial()] * n_left
    plan = SessionPlan(WHO, phase, 1, trials, n_done, shows_bonus=phase is Phase.ANNOTATION)
    rest_s = study.config.screen.break_s
    return Pages(study, plan, sample.n_classes, rest_s, names=tuple(names))


def every_page(study: Study, sample: Sample) -> dict[str, Page]:
    """Return all pages that a study's sessions may show, by the names of their pictures.

    Raises ConfigError if one of their texts cannot be read or filled in.
    """
    phases = screens.phases(study.config)
    rating = pages_of(study, Phase.ANNOTATION, sample)
    note = rating.note("note_rest", lasted=lasted(720), planned=lasted(3600))
    rest = rating.rest(_PROGRESS)
    waiting = rest.text if rest.while_waiting is None else rest.while_waiting(23)
    found = {
        **_reception(study, sample),
        **{f"start_{phase}": _start(study, phase, sample) for phase in phases},
        "start_with_a_note": rating.start(Step.ANNOTATION, [note]),
        **_headphones(study, sample),
        **{screens.welcome(phase): pages_of(study, phase, sample).welcome() for phase in phases},
        **_practice(study, sample),
        "feedback": pages_of(study, Phase.TRAINING, sample).feedback(
            sample.trial(), Rating.VERY_CLEAN
        ),
        **_screening(study, sample),
        "break_waiting": Page("break", waiting),
        "break": rest,
        "pause": rating.pause(),
        "leave": rating.leave(),
        "leave_unsaved": rating.leave(is_saved=False),
        "technical_failure": rating.technical_failure(),
        "call_experimenter": rating.call_experimenter(PROBLEM, Code.STORE),
        "session_over": rating.finished(_PROGRESS, is_all=False),
        "finished": rating.finished(_PROGRESS),
    }
    return found


def _screening(study: Study, sample: Sample) -> dict[str, Page]:
    pages, n_clips = pages_of(study, Phase.SCREENING, sample), sample.n_classes
    n_needed = study.config.protocol.pass_mark(n_clips)
    return {
        "screening_finished": pages.finished(_PROGRESS),
        "screening_passed": pages.verdict(Attempt(1, n_clips, n_clips, n_needed)),
        "screening_not_passed": pages.verdict(Attempt(1, n_clips, n_clips, n_needed - 1)),
    }


def _practice(study: Study, sample: Sample) -> dict[str, Page]:
    if Phase.RECOGNITION not in screens.phases(study.config):
        return {}
    pages = pages_of(study, Phase.RECOGNITION, sample)
    return {
        "feedback_right": pages.practised(sample.label, sample.label),
        "feedback_wrong": pages.practised(sample.label, "whistling"),
        "practice_over": pages.practice_over(),
    }


def every_question(study: Study, sample: Sample) -> list[Question]:
    """Return the questions of a study's recognition experiment; none where it has none."""
    recognition = study.config.recognition
    if Phase.RECOGNITION not in screens.phases(study.config):
        return []
    pages = pages_of(study, Phase.RECOGNITION, sample)
    classes = recognition.classes or (sample.label,) * max(2, min(16, sample.n_classes))
    entry = entry_of(recognition, classes)
    found = [Question(f"question_{attend}", pages.question(attend), entry)
             for attend in ("both", "picture", "sound")]  # fmt: skip
    if recognition.confidence:
        levels = ChoiceTrial(entry, n_levels=recognition.confidence).levels
        found.append(Question("question_confidence", pages.how_sure(), levels))
    return found


def _start(study: Study, phase: Phase, sample: Sample) -> Page:
    return pages_of(study, phase, sample).start(Step(phase.value))


def _reception(study: Study, sample: Sample) -> dict[str, Page]:
    names = screens.of_reception(study.config)
    desk = pages_of(study, Phase.ANNOTATION, sample, names)
    refusal = f"participant {WHO} has not been screened. Run: python -m sessions show {WHO}"
    return {
        "who": reception_pages.who(desk, "p0"),
        "who_suggested": reception_pages.suggested(desk, "p03", WHO),
        "who_unknown": reception_pages.unknown(desk, "q9"),
        "choose": reception_pages.choose(
            desk, NextStep("EXPERT", Step.GROUND_TRUTH, N_DONE, N_TOTAL)
        ),
        "refused": reception_pages.refused(desk, refusal, Code.NOT_CLEARED),
    }


def _headphones(study: Study, sample: Sample) -> dict[str, Page]:
    found: dict[str, Page] = {}
    rating = pages_of(study, Phase.ANNOTATION, sample)
    if study.config.headphones.set_level:
        found["level"] = headphone_pages.level(rating, -14.0, _NOISE)
    stimulus = study.config.headphones.check
    if stimulus == "off":
        return found
    names = screens.of_headphone_check(study.config)
    check = pages_of(study, Phase.TRAINING, sample, names)
    return found | {
        "start_headphone_check": check.start(Step.HEADPHONE_CHECK),
        "headphones": headphone_pages.explanation(check, stimulus),
        "headphones_example": headphone_pages.example(check, stimulus, _NOISE),
        "headphones_example_answer": headphone_pages.example_answer(check, 2, "1"),
        "headphones_listen": headphone_pages.listen(check, 2, 3, _NOISE, gap_s=0.5),
        "headphones_which": headphone_pages.which(check, stimulus, 1, 6, 1),
        "headphones_passed": headphone_pages.result(check, passed=True),
        "headphones_failed": headphone_pages.result(check, passed=False),
    }


def sheets(study: Study, sample: Sample) -> dict[str, str]:
    """Return the texts that are printed, by name, as Markdown; words without a value stand there.

    Raises ConfigError if one of them cannot be read.
    """
    values = instructions.words_of_sheets(study, sample.n_classes)
    language, own = study.config.language, study.texts_path
    found = {
        name: instructions.as_far_as_known(name, language, values, own=own)
        for name in screens.ON_PAPER
    }
    return found | {"statement": statement_text(_STATEMENT, study)}
