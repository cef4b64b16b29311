"""Alarms: a participant agrees less than before, presses one key only, or answers too fast."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from sessions.monitor.running_agreement import GROUND_TRUTH, PEER, agreement, baseline
from study.tools.wording import counted
from study.vocabulary import FlagKind

# How the accuracy falls that is to be seen: from .93 to .80.
DROP = 0.80 / 0.93
# Where the sum raises an alarm; benchmarks/alarms_over_seeds.py has what it costs and finds.
THRESHOLD = 14.0
_PRIOR = {GROUND_TRUTH: (0.93, 200.0), PEER: (0.87, 200.0)}
_LARGEST_BASELINE = 0.98  # of agreement nobody is certain

RUN_CHANCE = 1e-7  # of a run of identical answers, by chance, at any one trial
FASTEST_S = 0.1  # from the end of the clip to the key
FAST_WINDOW, MAX_FAST = 50, 5
SLIP_WINDOW, MAX_SLIPS = 100, 10
# What people call them.
KINDS = {
    "agreement": "agreement fell",
    "same_answer": "one key only",
    "too_fast": "too fast",
    "slips": "many slips",
}


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something the experimenter should look at, with the participant.

    Parameters
    ----------
    kind : {"agreement", "same_answer", "too_fast", "slips"}
        What.
    n_trial : int
        At which of the participant's trials, from 1.
    """

    participant_id: str
    kind: str
    n_trial: int
    detail: str


def alarms(ratings: pd.DataFrame, truths: dict[int, int]) -> list[Alarm]:
    """Return all alarms of a study so far.

    `ratings`: columns ``participant_id, candidate_id, rating, rt_s``, in the order in which they
    were given.
    """
    found = [
        *agreement_alarms(agreement(ratings, truths)),
        *_same_answer_alarms(ratings),
        *_too_fast_alarms(ratings),
    ]
    return sorted(found, key=lambda alarm: (alarm.participant_id, alarm.n_trial))


def slip_alarms(ratings: pd.DataFrame) -> Iterator[Alarm]:
    """Yield an alarm where a participant calls many ratings slips: the keys may not be understood.

    `ratings`: columns ``participant_id, flags``, in the order in which they were given.
    """
    for participant_id, own in ratings.groupby("participant_id"):
        slips = [FlagKind.SLIP.value in kinds.split(";") for kinds in own["flags"]]
        for index, n_slips in _first_above(np.array(slips), SLIP_WINDOW, MAX_SLIPS):
            n_seen = min(SLIP_WINDOW, index + 1)
            detail = f"{n_slips} of {counted(n_seen, 'rating')} called a slip"
            yield Alarm(str(participant_id), "slips", index + 1, detail)


def in_short(found: list[Alarm]) -> list[Alarm]:
    """Return one alarm per participant and kind, with its first trial and its count.

    Returns the first of each, with the details of the last.

    `found`: from `alarms`.
    """
    by_kind: dict[tuple[str, str], list[Alarm]] = {}
    for alarm in found:
        by_kind.setdefault((alarm.participant_id, alarm.kind), []).append(alarm)
    return [
        replace(first, detail=last.detail + (f"; {n} times since" if n > 1 else ""))
        for (first, *_), last, n in ((own, own[-1], len(own)) for own in by_kind.values())
    ]


def agreement_alarms(evidence: pd.DataFrame, threshold: float = THRESHOLD) -> Iterator[Alarm]:
    """Yield an alarm where a participant agrees less than all raters together do.

    A cumulative sum (CUSUM) of log likelihood ratios over both kinds of comparison: a match or a
    miss under an accuracy that has dropped, against the same under one that has not.

    Parameters
    ----------
    evidence : DataFrame
        From `agreement`.
    threshold : float
        Where the sum raises an alarm; it starts again from zero afterwards.
    """
    scores = log_ratios(evidence)
    for participant_id, own in evidence.assign(score=scores).groupby("participant_id"):
        for index in crossings(own["score"].to_numpy(np.float64), threshold):
            seen = own.iloc[max(0, index - 199) : index + 1]
            share = seen["agrees"].mean()
            yield Alarm(
                str(participant_id),
                "agreement",
                int(own["n_trial"].iloc[index]),
                f"agreed in {100 * share:.0f} % of the last {counted(len(seen), 'comparison')}",
            )


def log_ratios(evidence: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return the evidence of each comparison for a drop.

    `evidence`: from `agreement`.

    Returns
    -------
    ndarray of float64, shape (n_comparisons,)
        Log likelihood ratios; negative where the comparison speaks against a drop.
    """
    agrees = evidence["agrees"].to_numpy(bool)
    scores = np.zeros(len(evidence))
    for source, (prior, weight) in _PRIOR.items():
        own = (evidence["source"] == source).to_numpy(bool)
        usual = np.minimum(baseline(evidence, source, prior, weight), _LARGEST_BASELINE)
        dropped = usual * DROP
        scores[own] = np.where(
            agrees[own], np.log(dropped / usual), np.log((1 - dropped) / (1 - usual))
        )
    return scores


def crossings(scores: npt.NDArray[np.float64], threshold: float) -> list[int]:
    """Return where a cumulative sum that never falls below zero reaches a threshold.

    Parameters
    ----------
    scores : ndarray of float64, shape (n,)
        What is summed.
    threshold : float
        Where to report and to start again from zero.

    Examples
    --------
    >>> crossings(np.array([-5.0, 1, 1, 1, -1, 2]), 2.0)
    [2, 5]
    """
    found, total = [], 0.0
    for index, score in enumerate(scores.tolist()):
        total = max(0.0, total + score)
        if total >= threshold:
            found.append(index)
            total = 0.0
    return found


def _same_answer_alarms(ratings: pd.DataFrame) -> Iterator[Alarm]:
    if ratings.empty:
        return
    usual = ratings["rating"].value_counts(normalize=True).max()
    longest = int(np.ceil(np.log(RUN_CHANCE) / np.log(min(max(usual, 0.4), 0.9))))
    for participant_id, own in ratings.groupby("participant_id"):
        answers = own["rating"].to_numpy()
        starts = np.flatnonzero(np.diff(answers, prepend=np.nan) != 0)
        lengths = np.diff(np.append(starts, len(answers)))
        for start, length in zip(starts.tolist(), lengths.tolist(), strict=True):
            if length >= longest:
                yield Alarm(
                    str(participant_id),
                    "same_answer",
                    start + longest,
                    f"pressed {answers[start]} {length} times running",
                )


def _too_fast_alarms(ratings: pd.DataFrame) -> Iterator[Alarm]:
    for participant_id, own in ratings.groupby("participant_id"):
        fast = (own["rt_s"] < FASTEST_S).to_numpy(bool)
        for index, n_fast in _first_above(fast, FAST_WINDOW, MAX_FAST):
            yield Alarm(
                str(participant_id),
                "too_fast",
                index + 1,
                f"{n_fast} of {counted(min(FAST_WINDOW, index + 1), 'answer')} within "
                f"{1000 * FASTEST_S:.0f} ms of the end of the clip",
            )


def _first_above(
    happened: npt.NDArray[np.bool_], window: int, n_most: int
) -> Iterator[tuple[int, int]]:
    """Yield where as many of the last ones as `n_most` happened, each time anew, and how many."""
    in_window = np.convolve(happened, np.ones(window, dtype=np.int64))[: len(happened)]
    above = in_window >= n_most
    for index in np.flatnonzero(above & ~np.roll(above, 1)).tolist():
        yield index, int(in_window[index])
