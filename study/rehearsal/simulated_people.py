"""Simulated people: how often they are right, how fast, how patient, and how they tire."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from study.vocabulary import Rating, Stimulus

REPLAY_KEY = "space"
_EARLIEST_S, _LATEST_S = 0.3, 2.5  # of an early press, inside a clip of three seconds

Row = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Profile:
    """How a simulated person rates.

    Parameters
    ----------
    confusion : tuple of three tuples of three floats
        ``confusion[truth - 1][press - 1]``, the probability of a press given the truth.
    median_rt_s : float
        Median response time; response times are log-normal.
    rt_spread : float
        Standard deviation of their logarithm.
    replay_rate : float
        Probability of asking for another playing, at every prompt.
    early_rate : float
        Probability of pressing a rating key while a clip plays, at every playing.
    drift : float
        Share of guesses after `drift_trials` trials; it grows linearly from none.
    drift_trials : int
        Trials until the drift is complete.
    """

    confusion: tuple[Row, Row, Row]
    median_rt_s: float
    rt_spread: float
    replay_rate: float
    early_rate: float
    drift: float = 0.0
    drift_trials: int = 400

    @property
    def accuracy(self) -> float:
        """Share of right presses of a rested person, all three truths being as frequent."""
        return sum(self.confusion[i][i] for i in range(3)) / 3

    def press_probabilities(self, truth: Rating, n_trials_done: int) -> npt.NDArray[np.float64]:
        """Return how probable each rating is.

        Returns
        -------
        ndarray of float64, shape (3,)
            Of ratings 1, 2 and 3.
        """
        guessing = self.drift * min(1.0, n_trials_done / self.drift_trials)
        return (1 - guessing) * np.array(self.confusion[truth - 1]) + guessing / 3


PROFILES: dict[str, Profile] = {
    # accuracy 1.00: the expert of a rehearsal
    "perfect": Profile(
        ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)), 0.9, 0.3, replay_rate=0, early_rate=0
    ),
    # accuracy 0.94, which passes 38 of 41 about three times in four
    "good": Profile(
        ((0.95, 0.04, 0.01), (0.03, 0.92, 0.05), (0.01, 0.04, 0.95)), 0.9, 0.4, 0.06, 0.01
    ),
    # accuracy 0.94 too, but every other time a key comes before the clip has ended
    "eager": Profile(
        ((0.95, 0.04, 0.01), (0.03, 0.92, 0.05), (0.01, 0.04, 0.95)), 0.5, 0.4, 0.02, 0.5
    ),
    # accuracy 0.80
    "sloppy": Profile(
        ((0.84, 0.10, 0.06), (0.12, 0.72, 0.16), (0.04, 0.12, 0.84)), 0.7, 0.5, 0.03, 0.04
    ),
    # accuracy 0.45: presses what is most often right, at once and often too early
    "fast-clicker": Profile(
        ((0.30, 0.10, 0.60), (0.15, 0.20, 0.65), (0.10, 0.05, 0.85)), 0.18, 0.25, 0.0, 0.15
    ),
    # accuracy 0.93 at first, 0.75 after 400 trials
    "tired": Profile(
        ((0.94, 0.05, 0.01), (0.04, 0.91, 0.05), (0.01, 0.05, 0.94)), 1.1, 0.45, 0.05, 0.01, 0.3
    ),
}


class SimulatedPerson:
    """Answers prompts as a profile says, from a known truth.

    Parameters
    ----------
    rng : numpy.random.Generator
        Every chance of the person.
    truth_of : callable
        The rating that a perfect person would give a stimulus.
    """

    def __init__(
        self,
        profile: Profile,
        rng: np.random.Generator,
        truth_of: Callable[[Stimulus], Rating],
    ) -> None:
        self.profile = profile
        self._rng = rng
        self._truth_of = truth_of
        self._n_trials_done = 0

    def on_play(self, stimulus: Stimulus) -> tuple[str, float] | None:
        """Return an early press, if the person makes one during this playing.

        Returns the key and seconds after the onset.
        """
        if self._rng.random() >= self.profile.early_rate:
            return None
        return self._rating_key(stimulus), float(self._rng.uniform(_EARLIEST_S, _LATEST_S))

    def on_prompt(self, stimulus: Stimulus) -> tuple[str, float]:
        """Return the key that the person presses when asked.

        Returns ``"1"``, ``"2"``, ``"3"`` or ``"space"``, and seconds after the offset.
        """
        delay_s = self._delay_s()
        if self._rng.random() < self.profile.replay_rate:
            return REPLAY_KEY, delay_s
        key = self._rating_key(stimulus)
        self._n_trials_done += 1
        return key, delay_s

    def _rating_key(self, stimulus: Stimulus) -> str:
        truth = self._truth_of(stimulus)
        probabilities = self.profile.press_probabilities(truth, self._n_trials_done)
        return str(self._rng.choice(3, p=probabilities) + 1)

    def _delay_s(self) -> float:
        profile = self.profile
        return float(self._rng.lognormal(math.log(profile.median_rt_s), profile.rt_spread))
