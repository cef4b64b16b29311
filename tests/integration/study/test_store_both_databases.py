import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from sessions.plan import again, changes, schedule
from study.config.protocol import Protocol
from study.errors import ConfigError
from study.store import audit, open_store, studies, transaction
from study.store.desk import Desk
from study.store.migrations import alembic_config
from study.store.plan import assignments
from study.store.tables import Base, ProtocolVersionRow
from study.vocabulary import ParticipantKind
from tests.worlds.studies import AT, add_candidates, enrol, new_study

DATABASES = ["sqlite", "postgresql"]


@pytest.fixture(params=DATABASES)
def store(request, tmp_path):
    """A study on each database."""
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    study, engine = new_study(tmp_path, rehearsal=True, url=url)
    yield study, engine
    engine.dispose()


def test_the_migrations_make_the_schema_of_tables(store):
    _, engine = store
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_down_and_up_again_leaves_a_store_that_opens(store):
    study, engine = store
    config = alembic_config()
    for direction, revision in ((command.downgrade, "0001"), (command.upgrade, "head")):
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            direction(config, revision)
    open_store(study.store_url).dispose()


@pytest.mark.parametrize(
    "change", ["UPDATE audit_event SET actor = 'X'", "DELETE FROM audit_event"]
)
def test_the_database_refuses_to_change_the_audit_log(store, change):
    _, engine = store
    with transaction(engine) as db:
        audit.add(db, actor="AB", action="enrol", subject="P03", detail={"n": 1}, at=AT)
    with pytest.raises(DBAPIError, match="added, never changed"), engine.begin() as connection:
        connection.execute(text(change))
    with transaction(engine) as db:
        assert audit.frame(db)["actor"].tolist() == ["study", "AB"]


def test_planning_and_changing_the_plan_work_alike(store):
    study, engine = store
    with transaction(engine) as db:
        add_candidates(db, 10)
        enrol(db, "S01", "S02", "S03", "S04", "S05", kind=ParticipantKind.SIMULATED)
        schedule.make_plan(Desk(db, study, "AB", AT), ids=None)
        enrol(db, "S06", kind=ParticipantKind.SIMULATED)
        changes.extend(Desk(db, study, "AB", AT), "S06", n_clips=None)
        changes.reassign(Desk(db, study, "AB", AT), ["S01"])
    with transaction(engine) as db:
        table = assignments.frame(db)
        assert (table.groupby("candidate_id")["participant_id"].nunique() == 3).all()
        assert len(table) == 180
        loads = [count.n_left for count in assignments.counts(db).values()]
        assert max(loads) - min(loads) <= 2
        clips = again.standing(again.judged_slots(db, study))
        assert (len(clips), again.n_complete(clips, is_whole=False)) == (60, 0)


def test_a_frozen_study_goes_on_after_an_upgrade_that_added_a_key(store):
    study, engine = store
    with transaction(engine) as db:
        studies.freeze(db, config=study.config, amend_reason=None, at=AT)
        row = db.scalars(select(ProtocolVersionRow)).one()
        protocol = {k: v for k, v in row.config["protocol"].items() if k != "rerating_share"}
        row.config, row.config_sha256 = {**row.config, "protocol": protocol}, "0" * 64
    with transaction(engine) as db:
        studies.protocol_version(db, config=study.config, at=AT)
        other = study.config.model_copy(update={"protocol": Protocol(rerating_share=0.5)})
        with pytest.raises(ConfigError, match=r"frozen configuration in protocol.rerating_share"):
            studies.protocol_version(db, config=other, at=AT)


def test_a_frozen_study_may_ask_people_one_question_more(store):
    study, engine = store
    asked = study.config.model_copy(update={"demographics": ("age", "handedness")})
    with transaction(engine) as db:
        frozen = studies.freeze(db, config=study.config, amend_reason=None, at=AT)
        assert studies.protocol_version(db, config=asked, at=AT) == frozen


def test_an_erased_id_leaves_the_audit_log_and_the_guard_stays_on(store):
    _, engine = store
    with transaction(engine) as db:
        detail = {"left": {"P03": 1, "P030": 2}, "people": ["P03"], "file": "a/P03.mp4",
                  "why": "P03 moved"}  # fmt: skip
        audit.add(db, actor="P03", action="plan", subject="P03", detail=detail, at=AT)
    with transaction(engine) as db:
        audit.rename(db, "P03", "erased-1")
    with transaction(engine) as db:
        event = audit.frame(db).iloc[-1]
        assert event.tolist()[1:] == ["erased-1", "plan", "erased-1", {
            "left": {"erased-1": 1, "P030": 2}, "people": ["erased-1"], "file": "a/P03.mp4",
            "why": "erased-1 moved",
        }]  # fmt: skip
    with pytest.raises(DBAPIError, match="added, never changed"), engine.begin() as connection:
        connection.execute(text("UPDATE audit_event SET actor = 'X'"))
