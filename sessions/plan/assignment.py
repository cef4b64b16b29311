"""Who rates which clip, as arrays: no store, no clock, chance handed in.

A row of `raters` is a clip, a column one of its slots; entries are numbers of participants, and
`OPEN` where nobody has been found yet.
"""

from collections.abc import Sequence
from itertools import combinations
from math import comb

import numpy as np
import numpy.typing as npt

from study.errors import StudyError
from study.tools.wording import counted

OPEN = -1
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def plan_raters(
    strata: Sequence[Ints | Flags],
    n_participants: int,
    n_slots: Ints | int,
    rng: np.random.Generator,
) -> Ints:
    """Give every clip as many different participants as it has slots.

    Whole rounds through all combinations of participants make loads and overlaps of pairs equal;
    what is left over goes to whoever has least. Clips of a stratum stand together in the rounds,
    so that every participant also gets an equal part of each class and of the ground truths.

    Raises StudyError if there are fewer participants than slots.

    Parameters
    ----------
    strata : sequence of ndarray, each of shape (n_clips,)
        What to spread evenly, the most important last.
    n_slots : ndarray of int64, shape (n_clips,), or int
        Raters of each clip; those with the same number make rounds of their own.

    Returns
    -------
    ndarray of int64, shape (n_clips, most of n_slots)
        Participants from 0, all different within a row; `OPEN` where a clip has fewer.
    """
    n_clips = len(strata[0])
    wanted = np.broadcast_to(np.asarray(n_slots, dtype=np.int64), n_clips)
    most = int(wanted.max(initial=1))
    require_enough(n_participants, most)
    raters = np.full((n_clips, most), OPEN, dtype=np.int64)
    for n_own in np.unique(wanted).tolist():
        own = np.flatnonzero(wanted == n_own)
        parts = [stratum[own] for stratum in strata]
        raters[own, :n_own] = _whole_rounds(parts, n_participants, n_own, rng)
    # Whole rounds gave everybody the same number.
    loads = np.zeros(n_participants, dtype=np.int64)
    missing = is_open(raters) & (np.arange(most) < wanted[:, None])
    return fill(raters, loads, np.arange(n_participants), rng, wanted=missing)


def _whole_rounds(
    strata: Sequence[Ints | Flags], n_participants: int, n_slots: int, rng: np.random.Generator
) -> Ints:
    n_clips = len(strata[0])
    order = np.lexsort((rng.random(n_clips), *strata))
    raters = np.full((n_clips, n_slots), OPEN, dtype=np.int64)
    n_combinations = comb(n_participants, n_slots)
    n_rounds = n_clips // n_combinations
    if n_rounds:
        every = np.array(list(combinations(range(n_participants), n_slots)))
        rounds = np.concatenate([rng.permutation(every) for _ in range(n_rounds)])
        # The clips that no whole round reaches are picked by chance, not from the last class.
        taken = np.sort(rng.permutation(n_clips)[: len(rounds)])
        raters[order[taken]] = rng.permuted(rounds, axis=1)
    return raters


def fill(
    raters: Ints,
    loads: Ints,
    participants: Ints,
    rng: np.random.Generator,
    *,
    wanted: Flags | None = None,
    barred: Flags | None = None,
    strict: bool = True,
) -> Ints:
    """Fill open slots, one after the other, with whoever has least to do.

    Among those with equally little to do, whoever shares fewest clips with the clip's other
    raters is taken, then chance decides.

    Raises StudyError if all who may be given a slot rate that clip already, and `strict`.

    Parameters
    ----------
    raters : ndarray of int64, shape (n_clips, n_slots)
        `OPEN` where a participant is to be found.
    loads : ndarray of int64, shape (n_participants,)
        What each participant has to do already.
    participants : ndarray of int64
        Who may be given slots.
    wanted : ndarray of bool, shape (n_clips, n_slots), or None
        Which of the open slots are to be filled; None for all.
    barred : ndarray of bool, shape (n_clips, n_participants), or None
        Who may not have a slot of which clip, besides those who have one.
    strict : bool
        False leaves a slot open that nobody can take.

    Returns
    -------
    ndarray of int64, shape (n_clips, n_slots)
        A copy in which they are filled.
    """
    filled = raters.copy()
    load = loads.tolist()
    overlap = pair_overlaps(raters, len(load)).tolist()
    clips, slots = np.nonzero(is_open(raters) if wanted is None else wanted)
    # Clip by clip: whoever has least to do is then never shut out by an earlier slot of the clip.
    shuffled = np.argsort(rng.permutation(len(raters))[clips], kind="stable")
    # A last, uneven round must not always favour the participants with low numbers.
    chance = rng.random((len(clips), len(load))).tolist()
    for i in shuffled.tolist():
        clip, slot = clips[i], slots[i]
        others = filled[clip][~is_open(filled[clip])].tolist()
        eligible = [p for p in participants.tolist() if p not in others]
        if barred is not None:
            eligible = [p for p in eligible if not barred[clip, p]]
        if not eligible and not strict:
            continue
        if not eligible:
            raise StudyError(
                f"a clip needs {len(others) + 1} different raters and all {len(participants)} "
                "participants who are left rate it already. Enrol another participant first"
            )
        luck = chance[i]
        chosen = min(eligible, key=lambda p: (load[p], sum(overlap[p][q] for q in others), luck[p]))
        filled[clip, slot] = chosen
        load[chosen] += 1
        for other in others:
            overlap[chosen][other] += 1
            overlap[other][chosen] += 1
    return filled


def is_open(raters: Ints) -> Flags:
    """Return where nobody has been found yet."""
    return np.asarray(raters == OPEN)


def open_slots(raters: Ints, n_wanted: Ints | int) -> Flags:
    """Return the first open slots of each clip, until it has as many raters as wanted.

    Parameters
    ----------
    raters : ndarray of int64, shape (n_clips, n_slots)
        `OPEN` where there is nobody.
    n_wanted : ndarray of int64, shape (n_clips,), or int
        Raters of each clip; those who are there already count.

    Returns
    -------
    ndarray of bool, shape (n_clips, n_slots)
        What `fill` is to fill.

    Examples
    --------
    >>> open_slots(np.array([[0, -1, 2, -1, -1], [0, 1, 2, -1, -1]]), 3).astype(int).tolist()
    [[0, 1, 0, 0, 0], [0, 0, 0, 0, 0]]
    """
    free = is_open(raters)
    n_missing = np.broadcast_to(n_wanted, len(raters)) - (~free).sum(axis=1)
    return np.asarray(free & (free.cumsum(axis=1) <= n_missing[:, None]))


def pair_overlaps(raters: Ints, n_participants: int) -> Ints:
    """Count the clips that each pair of participants shares.

    Parameters
    ----------
    raters : ndarray of int64, shape (n_clips, n_slots)
        Open slots count for nobody.

    Returns
    -------
    ndarray of int64, shape (n_participants, n_participants)
        Symmetric; the diagonal is the loads.
    """
    rates = np.zeros((len(raters), n_participants), dtype=np.int32)
    clips, slots = np.nonzero(~is_open(raters))
    rates[clips, raters[clips, slots]] = 1
    return (rates.T @ rates).astype(np.int64)


def choose_slots_for_joiner(
    giver: Ints, clip: Ints, is_ground_truth: Flags, n_wanted: int, rng: np.random.Generator
) -> Ints:
    """Choose open slots for a late joiner, most from those who have most left.

    Parameters
    ----------
    giver : ndarray of int64, shape (n_slots,)
        Who has the slot now; only slots whose clip the joiner does not rate yet.
    clip : ndarray of int64, shape (n_slots,)
        The slot's clip.
    is_ground_truth : ndarray of bool, shape (n_slots,)
        Whether that clip has a ground truth.

    Returns
    -------
    ndarray of int64
        Indices of the chosen slots, with no clip twice and the same share of ground truths as
        there is among all; fewer than wanted where there are not enough clips.
    """
    taken: list[int] = []
    used: set[int] = set()
    if not len(clip):
        return np.array(taken, dtype=np.int64)
    n_truths = min(round(n_wanted * is_ground_truth.mean()), len(np.unique(clip[is_ground_truth])))
    left = np.bincount(giver).tolist()
    for flags, n in (
        (is_ground_truth, n_truths),
        (~is_ground_truth, n_wanted),
        (is_ground_truth, n_wanted),
    ):
        _take(taken, used, left, np.flatnonzero(flags), giver, clip, n, rng)
    return np.array(taken, dtype=np.int64)


def _take(
    taken: list[int],
    used: set[int],
    left: list[int],
    indices: Ints,
    giver: Ints,
    clip: Ints,
    n: int,
    rng: np.random.Generator,
) -> None:
    queues: dict[int, list[int]] = {}
    for index in rng.permutation(indices).tolist():
        queues.setdefault(int(giver[index]), []).append(index)
    while len(taken) < n and queues:
        richest = max(queues, key=lambda p: left[p])
        index = queues[richest].pop()
        if not queues[richest]:
            del queues[richest]
        if int(clip[index]) in used:
            continue
        used.add(int(clip[index]))
        taken.append(index)
        left[richest] -= 1


def require_enough(n_participants: int, n_slots: int) -> None:
    """Raise unless there are as many participants as a clip has slots.

    Raises StudyError if there are too few.
    """
    if n_participants < n_slots:
        raise StudyError(
            f"{counted(n_participants, 'participant')} can rate and {n_slots} are needed, "
            "because every clip "
            f"gets {n_slots} different raters. Run: python -m sessions enrol ID"
        )
