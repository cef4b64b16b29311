"""Simulated observers of recognition experiments: they answer by a rule that is known."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
_CONFUSIONS = 20261129  # all observers confuse the same classes, as people do
_UNEVEN = 1.0  # how unevenly wrong answers are spread (Dirichlet)
_SPREAD = 0.05  # between classes, of how often they are recognised


@dataclass(frozen=True, slots=True)
class Shown:
    """What a stimulus shows and sounds like.

    Parameters
    ----------
    picture_label, sound_label : str
        Classes of the picture and of the sound; empty where there is none.
    asynchrony_ms : float
        By how much the sound is late.
    """

    picture_label: str
    sound_label: str
    asynchrony_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Rule:
    """How an observer comes to an answer.

    Parameters
    ----------
    by_eye, by_ear : float
        How often a class is recognised from the picture alone, and from the sound alone.
    combines : {"product", "independent", "eye"}
        What is made of both: the product of what each says; the class is known from either or
        else guessed; or the picture decides.
    window_ms : float
        Standard deviation of the asynchrony that is still combined, around `centre_ms`; what is
        not combined is answered by eye.
    """

    by_eye: float
    by_ear: float
    combines: str
    window_ms: float = 150.0
    centre_ms: float = 40.0
    median_rt_s: float = 0.9
    rt_spread: float = 0.4
    early_rate: float = 0.01


RULES: dict[str, Rule] = {
    "combining": Rule(0.6, 0.55, "product"),
    "independent": Rule(0.6, 0.55, "independent"),
    "eye": Rule(0.6, 0.55, "eye"),
    "sure": Rule(1.0, 1.0, "eye", early_rate=0.0),
    "guessing": Rule(0.0, 0.0, "eye"),
}


def confusions(accuracy: float, n_classes: int, sense: int) -> Numbers:
    """Return how often each class is answered to each class, from one sense.

    Returns rows that sum to 1; all observers have the same ones.

    Parameters
    ----------
    accuracy : float
        How often a class is recognised; 0 for guessing.
    sense : int
        0 for the eye, 1 for the ear, which confuse other classes.
    """
    if accuracy in (0.0, 1.0):
        return np.eye(n_classes) if accuracy else np.full((n_classes, n_classes), 1 / n_classes)
    rng = np.random.default_rng([_CONFUSIONS, n_classes, sense])
    rows = np.zeros((n_classes, n_classes))
    for k, row in enumerate(rows):
        right = float(np.clip(accuracy + rng.normal(0, _SPREAD), 1 / n_classes, 0.98))
        wrong = rng.dirichlet(np.full(n_classes - 1, _UNEVEN))
        row[np.arange(n_classes) != k] = wrong * (1 - right)
        row[k] = right
    return rows


def combined(rule: Rule, eye: Numbers, ear: Numbers, i_eye: int, i_ear: int) -> Numbers:
    """Return how probable each answer is to a picture and a sound that are combined.

    Parameters
    ----------
    eye, ear : ndarray of float64, shape (n_classes, n_classes)
        From `confusions`.
    i_eye, i_ear : int
        Classes of the picture and of the sound.
    """
    n = len(eye)
    if rule.combines == "eye":
        return np.asarray(eye[i_eye])
    if rule.combines == "product":
        both = eye[i_eye] * ear[i_ear]
        return np.asarray(both / both.sum()) if both.sum() else np.full(n, 1 / n)
    # Who recognises it neither by eye nor by ear guesses.
    knows_eye, knows_ear = (
        max(0.0, (rows[i, i] - 1 / n) / (1 - 1 / n)) for rows, i in ((eye, i_eye), (ear, i_ear))
    )
    answer = np.full(n, (1 - knows_eye) * (1 - knows_ear) / n)
    answer[i_eye] += knows_eye
    answer[i_ear] += (1 - knows_eye) * knows_ear
    return answer


class SimulatedObserver:
    """Answers recognition trials by a rule.

    Parameters
    ----------
    classes : sequence of str
        What can be answered.
    shown : mapping of int to Shown
        What each stimulus is, by its number; an observer sees and hears, and reads no labels.
    rng : numpy.random.Generator
        Every chance of the observer.
    """

    def __init__(
        self,
        rule: Rule,
        classes: Sequence[str],
        shown: Mapping[int, Shown],
        rng: np.random.Generator,
    ) -> None:
        self._rule, self._classes, self._shown, self._rng = rule, tuple(classes), shown, rng
        n_classes = len(self._classes)
        self._eye = confusions(rule.by_eye, n_classes, 0)
        self._ear = confusions(rule.by_ear, n_classes, 1)
        self._sure = 0.0

    def probabilities(self, stimulus_id: int) -> Numbers:
        """Return how probable each answer to a stimulus is."""
        shown, rule = self._shown[stimulus_id], self._rule
        i_eye, i_ear = (self._index(label) for label in (shown.picture_label, shown.sound_label))
        if i_eye is None and i_ear is None:
            return np.full(len(self._classes), 1 / len(self._classes))
        if i_eye is None or i_ear is None:
            rows, i = (self._ear, i_ear) if i_eye is None else (self._eye, i_eye)
            return rows[i]
        late = (shown.asynchrony_ms - rule.centre_ms) / rule.window_ms
        # Sound that is not moved is combined always.
        weight = math.exp(-0.5 * late**2) if shown.asynchrony_ms else 1.0
        both = combined(rule, self._eye, self._ear, i_eye, i_ear)
        return np.asarray(weight * both + (1 - weight) * self._eye[i_eye])

    def on_clip(self, stimulus_id: int) -> float | None:
        """Return when the observer presses a key too early, in seconds after the onset."""
        del stimulus_id
        return (
            float(self._rng.uniform(0.3, 2.5))
            if self._rng.random() < self._rule.early_rate
            else None
        )

    def on_question(self, stimulus_id: int, n_options: int) -> tuple[int, float]:
        """Return which class the observer answers, and after how many seconds."""
        probabilities = self.probabilities(stimulus_id)
        option = int(self._rng.choice(n_options, p=probabilities))
        self._sure = float(probabilities[option])
        return option, self._delay_s()

    def on_confidence(self, n_levels: int) -> tuple[int, float]:
        """Return how sure the observer is, from 0, and after how many seconds."""
        return min(n_levels - 1, int(self._sure * n_levels)), self._delay_s() / 2

    def _index(self, label: str) -> int | None:
        return self._classes.index(label) if label in self._classes else None

    def _delay_s(self) -> float:
        rule = self._rule
        return float(self._rng.lognormal(math.log(rule.median_rt_s), rule.rt_spread))
