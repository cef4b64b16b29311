"""The certain rule whatever happens: people leave and join, take ratings along, truths change."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sessions.plan import further_ratings, schedule
from study.store import Db, transaction
from study.store.desk import Desk
from study.store.people import participants
from study.store.plan import assignments, ground_truths
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


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    seed=st.integers(0, 10**6),
    steps=st.lists(st.sampled_from((*STEPS, correct_a_truth)), max_size=8),
)
def test_no_clip_is_open_at_the_end_while_somebody_could_rate_it(lab, seed, steps):
    study, engine = lab
    with engine.connect() as connection, connection.begin() as undone:
        db = Db(connection, join_transaction_mode="create_savepoint")
        desk = Lab(db, study, np.random.default_rng(seed))
        for step in (*steps, *(Lab.rate_all, Lab.ask_for_more) * 6):
            step(desk)
            slots = assignments.frame(db).groupby("candidate_id")["participant_id"]
            assert (slots.nunique() == slots.size()).all()
            assert (slots.size() <= 5).all()
        able = [p.id for p in participants.listed(db) if p.closed_at is None]
        rated = pairs(db)
        for clip in further_ratings.waiting(db, study).index:
            assert all((clip, person) in rated for person in able)
        assert len(tallies(db)) == 12
        db.close()
        undone.rollback()
