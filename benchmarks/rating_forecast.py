"""How often the interval of a forecast of the certain rule holds what a simulated study came to.

Studies of `benchmarks.rating_world` are rated in batches until nothing is open; forecasts are made
before the first rating, and after a twentieth, a quarter and three fifths of the ratings.

Run: python -m benchmarks.rating_forecast [--studies N] [--clips N] [--certainty P] [--plays N]
"""

import argparse
from collections.abc import Sequence

import numpy as np
import pandas as pd

from benchmarks.rating_processes import AUDIT_SHARE, State, in_batches, remembering
from benchmarks.rating_rules import AUC
from benchmarks.rating_world import ACCURACIES, RatingWorld, classifier, make_world
from sessions.monitor.certain_forecast import N_PLAYS, Start, play_on
from study.deciding.expected import Prior

MOMENTS = (0.0, 0.05, 0.25, 0.6)


def history(state: State, rng: np.random.Generator) -> list[np.ndarray]:
    """Return how many ratings each clip had after each batch; the last is what a study came to."""
    found = [np.zeros_like(state.start)]
    ask = remembering(state.further, state.waits)

    def further(n_given: np.ndarray, done: np.ndarray) -> np.ndarray:
        found.append(n_given.copy())
        return ask(n_given, done)

    last = in_batches(state.start, further, rng)
    return [*found, last]


def prior_of(world: RatingWorld) -> Prior:
    """Return what somebody would say who knows such ratings."""
    one, two = world.ratings[:, 0], world.ratings[:, 1]
    low, middle, high = (float((one == value).mean()) for value in (1, 2, 3))
    return Prior((low, middle, high), float((one == two).mean()))


def rows_of(
    level: str,
    seed: int,
    n_clips: int,
    certainty: float,
    n_plays: int,
    *,
    has_score: bool,
    moments: Sequence[float] = MOMENTS,
) -> list[dict[str, object]]:
    """Return a row per moment of one study."""
    rng = np.random.default_rng([seed, *level.encode()])
    world = make_world(ACCURACIES[level], rng, n_clips=n_clips)
    score = classifier(world.is_yes, AUC, rng) if has_score else np.full(n_clips, np.nan)
    is_audited = rng.random(n_clips) < AUDIT_SHARE
    least = np.where(world.is_truth | is_audited, 3, 1)
    state = State(world, score, is_audited, least, 5, certainty)
    came = history(state, rng)
    total = int(came[-1].sum())
    rows = []
    for moment in moments:
        given = next(n for n in came if n.sum() >= moment * total)
        state.n_given = given
        start = Start(state.answers(), least, world.is_truth, 5, certainty, "prominent")
        draws = play_on(start, prior_of(world), rng, n_plays=n_plays)[:, 0]
        low, high = np.quantile(draws, (0.025, 0.975))
        to_come = total - int(given.sum())
        rows.append(
            {"level": level, "moment": moment, "to_come": to_come, "share": total / (3 * n_clips),
             "bias": draws.mean() / max(to_come, 1) - 1, "width": (high - low) / max(to_come, 1),
             "holds": low <= to_come <= high, "rose": state.limit > certainty}
        )  # fmt: skip
    return rows


def main() -> None:
    """Print the coverage of the interval at each moment."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=20, help="of each level of accuracy")
    parser.add_argument("--clips", type=int, default=2000)
    parser.add_argument("--certainty", type=float, default=0.95)
    parser.add_argument("--plays", type=int, default=N_PLAYS)
    options = parser.parse_args()
    rows = []
    for level in ACCURACIES:
        for seed in range(1, options.studies + 1):
            rows += rows_of(
                level, seed, options.clips, options.certainty, options.plays,
                has_score=bool(seed % 2),
            )  # fmt: skip
    table = pd.DataFrame(rows)
    print(table.groupby(["level", "moment"], sort=False).mean().round(3).to_string())
    print(table.drop(columns="level").groupby("moment").mean().round(3).to_string())


if __name__ == "__main__":
    main()
