"""When an event happens and how strongly: the one process behind its picture and its sound."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Beats:
    """The moments of an event: barks, knocks, drops, syllables.

    Parameters
    ----------
    times_s : ndarray of float64, shape (n_beats,)
        When each starts, ascending.
    strengths : ndarray of float64, shape (n_beats,)
        How strong each is, above 0 and up to 1.
    lengths_s : ndarray of float64, shape (n_beats,)
        How long each lasts.
    places : ndarray of float64, shape (n_beats, 2)
        Where each happens within the picture of the event, in [0, 1).
    """

    times_s: Floats
    strengths: Floats
    lengths_s: Floats
    places: Floats

    def level(self, time_s: float) -> float:
        """Return how strongly the event happens at a moment.

        The result goes from 0 (still) to 1.

        Parameters
        ----------
        time_s : float
            Seconds from the start of the clip.
        """
        since = time_s - self.times_s
        going_on = (since >= 0) & (since < self.lengths_s)
        if not going_on.any():
            return 0.0
        fading = self.strengths * (1 - since / self.lengths_s)
        return float(fading[going_on].max())

    def going_on(self, time_s: float) -> npt.NDArray[np.intp]:
        """Return which beats are under way at a moment.

        Parameters
        ----------
        time_s : float
            Seconds from the start of the clip.

        Returns
        -------
        ndarray of int
            Their indices.
        """
        since = time_s - self.times_s
        return np.flatnonzero((since >= 0) & (since < self.lengths_s))

    def progress(self, index: int, time_s: float) -> float:
        """Return how far one beat has come.

        The result goes from 0 at its start to 1 at its end.

        Parameters
        ----------
        time_s : float
            Seconds from the start of the clip.
        """
        return float((time_s - self.times_s[index]) / self.lengths_s[index])


Rhythm = Callable[[np.random.Generator, float, float], Beats]


def steady(every_s: tuple[float, float], length_s: float, jitter: float = 0.05) -> Rhythm:
    """Return a rhythm of nearly equal intervals, such as of a drum.

    Parameters
    ----------
    every_s : (float, float)
        Shortest and longest interval; each event draws its own between them.
    jitter : float
        Standard deviation of an interval, as a share of it.
    """

    def rhythm(rng: np.random.Generator, start_s: float, end_s: float) -> Beats:
        interval = rng.uniform(*every_s)
        n = math.ceil((end_s - start_s) / interval)
        times = start_s + interval * np.arange(n) + rng.normal(0, jitter * interval, n)
        return _beats(rng, times, length_s, start_s, end_s)

    return rhythm


def bursts(n_beats: tuple[int, int], every_s: float, pause_s: float, length_s: float) -> Rhythm:
    """Return a rhythm of groups with pauses between them, such as of a dog."""

    def rhythm(rng: np.random.Generator, start_s: float, end_s: float) -> Beats:
        times: list[float] = []
        time_s = start_s + rng.uniform(0, 0.1)
        pace = rng.uniform(0.85, 1.15)
        while time_s < end_s:
            for _ in range(int(rng.integers(n_beats[0], n_beats[1] + 1))):
                times.append(time_s)
                time_s += pace * every_s * rng.uniform(0.9, 1.1)
            time_s += pace * pause_s * rng.uniform(0.6, 1.4)
        return _beats(rng, np.array(times), length_s, start_s, end_s)

    return rhythm


def stream(per_second: tuple[float, float], length_s: float) -> Rhythm:
    """Return a rhythm of many small beats at random, such as of rain.

    Parameters
    ----------
    per_second : (float, float)
        Smallest and largest density; each event draws its own between them.
    """

    def rhythm(rng: np.random.Generator, start_s: float, end_s: float) -> Beats:
        n = max(1, int(rng.uniform(*per_second) * (end_s - start_s)))
        return _beats(rng, rng.uniform(start_s, end_s, n), length_s, start_s, end_s)

    return rhythm


def _beats(
    rng: np.random.Generator, times_s: Floats, length_s: float, start_s: float, end_s: float
) -> Beats:
    times_s = np.sort(times_s[(times_s >= start_s) & (times_s < end_s)])
    if len(times_s) == 0:
        times_s = np.array([start_s])
    n = len(times_s)
    lengths = np.minimum(length_s * rng.uniform(0.8, 1.2, n), end_s - times_s + 1e-3)
    return Beats(times_s, rng.uniform(0.6, 1.0, n), lengths, rng.random((n, 2)))
