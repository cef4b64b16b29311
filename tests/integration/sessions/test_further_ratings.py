"""Adaptive overlap: further ratings where the first ones disagree, and nowhere else."""

from collections import Counter
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curation.release.export import export_ratings
from sessions.laptops.deal import deal_part
from sessions.laptops.merge import merge_part
from sessions.maintenance.store_check import findings
from sessions.monitor.progress import progress, sentence
from sessions.pay import statement as pay
from sessions.people import withdrawal
from sessions.plan import changes, further_ratings, schedule
from study.config.study import parse_config
from study.errors import ConfigError, StudyError
from study.store import Db, open_store, transaction
from study.store.desk import Desk
from study.store.people import participants
from study.store.plan import assignments
from study.store.ratings import trials
from study.vocabulary import ParticipantKind
from tests.worlds.studies import AT, add_candidates, enrol, new_study, rate

PEOPLE = tuple(f"S{number:02d}" for number in range(1, 7))
LATE = ("S11", "S12")
MOST = 5


@pytest.fixture(scope="module", params=["no_majority", "not_unanimous"])
def lab(request, tmp_path_factory):
    """A planned rehearsal of twelve clips that may have five ratings each."""
    study, engine = new_study(
        tmp_path_factory.mktemp("overlap"),
        rehearsal=True,
        max_ratings_per_clip=MOST,
        further_rating_when=request.param,
    )
    with transaction(engine) as db:
        add_candidates(db, 2)
        enrol(db, *PEOPLE, kind=ParticipantKind.SIMULATED)
        schedule.make_plan(Desk(db, study, "AB", AT), ids=None)
    yield study, engine
    engine.dispose()


class Lab:
    """What can be done to a study under way; who does it and what is rated is up to chance."""

    def __init__(self, db, study, rng):
        self.db, self.study, self.rng, self.n_sessions = db, study, rng, 0

    def rate_some(self, n=4):
        counts = assignments.counts(self.db)
        busy = sorted(person for person, count in counts.items() if count.n_left)
        if not busy:
            return
        person = str(self.rng.choice(busy))
        self.n_sessions += 1
        clips = [clip.candidate_id for clip in assignments.remaining(self.db, person)[:n]]
        given = {clip: int(self.rng.integers(1, 4)) for clip in clips}
        rate(self.db, person, given, at=AT + timedelta(hours=self.n_sessions))

    def ask_for_more(self):
        schedule.plan_disagreements(Desk(self.db, self.study, "AB", AT))

    def let_somebody_join(self):
        known = {participant.id for participant in participants.listed(self.db)}
        joiner = next((person for person in LATE if person not in known), None)
        if joiner is None:
            return
        enrol(self.db, joiner, kind=ParticipantKind.SIMULATED)
        counts = assignments.counts(self.db).values()
        if any(count.n_left for count in counts):
            changes.extend(Desk(self.db, self.study, "AB", AT), joiner, n_clips=None)

    def let_somebody_leave(self, *, keep_ratings=True):
        staying = [p.id for p in participants.listed(self.db) if p.closed_at is None]
        if len(staying) < 5:
            return
        person = str(self.rng.choice(staying))
        protocol = self.study.config.protocol
        if not keep_ratings and pay.statement(self.db, person, protocol).lines:
            pay.settle(self.db, person, protocol, paid_by="AB", at=AT)
        withdrawal.withdraw(Desk(self.db, self.study, "AB", AT), person, keep_ratings=keep_ratings)
        changes.reassign(Desk(self.db, self.study, "AB", AT), [])

    def let_somebody_leave_with_their_ratings(self):
        self.let_somebody_leave(keep_ratings=False)

    def rate_all(self):
        while any(count.n_left for count in assignments.counts(self.db).values()):
            self.rate_some(n=100)


STEPS = (
    Lab.rate_some, Lab.rate_all, Lab.ask_for_more, Lab.let_somebody_join,
    Lab.let_somebody_leave, Lab.let_somebody_leave_with_their_ratings,
)  # fmt: skip
END = (Lab.rate_all, Lab.ask_for_more) * MOST


def disagree(given, when):
    """The rule once more, in other words."""
    (_, most), *_ = Counter(given).most_common(1)
    return most < len(given) if when == "not_unanimous" else most * 2 <= len(given)


def tallies(db):
    given = trials.rated(db)
    return {clip: own["rating"].tolist() for clip, own in given.groupby("candidate_id")}


def require_only_what_is_needed(db, study):
    """Nobody twice, never too many, and no open slot on a clip whose raters agree."""
    plan = assignments.frame(db)
    slots = plan.groupby("candidate_id")["participant_id"]
    assert (slots.nunique() == slots.size()).all()
    assert slots.size().between(3, MOST).all()
    given = trials.rated(db)
    assert not given.duplicated(["candidate_id", "participant_id"]).any()
    rated = tallies(db)
    for slot in plan[~plan["done"]].to_dict("records"):
        own = rated.get(slot["candidate_id"], [])
        if len(own) >= 3:
            assert disagree(own, study.config.protocol.further_rating_when), own
            assert (slot["candidate_id"], slot["participant_id"]) not in pairs(db)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 10**6), steps=st.lists(st.sampled_from(STEPS), max_size=14))
def test_further_ratings_are_asked_where_raters_disagree_and_nowhere_else(lab, seed, steps):
    study, engine = lab
    with engine.connect() as connection, connection.begin() as undone:
        db = Db(connection, join_transaction_mode="create_savepoint")
        desk = Lab(db, study, np.random.default_rng(seed))
        for step in (*steps, *END):
            step(desk)
            require_only_what_is_needed(db, study)
        able = [p.id for p in participants.listed(db) if p.closed_at is None]
        for clip, own in tallies(db).items():
            strangers = [person for person in able if (clip, person) not in pairs(db)]
            decided = not disagree(own, study.config.protocol.further_rating_when)
            assert len(own) >= 3
            assert decided or len(own) == MOST or not strangers
        assert list(findings(db, study, clips=False, hashes=False)) == []
        db.close()
        undone.rollback()


def pairs(db):
    """Who has rated what."""
    given = trials.rated(db)
    return set(zip(given["candidate_id"], given["participant_id"], strict=True))


@pytest.fixture
def split(tmp_path):
    """A rehearsal whose three raters disagreed on two of six clips; three more can be asked."""
    study, engine = new_study(tmp_path / "study", rehearsal=True, max_ratings_per_clip=4)
    with transaction(engine) as db:
        clips = add_candidates(db, 1)
        enrol(db, "S01", "S02", "S03", kind=ParticipantKind.SIMULATED)
        schedule.make_plan(Desk(db, study, "AB", AT), ids=None)
        for i, person in enumerate(("S01", "S02", "S03"), start=1):
            rate(db, person, {clip: i if clip in clips[:2] else 3 for clip in clips})
        enrol(db, "S04", "S05", kind=ParticipantKind.SIMULATED)
    yield study, engine
    engine.dispose()


def test_the_status_says_what_waits_and_the_plan_asks_once(split):
    study, engine = split
    with transaction(engine) as db:
        assert "Raters disagree on 2 clips" in sentence(progress(db, study), AT)
        change = schedule.plan_disagreements(Desk(db, study, "AB", AT))
        assert (change.n_candidates, change.n_slots) == (2, 2)
        assert {p: n for p, n in change.loads.items() if n} == {"S04": 1, "S05": 1}
        assert schedule.plan_disagreements(Desk(db, study, "AB", AT)).n_slots == 0
        found = progress(db, study)
        assert (found.n_left, found.n_undecided) == (2, 0)
        assert sentence(found, AT).startswith("2 ratings to come")


def test_a_clip_that_everybody_has_seen_goes_without(split):
    study, engine = split
    with transaction(engine) as db:
        for person in ("S04", "S05"):
            participants.close(db, person, reason="ill", at=AT)
        assert schedule.plan_disagreements(Desk(db, study, "AB", AT)).n_slots == 0
        assert progress(db, study).n_undecided == 2


def test_who_is_on_a_laptop_is_not_asked_and_what_they_bring_back_counts(split, tmp_path):
    study, engine = split
    path = tmp_path / "laptop.sqlite"
    with transaction(engine) as db:
        schedule.plan_disagreements(Desk(db, study, "AB", AT))
        deal_part(Desk(db, study, "AB", AT), ["S04"], path)
    laptop = open_store(f"sqlite:///{path}")
    with transaction(laptop) as db:
        (clip,) = assignments.remaining(db, "S04")
        rate(db, "S04", {clip.candidate_id: 3})
    laptop.dispose()
    with transaction(engine) as db:
        assert merge_part(Desk(db, study, "AB", AT), path, final=True).n_ratings == 1
        assert sorted(tallies(db)[clip.candidate_id]) == [1, 2, 3, 3]
        assert progress(db, study).n_undecided == 0  # four are the most that this study asks for
        assert list(findings(db, study, clips=False, hashes=False)) == []


def test_a_further_rater_who_leaves_opens_no_slot_that_must_be_filled(split):
    study, engine = split
    with transaction(engine) as db:
        schedule.plan_disagreements(Desk(db, study, "AB", AT))
        done = withdrawal.withdraw(Desk(db, study, "AB", AT), "S04", keep_ratings=True)
        assert done == withdrawal.Withdrawal(0, 1, 0)
        assert progress(db, study).n_undecided == 1
        assert changes.reassign(Desk(db, study, "AB", AT), []).n_slots == 1


def test_published_tables_keep_the_counts_of_further_ratings(split, tmp_path):
    study, engine = split
    with transaction(engine) as db:
        schedule.plan_disagreements(Desk(db, study, "AB", AT))
        for person in ("S04", "S05"):
            (clip,) = assignments.remaining(db, person)
            rate(db, person, {clip.candidate_id: 3})
        export_ratings(db, study, tmp_path / "release", at=AT, overwrite=False)
    table = pd.read_csv(tmp_path / "release" / "video_ratings.csv")
    counts = table.set_index("filename")[["r1", "r2", "r3"]].sum(axis=1)
    assert sorted(counts) == [3, 3, 3, 3, 4, 4]
    assert table["r3"].tolist().count(2) == 2


def test_it_is_off_unless_the_study_asks_for_it(tmp_path):
    study, engine = new_study(tmp_path)
    with transaction(engine) as db:
        add_candidates(db, 1)
        enrol(db, *PEOPLE)
        schedule.make_plan(Desk(db, study, "AB", AT), ids=None)
        for i, person in enumerate(PEOPLE):
            own = [clip.candidate_id for clip in assignments.remaining(db, person)]
            rate(db, person, dict.fromkeys(own, i % 3 + 1))
        assert further_ratings.undecided(db, study).empty
        with pytest.raises(StudyError, match=r"no more\. .* protocol.max_ratings_per_clip"):
            schedule.plan_disagreements(Desk(db, study, "AB", AT))
    engine.dispose()


@pytest.mark.parametrize(("most", "message"), [(2, "ratings_per_clip is 3"), (6, "less than")])
def test_too_few_and_too_many_ratings_are_refused(most, message):
    with pytest.raises(ConfigError, match=f"protocol.max_ratings_per_clip.*{message}"):
        parse_config(f"[protocol]\nmax_ratings_per_clip = {most}\n", "study.toml")
