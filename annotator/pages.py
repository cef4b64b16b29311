"""The pages of text around the trials, from `instructions/`."""

from dataclasses import dataclass

import instructions
from annotator.stage import Page
from sessions.plan import PlannedTrial, SessionPlan
from study.config import Study
from study.vocabulary import Phase, Rating

AGAIN_KEY = "space"
GO_ON_KEY = "return"


@dataclass(frozen=True, slots=True)
class Pages:
    """What a session's participant reads.

    Parameters
    ----------
    study : Study
        Gives language, words and break length.
    plan : SessionPlan
        Gives the phase and how much is done.
    n_classes : int
        Classes of the study.
    rest_s : float
        How long a break lasts at least.
    """

    study: Study
    plan: SessionPlan
    n_classes: int
    rest_s: float = 0.0

    def welcome(self) -> Page:
        """Return the first page."""
        phase = self.plan.phase
        name = "welcome" if phase is Phase.ANNOTATION else f"welcome_{phase}"
        return Page("welcome", self._text(name, self.plan.n_done))

    def rest(self, n_done: int) -> Page:
        """Return the page between two blocks, `n_done` clips being rated."""
        return Page("break", self._text("break", n_done), at_least_s=self.rest_s)

    def pause(self) -> Page:
        """Return the page that asks whether to leave."""
        return Page("pause", self._text("pause"))

    def technical_failure(self) -> Page:
        """Return the page after a clip that could not be shown."""
        return Page("technical_failure", self._text("technical_failure"))

    def call_experimenter(self, problem: str) -> Page:
        """Return the page that stands until a `problem` of the machine is solved."""
        text = self._text("call_experimenter", problem=problem)
        return Page("call_experimenter", text, keys=(GO_ON_KEY,))

    def feedback(self, planned: PlannedTrial, rating: Rating) -> Page:
        """Return what the expert thought of a training clip, beside the participant's `rating`."""
        text = self._text(
            "feedback",
            expert_rating=planned.expert_rating,
            rating=int(rating),
            reasoning=planned.reasoning,
        )
        return Page("feedback", text, keys=(GO_ON_KEY, AGAIN_KEY))

    def finished(self, n_done: int) -> Page:
        """Return the last page, `n_done` clips being rated."""
        return Page("finished", self._text("finished", n_done))

    def warning(self) -> str:
        """Return the text that fills the screen after an early press."""
        return self._text("warning")

    def reminder(self) -> str:
        """Return the key choices that stand on the screen after playback."""
        return self._text("reminder")

    def _text(self, name: str, n_done: int = 0, **words: object) -> str:
        placeholders = instructions.placeholders_of(self.study, self.n_classes)
        n_total = self.plan.n_done + len(self.plan.trials)
        return instructions.text(
            name,
            self.study.config.language,
            {**placeholders, "n_done": n_done, "n_total": n_total, **words},
        )
