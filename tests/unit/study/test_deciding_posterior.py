"""What ratings say of clips and raters, compared with simulated people whose truth is known."""

import numpy as np
import pytest
from scipy.special import betainc

from benchmarks.rating_world import classifier, make_world
from study.config.study import parse_config
from study.deciding.audited import in_audit
from study.deciding.betas import above_half
from study.deciding.certain import (
    Audit,
    Replay,
    audit,
    class_is_certain,
    intervals,
    raised,
    replayed,
)
from study.deciding.posterior import Answers, fit, of_one, says_yes
from study.errors import ConfigError


@pytest.fixture(scope="module")
def world():
    return make_world(0.87, np.random.default_rng(3), n_clips=6000)


def answers_of(world, n_asked, *, score=None, with_expert=True):
    asked = np.arange(world.ratings.shape[1]) < np.broadcast_to(n_asked, len(world.label))[:, None]
    clip, place = np.nonzero(asked)
    expert = np.where(world.is_truth & with_expert, world.expert - 1, -1)
    score = np.full(len(world.label), np.nan) if score is None else score
    return Answers(
        clip, world.raters[clip, place], world.ratings[clip, place] - 1, world.label, expert,
        score, world.ratings.shape[1],
    )  # fmt: skip


def test_raters_and_the_share_of_hard_clips_are_found_out(world):
    fitted = fit(answers_of(world, 3))
    rights = fitted.confusion[:, [0, 2], [0, 2]]
    assert rights.mean() == pytest.approx(0.87, abs=0.02)
    assert rights == pytest.approx(0.87, abs=0.09)  # raters differ, by .02 mostly
    assert fitted.hard_share == pytest.approx(0.2, abs=0.05)
    assert fitted.hard[world.is_hard].mean() > 1.4 * fitted.hard[~world.is_hard].mean()


@pytest.mark.parametrize("n_asked", [1, 2, 4])
def test_answers_are_as_probable_as_they_are_said_to_be(world, n_asked):
    found = answers_of(world, n_asked)
    yes = says_yes(fit(found), found.counts(), "prominent")
    for low in (0.0, 0.1, 0.9, 0.97):
        high = {0.0: 0.03, 0.1: 0.5, 0.9: 0.97, 0.97: 1.01}[low]
        there = (yes >= low) & (yes < high)
        if there.sum() > 200:
            assert world.is_yes[there].mean() == pytest.approx(yes[there].mean(), abs=0.06)
    assert ((yes > 0.5) == world.is_yes).mean() > {1: 0.84, 2: 0.89, 4: 0.93}[n_asked]


def test_a_classifier_makes_first_ratings_more_certain_and_a_useless_one_does_not(world):
    rng = np.random.default_rng(4)
    surprise = {}
    for name, score in (
        ("none", None),
        ("good", classifier(world.is_yes, 0.85, rng)),
        ("useless", rng.random(len(world.label))),
    ):
        found = answers_of(world, 1, score=score)
        yes = says_yes(fit(found), found.counts(), "prominent")
        surprise[name] = -np.log(np.where(world.is_yes, yes, 1 - yes)).mean()
    assert surprise["good"] < surprise["none"] - 0.02
    assert surprise["useless"] < surprise["none"] + 0.01


def test_ground_truths_count_as_what_the_expert_said(world):
    found = answers_of(world, 1)
    told = np.flatnonzero(world.is_truth & ~world.is_hard)
    easy = fit(found).easy[told, world.expert[told] - 1]
    assert np.median(easy) > 0.8


def test_one_clip_is_told_after_a_rating_as_the_whole_fit_tells_it(world):
    found = answers_of(world, 2, with_expert=False)
    fitted = fit(found)
    yes = says_yes(fitted, found.counts(), "prominent")
    for clip in (0, 17, 5000):
        own = found.clip == clip
        one = of_one(fitted, clip, found.rater[own], found.given[own], "prominent")
        assert one == pytest.approx(yes[clip], abs=0.01)


def test_before_anybody_has_rated_there_is_an_answer_without_certainty():
    nobody = np.zeros(0, dtype=np.int64)
    found = Answers(
        nobody, nobody, nobody, np.array([0, 1]), np.array([-1, -1]), np.full(2, np.nan), 0
    )
    yes = says_yes(fit(found), found.counts(), "prominent")
    assert ((yes > 0.2) & (yes < 0.8)).all()


def test_beta_distributions_are_those_of_scipy():
    rng = np.random.default_rng(1)
    a, b = rng.uniform(0.01, 12, (2, 5000))
    assert above_half(a, b) == pytest.approx(1 - betainc(a, b, 0.5), abs=1e-12)


def test_the_audit_measures_the_rule_and_a_careless_threshold_is_caught(world):
    found = answers_of(world, 3)
    fitted = fit(found)
    is_audited = np.random.default_rng(5).random(len(world.label)) < 0.3
    counts = found.counts()
    yes = says_yes(fitted, counts, "prominent")
    careful, careless = (
        audit(replayed(found, fitted, is_audited, limit, "prominent", 3), yes, counts, "prominent")
        for limit in (0.97, 0.7)
    )
    assert careful.error < 0.03 < careless.error
    assert careless.low < careless.error < careless.high
    assert raised(0.97, 0.97, careful) is None
    assert 0.97 < raised(0.97, 0.97, careless) < 1
    assert raised(0.98, 0.98, Audit(0, float("nan"), 0, 1, 0)) is None


def test_an_audit_of_few_clips_says_how_little_it_knows():
    replay = Replay(np.ones(4, dtype=np.int64), np.ones(4, dtype=bool))
    found = audit(replay, np.full(4, 0.99), np.tile([0, 0, 3], (4, 1)), "prominent")
    assert found.error == pytest.approx(0.01)
    assert found.low < 0.001
    assert found.high > 0.3
    assert raised(0.98, 0.98, found) is None


def test_a_class_is_certain_when_its_number_cannot_be_another():
    label = np.repeat([0, 1, 2], 100)
    yes = np.concatenate([np.full(100, 0.9), np.full(100, 0.5), np.full(100, 0.02)])
    ended = class_is_certain(yes, label, 50, 0.98)
    assert [bool(ended[label == k].all()) for k in range(3)] == [True, False, True]


def test_intervals_hold_what_they_are_of(world):
    found = answers_of(world, 2)
    fitted = fit(found)
    yes, confusion, hard = intervals(found, fitted, "prominent", np.random.default_rng(6))
    middle = says_yes(fitted, found.counts(), "prominent")
    assert ((yes[0] <= middle + 0.05) & (middle <= yes[1] + 0.05)).all()
    assert (confusion[0] < confusion[1]).all()
    assert (hard[0] <= hard[1]).all()


CERTAIN = '[protocol]\nrating_rule = "until_certain"\n'


def test_the_seed_draws_the_audit_and_late_candidates_change_nothing():
    config = parse_config(f"seed = 7\n{CERTAIN}", "study.toml")
    ids = np.arange(1, 40_001)
    drawn = in_audit(ids, config)
    assert drawn.mean() == pytest.approx(0.05, abs=0.005)
    assert (in_audit(ids[::7], config) == drawn[::7]).all()
    assert not (in_audit(ids, parse_config(f"seed = 8\n{CERTAIN}", "")) == drawn).all()
    assert not in_audit(ids, parse_config("", "study.toml")).any()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("decide = ['unanimous', 'prominent']", "does not exist under until_certain"),
        ("decide = ['majority']", "does not exist under until_certain"),
        ("decide = ['prominent', 'present']", "asks one of prominent and present"),
        ("decide = ['class_list']", "asks one of prominent and present"),
        ("decide = ['present', 'class_list']", "class_list beside prominent"),
        ("ratings_at_most = 2", "which is fewer|gets 2 at most"),
        ("certainty = 1.0", "protocol.certainty is 1.0"),
        ("audit_share = 2.0", "protocol.audit_share is 2.0"),
    ],
)
def test_what_the_certain_rule_cannot_do_is_refused(text, message):
    with pytest.raises(ConfigError, match=message):
        parse_config(f"{CERTAIN}{text}\n", "study.toml")


@pytest.mark.parametrize("key", ["certainty = 0.9", "audit_share = 0.1", "prior = 'prior.csv'"])
@pytest.mark.parametrize("rule", ["all", "until_decided"])
def test_keys_that_another_rule_would_not_read_are_refused(rule, key):
    text = f"[protocol]\nrating_rule = '{rule}'\n{key}\n"
    with pytest.raises(ConfigError, match=f"{key.split()[0]} only count with"):
        parse_config(text, "study.toml")


def test_a_class_list_is_ended_by_the_certain_rule_only():
    text = "[protocol]\nrating_rule = 'until_decided'\ndecide = ['prominent', 'class_list']"
    with pytest.raises(ConfigError, match="only rating_rule"):
        parse_config(text, "study.toml")
