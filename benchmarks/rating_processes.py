"""How ratings come in under each rule: batches of 500, what is open then is asked among the rest.

Used by `benchmarks.rating_rules` and others; nothing of it touches a store.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.rating_world import N_CLIPS, N_RATERS, RatingWorld
from study.config.protocol import Protocol
from study.deciding.certain import Audit, audit, raised, replayed
from study.deciding.open_clips import accepted_so_far
from study.deciding.posterior import Answers, Fit, fit, says_yes
from study.deciding.questions import is_unanswered, n_first

BATCH = 500
AUDIT_SHARE = 0.05


def least(n_clips: int) -> int:
    """Return how many prominent clips a class needs: 500 at the paper's size."""
    return max(round(500 * n_clips / N_CLIPS), 1)


def tallied(world: RatingWorld, n_asked: np.ndarray) -> np.ndarray:
    """Return how often each clip got 1, 2 and 3 among the ratings that were asked."""
    asked = np.arange(world.ratings.shape[1]) < n_asked[:, None]
    return np.stack([((world.ratings == v) & asked).sum(axis=1) for v in (1, 2, 3)], axis=1)


def in_batches(
    n_start: np.ndarray,
    further: Callable[[np.ndarray, np.ndarray], np.ndarray],
    rng: np.random.Generator,
) -> np.ndarray:
    """Let ratings come in batches; return how many each clip got.

    `further(n_given, touched)` returns which of the clips that a batch touched are asked for more.
    """
    start = np.repeat(np.arange(len(n_start)), n_start)
    waiting = [(float(place), int(clip)) for place, clip in zip(rng.random(len(start)), start,
                                                               strict=True)]  # fmt: skip
    heapq.heapify(waiting)
    n_given, n_asked = np.zeros(len(n_start), dtype=np.int64), n_start.copy()
    while True:
        batch = [heapq.heappop(waiting) for _ in range(min(BATCH, len(waiting)))]
        touched = np.unique([clip for _, clip in batch]).astype(np.int64)
        np.add.at(n_given, [clip for _, clip in batch], 1)
        now = batch[-1][0] if batch else 1.0
        done = touched[n_given[touched] == n_asked[touched]]
        asked = further(n_given, done)
        n_asked[asked] += 1
        for clip in asked.tolist():
            heapq.heappush(waiting, (float(rng.uniform(now, 1.0)), clip))
        if not waiting:
            return n_given


def rate_until_decided(
    world: RatingWorld, protocol: Protocol, rng: np.random.Generator
) -> np.ndarray:
    """Return how many ratings each clip gets under the exact rule."""
    start = np.where(world.is_truth, protocol.ratings_per_clip, n_first(protocol))
    labels = pd.Series(world.label)
    accepted = np.zeros(len(start), dtype=bool)

    def further(n_given: np.ndarray, done: np.ndarray) -> np.ndarray:
        counts = tallied(world, n_given)
        now = accepted_so_far(counts, labels, protocol)
        # A class that has its clips now opens those that had been decided before.
        fresh = np.flatnonzero(now & ~accepted & (n_given >= start))
        accepted[:] = now
        look = np.union1d(done, fresh[n_given[fresh] < protocol.ratings_per_clip])
        usable = accepted & world.has_picture
        is_open = is_unanswered(counts[look], protocol, usable[look])
        return look[is_open & ~waits[look]]

    waits = np.zeros(len(start), dtype=bool)
    return in_batches(start, remembering(further, waits), rng)


def remembering(
    further: Callable[[np.ndarray, np.ndarray], np.ndarray], waits: np.ndarray
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return `further` with `waits` kept: which clips have been asked and not yet rated."""

    def ask(n_given: np.ndarray, done: np.ndarray) -> np.ndarray:
        waits[done] = False
        found = further(n_given, done)
        waits[found] = True
        return found

    return ask


@dataclass(frozen=True, slots=True)
class Certain:
    """A run of the certain rule: ratings per clip, answers, and what its audit found."""

    n_given: np.ndarray
    is_yes: np.ndarray
    wrong_of_ended: float
    found: Audit
    limit: float


def rate_until_certain(
    world: RatingWorld,
    score: np.ndarray,
    rng: np.random.Generator,
    *,
    certainty: float,
    most: int,
) -> Certain:
    """Rate under the certain rule: from nothing, with learned raters, priors and audit."""
    n_clips = len(world.label)
    is_audited = rng.random(n_clips) < AUDIT_SHARE
    start = np.where(world.is_truth | is_audited, 3, 1)
    state = State(world, score, is_audited, start, most, certainty)
    state.n_given = in_batches(start, remembering(state.further, state.waits), rng)
    state.refit(60)
    sure = np.maximum(state.yes, 1 - state.yes)
    ended = (sure >= state.limit) & (state.n_given < most)
    wrong = (state.yes > 0.5) != world.is_yes
    return Certain(
        state.n_given, state.yes > 0.5, float(wrong[ended].mean()), state.audit(), state.limit
    )


class State:
    """What the certain rule knows while ratings come in."""

    def __init__(
        self, world: RatingWorld, score: np.ndarray, is_audited: np.ndarray, start: np.ndarray,
        most: int, certainty: float,
    ) -> None:  # fmt: skip
        self.world, self.score, self.is_audited = world, score, is_audited
        self.start, self.most = start, most
        self.waits = np.zeros(len(start), dtype=bool)
        self.n_given = np.zeros(len(start), dtype=np.int64)
        self.fitted: Fit | None = None
        self.certainty = self.limit = certainty
        # A session brings about as many ratings as a batch; a fit is a hundredth of all batches.
        self.batches, self.every = 0, max(len(start) // 8000, 1)
        self.yes = np.full(len(start), 0.5)

    def answers(self) -> Answers:
        """Return the ratings so far."""
        asked = np.arange(self.world.ratings.shape[1]) < self.n_given[:, None]
        clip, place = np.nonzero(asked)
        expert = np.where(self.world.is_truth, self.world.expert - 1, -1)
        return Answers(
            clip.astype(np.int64), self.world.raters[clip, place].astype(np.int64),
            self.world.ratings[clip, place] - 1, self.world.label, expert, self.score, N_RATERS,
        )  # fmt: skip

    def refit(self, most: int) -> None:
        """Learn from the ratings so far, in so many steps at most."""
        answers = self.answers()
        self.fitted = fit(answers, start=self.fitted, max_iterations=most)
        self.yes = says_yes(self.fitted, answers.counts(), "prominent")

    def audit(self) -> Audit:
        """Return what the audit has measured so far."""
        assert self.fitted is not None
        answers = self.answers()
        replay = replayed(answers, self.fitted, self.is_audited, self.limit, "prominent", 3)
        counts = answers.counts()
        return audit(replay, says_yes(self.fitted, counts, "prominent"), counts, "prominent")

    def further(self, n_given: np.ndarray, done: np.ndarray) -> np.ndarray:
        """Return which clips are asked for more, as `in_batches` wants it."""
        self.n_given = n_given
        self.batches += 1
        if self.batches % self.every and len(done):
            return np.zeros(0, dtype=np.int64)  # until the next fit, nothing new is known
        self.refit(30 if self.fitted is None else 4)
        if self.batches % (4 * self.every) == 0:
            self.limit = raised(self.limit, self.certainty, self.audit()) or self.limit
        known = np.flatnonzero((n_given >= self.start) & ~self.waits & (n_given < self.most))
        sure = np.maximum(self.yes[known], 1 - self.yes[known])
        return known[sure < self.limit]
