"""What a comparison will be able to say, before anybody is asked."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from lab.compare.measures.consistency import Z_95, kappa_interval, kappa_range
from study.errors import ConfigError
from study.tools.wording import counted

ACCURACIES = (0.6, 0.75, 0.9)
KAPPAS = (0.2, 0.4, 0.6)
PRECISIONS = (0.05, 0.1)
_MOST_CLIPS = 10_000_000


@dataclass(frozen=True, slots=True)
class Plan:
    """How large a comparison will be.

    Parameters
    ----------
    n_clips : int
        Clips of a condition that a participant answers.
    n_participants : int
        Participants who answer them.
    n_classes : int
        Classes to choose from.
    participant_sd, clip_sd : float
        How much the share of right answers differs between participants, and between clips,
        beyond chance.
    """

    n_clips: int
    n_participants: int
    n_classes: int = 16
    participant_sd: float = 0.05
    clip_sd: float = 0.2

    def __post_init__(self) -> None:
        """Refuse what cannot be a comparison."""
        if self.n_clips < 2 or self.n_participants < 1 or self.n_classes < 2:
            raise ConfigError(
                f"{counted(self.n_clips, 'clip')}, "
                f"{counted(self.n_participants, 'participant')} and "
                f"{counted(self.n_classes, 'class', 'classes')} cannot be compared. Plan at "
                "least 2 clips, 1 participant, 2 classes"
            )
        if self.n_clips > _MOST_CLIPS or self.n_participants > _MOST_CLIPS:
            raise ConfigError(
                f"plan at most {_MOST_CLIPS:,} clips and participants. Pass smaller numbers"
            )


def plan_table(plan: Plan) -> pd.DataFrame:
    """Return the half widths of 95 % intervals that are to be expected.

    Returns
    -------
    DataFrame
        ``measure``, ``if`` (what is supposed), ``half_width``, and for error consistency how many
        clips make it .05 and .1.
    """
    rows = [*_accuracies(plan), *_d_primes(plan), *_consistencies(plan)]
    columns = ["measure", "if", "half_width", "clips_for_0.05", "clips_for_0.1"]
    return pd.DataFrame(rows, columns=columns)


def _accuracies(plan: Plan) -> Iterator[tuple[object, ...]]:
    n, m = plan.n_clips, plan.n_participants
    for share in ACCURACIES:
        between = plan.participant_sd**2 / m + plan.clip_sd**2 / n
        within = max(share * (1 - share) - plan.participant_sd**2 - plan.clip_sd**2, 0) / (n * m)
        half = Z_95 * math.sqrt(between + within)
        yield "accuracy of people", f"accuracy {share:g}", half, None, None
        half = Z_95 * math.sqrt(share * (1 - share) / n)
        yield "accuracy of a network", f"accuracy {share:g}", half, None, None


def _d_primes(plan: Plan) -> Iterator[tuple[object, ...]]:
    k = plan.n_classes
    for share in ACCURACIES:
        false_alarm = (1 - share) / (k - 1)
        for who, n in (("people", plan.n_clips * plan.n_participants), ("a network", plan.n_clips)):
            shown = n / k
            variance = _of_z(share, shown) + _of_z(false_alarm, n - shown)
            # Of the mean over classes, as if they were independent.
            half = Z_95 * math.sqrt(variance / k)
            yield f"d prime of {who}", f"accuracy {share:g}", half, None, None


def _of_z(rate: float, n: float) -> float:
    slope = stats.norm.pdf(stats.norm.ppf(rate))
    return float(rate * (1 - rate) / (max(n, 1) * slope**2))


def _consistencies(plan: Plan) -> Iterator[tuple[object, ...]]:
    for first, second in ((0.75, 0.75), (0.9, 0.9), (0.75, 0.9)):
        for value in KAPPAS:
            if value > kappa_range(np.array(first), np.array(second))[1]:
                continue
            half = half_width(value, first, second, plan.n_clips)
            needed = [clips_for(value, first, second, wanted) for wanted in PRECISIONS]
            supposed = f"consistency {value:g}, accuracies {first:g} and {second:g}"
            yield "error consistency of a pair", supposed, half, *needed


def half_width(value: float, first: float, second: float, n_clips: float) -> float:
    """Return half of the 95 % interval of a pair's error consistency.

    Parameters
    ----------
    value : float
        The error consistency.
    first, second : float
        Both accuracies.
    """
    expected = first * second + (1 - first) * (1 - second)
    observed = expected + value * (1 - expected)
    both = (observed - 1 + first + second) / 2
    n = float(n_clips)
    low, high = kappa_interval(
        np.array(both * n), np.array(first * n), np.array(second * n), np.array(n)
    )
    return float(high - low) / 2


def clips_for(value: float, first: float, second: float, wanted: float) -> int:
    """Return how many clips make the half width of a pair's error consistency as small as wanted.

    `value`, `first` and `second`: as for `half_width`.
    """
    low, high = 2, _MOST_CLIPS
    while low < high:
        middle = (low + high) // 2
        if half_width(value, first, second, middle) > wanted:
            low = middle + 1
        else:
            high = middle
    return low
