import pytest
from scipy.stats import binom

from benchmarks.pass_mark import pass_probability


@pytest.mark.parametrize(
    ("accuracy", "probability"),
    [(0.75, 0.004), (0.80, 0.024), (0.85, 0.118), (0.90, 0.403), (0.93, 0.678), (0.95, 0.853),
     (0.98, 0.991)],
)  # fmt: skip
def test_the_papers_gate_lets_through_what_was_computed_beforehand(accuracy, probability):
    assert pass_probability(accuracy, 41, 38) == pytest.approx(probability, abs=0.0006)


@pytest.mark.parametrize("n_clips", [1, 6, 16, 41])
def test_it_is_a_binomial_tail(n_clips):
    for mark in range(1, n_clips + 1):
        expected = binom.sf(mark - 1, n_clips, 0.9)
        assert pass_probability(0.9, n_clips, mark) == pytest.approx(expected)


def test_a_second_attempt_helps_whoever_is_near_the_mark():
    assert pass_probability(0.90, 41, 38, n_attempts=2) == pytest.approx(
        1 - (1 - 0.4034) ** 2, abs=1e-3
    )
