"""Real people's votes: VGGSounder's gold labels, by up to four labellers."""

import numpy as np
import pandas as pd
import pytest

from curation.analysis.aggregation import dawid_skene
from curation.analysis.agreement import measures
from curation.tally import COUNTS, is_prominent
from study.config.protocol import Protocol
from study.deciding.questions import is_unanswered, n_first
from tests.paths import SHARED

PATH = SHARED / "data/vggsounder_gold/gold.csv"
pytestmark = pytest.mark.skipif(not PATH.is_file(), reason=f"{PATH} is not there")
LABELLERS = [f"labeler_{i}" for i in range(4)]
RULE = Protocol(rating_rule="until_decided")


@pytest.fixture(scope="module")
def votes():
    """Yes and no as 3 and 1, of items with three labellers at least; missing as 0."""
    table = pd.read_csv(PATH, usecols=LABELLERS)
    given = table.notna().to_numpy()
    said = np.where(given, np.where(table == True, 3, 1), 0)  # noqa: E712
    return said[given.sum(axis=1) >= 3]


def three_of(votes, rng):
    """Draw three labellers of each item, in a random order."""
    keys = np.where(votes > 0, rng.random(votes.shape), 2.0)
    return np.take_along_axis(votes, keys.argsort(axis=1)[:, :3], axis=1)


def tallied(ratings):
    return np.stack([(ratings == value).sum(axis=1) for value in (1, 2, 3)], axis=1)


def test_the_exact_rule_asks_72_per_cent_of_the_votes_and_changes_no_answer(votes):
    assert len(votes) == 1732
    shares = []
    for seed in range(20):
        drawn = three_of(votes, np.random.default_rng(seed))
        first = tallied(drawn[:, : n_first(RULE)])
        is_open = is_unanswered(first, RULE)
        asked = np.where(is_open[:, None], tallied(drawn), first)
        answers = [
            is_prominent(pd.DataFrame(tally, columns=list(COUNTS)))
            for tally in (tallied(drawn), asked)
        ]
        assert (answers[0] == answers[1]).all()
        shares.append(asked.sum() / drawn.size)
    assert np.mean(shares) == pytest.approx(0.72, abs=0.01)
    assert np.ptp(shares) < 0.02


def test_pairs_of_labellers_agree_as_often_as_the_data_say(votes):
    pairs = [(a, b) for a in range(4) for b in range(a)]
    both = [(votes[:, a] > 0) & (votes[:, b] > 0) for a, b in pairs]
    same = sum(
        int((votes[w, a] == votes[w, b]).sum()) for (a, b), w in zip(pairs, both, strict=True)
    )
    assert same / sum(int(w.sum()) for w in both) == pytest.approx(0.828, abs=0.005)
    found = measures(tallied(votes)[:, [0, 2]])
    assert found["alpha_nominal"] == pytest.approx(0.579, abs=0.002)


def test_what_labellers_say_together_is_mostly_what_most_of_them_say(votes):
    item, who = np.nonzero(votes)
    ratings = pd.DataFrame(
        {"candidate_id": item, "participant_id": who.astype(str), "rating": votes[item, who]}
    )
    found = dawid_skene(ratings)
    yes = found.posterior["p3"] > 0.5
    counts = tallied(votes)
    is_clear = counts[:, 0] != counts[:, 2]
    assert (yes.to_numpy() == (counts[:, 2] > counts[:, 0]))[is_clear].mean() > 0.97
    assert all(errors[0, 0] > 0.55 and errors[2, 2] > 0.9 for errors in found.confusion.values())
