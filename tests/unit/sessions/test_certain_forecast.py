"""What the certain rule is expected to ask, compared with what simulated studies came to."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.rating_forecast import rows_of
from sessions.monitor.certain_forecast import Start, play_on
from study.deciding.expected import Prior
from study.deciding.posterior import Answers


def nobody_yet(n_clips=300, n_raters=8, **kept):
    none = np.zeros(0, dtype=np.int64)
    answers = Answers(
        none, none, none, np.arange(n_clips) % 4, np.full(n_clips, -1), np.full(n_clips, np.nan),
        n_raters,
    )  # fmt: skip
    least = np.where(np.arange(n_clips) % 10, 1, 3)
    given = {"most": 5, "limit": 0.95, "question": "prominent", **kept}
    return Start(answers, least, least == 3, **given)


def total(start, prior=None, n_plays=6):
    return play_on(start, prior or Prior(), np.random.default_rng(1), n_plays=n_plays)


def test_the_interval_holds_what_studies_came_to(monkeypatch):
    monkeypatch.setattr("benchmarks.rating_processes.BATCH", 100)
    rows = [
        row
        for level, seed in (("low", 1), ("high", 2))
        for row in rows_of(level, seed, 500, 0.95, 12, has_score=seed == 2, moments=(0.0, 0.4))
    ]
    assert sum(row["holds"] for row in rows) >= 3
    assert np.mean([row["bias"] for row in rows]) == pytest.approx(0, abs=0.15)
    assert max(row["width"] for row in rows) < 1.2


def test_raters_who_agree_less_are_asked_more_and_a_lower_promise_asks_less():
    usual = total(nobody_yet())[:, 0].mean()
    assert total(nobody_yet(), Prior(agreement=0.6))[:, 0].mean() > 1.1 * usual
    assert total(nobody_yet(limit=0.8))[:, 0].mean() < 0.9 * usual


def test_no_clip_gets_less_than_its_least_or_more_than_people_and_rule_allow():
    found = total(nobody_yet(limit=0.6))
    assert (found[:, 0] >= 30 * 3 + 270).all()
    assert (found[:, 1] >= 90).all()
    few = nobody_yet(n_raters=2, limit=0.999999)
    assert (total(few)[:, 0] == 600).all()  # two people, and nobody rates a clip twice


def test_a_class_that_has_its_clips_is_asked_no_further():
    all_of_them = total(nobody_yet())[:, 0].mean()
    ended = total(replace(nobody_yet(), min_prominent=1))[:, 0].mean()
    assert ended < 0.7 * all_of_them


def test_a_large_study_is_played_in_part_and_told_whole(monkeypatch):
    whole = total(nobody_yet(2000))
    monkeypatch.setattr("sessions.monitor.certain_forecast.MOST_CLIPS", 500)
    part = total(nobody_yet(2000))
    assert part[:, 0].mean() == pytest.approx(whole[:, 0].mean(), rel=0.1)
    assert part[:, 1].mean() == pytest.approx(whole[:, 1].mean(), rel=0.2)
