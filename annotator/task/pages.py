"""The pages of text around the trials, from `instructions/`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import instructions
from annotator.task.page import Page
from annotator.task.problems import Code
from annotator.task.session_progress import SessionProgress
from instructions import fonts, screens
from instructions.fonts import find_font
from sessions.exercises import verdicts
from sessions.exercises.verdicts import Attempt
from sessions.running.next_step import Step
from sessions.running.session_plan import PlannedTrial, SessionPlan
from study.config.keys import Keys, printed
from study.config.study import Study
from study.vocabulary import Phase, Rating


@dataclass(frozen=True, slots=True)
class Pages:
    """What a session's participant reads.

    Parameters
    ----------
    study : Study
        Gives language, words and break length.
    plan : SessionPlan
        Gives the phase and how much is done.
    rest_s : float
        How long a break lasts at least.
    names : tuple of str
        The texts that will be shown; none for those of the plan's phase.

    Raises
    ------
    ConfigError
        If one of them cannot be read, or names a word that has no value. All are read here, so
        that no text that is changed or removed later ends a session before its participant.
    """

    study: Study
    plan: SessionPlan
    n_classes: int
    rest_s: float = 0.0
    names: tuple[str, ...] = ()
    _templates: Mapping[str, str] = field(init=False, repr=False)
    _placeholders: Mapping[str, object] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Read the texts."""
        config = self.study.config
        placeholders = instructions.placeholders_of(self.study, self.n_classes)
        templates = {
            name: instructions.template(
                name,
                config.language,
                placeholders.keys() | screens.words_of(name),
                own=self.study.texts_path,
            )
            for name in self.names or screens.of_session(config, self.plan.phase)
        }
        object.__setattr__(self, "_templates", templates)
        object.__setattr__(self, "_placeholders", placeholders)

    @property
    def keys(self) -> Keys:
        """Which key does what."""
        return self.study.config.keys

    def require_font(self) -> None:
        """Raise ConfigError if the font of the screens lacks characters that they may show."""
        config = self.study.config
        font = find_font(config.screen.font)
        for name, template in self._templates.items():
            fonts.require_characters(font, [template], f"text {name}.md")
        own = [str(word) for word in self._placeholders.values()]
        fonts.require_characters(font, own, "the words of study.toml")
        planned = self.plan.trials
        fonts.require_characters(font, {t.stimulus.label for t in planned}, "the labels")
        reasons = {t.reasoning for t in planned if t.reasoning}
        fonts.require_characters(font, reasons, "the expert's reasoning of the exercise clips")

    def start(self, step: Step, notes: Sequence[str] = ()) -> Page:
        """Return the page that says what comes next, with `notes` to the experimenter.

        The participant begins, or where the experimenter sits beside them or has to read a note,
        the experimenter.
        """
        by_experimenter = step.is_beside_experimenter or bool(notes)
        who = self.plan.participant_id
        begin = self.text("begin_experimenter" if by_experimenter else "begin", participant=who)
        page = self.text(f"start_{step}", self.plan.n_done, begin=begin, participant=who)
        key = self.keys.pause if by_experimenter else self.keys.go_on
        return Page(f"start_{step}", "\n\n".join([page.strip(), *notes]), keys=(key,))

    def note(self, name: str, **words: object) -> str:
        """Return a note to the experimenter, such as that there were many sessions today."""
        return self.text(name, 0, participant=self.plan.participant_id, **words).strip()

    def welcome(self) -> Page:
        """Return the first page of a phase, with its instructions."""
        words = {}
        if self.plan.phase is Phase.RECOGNITION:
            words["how"] = self.text(f"how_{self.study.config.recognition.answer}").strip()
        name = screens.welcome(self.plan.phase)
        return Page("welcome", self.text(name, self.plan.n_done, **words))

    def question(self, attend: str) -> str:
        """Return what is asked of a clip, by what is asked for."""
        return self.text(f"question_{attend}").strip()

    def how_sure(self) -> str:
        """Return the question how sure an answer is."""
        levels = self.study.config.recognition.confidence
        return self.text("question_confidence", n_levels=levels).strip()

    def practised(self, label: str, answer: str) -> Page:
        """Return what is said after a practice trial: whether the `answer` was right."""
        name = "feedback_right" if answer == label else "feedback_wrong"
        return Page(name, self.text(name, label=label, answer=answer))

    def practice_over(self) -> Page:
        """Return the page between practice and the first trial that counts."""
        return Page("practice_over", self.text("practice_over"))

    def rest(self, progress: SessionProgress) -> Page:
        """Return the page between two blocks, which counts the seconds of the break."""
        words = {**progress.words(), "progress": progress.bar()}

        def while_waiting(n_seconds: int) -> str:
            return self.text("break_waiting", progress.n_done, n_seconds=n_seconds, **words)

        text = self.text("break", progress.n_done, **words)
        slip = () if self.keys.slip is None else (self.keys.slip,)
        return Page(
            "break", text, at_least_s=self.rest_s, while_waiting=while_waiting, at_once=slip
        )

    def pause(self) -> Page:
        """Return the page that is shown until the experimenter goes on."""
        return Page("pause", self.text("pause"), keys=(self.keys.pause,))

    def leave(self, *, is_saved: bool = True) -> Page:
        """Return the page that asks whether to leave, and says whether all `is_saved`."""
        return Page("leave", self.text("leave" if is_saved else "leave_unsaved"))

    def technical_failure(self) -> Page:
        """Return the page after a clip that could not be shown."""
        return Page("technical_failure", self.text("technical_failure"))

    def call_experimenter(self, problem: str, code: Code) -> Page:
        """Return the page that is shown until a `problem` of the machine is solved."""
        # Database servers describe a problem in several lines.
        problem = " ".join(problem.split())
        text = self.text("call_experimenter", problem=problem, code=code)
        return Page("call_experimenter", text, keys=(self.keys.go_on,), small_print=problem)

    def feedback(self, planned: PlannedTrial, rating: Rating) -> Page:
        """Return what the expert thought of a training clip, beside the participant's `rating`."""
        truth = planned.expert_rating
        expert = "" if truth is None else printed(self.keys.key_of(truth))
        text = self.text(
            "feedback",
            label=planned.stimulus.label,
            expert_rating=expert,
            rating=printed(self.keys.key_of(rating)),
            reasoning=planned.reasoning,
        )
        return Page("feedback", text, keys=(self.keys.go_on, self.keys.replay))

    def finished(self, progress: SessionProgress, *, is_all: bool = True) -> Page:
        """Return the last page, after the last clip of all or (not `is_all`) of this session.

        After a screening it waits for the experimenter, who is told how it went.
        """
        if is_all and self.plan.phase is Phase.SCREENING:
            text = self.text("screening_finished", progress.n_done)
            return Page("screening_finished", text, keys=(self.keys.pause,))
        name = "finished" if is_all else "session_over"
        earned = ""
        if progress.bonus_total_pence is not None:
            earned = self.text(
                "earned",
                bonus_session=self.study.config.money(progress.bonus_session_pence or 0),
                bonus_total=self.study.config.money(progress.bonus_total_pence),
            ).strip()
        return Page(name, self.text(name, progress.n_done, earned=earned, **progress.words()))

    def verdict(self, screening: Attempt) -> Page:
        """Return what the experimenter reads after a screening: whether it was passed."""
        protocol = self.study.config.protocol
        is_right = verdicts.is_passed(screening, protocol)
        name = "screening_passed" if is_right else "screening_not_passed"
        text = self.text(
            name,
            screening.n_rated,
            participant=self.plan.participant_id,
            n_right=screening.n_right,
            n_clips=screening.n_clips,
            n_needed=protocol.pass_mark(screening.n_clips),
        )
        return Page(name, text, keys=(self.keys.pause,))

    def warning(self) -> str:
        """Return the text that fills the screen after an early press."""
        return self.text("warning")

    def reminder(self, *, offers_slip: bool = False) -> str:
        """Return the key choices that are shown after playback.

        `offers_slip`: whether there is a rating that the participant may call a slip.
        """
        is_offered = offers_slip and self.keys.slip is not None
        slip = "   " + self.text("reminder_slip").strip() if is_offered else ""
        return self.text("reminder").strip() + slip

    def notices(self) -> dict[str, str]:
        """Return what acknowledges the keys that flag something, by the names of the texts."""
        names = ("disturbed_noted", "slip_noted", "slip_refused")
        return {name: self.text(name) for name in names if name in self._templates}

    def counter(self, total_pence: int | None) -> str:
        """Return what the bonus counter says; empty where there is none."""
        if total_pence is None:
            return ""
        return self.text("counter", bonus_total=self.study.config.money(total_pence)).strip()

    def text(self, name: str, n_done: int = 0, **words: object) -> str:
        """Return a text with its words filled in.

        Parameters
        ----------
        name : str
            One of `names`.
        n_done : int
            How many clips are rated.
        """
        counts = {"n_done": n_done, "n_total": self.plan.n_done + len(self.plan.trials)}
        return instructions.filled(self._templates[name], {**self._placeholders, **counts, **words})
