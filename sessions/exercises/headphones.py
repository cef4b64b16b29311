"""The headphone check: how many sounds were found, and how many are needed."""

from collections.abc import Sequence

from study.errors import ConfigError
from study.store.people.headphone_checks import HeadphoneCheck

N_TRIALS, N_INTERVALS, PASS_MARK = 6, 3, 5


def n_right(targets: Sequence[int], answers: Sequence[int]) -> int:
    """Count the sounds that were found.

    Raises ConfigError if an answer is missing or names no sound.

    `targets` and `answers`: which sound was to be found, and which was named, from 1.
    """
    if len(targets) != len(answers) or any(not 1 <= answer <= N_INTERVALS for answer in answers):
        raise ConfigError(
            f"the answers are {list(answers)}; {len(targets)} numbers from 1 to {N_INTERVALS} are "
            "expected. Do the check again"
        )
    return sum(target == answer for target, answer in zip(targets, answers, strict=True))


def passed(n_found: int) -> bool:
    """Return whether a check is passed.

    Returns True for five of six or more, which guessing reaches in 2 % of all cases.

    `n_found`: from `n_right`.
    """
    return n_found >= PASS_MARK


def in_words(checks: Sequence[HeadphoneCheck]) -> str:
    """Return how the last headphone check went.

    Returns text such as ``"passed 6/6"``.

    `checks`: those of one participant, in the order of time.
    """
    if not checks:
        return "-"
    last = checks[-1]
    verdict = "passed" if passed(last.n_right) else "failed"
    return f"{verdict} {last.n_right}/{len(last.targets)}"
