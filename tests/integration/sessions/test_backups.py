import shutil
from datetime import timedelta

import pytest

from sessions.maintenance.backups import back_up_study
from sessions.maintenance.store_check import findings
from sessions.pay import statement
from sessions.plan import schedule
from study.errors import StudyError
from study.store import addresses, open_store, transaction
from study.store.desk import Desk
from study.store.plan import assignments
from tests.worlds.studies import AT, add_candidates, add_truths, enrol, new_study, rate


@pytest.fixture(params=["sqlite", "postgresql"])
def rated(request, tmp_path):
    """A planned study of 24 clips, one person half done and paid."""
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    study, engine = new_study(tmp_path / "study", url=url)
    with transaction(engine) as db:
        add_candidates(db, 4)
        enrol(db, "P01", "P02", "P03")
        schedule.make_plan(Desk(db, study, "AB", AT), ids=None)
        clips = [clip.candidate_id for clip in assignments.remaining(db, "P01")[:12]]
        add_truths(db, clips)
        rate(db, "P01", dict.fromkeys(clips, 3), bonus_pence=10)
        statement.settle(db, "P01", study.config.protocol, paid_by="AB", at=AT)
    yield study, engine
    engine.dispose()


def test_a_back_up_is_made_while_the_store_is_open_and_can_be_read(rated):
    study, engine = rated
    if engine.url.get_backend_name() == "postgresql" and shutil.which("pg_dump") is None:
        pytest.skip("no pg_dump")
    path, counts = back_up_study(study, None, overwrite=False, at=AT)
    assert (counts["rating"], counts["candidate"]) == (12, 24)
    assert path.parent == study.folder / "backups"
    with pytest.raises(StudyError, match="exists already"):
        back_up_study(study, None, overwrite=False, at=AT)
    if path.suffix == ".sqlite":
        copy = open_store(f"sqlite:///{path}")
        with transaction(copy) as db:
            assert assignments.counts(db)["P01"].n_done == 12
        copy.dispose()


@pytest.mark.parametrize("rated", ["sqlite"], indirect=True)
def test_back_ups_of_two_evenings_lie_beside_each_other_in_a_folder(rated, tmp_path):
    stick = tmp_path / "stick"
    stick.mkdir()
    for at in (AT, AT + timedelta(days=1)):
        back_up_study(rated[0], stick, overwrite=False, at=at)
    assert len(list(stick.glob("store-*.sqlite"))) == 2


@pytest.mark.parametrize("rated", ["sqlite"], indirect=True)
def test_a_back_up_may_lie_on_a_network_share(rated, tmp_path, monkeypatch):
    study, _ = rated
    share = tmp_path / "share"
    monkeypatch.setattr(
        addresses, "file_system_of", lambda path: "nfs4" if share in path.parents else "ext4"
    )
    path, counts = back_up_study(study, share / "copy.sqlite", overwrite=False, at=AT)
    assert counts["rating"] == 12
    assert list(share.iterdir()) == [path]


@pytest.mark.parametrize("rated", ["sqlite"], indirect=True)
def test_a_damaged_store_leaves_no_back_up_behind(rated, tmp_path):
    study, engine = rated
    with engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        connection.exec_driver_sql("PRAGMA writable_schema = ON")
        connection.exec_driver_sql("UPDATE sqlite_master SET rootpage = 3 WHERE name = 'rating'")
    engine.dispose()
    with pytest.raises(StudyError, match="was not made, because"):
        back_up_study(study, tmp_path / "copy.sqlite", overwrite=False, at=AT)
    assert list(tmp_path.glob("*copy*")) == []


def test_a_whole_store_has_no_findings(rated):
    study, engine = rated
    with transaction(engine) as db:
        assert list(findings(db, study, clips=False, hashes=False)) == []


@pytest.mark.parametrize(
    ("damage", "finding"),
    [
        ("DELETE FROM rating WHERE candidate_id = (SELECT MIN(candidate_id) FROM rating)",
         "1 slot is marked as done and has no rating"),
        ("UPDATE assignment SET done = NOT done WHERE participant_id = 'P01'",
         "slots are marked as done and have no rating"),
        ("DELETE FROM assignment WHERE participant_id = 'P03'",
         "24 planned clips have fewer raters than every clip gets (3)"),
        ("UPDATE payment SET bonus_pence = 1", "payments sum up to"),
    ],
)  # fmt: skip
def test_damage_is_found_and_the_finding_says_what_to_do(rated, damage, finding):
    study, engine = rated
    with engine.begin() as connection:
        connection.exec_driver_sql(damage)
    with transaction(engine) as db:
        found = list(findings(db, study, clips=False, hashes=False))
    assert any(finding in sentence for sentence in found), found


def test_missing_and_changed_clips_are_found(rated):
    study, engine = rated
    with transaction(engine) as db:
        folder = study.mit_root / "training" / "barking"
        folder.mkdir(parents=True)
        (folder / "clip_0.mp4").write_bytes(b"another clip")
        found = list(findings(db, study, clips=True, hashes=False))
        assert len(found) == 23
        hashed = list(findings(db, study, clips=True, hashes=True))
    assert sum("is not the file that was admitted" in sentence for sentence in hashed) == 1
