"""Rating rules: further ratings of clips that are open, and of no others."""

from collections import Counter
from datetime import timedelta
from functools import cache
from itertools import product

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
from study.errors import StudyError
from study.store import Db, open_store, transaction
from study.store.clips import candidates
from study.store.desk import Desk
from study.store.people import participants
from study.store.plan import assignments, ground_truths
from study.store.ratings import trials
from study.vocabulary import ParticipantKind
from tests.worlds.studies import AT, add_candidates, add_truths, enrol, new_study, rate

PEOPLE = tuple(f"S{number:02d}" for number in range(1, 7))
LATE = ("S11", "S12")
RULES = {
    "majority": {"decide": ("majority",), "ratings_at_most": 5},
    "agreement": {"decide": ("agreement",), "ratings_at_most": 5},
    "prominent": {"decide": ("prominent",)},
    "present of four": {"decide": ("present",), "ratings_per_clip": 4},
    "the test set": {"decide": ("prominent", "unanimous"), "class_min_prominent": 1},
    "at least two of four": {
        "decide": ("prominent", "present"), "ratings_per_clip": 4, "majority": "at_least_two",
    },
}  # fmt: skip


@pytest.fixture(scope="module", params=RULES)
def lab(request, tmp_path_factory):
    """A planned rehearsal of twelve clips, two of them ground truths."""
    study, engine = new_study(
        tmp_path_factory.mktemp("overlap"),
        rehearsal=True,
        rating_rule="until_decided",
        **RULES[request.param],
    )
    with transaction(engine) as db:
        add_truths(db, add_candidates(db, 2)[::6])
        enrol(db, *PEOPLE, kind=ParticipantKind.SIMULATED)
        schedule.make_plan(Desk(db, study, "AB", AT), ids=None)
    yield study, engine
    engine.dispose()


class Lab:
    """What can be done to a study under way; who does it and what is rated is up to chance."""

    def __init__(self, db, study, rng):
        self.db, self.study, self.rng, self.n_sessions = db, study, rng, 0

    def here(self):
        """Who can be asked at the desk."""
        return [p.id for p in participants.listed(self.db) if p.closed_at is None]

    def busy(self):
        left = {person: count.n_left for person, count in assignments.counts(self.db).items()}
        return sorted(person for person in self.here() if left.get(person))

    def rate_some(self, n=4):
        busy = self.busy()
        if not busy:
            return
        person = str(self.rng.choice(busy))
        self.n_sessions += 1
        clips = [clip.candidate_id for clip in assignments.remaining(self.db, person)[:n]]
        given = {clip: int(self.rng.integers(1, 4)) for clip in clips}
        truths = set(ground_truths.sampled(self.db))  # the expert gave each a 3
        earned = {clip: 10 for clip, rating in given.items() if clip in truths and rating == 3}
        at = AT + timedelta(hours=self.n_sessions)
        rate(self.db, person, given, at=at, bonus_pence=earned)

    def ask_for_more(self):
        further_ratings.plan_further(Desk(self.db, self.study, "AB", AT))

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
        staying = self.here()
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
        while self.busy():
            self.rate_some(n=100)


STEPS = (
    Lab.rate_some, Lab.rate_all, Lab.ask_for_more, Lab.let_somebody_join,
    Lab.let_somebody_leave, Lab.let_somebody_leave_with_their_ratings,
)  # fmt: skip
END = (Lab.rate_all, Lab.ask_for_more) * 5


def open_clips(db, study):
    """The rule once more, in other words; what could still be said is tried out."""
    protocol, rated, truths = study.config.protocol, tallies(db), set(ground_truths.sampled(db))
    labels = candidates.frame(db).set_index("candidate_id")["avmit_label"]
    yes = {
        clip: answers(rated.get(clip, []), "prominent", protocol) == {True} for clip in labels.index
    }
    n_yes = labels.groupby(labels).transform(lambda own: sum(yes[clip] for clip in own.index))
    found = set()
    for clip in labels.index:
        given = rated.get(clip, [])
        if set(protocol.decide) & {"majority", "agreement"}:
            is_open = len(given) < 3 or (disagree(given, protocol) and len(given) < 5)
        elif clip in truths:
            is_open = len(given) < protocol.ratings_per_clip
        else:
            asked = set(protocol.decide)
            asked -= set() if n_yes[clip] >= protocol.class_min_prominent else {"unanimous"}
            is_open = any(len(answers(given, question, protocol)) == 2 for question in asked)
        found |= {clip} if is_open else set()
    return found


def disagree(given, protocol):
    """Whether no rating has more than half, or not all are the same."""
    (_, most), *_ = Counter(given).most_common(1)
    return most < len(given) if protocol.decide == ("agreement",) else most * 2 <= len(given)


@cache
def answers_of(given, question, size, majority):
    """All answers that a question can still get."""
    n_left = max(size - len(given), 0)
    found = set()
    for more in product((1, 2, 3), repeat=n_left):
        yes = [r == 3 or (r == 2 and question == "present") for r in (*given, *more)]
        n_needed = {"strict": len(yes) // 2 + 1, "at_least_two": 2}[majority]
        found.add(all(yes) if question == "unanimous" else sum(yes) >= n_needed)
    return found


def answers(given, question, protocol):
    """The same of a list."""
    size, majority = protocol.ratings_per_clip, protocol.majority
    return answers_of(tuple(sorted(given)), question, size, majority)


def tallies(db):
    given = trials.rated(db)
    return {clip: own["rating"].tolist() for clip, own in given.groupby("candidate_id")}


def require_only_what_is_needed(db, study):
    """Nobody twice, never too many, and no open slot on a clip whose raters agree."""
    plan = assignments.frame(db)
    slots = plan.groupby("candidate_id")["participant_id"]
    assert (slots.nunique() == slots.size()).all()
    assert slots.size().between(1, study.config.protocol.most_ratings).all()
    given = trials.rated(db)
    assert not given.duplicated(["candidate_id", "participant_id"]).any()
    asked = plan[~plan["done"] & plan["further"]]
    assert set(asked["candidate_id"]) <= open_clips(db, study)
    assert not set(zip(asked["candidate_id"], asked["participant_id"], strict=True)) & pairs(db)


@settings(
    max_examples=6,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 10**6), steps=st.lists(st.sampled_from(STEPS), max_size=10))
def test_further_ratings_are_asked_of_open_clips_and_of_no_others(lab, seed, steps):
    study, engine = lab
    with engine.connect() as connection, connection.begin() as undone:
        db = Db(connection, join_transaction_mode="create_savepoint")
        desk = Lab(db, study, np.random.default_rng(seed))
        for step in (*steps, *END):
            step(desk)
            require_only_what_is_needed(db, study)
        able = [p.id for p in participants.listed(db) if p.closed_at is None]
        rated, still_open = pairs(db), open_clips(db, study)
        for clip, own in tallies(db).items():
            strangers = [person for person in able if (clip, person) not in rated]
            assert len(own) <= study.config.protocol.most_ratings
            assert clip not in still_open or not strangers
        assert len(tallies(db)) == 12
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
    study, engine = new_study(
        tmp_path / "study",
        rehearsal=True,
        max_ratings_per_clip=4,
        further_rating_when="no_majority",
    )
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
        assert "2 rated clips are open" in sentence(progress(db, study), AT)
        change = further_ratings.plan_further(Desk(db, study, "AB", AT))
        assert (change.n_candidates, change.n_slots) == (2, 2)
        assert {p: n for p, n in change.loads.items() if n} == {"S04": 1, "S05": 1}
        assert further_ratings.plan_further(Desk(db, study, "AB", AT)).n_slots == 0
        found = progress(db, study)
        assert (found.n_left, found.n_waiting) == (2, 0)
        assert sentence(found, AT).startswith("2 ratings to come")


def test_a_clip_that_everybody_has_seen_goes_without(split):
    study, engine = split
    with transaction(engine) as db:
        for person in ("S04", "S05"):
            participants.close(db, person, reason="ill", at=AT)
        assert further_ratings.plan_further(Desk(db, study, "AB", AT)).n_slots == 0
        assert progress(db, study).n_waiting == 2


def test_who_is_on_a_laptop_is_not_asked_and_what_they_bring_back_counts(split, tmp_path):
    study, engine = split
    path = tmp_path / "laptop.sqlite"
    with transaction(engine) as db:
        further_ratings.plan_further(Desk(db, study, "AB", AT))
        deal_part(Desk(db, study, "AB", AT), ["S04"], path)
    laptop = open_store(f"sqlite:///{path}")
    with transaction(laptop) as db:
        (clip,) = assignments.remaining(db, "S04")
        rate(db, "S04", {clip.candidate_id: 3})
    laptop.dispose()
    with transaction(engine) as db:
        assert merge_part(Desk(db, study, "AB", AT), path, final=True).n_ratings == 1
        assert sorted(tallies(db)[clip.candidate_id]) == [1, 2, 3, 3]
        assert progress(db, study).n_waiting == 0  # four are the most that this study asks for
        assert list(findings(db, study, clips=False, hashes=False)) == []


def test_a_further_rater_who_leaves_opens_no_slot_that_must_be_filled(split):
    study, engine = split
    with transaction(engine) as db:
        further_ratings.plan_further(Desk(db, study, "AB", AT))
        done = withdrawal.withdraw(Desk(db, study, "AB", AT), "S04", keep_ratings=True)
        assert done == withdrawal.Withdrawal(0, 1, 0)
        assert progress(db, study).n_waiting == 1
        assert changes.reassign(Desk(db, study, "AB", AT), []).n_slots == 1


def test_published_tables_keep_the_counts_of_further_ratings(split, tmp_path):
    study, engine = split
    with transaction(engine) as db:
        further_ratings.plan_further(Desk(db, study, "AB", AT))
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
        assert further_ratings.waiting(db, study).empty
        with pytest.raises(StudyError, match=r"no more\. .* protocol.rating_rule"):
            further_ratings.plan_further(Desk(db, study, "AB", AT))
    engine.dispose()
