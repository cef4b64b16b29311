import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InternalError

from sessions.maintenance.store_check import findings, wrong_rater_counts
from sessions.plan import schedule
from study.errors import StoreError
from study.store import open_store, snapshot, transaction
from study.store.desk import Desk
from study.store.people import participants, payments
from study.store.plan import assignments, ground_truths
from study.store.ratings import trials
from study.vocabulary import ParticipantKind, Rating
from tests.worlds.raters import at_once, claim_naively, claims, make_claims, rate_everything
from tests.worlds.studies import AT, add_candidates, enrol, new_study

N_STATIONS = 11


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.sqlite'}"
    return request.getfixturevalue("postgres_url")


def test_eleven_annotators_at_once_leave_every_clip_with_exactly_three_raters(url, tmp_path):
    study, engine = new_study(tmp_path / "study", rehearsal=True, url=url)
    people = [f"S{number:02d}" for number in range(1, N_STATIONS + 1)]
    with transaction(engine) as db:
        clips = add_candidates(db, 15)
        ground_truths.add_sample(db, clips[::9], AT)
        for clip in clips[::9]:
            ground_truths.add_version(
                db, candidate_id=clip, rating=Rating.VERY_CLEAN, given_by="EXPERT", at=AT
            )
        enrol(db, *people, kind=ParticipantKind.SIMULATED)
        schedule.make_plan(Desk(db, study, "AB", AT), ids=None)
    engine.dispose()  # a connection must not be shared with the processes to come
    at_once(rate_everything, [(study.store_url, person) for person in people])
    with transaction(engine) as db:
        given = trials.rated(db)
        assert len(given) == 3 * len(clips)
        assert wrong_rater_counts(given, 3) == {}
        assert all(count.n_left == 0 for count in assignments.counts(db).values())
        assert sum(payments.bonus_pence(db, person) for person in people) == 10 * int(
            (given["rating"].eq(3) & given["candidate_id"].isin(clips[::9])).sum()
        )
        assert list(findings(db, study, clips=False, hashes=False)) == []
    engine.dispose()


def test_nobody_waits_for_a_report_and_it_sees_one_moment(url, tmp_path):
    study, engine = new_study(tmp_path / "study", rehearsal=True, url=url)
    other = open_store(study.store_url, busy_timeout_s=0)
    with snapshot(engine) as report:
        assert participants.listed(report) == []
        with transaction(other) as db:
            enrol(db, "P01")
        assert participants.listed(report) == []
    with snapshot(engine) as report:
        assert [person.id for person in participants.listed(report)] == ["P01"]
    other.dispose()
    engine.dispose()


def test_a_report_cannot_change_anything(url, tmp_path):
    _, engine = new_study(tmp_path / "study", rehearsal=True, url=url)
    refused = pytest.raises((StoreError, InternalError), match=r"read.?only")
    with refused, snapshot(engine) as report:
        enrol(report, "P01")
    with transaction(engine) as db:
        enrol(db, "P02")
    engine.dispose()


def test_the_check_catches_raters_who_look_before_they_take(url):
    make_claims(url, n_clips=30)
    at_once(claim_naively, [(url, f"S{number}") for number in range(5)])
    assert wrong_rater_counts(claims(url), 3) != {}


def test_an_audit_event_cannot_be_replaced_either(url, tmp_path):
    _, engine = new_study(tmp_path / "study", url=url)
    replace = (
        "INSERT OR REPLACE INTO audit_event SELECT * FROM audit_event"
        if url.startswith("sqlite")
        else "INSERT INTO audit_event SELECT * FROM audit_event ON CONFLICT (id) DO UPDATE "
        "SET actor = 'X'"
    )
    with pytest.raises(DBAPIError, match="added, never changed"), engine.begin() as connection:
        connection.execute(text(replace))
    engine.dispose()


def test_a_check_tells_that_the_audit_log_is_no_longer_guarded(url, tmp_path):
    study, engine = new_study(tmp_path / "study", rehearsal=True, url=url)
    with snapshot(engine) as db:
        assert list(findings(db, study, clips=False, hashes=False)) == []
    guard, on = (
        ("audit_event_no_delete", "")
        if url.startswith("sqlite")
        else ("audit_event_no_change", " ON audit_event")
    )
    with engine.begin() as connection:
        connection.execute(text(f"DROP TRIGGER {guard}{on}"))
    with snapshot(engine) as db:
        (finding,) = findings(db, study, clips=False, hashes=False)
    assert finding.startswith("the triggers that keep the audit log from being changed are gone")
    engine.dispose()
