"""What can be expected before a comparison is made."""

import numpy as np
import pytest

from lab.compare.measures.consistency import kappa_interval
from lab.compare.power import Plan, clips_for, half_width, plan_table
from study.errors import ConfigError


def test_the_half_width_is_that_of_simulated_pairs():
    n, p, value = 320, 0.75, 0.4
    expected = p * p + (1 - p) ** 2
    both = (expected + value * (1 - expected) - 1 + 2 * p) / 2
    cells = [both, p - both, p - both, 1 - 2 * p + both]
    drawn = np.random.default_rng(1).multinomial(n, cells, size=2000).astype(float)
    low, high = kappa_interval(
        drawn[:, 0], drawn[:, :2].sum(1), drawn[:, [0, 2]].sum(1), drawn.sum(1)
    )
    assert half_width(value, p, p, n) == pytest.approx(np.mean(high - low) / 2, rel=0.02)


@pytest.mark.parametrize("wanted", [0.05, 0.1])
def test_so_many_clips_are_enough_and_one_fewer_is_not(wanted):
    n = clips_for(0.4, 0.75, 0.9, wanted)
    assert half_width(0.4, 0.75, 0.9, n) <= wanted < half_width(0.4, 0.75, 0.9, n - 1)


def test_more_people_and_clips_make_every_interval_narrower():
    small, large = (plan_table(Plan(*size)) for size in ((60, 4), (960, 40)))
    assert (large["half_width"] < small["half_width"]).all()
    assert list(large["if"]) == list(small["if"])


@pytest.mark.parametrize("size", [(1, 4, 16), (60, 0, 16), (60, 4, 1), (10**9, 4, 16)])
def test_what_cannot_be_compared_is_refused(size):
    with pytest.raises(ConfigError, match="lan at "):
        Plan(*size)
