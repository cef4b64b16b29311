"""The exact rule in a whole study: plan, laptops, sessions' ends, tables, and what is refused."""

import hashlib
import json

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from curation.__main__ import app as curation
from curation.release.export import export_ratings
from curation.selection.lists import make_test_set, make_training_lists
from sessions.__main__ import app as sessions
from sessions.laptops.deal import deal_part
from sessions.laptops.merge import merge_part
from sessions.maintenance.store_check import findings
from sessions.monitor.status import study_status
from sessions.plan import further_ratings, schedule
from sessions.plan.further_ratings import at_random_places
from sessions.running.recording import ask_further
from sessions.running.session_plan import plan_session
from study.config.study import find_study, storable
from study.errors import ConfigError, StoreError, StudyError, TableError
from study.init import init_study
from study.store import open_store, studies, transaction
from study.store.desk import Desk
from study.store.plan import assignments, ground_truths
from study.store.plan.assignments import AssignedClip
from study.store.ratings import trials
from study.store.tables import AssignmentRow, ProtocolVersionRow
from study.vocabulary import ParticipantKind, Phase
from tests.worlds.studies import AT, add_candidates, add_truths, enrol, new_study, rate

PEOPLE = ("S01", "S02", "S03", "S04", "S05")
RULE = {
    "rating_rule": "until_decided",
    "decide": ("prominent", "unanimous"),
    "class_min_prominent": 6,
    "test_size_per_class": 2,
}


def said(clip, person):
    """What a person says of a clip: always the same, whoever else was asked."""
    digest = hashlib.sha256(f"{clip}{person}".encode()).digest()
    truth = 3 if clip % 3 else 1 + clip % 2
    return truth if digest[0] > 50 else 1 + digest[1] % 3


def planned(folder, *, n_per_class=12, **protocol):
    study, engine = new_study(folder, rehearsal=True, **protocol)
    with transaction(engine) as db:
        add_truths(db, add_candidates(db, n_per_class)[::9])
        enrol(db, *PEOPLE, kind=ParticipantKind.SIMULATED)
        schedule.make_plan(Desk(db, study, "AB", AT), ids=None)
    return study, engine


def rate_left(db, person, *, say=said):
    given = {
        clip.candidate_id: say(clip.candidate_id, person)
        for clip in assignments.remaining(db, person)
    }
    truths = set(ground_truths.sampled(db))  # the expert gave each a 3
    earned = {clip: 10 for clip, rating in given.items() if clip in truths and rating == 3}
    if given:
        rate(db, person, given, bonus_pence=earned)
    return len(given)


def rate_until_nothing_is_asked(study, engine, say=said):
    with transaction(engine) as db:
        further_ratings.plan_further(Desk(db, study, "AB", AT))
        while sum(rate_left(db, person, say=say) for person in PEOPLE):
            further_ratings.plan_further(Desk(db, study, "AB", AT))


def test_ground_truths_get_all_raters_others_two_and_everybody_as_many(tmp_path):
    _study, engine = planned(tmp_path, **RULE)
    with transaction(engine) as db:
        plan = assignments.frame(db)
        n = plan.groupby("candidate_id")["participant_id"].nunique()
        truths = n.index.isin(ground_truths.sampled(db))
        assert set(n[truths]) == {3}
        assert set(n[~truths]) == {2}
        loads = plan["participant_id"].value_counts()
        assert loads.max() - loads.min() <= 1
    engine.dispose()


def test_the_papers_rule_plans_as_it_always_did(tmp_path):
    study, engine = new_study(tmp_path, rehearsal=True)
    with transaction(engine) as db:
        add_truths(db, add_candidates(db, 20)[::17])
        enrol(db, *PEOPLE, kind=ParticipantKind.SIMULATED)
        schedule.make_plan(Desk(db, study, "AB", AT), ids=None)
        table = assignments.frame(db)[["candidate_id", "slot", "participant_id", "position"]]
    digest = hashlib.sha256(table.to_csv(index=False).encode()).hexdigest()
    assert digest == "8a417c22ff463541a631ade072ae28588f8d60204580848c3dbce7b2b41fd51b"
    engine.dispose()


def test_the_end_of_a_session_asks_for_what_is_open_and_status_knows(tmp_path):
    study, engine = planned(tmp_path, **RULE)
    with transaction(engine) as db:
        for person in PEOPLE:
            rate_left(db, person)
        n_waiting = len(further_ratings.waiting(db, study))
        assert n_waiting
        before = study_status(db, study)
        assert before.n_clips - before.n_complete == n_waiting
        plan = plan_session(db, study, "S01", Phase.ANNOTATION)
    ask_further(engine, study, plan, at=AT)
    with transaction(engine) as db:
        assert further_ratings.waiting(db, study).empty
        asked = assignments.frame(db).query("further")
        assert len(asked) == n_waiting
        assert asked["participant_id"].nunique() > 1
        assert list(findings(db, study, clips=False, hashes=False)) == []
    engine.dispose()


def test_further_clips_stand_at_random_places_and_the_others_in_their_order():
    clips = [AssignedClip(i, i, "training", f"{i}.mp4", "a", "0", i >= 80) for i in range(100)]
    places = np.zeros(100)
    for seed in range(400):
        shown = at_random_places(clips, np.random.default_rng(seed))
        assert [c.candidate_id for c in shown if not c.is_further] == list(range(80))
        assert sorted(c.candidate_id for c in shown) == list(range(100))
        places += [c.is_further for c in shown]
    tenths = places.reshape(10, 10).sum(axis=1) / 400  # two of twenty in each tenth
    assert np.abs(tenths - 2).max() < 0.4


def test_tables_are_those_of_the_full_design(tmp_path):
    folder = tmp_path / "fewer"
    study, engine = planned(folder, **RULE)
    rate_until_nothing_is_asked(study, engine)
    with transaction(engine) as db:
        asked = trials.rated(db).groupby("candidate_id")["participant_id"].agg(list)
        export_ratings(db, study, folder / "release", at=AT, overwrite=False)
        lists = lists_of(db, study, folder)
        # The full design: whoever was not asked for a third rating says whatever they like.
        for say in (lambda *_: 1, lambda *_: 3):
            for clip, people in asked.items():
                for person in [p for p in PEOPLE if p not in people][: 3 - len(people)]:
                    db.add(AssignmentRow(candidate_id=clip, slot=3, participant_id=person,
                                         position=10_000 + clip, done=False))  # fmt: skip
            db.flush()
            nested = db.begin_nested()
            for person in PEOPLE:
                rate_left(db, person, say=say)
            full = tmp_path / f"full{say(0)}"
            export_ratings(db, as_full(study), full / "release", at=AT, overwrite=False)
            assert lists_of(db, as_full(study), full) == lists
            nested.rollback()
            db.execute(AssignmentRow.__table__.delete().where(AssignmentRow.position >= 10_000))
    table = pd.read_csv(folder / "release/video_ratings.csv")
    assert set(table[["r1", "r2", "r3"]].sum(axis=1)) == {2, 3}
    told = json.loads((folder / "release/video_ratings.json").read_text())["provenance"]
    assert told["settings"]["rating_rule"] == "until_decided"
    assert told["settings"]["decide"] == ["prominent", "unanimous"]
    assert sum(told["counts"]["clips_by_ratings"].values()) == len(table) == 72
    engine.dispose()


def as_full(study):
    protocol = study.config.protocol.model_copy(update={"rating_rule": "all", "decide": None})
    return type(study)(study.folder, study.config.model_copy(update={"protocol": protocol}))


def lists_of(db, study, folder):
    """The clips of the test set and of all training lists that do not hold unrated clips."""
    path = folder / "release/video_ratings.csv"
    release = folder / "release"
    found = make_test_set(db, study, path, release / "test_set.csv", at=AT)
    lists = make_training_lists(db, study, path, release / "test_set.csv", release, at=AT)
    names = {name: rows["filename"].tolist() for name, rows in lists.items()}
    return {"test set": found.clips["filename"].tolist(), "pool": found.n_pool, **names}


def test_the_papers_tables_say_nothing_of_rules(tmp_path):
    study, engine = planned(tmp_path, class_min_prominent=6)
    with transaction(engine) as db:
        for person in PEOPLE:
            rate_left(db, person)
        export_ratings(db, study, tmp_path / "release", at=AT, overwrite=False)
    told = json.loads((tmp_path / "release/video_ratings.json").read_text())["provenance"]
    assert set(told["settings"]) == {"ratings_per_clip", "evidence"}
    assert "clips_by_ratings" not in told["counts"]
    engine.dispose()


def test_a_test_set_is_refused_where_nobody_asked_whether_raters_are_unanimous(tmp_path):
    study, engine = planned(tmp_path, **RULE | {"decide": ("prominent",)})
    rate_until_nothing_is_asked(study, engine)
    path, test = (tmp_path / "release" / name for name in ("video_ratings.csv", "test_set.csv"))
    with transaction(engine) as db:
        export_ratings(db, study, tmp_path / "release", at=AT, overwrite=False)
        with pytest.raises(TableError, match=r"open for 'unanimous'.*--without-open"):
            make_test_set(db, study, path, test, at=AT)
        # Without them only ground truths are left, which always get all their ratings.
        with pytest.raises(StudyError, match="too few clips for 2 per class"):
            make_test_set(db, study, path, test, at=AT, without_open=True)
    engine.dispose()


def test_a_majority_rule_that_changes_later_opens_clips_again(tmp_path):
    study, engine = planned(tmp_path, **RULE | {"decide": ("prominent",), "ratings_per_clip": 4})
    rate_until_nothing_is_asked(study, engine)
    protocol = study.config.protocol.model_copy(update={"majority": "at_least_two"})
    other = type(study)(study.folder, study.config.model_copy(update={"protocol": protocol}))
    with transaction(engine) as db:
        export_ratings(db, study, tmp_path / "release", at=AT, overwrite=False)
        assert len(further_ratings.waiting(db, other))
        with pytest.raises(TableError, match="open for 'prominent'"):
            make_test_set(
                db, other, tmp_path / "release/video_ratings.csv", tmp_path / "test.csv", at=AT
            )
    engine.dispose()


@pytest.fixture
def laptop(tmp_path):
    """A study until decided, whose first three people and their clips are on a laptop."""
    study, engine = planned(tmp_path / "lab", n_per_class=10, **RULE | {"decide": ("prominent",)})
    path = tmp_path / "laptop.sqlite"
    with transaction(engine) as db:
        deal_part(Desk(db, study, "AB", AT), ["S01", "S02", "S03"], path)
    yield study, engine, path
    engine.dispose()


def rate_on_laptop(study, path):
    engine = open_store(f"sqlite:///{path}")
    for _ in range(2):
        with transaction(engine) as db:
            for person in PEOPLE[:3]:
                rate_left(db, person)
            plan = plan_session(db, study, "S01", Phase.ANNOTATION)
        ask_further(engine, study, plan, at=AT)
    with transaction(engine) as db:
        asked = assignments.frame(db).query("further")
    engine.dispose()
    return asked


def test_a_laptop_asks_for_clips_that_lie_on_it_whole_and_brings_the_slots_back(laptop):
    study, engine, path = laptop
    asked = rate_on_laptop(study, path)
    assert len(asked)
    assert asked["done"].all()
    with transaction(engine) as db:
        n_before = len(assignments.frame(db))
        assert merge_part(Desk(db, study, "AB", AT), path, final=False).n_ratings
        assert len(assignments.frame(db)) == n_before + len(asked)
        again = merge_part(Desk(db, study, "AB", AT), path, final=True)
        assert (again.n_ratings, len(assignments.frame(db))) == (0, n_before + len(asked))
        for person in PEOPLE[3:]:
            rate_left(db, person)
    rate_until_nothing_is_asked(study, engine)
    with transaction(engine) as db:
        assert further_ratings.waiting(db, study).empty
        n = trials.rated(db).groupby("candidate_id").size()
        assert n.between(2, 3).all()
        assert list(findings(db, study, clips=False, hashes=False)) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"further": False}, "no rating rule asks for"),
        ("closed", "which was not open"),
    ],
)
def test_slots_that_no_rule_asked_for_are_refused(laptop, change, message):
    study, engine, path = laptop
    asked = rate_on_laptop(study, path)
    on_laptop = open_store(f"sqlite:///{path}")
    with transaction(on_laptop) as db:
        row = db.get(AssignmentRow, int(asked["id"].iloc[0]))
        if change == "closed":
            plan = assignments.frame(db)
            own = plan.groupby("candidate_id")["participant_id"].agg(list)
            n_done = plan.groupby("candidate_id")["done"].sum()
            clip = next(
                c for c, people in own.items()
                if len(people) == 2 and n_done[c] == 2 and said(c, people[0]) == 3
                and said(c, people[1]) == 3 and c not in ground_truths.sampled(db)
            )  # fmt: skip
            third = next(p for p in PEOPLE[:3] if p not in own[clip])
            db.add(AssignmentRow(candidate_id=clip, slot=3, participant_id=third,
                                 position=99_999, done=False, further=True))  # fmt: skip
        else:
            row.further = False
    on_laptop.dispose()
    with transaction(engine) as db, pytest.raises(StoreError, match=message):
        merge_part(Desk(db, study, "AB", AT), path, final=False)


def test_a_study_that_an_older_version_froze_opens_and_goes_on(tmp_path):
    text = "rehearsal = true\n[protocol]\nmax_ratings_per_clip = 4\n"
    init_study(tmp_path, ["rehearsal=true"], AT)
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    study = find_study(tmp_path)
    older = storable(study.config)
    for key in ("rating_rule", "decide", "ratings_at_most"):
        del older["protocol"][key]
    older["protocol"] |= {"max_ratings_per_clip": 4, "further_rating_when": "no_majority"}
    engine = open_store(study.store_url)
    with transaction(engine) as db:
        db.add(ProtocolVersionRow(config_sha256="0", config=older, recorded_at=AT, frozen=True))
        db.flush()
        studies.protocol_version(db, config=study.config, at=AT)
        protocol = study.config.protocol.model_copy(update={"ratings_at_most": 5})
        changed = study.config.model_copy(update={"protocol": protocol})
        with pytest.raises(ConfigError, match=r"in protocol.ratings_at_most\. "):
            studies.protocol_version(db, config=changed, at=AT)
        assert db.scalars(select(ProtocolVersionRow.frozen)).all() == [True, False]
    engine.dispose()


def test_commands_show_estimates_with_that_word_and_refuse_what_cannot_be_said(tmp_path):
    init_study(tmp_path, ["rehearsal=true", 'protocol.rating_rule="until_decided"'], AT)
    study = find_study(tmp_path)
    engine = open_store(study.store_url)
    with transaction(engine) as db:
        add_truths(db, add_candidates(db, 12)[::4])
        enrol(db, *PEOPLE, kind=ParticipantKind.SIMULATED)
        schedule.make_plan(Desk(db, study, "AB", AT), ids=None)
    before = run(sessions, "forecast", tmp_path)
    assert "0 ratings given" in before.output
    rate_until_nothing_is_asked(study, engine)
    engine.dispose()
    after = run(sessions, "forecast", tmp_path).output
    assert "18 clips that got all ratings" in " ".join(after.split())
    assert "until_decided: prominent (this study)" in after
    assert "estimate:" in run(curation, "figures", tmp_path).output
    table = pd.read_csv(tmp_path / "release/figure_2_estimate.csv")
    assert table.groupby("question")["n_sample"].sum().eq(18 * 4).all()
    assert (table["low"] <= table["estimate"]).all()
    assert "estimate: the rating rule" in run(curation, "agreement", tmp_path).output
    refused = run(curation, "sensitivity", tmp_path, code=1)
    assert "needs all ratings of all clips" in str(refused.exception)


def run(app, command, folder, code=0):
    result = CliRunner().invoke(app, [command, "--study", str(folder)])
    assert result.exit_code == code, result.output
    return result
