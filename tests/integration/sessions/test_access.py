"""Rights on a PostgreSQL store: what everybody may read, and who may do everything."""

import uuid

import pytest
from sqlalchemy import create_engine, make_url

from sessions.maintenance.rights import access_findings
from sessions.running.recording import open_session
from study.store import snapshot, transaction
from study.store.engine import shown
from study.store.plan import ground_truths
from study.vocabulary import ParticipantKind, Phase
from tests.worlds.studies import AT, add_candidates, enrol, new_study

SECRET = "s3cret word"


@pytest.fixture
def as_role(postgres_url):
    """The URL of an empty database for a role that owns it and no more, with a password."""
    role = f"role_{uuid.uuid4().hex[:8]}"
    engine = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    url = make_url(postgres_url)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {role} LOGIN PASSWORD '{SECRET}'")
        connection.exec_driver_sql(f"ALTER DATABASE {url.database} OWNER TO {role}")
        connection.exec_driver_sql(f"GRANT CREATE ON SCHEMA public TO {role}")
    yield url.set(username=role, password=SECRET).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP OWNED BY {role}")
        connection.exec_driver_sql(f"ALTER DATABASE {url.database} OWNER TO {url.username}")
        connection.exec_driver_sql(f"DROP ROLE {role}")
    engine.dispose()


def test_rights_of_everybody_and_the_use_of_a_superuser_are_found(as_role, postgres_url, tmp_path):
    study, engine = new_study(tmp_path, url=as_role)
    with snapshot(engine) as db:
        assert list(access_findings(db, study)) == []
    with engine.begin() as connection:
        connection.exec_driver_sql("GRANT SELECT ON rating TO PUBLIC")
        connection.exec_driver_sql("GRANT UPDATE (payee) ON payment TO PUBLIC")
    with snapshot(engine) as db:
        found = list(access_findings(db, study))
    tables = [line.partition(". ")[0].partition("table ")[2] for line in found]
    assert tables == ["payment: update of payee", "rating: select"]
    engine.dispose()
    super_engine = create_engine(postgres_url)
    with snapshot(super_engine) as db:
        assert "used as lab, a superuser" in list(access_findings(db, study))[-1]
    super_engine.dispose()


def test_a_session_keeps_no_password(as_role, tmp_path):
    study, engine = new_study(tmp_path, url=as_role)
    with transaction(engine) as db:
        enrol(db, "EXPERT", kind=ParticipantKind.EXPERT)
        ground_truths.add_sample(db, add_candidates(db, 1), AT)
    with open_session(
        engine, study, "EXPERT", Phase.GROUND_TRUTH, stage="window", profile=None, rig={}
    ):
        pass
    with engine.begin() as connection:
        for table in ("session", "protocol_version", "audit_event", "study"):
            rows = connection.exec_driver_sql(f"SELECT {table}::text FROM {table}").all()
            assert SECRET not in str(rows)
            assert "s3cret" not in str(rows)
    assert "s3cret" not in shown(engine)
    engine.dispose()
