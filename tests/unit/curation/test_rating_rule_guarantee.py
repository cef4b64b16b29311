"""What the exact rule promises: the tables of the full design, over thousands of random studies."""

import numpy as np
import pandas as pd
import pytest

from curation.selection.filters import accepted_classes, filter_clips
from curation.selection.splits import draw_lists
from curation.selection.test_set import draw_test_set
from curation.tally import COUNTS, clip_keys, is_prominent
from study.config.protocol import Protocol
from tests.worlds.rated_until import random_studies, rate_until, tallied

N_STUDIES, N_CLIPS = 400, 30


def both(size, majority, decide, seed):
    """Return the clips of random studies with all ratings, and with those that were asked."""
    rng = np.random.default_rng(seed)
    protocol = Protocol(
        ratings_per_clip=size, majority=majority, class_min_prominent=12, test_size_per_class=3,
        rating_rule="until_decided", decide=decide,
    )  # fmt: skip
    clips, ratings = random_studies(N_STUDIES, N_CLIPS, size, rng)
    every = tallied(ratings, np.full(len(clips), size))
    asked = rate_until(clips, ratings, protocol)
    assert asked.sum() <= every.sum()
    full, fewer = (clips.assign(**dict(zip(COUNTS, t.T, strict=True))) for t in (every, asked))
    return protocol, full, fewer


@pytest.mark.parametrize("majority", ["strict", "at_least_two"])
@pytest.mark.parametrize("size", [3, 4, 5])
def test_prominent_gives_the_same_classes_and_the_same_pool_to_train_on(size, majority):
    protocol, full, fewer = both(size, majority, ("prominent",), seed=size)
    accepted = accepted_classes(full, majority, protocol.class_min_prominent)
    assert 20 < len(accepted) < N_STUDIES - 20
    assert accepted_classes(fewer, majority, protocol.class_min_prominent) == accepted
    pools = [clips.loc[is_prominent(clips, majority)] for clips in (full, fewer)]
    assert pools[0].index.equals(pools[1].index)
    assert fewer[list(COUNTS)].to_numpy().sum() < 0.95 * full[list(COUNTS)].to_numpy().sum()


@pytest.mark.parametrize("majority", ["strict", "at_least_two"])
@pytest.mark.parametrize("size", [3, 4, 5])
def test_unanimous_gives_the_same_test_set_and_lists_as_well(size, majority):
    protocol, full, fewer = both(size, majority, ("prominent", "unanimous"), seed=10 + size)
    drawn = [lists_of(clips, protocol) for clips in (full, fewer)]
    for name, one in drawn[0].items():
        other = drawn[1][name]
        names = [name for name in one if name not in COUNTS]
        pd.testing.assert_frame_equal(one[names], other[names])
    assert len(drawn[0]["test set"]) > 60


def lists_of(clips, protocol):
    """Return the pool of the test set, what was drawn of it, and the lists beside it."""
    classes = accepted_classes(clips, protocol.majority, protocol.class_min_prominent)
    pool, _left = filter_clips(clips, classes, protocol)
    test = draw_test_set(
        pool, [label for label in classes if (pool["avmit_label"] == label).sum() >= 3],
        size_per_class=3, rng=np.random.default_rng(1),
    )  # fmt: skip
    prominent = clips.loc[is_prominent(clips, protocol.majority)]
    lists = draw_lists(prominent, test, validation_share=0.1, rng=np.random.default_rng(2))
    return {
        "pool": pool, "test set": test, "training": lists.train, "validation": lists.validation,
    }  # fmt: skip


def test_a_rule_that_takes_two_3s_for_unanimous_would_be_caught():
    protocol, full, fewer = both(3, "strict", ("prominent",), seed=7)
    classes = accepted_classes(full, "strict", protocol.class_min_prominent)
    careless = fewer["r3"] == fewer[list(COUNTS)].sum(axis=1)
    pool, _left = filter_clips(full, classes, protocol)
    assert not set(fewer.index[careless]) <= set(full.index[full["r3"] == 3])
    assert clip_keys(pool).isin(clip_keys(full[full["r3"] == 3])).all()
