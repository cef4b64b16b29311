"""The certain rule in a whole study: who is asked, when the threshold rises, what is published."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from curation.release.export import export_ratings
from curation.selection.lists import make_test_set, make_training_lists
from sessions.__main__ import app as sessions
from sessions.maintenance.store_check import findings
from sessions.monitor.forecast import forecast_rules
from sessions.plan import further_ratings, schedule
from sessions.running.recording import ask_further
from study.config.study import find_study
from study.deciding.audited import in_audit
from study.deciding.belief import RAISED, believe, limit_now
from study.deciding.certain import Audit
from study.deciding.expected import Prior
from study.errors import TableError
from study.init import init_study
from study.store import audit, open_store, transaction
from study.store.clips import candidates
from study.store.desk import Desk
from study.store.plan import assignments, ground_truths
from study.store.ratings import trials
from study.vocabulary import ParticipantKind, Phase
from tests.worlds.studies import AT, add_candidates, add_truths, enrol, rate

PEOPLE = tuple(f"S{n:02d}" for n in range(1, 8))
SETTINGS = [
    "rehearsal=true",
    'protocol.rating_rule="until_certain"',
    "protocol.certainty=0.95",
    "protocol.audit_share=0.2",
    "protocol.class_min_prominent=6",
    "protocol.test_size_per_class=2",
    "protocol.test_certainty=0.9",
]


def planned(folder, *settings, n_per_class=20):
    keys = {setting.split("=")[0] for setting in settings}
    kept = [setting for setting in SETTINGS if setting.split("=")[0] not in keys]
    init_study(folder, [*kept, *settings], AT)
    study = find_study(folder)
    engine = open_store(study.store_url)
    with transaction(engine) as db:
        add_truths(db, add_candidates(db, n_per_class)[::9])
        enrol(db, *PEOPLE, kind=ParticipantKind.SIMULATED)
        schedule.make_plan(Desk(db, study, "AB", AT), ids=None)
    return study, engine


def truth(clip):
    return 3 if clip % 2 else 1 + clip % 4 // 2


def rate_left(db, rng, accuracy=0.9):
    n = 0
    truths = set(ground_truths.sampled(db))
    for person in PEOPLE:
        left = [clip.candidate_id for clip in assignments.remaining(db, person)]
        said = {c: truth(c) if rng.random() < accuracy else int(rng.integers(1, 4)) for c in left}
        earned = {c: 10 for c, rating in said.items() if c in truths and rating == 3}
        if said:
            rate(db, person, said, bonus_pence=earned)
        n += len(said)
    return n


def rate_until_certain(study, engine, seed=1, accuracy=0.9):
    rng = np.random.default_rng(seed)
    with transaction(engine) as db:
        while rate_left(db, rng, accuracy):
            further_ratings.plan_further(Desk(db, study, "AB", AT))


def forecast_rules_of(study, engine):
    with transaction(engine) as db:
        found = forecast_rules(db, study, prior=Prior())
    return {rule.rule: rule for rule in found.rules}


def test_nobody_is_asked_more_than_is_needed_and_the_audit_gets_all(tmp_path):
    study, engine = planned(tmp_path)
    rate_until_certain(study, engine)
    own = forecast_rules_of(study, engine)["until_certain: prominent; 0.95, 5 at most"]
    assert own.is_own
    assert (own.to_come.value, own.to_come.high, own.cost_pence.high) == (0, 0, 0)
    with transaction(engine) as db:
        n = trials.rated(db).groupby("candidate_id").size()
        assert set(n.index) == set(candidates.frame(db)["candidate_id"])
        assert n.between(1, 5).all()
        gets_all = n.index.isin(ground_truths.sampled(db)) | in_audit(n.index, study.config)
        assert (n[gets_all] >= 3).all()
        assert (n[~gets_all] < 3).any()
        found = believe(db, study)
        assert not found.is_open(study).any()
        assert further_ratings.waiting(db, study).empty
        right = (found.yes > 0.5) == np.array([truth(c) == 3 for c in found.clips["candidate_id"]])
        assert right.mean() > 0.9
        assert "the audit" in found.in_words(study)
        assert list(findings(db, study, clips=False, hashes=False)) == []
    engine.dispose()


def test_the_threshold_rises_by_itself_and_is_logged_where_the_audit_says_so(tmp_path):
    study, engine = planned(tmp_path)
    rng = np.random.default_rng(2)
    with transaction(engine) as db:
        rate_left(db, rng)
        desk, found = Desk(db, study, "AB", AT), believe(db, study)
        n_open = int(found.is_open(study).sum())
        further_ratings.raise_threshold(desk, replace(found, found=Audit(90, 0.06, 0.04, 0.08, 5)))
        assert limit_now(db, study) == found.limit == 0.95  # the interval holds the promise
        further_ratings.raise_threshold(desk, replace(found, found=Audit(90, 0.10, 0.06, 0.14, 9)))
        (event,) = audit.own(db, RAISED)
        assert (event["threshold_before"], event["threshold"]) == (0.95, 0.975)
        assert (event["measured_error"], event["n"]) == (0.1, 90)
        now = believe(db, study)
        assert now.limit == limit_now(db, study) == 0.975
        assert now.is_open(study).sum() > n_open
        # Another promise begins with its own threshold.
        careful = study.config.protocol.model_copy(update={"certainty": 0.99})
        other = type(study)(study.folder, study.config.model_copy(update={"protocol": careful}))
        assert limit_now(db, other) == 0.99
    engine.dispose()


def test_tables_take_the_likelier_answer_and_say_so(tmp_path):
    study, engine = planned(tmp_path)
    rate_until_certain(study, engine)
    release = tmp_path / "release"
    with transaction(engine) as db:
        export_ratings(db, study, release, at=AT, overwrite=False)
        path = release / "video_ratings.csv"
        made = make_test_set(db, study, path, release / "test_set.csv", at=AT)
        lists = make_training_lists(db, study, path, release / "test_set.csv", release, at=AT)
        n_open = int(believe(db, study).is_open(study).sum())
    table, posterior = (pd.read_csv(release / name) for name in (path.name, "label_posterior.csv"))
    assert n_open == 0
    assert len(table) == len(posterior) == 120
    assert list(table) == ["filename", "r1", "r2", "r3", "AVMIT_label", "MIT_label",
                           "video_location", "tfrecord_filename"]  # fmt: skip
    assert (posterior["low"] <= posterior["high"]).all()
    assert set(posterior["stopped_by"]) <= {"certain", "most_ratings", "all_ratings"}
    likely = posterior.set_index("filename")["posterior"]
    assert (likely[made.clips["filename"]] >= 0.9).all()
    assert "posterior below 0.9" in made.left
    assert (likely[lists["AVMIT_train.csv"]["filename"]] > 0.5).all()
    told = json.loads((release / "video_ratings.json").read_text())["provenance"]
    assert told["settings"]["certainty"] == 0.95
    assert told["counts"]["audit"]["promised_error"] == pytest.approx(0.05)
    confusion = pd.read_csv(release / "rater_confusion.csv")
    assert confusion.groupby(["participant_id", "truth"])["probability"].sum().round(4).eq(1).all()
    assert (release / "calibration.png").stat().st_size > 5000
    # Other ratings than the posterior is of are refused.
    table.loc[0, "r3"] += 1
    table.to_csv(path, index=False)
    with transaction(engine) as db, pytest.raises(TableError, match="other clips or ratings"):
        make_test_set(db, study, path, release / "again.csv", at=AT)
    engine.dispose()


def test_a_class_that_is_certain_is_ended_and_the_plan_says_so_before_it_begins(tmp_path):
    study, engine = planned(
        tmp_path, 'protocol.decide=["prominent", "class_list"]', "protocol.class_min_prominent=1"
    )
    with transaction(engine) as db:
        rate_left(db, np.random.default_rng(3))
        found = believe(db, study)
        assert found.class_ended.all()  # every class has one prominent clip for certain
        assert further_ratings.plan_further(Desk(db, study, "AB", AT)).n_slots == 0
        assert "class_ended" in found.stopped_by(study)
    engine.dispose()
    fresh = tmp_path / "fresh"
    init_study(fresh, [*SETTINGS, 'protocol.decide=["prominent", "class_list"]'], AT)
    store = open_store(find_study(fresh).store_url)
    with transaction(store) as db:
        add_truths(db, add_candidates(db, 2)[:1])
        enrol(db, *PEOPLE, kind=ParticipantKind.SIMULATED)
    store.dispose()
    result = CliRunner().invoke(sessions, ["plan", "--study", str(fresh)])
    assert "Lists to train on will be shorter" in result.output, result.output
    forecast = CliRunner().invoke(sessions, ["forecast", "--study", str(fresh)])
    assert forecast.exit_code == 0, forecast.output
    (own,) = [line for line in forecast.output.splitlines() if "this study" in line]
    assert "until_certain: prominent, class_list; 0.95, 5 at most" in own
    lower = CliRunner().invoke(sessions, ["forecast", "--study", str(fresh), "--certainty", "0.6"])
    assert "until_certain: prominent, class_list; 0.6, 5 at most" in lower.output
    assert "this study" not in lower.output


def prior_of(study, engine, folder, name="prior.csv"):
    with transaction(engine) as db:
        known = candidates.frame(db)
    rng = np.random.default_rng(9)
    yes = np.array([truth(clip) == 3 for clip in known["candidate_id"]])
    score = np.clip(np.where(yes, 0.8, 0.2) + rng.normal(0, 0.1, len(yes)), 0.01, 0.99)
    table = known[["filename", "video_location"]].assign(probability=score.round(4), fold=0)
    table.to_csv(folder / name, index=False)


def test_a_prior_that_breaks_during_a_study_stops_the_desk_and_no_rater(tmp_path):
    study, engine = planned(tmp_path, 'protocol.prior="prior.csv"')
    prior_of(study, engine, tmp_path)
    with transaction(engine) as db:
        rate_left(db, np.random.default_rng(5))
        n_slots = len(assignments.frame(db))
    path = tmp_path / "prior.csv"
    good = path.read_text()
    path.write_text(good.replace("clip_", "other_"))
    ask_further(engine, study, SimpleNamespace(phase=Phase.ANNOTATION), at=AT)
    with transaction(engine) as db:
        assert len(assignments.frame(db)) == n_slots
    told = CliRunner().invoke(sessions, ["status", "--study", str(tmp_path)])
    assert told.exit_code == 1
    assert "none of the study's" in str(told.exception)
    path.write_text(good)
    ask_further(engine, study, SimpleNamespace(phase=Phase.ANNOTATION), at=AT)
    with transaction(engine) as db:
        assert len(assignments.frame(db)) > n_slots
    engine.dispose()


def test_a_classifiers_word_saves_ratings_and_a_wrong_table_is_one_line(tmp_path):
    asked = {}
    for name, setting in (("without", ()), ("with", ('protocol.prior="prior.csv"',))):
        study, engine = planned(tmp_path / name, *setting, n_per_class=40)
        prior_of(study, engine, tmp_path / name)
        rate_until_certain(study, engine, seed=4)
        with transaction(engine) as db:
            asked[name] = len(trials.rated(db))
        engine.dispose()
    assert asked["with"] < 0.97 * asked["without"]
    path = tmp_path / "with/prior.csv"
    path.write_text(path.read_text().replace("barking/clip_0.mp4", "barking/clip_1.mp4"))
    result = CliRunner().invoke(sessions, ["status", "--study", str(tmp_path / "with")])
    assert result.exit_code == 1
    assert "stands there twice" in str(result.exception)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], "a/b.mp4,training,nan,0"]))
    result = CliRunner().invoke(sessions, ["status", "--study", str(tmp_path / "with")])
    assert "is not a probability" in str(result.exception)
