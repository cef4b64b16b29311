"""A simulated observer at the stage: which keys answer a question, and when."""

from collections.abc import Sequence

import numpy as np

from annotator.recognition.question import Question
from study.errors import ConfigError
from study.rehearsal.observers import RULES, Shown, SimulatedObserver
from study.store.recognition.stimuli import NewStimulus
from study.vocabulary import Stimulus

_DIGIT_S = 0.12  # between two digits of a number


class SimulatedRecogniser:
    """An observer who presses keys.

    Parameters
    ----------
    stimuli : sequence of tuple of int and NewStimulus
        What each stimulus shows and sounds like, by its number.
    """

    def __init__(
        self,
        profile: str,
        classes: Sequence[str],
        stimuli: Sequence[tuple[int, NewStimulus]],
        rng: np.random.Generator,
    ) -> None:
        if profile not in RULES:
            raise ConfigError(
                f"no profile {profile!r} recognises clips. Choose one of: {', '.join(RULES)}"
            )
        shown = {
            i: Shown(s.picture_label, s.sound_label, s.asynchrony_ms or 0.0) for i, s in stimuli
        }
        self._observer = SimulatedObserver(RULES[profile], classes, shown, rng)

    def on_play(self, stimulus: Stimulus) -> tuple[str, float] | None:
        """Return an early press, as key of the paper and seconds after the onset."""
        delay_s = self._observer.on_clip(_number(stimulus))
        return None if delay_s is None else ("1", delay_s)

    def on_prompt(self, stimulus: Stimulus) -> tuple[str, float]:
        """Refuse to rate."""
        raise RuntimeError(f"{stimulus.path} is to be recognised, not rated")

    def on_question(self, stimulus: Stimulus, question: Question) -> list[tuple[str, float]]:
        """Return the presses that answer, as keys and seconds after the question is shown."""
        n = len(question.entry.options)
        if question.name == "question_confidence":
            option, delay_s = self._observer.on_confidence(n)
        else:
            option, delay_s = self._observer.on_question(_number(stimulus), n)
        keys = question.entry.keys_of(option)
        return [(key, delay_s + i * _DIGIT_S) for i, key in enumerate(keys)]


def _number(stimulus: Stimulus) -> int:
    if stimulus.stimulus_id is None:
        raise RuntimeError(f"{stimulus.path} is no stimulus of a recognition experiment")
    return stimulus.stimulus_id
