"""The certain rule whatever happens: people leave, join, go on laptops, and truths change."""

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sessions.laptops.away import on_laptops
from sessions.laptops.deal import deal_part
from sessions.laptops.merge import merge_part
from sessions.plan import further_ratings, schedule
from study.store import Db, open_store, transaction
from study.store.desk import Desk
from study.store.people import participants
from study.store.plan import assignments, ground_truths
from study.store.ratings import trials
from study.vocabulary import ParticipantKind, Rating
from tests.integration.sessions.test_further_ratings import PEOPLE, STEPS, Lab, pairs, tallies
from tests.worlds.studies import AT, add_candidates, add_truths, enrol, new_study


def correct_a_truth(lab):
    clip = int(lab.rng.choice(ground_truths.sampled(lab.db)))
    rating = Rating(int(lab.rng.integers(1, 4)))
    if rating is not ground_truths.current(lab.db, clip):
        ground_truths.add_version(
            lab.db,
            candidate_id=clip,
            rating=rating,
            given_by="EXPERT",
            at=AT,
            reason="looked again",
        )


class LabWithLaptops(Lab):
    """A lab some of whose people rate on a laptop at present."""

    def __init__(self, db, study, rng, folder):
        super().__init__(db, study, rng)
        self.folder, self.out, self.n_away, self.n_brought = folder, [], 0, 0

    def here(self):
        away = on_laptops(self.db)
        return [person for person in super().here() if person not in away]

    def take_a_laptop(self):
        if len(self.busy()) < 3:
            return
        path = self.folder / f"laptop-{self.rng.integers(10**12)}.sqlite"
        people = [str(self.rng.choice(self.busy()))]
        deal_part(Desk(self.db, self.study, "AB", AT), people, path)
        self.out.append(path)

    def rate_on_laptops(self):
        for path in self.out:
            engine = open_store(f"sqlite:///{path}")
            with transaction(engine) as db:
                assert further_ratings.plan_on_laptop(db, self.study) == 0
                away = Lab(db, self.study, self.rng)
                away.n_sessions = 1000 + int(self.rng.integers(10**6))
                n_before = len(trials.rated(db))
                away.rate_some()
                self.n_away += len(trials.rated(db)) - n_before
            engine.dispose()

    def bring_laptops(self):
        for path in self.out:
            done = merge_part(Desk(self.db, self.study, "AB", AT), path, final=True)
            self.n_brought += done.n_ratings
        self.out = []


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A planned rehearsal of twelve clips, two of them ground truths."""
    study, engine = new_study(
        tmp_path_factory.mktemp("certain"), rehearsal=True, rating_rule="until_certain",
        audit_share=0.3, certainty=0.9,
    )  # fmt: skip
    with transaction(engine) as db:
        add_truths(db, add_candidates(db, 2)[::6])
        enrol(db, *PEOPLE, kind=ParticipantKind.SIMULATED)
        schedule.make_plan(Desk(db, study, "AB", AT), ids=None)
    yield study, engine
    engine.dispose()


LAPTOPS = (
    LabWithLaptops.take_a_laptop, LabWithLaptops.rate_on_laptops, LabWithLaptops.bring_laptops,
)  # fmt: skip


@settings(
    max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    seed=st.integers(0, 10**6),
    steps=st.lists(st.sampled_from((*STEPS, *LAPTOPS, correct_a_truth)), max_size=6),
)
@example(seed=1, steps=[Lab.rate_some, LAPTOPS[0], LAPTOPS[1], Lab.ask_for_more, LAPTOPS[0],
                        Lab.rate_all, LAPTOPS[2], Lab.let_somebody_leave])  # fmt: skip
def test_no_clip_is_open_at_the_end_while_somebody_could_rate_it(lab, tmp_path, seed, steps):
    study, engine = lab
    with engine.connect() as connection, connection.begin() as undone:
        db = Db(connection, join_transaction_mode="create_savepoint")
        desk = LabWithLaptops(db, study, np.random.default_rng(seed), tmp_path)
        last = (LabWithLaptops.bring_laptops, *(Lab.rate_all, Lab.ask_for_more) * 5)
        for step in (*steps, *last):
            step(desk)
            slots = assignments.frame(db).groupby("candidate_id")["participant_id"]
            assert (slots.nunique() == slots.size()).all()
            assert (slots.size() <= 5).all()
        assert trials.rated(db).groupby("candidate_id").size().le(5).all()
        able = [p.id for p in participants.listed(db) if p.closed_at is None]
        rated = pairs(db)
        for clip in further_ratings.waiting(db, study).index:
            assert all((clip, person) in rated for person in able)
        assert len(tallies(db)) == 12
        assert desk.n_brought == desk.n_away
        db.close()
        undone.rollback()
