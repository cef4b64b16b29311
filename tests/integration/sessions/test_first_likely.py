"""Which clips come first: those that are probably prominent; which clips come stays the same."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from curation.release.export import export_ratings
from sessions.__main__ import app
from sessions.plan.ordering import likely_first
from study.config.study import find_study
from study.init import init_study
from study.store import open_store, transaction
from study.store.clips import candidates
from study.store.plan import assignments, ground_truths
from study.vocabulary import ParticipantKind
from tests.worlds.studies import AT, add_candidates, add_truths, enrol, rate

PEOPLE = ("S01", "S02", "S03", "S04")


@pytest.fixture
def study(tmp_path):
    init_study(tmp_path, ["rehearsal=true"], AT)
    found = find_study(tmp_path)
    engine = open_store(found.store_url)
    with transaction(engine) as db:
        add_truths(db, add_candidates(db, 60)[::15])
        enrol(db, *PEOPLE, kind=ParticipantKind.SIMULATED)
        known = candidates.frame(db)
    engine.dispose()
    likely = np.random.default_rng(1).permutation(len(known)) / len(known)
    table = known[["filename", "video_location"]].assign(probability=likely, fold=0)
    table.to_csv(tmp_path / "prior.csv", index=False)
    return found


def plan(study, *more):
    return CliRunner().invoke(app, ["plan", "--study", str(study.folder), *more])


def plan_of(study):
    engine = open_store(study.store_url)
    with transaction(engine) as db:
        table, truths = assignments.frame(db), ground_truths.sampled(db)
    engine.dispose()
    prior = pd.read_csv(study.folder / "prior.csv")["probability"].to_numpy()
    return table.assign(
        likely=prior[table["candidate_id"] - 1], is_truth=table["candidate_id"].isin(truths)
    )


def test_likelier_clips_come_first_and_everybody_gets_what_they_would_have_got(study, tmp_path):
    path = str(study.folder / "prior.csv")
    assert plan(study, "--first-likely", path, "--exploration", "0.2").exit_code == 0
    table = plan_of(study)
    assert (table.groupby("candidate_id")["participant_id"].nunique() == 3).all()
    loads = table["participant_id"].value_counts()
    assert loads.max() - loads.min() <= 1
    for _person, own in table.groupby("participant_id"):
        others = own[~own["is_truth"]]
        together = others["position"].corr(others["likely"], method="spearman")
        assert -0.95 < together < -0.5
        truths = np.sort(own.loc[own["is_truth"], "position"])
        assert np.diff(truths).max() < 2.2 * len(own) / len(truths)


def test_the_exploration_share_is_by_chance_and_nobody_knows_of_unknown_clips():
    likely = np.where(np.arange(4000) < 500, np.nan, np.linspace(0, 1, 4000))
    order = likely_first(likely, 0.25, np.random.default_rng(2))
    assert np.array_equal(np.sort(order), np.arange(4000))
    place = np.empty(4000)
    place[order] = np.arange(4000)
    assert place[:500].mean() == pytest.approx(2000, abs=150)
    first = likely[order[:400]]
    assert np.mean(first > 0.85) == pytest.approx(0.65, abs=0.12)
    plain = likely_first(likely[500:], 0.0, np.random.default_rng(3))
    assert np.array_equal(plain, np.arange(3500)[::-1])


def test_tables_say_which_order_was_used_and_other_plans_take_none(study):
    path = str(study.folder / "prior.csv")
    assert plan(study, "--first-likely", path, "--further").exit_code == 2
    assert plan(study, "--first-likely", path).exit_code == 0
    engine = open_store(study.store_url)
    with transaction(engine) as db:
        for person in PEOPLE:
            left = [clip.candidate_id for clip in assignments.remaining(db, person)]
            rate(db, person, dict.fromkeys(left, 1))
        export_ratings(db, study, study.folder / "release", at=AT, overwrite=False)
    engine.dispose()
    told = json.loads((study.folder / "release/video_ratings.json").read_text())
    settings = told["provenance"]["settings"]
    assert (settings["order"], settings["exploration"]) == ("first_likely", 0.2)
    assert len(settings["prior_sha256"]) == 64


def test_a_prior_that_cannot_be_read_is_one_line_and_plans_nothing(study):
    path = study.folder / "prior.csv"
    path.write_text("filename,probability\na,0.5\n")
    result = plan(study, "--first-likely", str(path))
    assert result.exit_code == 1
    assert "lacks the columns video_location, fold" in str(result.exception)
    assert plan_of_is_empty(study)


def test_a_prior_of_another_studys_clips_is_refused_and_plans_nothing(study):
    path = study.folder / "prior.csv"
    path.write_text(path.read_text().replace("clip_", "other_"))
    result = plan(study, "--first-likely", str(path))
    assert result.exit_code == 1
    assert "none of the study's" in str(result.exception)
    assert plan_of_is_empty(study)


def plan_of_is_empty(study):
    engine = open_store(study.store_url)
    with transaction(engine) as db:
        found = not assignments.exist(db)
    engine.dispose()
    return found
