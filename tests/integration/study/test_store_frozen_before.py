"""A study that was frozen by the version before goes on by what it was frozen with."""

import json

import pandas as pd
import pytest
from alembic import command

from curation.selection.filters import filter_clips
from curation.selection.picture_facts import with_picture_facts
from study.config.study import CONFIG_NAME, StudyConfig, find_study
from study.store import store_transaction, studies, upgrade_store
from study.store.clips import candidates, clip_audits
from study.store.clips.clip_audits import ClipAudit
from study.store.engine import engine_of
from study.store.migrations import alembic_config
from tests.worlds.curated import AT, candidate, new_study

BEFORE = "0015"
NEW_KEYS = ("test_frame_rate_tolerance_hz", "test_max_odd_steps")
RATES_HZ = {"barking/even.mp4": 30.0, "barking/near.mp4": 30.02, "barking/odd.mp4": 30.0}


@pytest.fixture
def frozen(tmp_path):
    """A study of the version before, frozen without the new keys, with audits of three clips."""
    (tmp_path / CONFIG_NAME).write_text('title = "before"\n')
    study = find_study(tmp_path)
    engine = engine_of(study.store_url)
    config = alembic_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, BEFORE)
        content = json.loads(study.config.model_dump_json())
        for key in NEW_KEYS:
            del content["protocol"][key]
        connection.exec_driver_sql(
            "INSERT INTO protocol_version (config_sha256, config, frozen, recorded_at) "
            "VALUES ('before', ?, 1, ?)",
            (json.dumps(content), "2026-01-01 00:00:00"),
        )
        for name, rate_hz in RATES_HZ.items():
            connection.exec_driver_sql(
                "INSERT INTO candidate (filename, video_location, mit_label, avmit_label, sha256, "
                "duration_s, frame_rate_hz, width_px, height_px, peak, admitted_at) VALUES "
                "(?, 'training', 'barking', 'barking', '', 3.0, ?, 64, 64, 0.5, ?)",
                (name, rate_hz, "2026-01-01 00:00:00"),
            )
            connection.exec_driver_sql(
                "INSERT INTO clip_audit (filename, video_location, mit_label, n_bytes, sha256, "
                "reason, flags, frame_hash, sound_hash, audited_at) VALUES "
                "(?, 'training', 'barking', 1, '', '', ?, '', '', ?)",
                (name, "vfr" if name == "barking/odd.mp4" else "", "2026-01-01 00:00:00"),
            )
    engine.dispose()
    return study


def _rated(names):
    columns = {"video_location": "training", "avmit_label": "barking", "mit_label": "barking"}
    return pd.DataFrame({"filename": names, "r1": 0, "r2": 0, "r3": 3, **columns})


def _kept(db, study, names):
    protocol = study.config.protocol
    clips = with_picture_facts(db, _rated(names), study.folder, protocol)
    kept, left = filter_clips(clips, ["barking"], protocol)
    return kept["filename"].tolist(), {reason: n for reason, n in left.items() if n}


def test_it_opens_and_draws_what_it_drew(frozen):
    upgrade_store(frozen.store_url)
    with store_transaction(frozen.store_url) as db:
        studies.refuse_changed(db, frozen.config)
        kept, left = _kept(db, frozen, list(RATES_HZ))
    assert kept == ["barking/even.mp4"]
    assert left == {"variable frame rate": 1, "frame rate": 1}


def test_a_new_key_that_is_changed_later_is_a_changed_protocol(frozen):
    upgrade_store(frozen.store_url)
    changed = StudyConfig.model_validate(
        {"title": "before", "protocol": {"test_frame_rate_tolerance_hz": 0.05}}
    )
    with (
        store_transaction(frozen.store_url) as db,
        pytest.raises(Exception, match=r"protocol\.test_frame_rate_tolerance_hz"),
    ):
        studies.refuse_changed(db, changed)


def test_a_new_study_takes_one_odd_step_and_the_rate_that_most_frames_have(tmp_path):
    study = new_study(tmp_path)
    assert [getattr(study.config.protocol, key) for key in NEW_KEYS] == [0.05, 1]
    found = {
        "even": (30.0, 30.0, 0),
        "cut": (28.4, 30.0, 1),
        "phone": (27.0, 30.0, 9),
        "near": (30.02, 30.02, 0),
        "film": (24.0, 24.0, 0),
        "before": (30.0, None, None),
    }
    clips = [candidate(f"barking/{n}.mp4", "barking", frame_rate_hz=r[0]) for n, r in found.items()]
    audits = [
        ClipAudit(f"barking/{name}.mp4", "training", "barking", 1, flags="vfr",
                  usual_frame_rate_hz=usual, n_odd_steps=n_odd)
        for name, (_, usual, n_odd) in found.items()
    ]  # fmt: skip
    with store_transaction(study.store_url) as db:
        candidates.add_many(db, clips, AT)
        clip_audits.add_many(db, audits, AT)
        kept, left = _kept(db, study, [f"barking/{name}.mp4" for name in found])
    assert kept == ["barking/even.mp4", "barking/cut.mp4", "barking/near.mp4"]
    assert left == {"variable frame rate": 2, "frame rate": 1}


def test_a_setting_of_init_wins_over_what_new_studies_have(tmp_path):
    study = new_study(tmp_path, "protocol.test_max_odd_steps=4")
    assert [getattr(study.config.protocol, key) for key in NEW_KEYS] == [0.05, 4]
