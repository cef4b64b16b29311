import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessions.plan import assignment, ordering
from sessions.plan.assignment import OPEN
from study.errors import StudyError


def strata(n_clips, n_classes, rng):
    return rng.integers(n_classes, size=n_clips), rng.random(n_clips) < 0.1


def distinct(raters):
    return all(len(set(row)) == len(row) for row in raters.tolist()) and (raters != OPEN).all()


@given(
    n_clips=st.integers(1, 300),
    n_participants=st.integers(3, 12),
    n_slots=st.integers(1, 3),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=60)
def test_every_clip_gets_its_raters_all_different_and_loads_are_even(
    n_clips, n_participants, n_slots, seed
):
    rng = np.random.default_rng(seed)
    raters = assignment.plan_raters(strata(n_clips, 4, rng), n_participants, n_slots, rng)
    assert raters.shape == (n_clips, n_slots)
    assert distinct(raters)
    loads = np.bincount(raters.ravel(), minlength=n_participants)
    assert loads.max() - loads.min() <= 1


@given(
    n_clips=st.integers(1, 200),
    n_participants=st.integers(5, 9),
    done=st.floats(0, 1),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=60)
def test_a_drop_outs_clips_go_to_others_who_do_not_rate_them_yet(
    n_clips, n_participants, done, seed
):
    rng = np.random.default_rng(seed)
    raters = assignment.plan_raters(strata(n_clips, 4, rng), n_participants, 3, rng)
    is_done = rng.random(raters.shape) < done
    moved = (raters == 0) & ~is_done
    before = np.where(moved, OPEN, raters)
    staying = np.arange(1, n_participants)
    loads = np.bincount(raters[~is_done], minlength=n_participants)
    after = assignment.fill(before, loads, staying, rng)
    assert distinct(after)
    np.testing.assert_array_equal(after[~moved], raters[~moved])
    assert 0 not in after[moved]


@given(
    n_clips=st.integers(1, 200),
    n_participants=st.integers(3, 9),
    n_wanted=st.integers(1, 400),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=60)
def test_a_joiner_takes_no_clip_twice_and_most_from_those_with_most_left(
    n_clips, n_participants, n_wanted, seed
):
    rng = np.random.default_rng(seed)
    classes, truths = strata(n_clips, 4, rng)
    raters = assignment.plan_raters((classes, truths), n_participants, 3, rng)
    clip, slot = np.nonzero(rng.random(raters.shape) < 0.7)
    giver = raters[clip, slot]
    chosen = assignment.choose_slots_for_joiner(giver, clip, truths[clip], n_wanted, rng)
    assert len(set(clip[chosen].tolist())) == len(chosen) == min(n_wanted, len(set(clip.tolist())))


@given(n_clips=st.integers(0, 300), n_truths=st.integers(0, 40), seed=st.integers(0, 99))
@settings(max_examples=60)
def test_an_order_has_every_clip_once_and_a_ground_truth_in_every_block(n_clips, n_truths, seed):
    rng = np.random.default_rng(seed)
    truths = np.zeros(n_clips, dtype=bool)
    truths[rng.permutation(n_clips)[:n_truths]] = True
    order = ordering.shuffled_order(truths, rng)
    assert sorted(order.tolist()) == list(range(n_clips))
    if truths.any():
        edges = np.arange(truths.sum() + 1) * n_clips // truths.sum()
        places = np.flatnonzero(truths[order])
        assert ((edges[:-1] <= places) & (places < edges[1:])).all()


def test_at_the_papers_size_loads_pairs_classes_and_ground_truths_are_even():
    rng = np.random.default_rng(1)
    n_clips = 57_177
    classes = rng.integers(41, size=n_clips)
    truths = np.zeros(n_clips, dtype=bool)
    truths[rng.permutation(n_clips)[:2000]] = True
    raters = assignment.plan_raters((classes, truths), 11, 3, rng)
    assert distinct(raters)
    overlaps = assignment.pair_overlaps(raters, 11)
    loads, pairs = np.diag(overlaps), overlaps[np.triu_indices(11, 1)]
    assert np.abs(loads / loads.mean() - 1).max() < 0.001
    assert np.abs(pairs / pairs.mean() - 1).max() < 0.01
    shown = np.array([(truths[:, None] & (raters == p)).sum() for p in range(11)])
    assert np.abs(shown - 2000 * 3 / 11).max() <= 10


def test_the_same_seed_plans_alike_and_another_does_not():
    def planned(seed):
        rng = np.random.default_rng(seed)
        return assignment.plan_raters((np.zeros(500, dtype=np.int64),), 5, 3, rng)

    np.testing.assert_array_equal(planned(1), planned(1))
    assert (planned(1) != planned(2)).any()


def test_fewer_participants_than_ratings_are_refused():
    with pytest.raises(StudyError, match=r"2 participants can rate and 3 are needed"):
        assignment.plan_raters((np.zeros(5, dtype=np.int64),), 2, 3, np.random.default_rng(1))


def test_a_clip_that_everybody_left_rates_already_stops_a_reassignment():
    raters = np.array([[OPEN, 1, 2]])
    with pytest.raises(StudyError, match="all 2 participants who are left rate it already"):
        assignment.fill(
            raters, np.zeros(3, dtype=np.int64), np.array([1, 2]), np.random.default_rng(1)
        )


@pytest.mark.parametrize(
    ("raters", "n_wanted", "expected"),
    [
        ([[OPEN, OPEN, OPEN]], 0, [[False, False, False]]),
        ([[OPEN, OPEN, OPEN]], 2, [[True, True, False]]),
        ([[0, OPEN, 2, OPEN]], 3, [[False, True, False, False]]),
        ([[OPEN, 1, OPEN, OPEN]], 3, [[True, False, True, False]]),
        ([[0, 1, 2, OPEN]], 3, [[False, False, False, False]]),
        ([[0, 1, 2, OPEN]], 2, [[False, False, False, False]]),
        ([[0, OPEN, OPEN, OPEN, OPEN]], 4, [[False, True, True, True, False]]),
        ([[0, 1, OPEN], [OPEN, OPEN, OPEN]], [3, 1], [[False, False, True], [True, False, False]]),
    ],
)
def test_the_first_open_slots_are_filled_until_a_clip_has_whom_it_wants(raters, n_wanted, expected):
    found = assignment.open_slots(np.array(raters), np.array(n_wanted))
    assert found.tolist() == expected


def test_a_seed_plans_what_it_has_always_planned():
    """Drawn again with its seed, a plan is the one that was published, in every version."""
    rng = np.random.default_rng(1)
    without_a_round = assignment.plan_raters((np.zeros(7, dtype=np.int64),), 5, 3, rng)
    assert without_a_round.tolist() == [
        [2, 0, 1], [3, 1, 4], [4, 0, 2], [0, 1, 3], [4, 2, 3], [4, 3, 1], [3, 2, 0],
    ]  # fmt: skip
    rng = np.random.default_rng(1)
    two_rounds_and_two = assignment.plan_raters(
        (np.arange(14) % 3, np.arange(14) % 5 == 0), 4, 2, rng
    )
    assert two_rounds_and_two.tolist() == [
        [0, 1], [2, 3], [2, 1], [1, 0], [0, 3], [0, 2], [0, 2], [1, 0], [3, 0], [1, 2], [1, 3],
        [3, 2], [3, 2], [3, 1],
    ]  # fmt: skip


def test_a_seed_orders_and_chooses_as_it_always_has():
    truths = np.isin(np.arange(10), [1, 4, 7])
    order = ordering.shuffled_order(truths, np.random.default_rng(1))
    assert order.tolist() == [1, 9, 6, 5, 0, 4, 2, 7, 3, 8]
    giver = np.array([0, 0, 0, 1, 1, 2, 2, 0, 1])
    clip = np.array([0, 1, 2, 0, 3, 4, 1, 5, 6])
    is_ground_truth = np.isin(clip, [2, 4])
    chosen = {
        n: assignment.choose_slots_for_joiner(
            giver, clip, is_ground_truth, n, np.random.default_rng(1)
        ).tolist()
        for n in (0, 3, 5, 9)
    }
    assert chosen == {0: [], 3: [2, 1, 4], 5: [2, 1, 4, 0, 8], 9: [2, 5, 1, 4, 0, 8, 7]}


@pytest.mark.parametrize("seed", range(20))
def test_a_joiner_gets_the_share_of_ground_truths_and_relieves_whoever_has_most(seed):
    # Participant 0 has six slots left, 1 has two, 2 has one; a third of the clips has a truth.
    giver = np.array([0, 0, 0, 0, 0, 0, 1, 1, 2])
    clip = np.arange(9)
    is_ground_truth = clip % 3 == 0
    chosen = assignment.choose_slots_for_joiner(
        giver, clip, is_ground_truth, 3, np.random.default_rng(seed)
    )
    assert (giver[chosen].tolist(), is_ground_truth[chosen].tolist()) == (
        [0, 0, 0], [True, False, False],
    )  # fmt: skip


def test_a_joiner_of_a_study_with_nothing_left_gets_nothing():
    nothing = np.array([], dtype=np.int64)
    chosen = assignment.choose_slots_for_joiner(
        nothing, nothing, nothing.astype(bool), 5, np.random.default_rng(1)
    )
    assert chosen.tolist() == []


@pytest.mark.parametrize("seed", range(20))
def test_a_slot_goes_to_whoever_has_least_and_then_to_whoever_shares_least(seed):
    raters = np.array([[0, 1], [0, OPEN]])
    filled = assignment.fill(
        raters, np.array([2, 1, 1, 2]), np.array([1, 2, 3]), np.random.default_rng(seed)
    )
    # 1 and 2 have equally little to do, and 1 shares a clip with 0 already.
    assert filled.tolist() == [[0, 1], [0, 2]]
    assert raters.tolist() == [[0, 1], [0, OPEN]]


@pytest.mark.parametrize("seed", range(20))
def test_who_has_less_to_do_is_given_slots_until_they_have_as_much(seed):
    raters = np.array([[0, OPEN]] * 4)
    filled = assignment.fill(
        raters, np.array([9, 0, 3]), np.array([1, 2]), np.random.default_rng(seed)
    )
    assert (filled[:, 1] == 1).sum() in {3, 4}  # at 3 each it is chance
    fewer = assignment.fill(
        raters[:3], np.array([9, 0, 3]), np.array([1, 2]), np.random.default_rng(seed)
    )
    assert fewer[:, 1].tolist() == [1, 1, 1]


@pytest.mark.parametrize("seed", range(8))
def test_without_a_whole_round_every_pair_shares_nearly_as_many_clips(seed):
    # 200 clips of the 220 that a round has; a pair shares 9.1 on the average.
    rng = np.random.default_rng(seed)
    raters = assignment.plan_raters((np.zeros(200, dtype=np.int64),), 12, 3, rng)
    pairs = assignment.pair_overlaps(raters, 12)[np.triu_indices(12, 1)]
    assert (pairs.min() >= 8, pairs.max() <= 11) == (True, True)


def test_overlaps_are_loads_and_shared_clips_and_open_slots_are_nobodys():
    raters = np.array([[0, 1, OPEN], [1, 0, 2], [OPEN, OPEN, 1]])
    assert assignment.pair_overlaps(raters, 4).tolist() == [
        [2, 2, 1, 0], [2, 3, 1, 0], [1, 1, 1, 0], [0, 0, 0, 0],
    ]  # fmt: skip


def test_a_single_ground_truth_may_come_at_any_place():
    truth = np.array([True, False, False, False])
    places = {
        ordering.shuffled_order(truth, np.random.default_rng(seed)).tolist().index(0)
        for seed in range(40)
    }
    assert places == {0, 1, 2, 3}


@pytest.mark.parametrize("seed", range(20))
def test_what_is_given_counts_for_the_next_slot(seed):
    # 1 and 2 get a clip with 0 each; 3, who has as much to do, the next one.
    raters = np.array([[0, OPEN], [0, OPEN], [0, OPEN]])
    loads = np.array([9, 0, 0, 0])
    filled = assignment.fill(raters, loads, np.array([1, 2, 3]), np.random.default_rng(seed))
    assert sorted(filled[:, 1].tolist()) == [1, 2, 3]
    assert loads.tolist() == [9, 0, 0, 0]


def test_only_wanted_slots_are_filled_and_only_by_whom_nothing_bars():
    raters = np.array([[OPEN, OPEN, OPEN], [1, OPEN, OPEN]])
    filled = assignment.fill(
        raters,
        np.array([0, 5, 6, 0]),
        np.arange(4),
        np.random.default_rng(1),
        wanted=np.array([[False, True, False], [False, False, True]]),
        barred=np.array([[True, False, False, True], [True, False, False, True]]),
    )
    assert filled.tolist() == [[OPEN, 1, OPEN], [1, OPEN, 2]]


@pytest.mark.parametrize("seed", range(5))
def test_a_slot_that_nobody_can_take_stays_open_where_that_is_allowed(seed):
    raters = np.array([[OPEN, 1, 2], [OPEN, 1, 0], [OPEN, 2, 1]])
    loads, staying = np.zeros(3, dtype=np.int64), np.array([1, 2])
    rng = np.random.default_rng(seed)
    filled = assignment.fill(raters, loads, staying, rng, strict=False)
    assert filled.tolist() == [[OPEN, 1, 2], [2, 1, 0], [OPEN, 2, 1]]
    with pytest.raises(StudyError, match=r"^a clip needs 3 different raters and all 2 part"):
        assignment.fill(raters, loads, staying, rng)
    with pytest.raises(StudyError, match=r"^a clip needs 2 different raters and all 1 part"):
        assignment.fill(raters[:, :2], loads, staying[:1], rng)


def test_as_many_participants_as_slots_are_enough():
    assignment.require_enough(3, 3)
    rows = assignment.plan_raters((np.zeros(2, dtype=np.int64),), 3, 3, np.random.default_rng(1))
    assert [sorted(row) for row in rows.tolist()] == [[0, 1, 2], [0, 1, 2]]
