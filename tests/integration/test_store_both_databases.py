import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from studies import AT, add_candidates, enrol, new_study

from sessions import changes, schedule
from study.store import assignments, audit, open_store, transaction
from study.store import engine as store_engine
from study.store.tables import Base
from study.vocabulary import ParticipantKind

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
    config = store_engine._alembic_config()
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
        schedule.make_plan(db, study, ids=None, actor="AB", at=AT)
        enrol(db, "S06", kind=ParticipantKind.SIMULATED)
        changes.extend(db, study, "S06", n_clips=None, actor="AB", at=AT)
        changes.reassign(db, study, ["S01"], actor="AB", at=AT)
    with transaction(engine) as db:
        table = assignments.frame(db)
        assert (table.groupby("candidate_id")["participant_id"].nunique() == 3).all()
        assert len(table) == 180
        loads = [count.n_left for count in assignments.counts(db).values()]
        assert max(loads) - min(loads) <= 2
        assert assignments.n_complete(db) == (60, 0)
