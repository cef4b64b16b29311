"""How many ratings a rule will ask for, compared with simulated studies."""

import numpy as np
import pytest

from study.config.protocol import Protocol
from study.deciding.expected import Prior, drawn_patterns, expected_further
from study.deciding.questions import every_tally
from study.errors import StudyError
from tests.worlds.rated_until import random_studies, rate_until, tallied

RULE = Protocol(rating_rule="until_decided")


def test_what_is_expected_of_a_study_is_what_it_comes_to():
    clips, ratings = random_studies(40, 100, 3, np.random.default_rng(3))
    clips = clips.assign(is_ground_truth=False)
    every = tallied(ratings, np.full(len(clips), 3))
    came = rate_until(clips, ratings, RULE).sum()
    sample = np.random.default_rng(4).choice(len(every), 400, replace=False)
    patterns = drawn_patterns(every[sample], Prior(), 3, 300, np.random.default_rng(5))
    start = expected_further(np.zeros_like(every), RULE, patterns, may_be_tested=False).sum(axis=1)
    assert np.quantile(start, 0.005) <= came <= np.quantile(start, 0.995)
    half = tallied(ratings, np.full(len(clips), 1))
    left = expected_further(half, RULE, patterns, may_be_tested=False).sum(axis=1)
    assert np.quantile(left, 0.005) <= came - len(clips) <= np.quantile(left, 0.995)


def test_a_decided_clip_needs_nothing_and_an_open_one_exactly_one():
    patterns = Prior().patterns(3)[None, :]
    tallies = np.array([[0, 0, 2], [2, 0, 0], [1, 0, 1], [1, 1, 1]])
    found = expected_further(tallies, RULE, patterns, may_be_tested=False)
    assert found.tolist() == [[0, 0, 1, 0]]


def test_a_prior_has_the_shares_and_the_agreement_that_it_names():
    prior = Prior((0.5, 0.2, 0.3), 0.7)
    tallies, chances = every_tally(2), prior.patterns(2)
    assert (tallies * chances[:, None]).sum(axis=0) / 2 == pytest.approx(prior.shares)
    assert chances[(tallies == 2).any(axis=1)].sum() == pytest.approx(0.7)


@pytest.mark.parametrize("agreement", [0.3, 1.0])
def test_an_agreement_that_shares_do_not_allow_is_refused(agreement):
    with pytest.raises(StudyError, match="by chance"):
        Prior(agreement=agreement).patterns(3)
