"""The figures of the timing report, against values worked out by hand."""

import math
import re
import uuid
from datetime import timedelta

import pandas as pd
import pytest

from annotator.timing.measures import TimingEvidence, chosen, described, measured, timing
from annotator.timing.report import write_report
from study.errors import ConfigError, StoreError, StudyError
from study.store import studies, transaction
from study.store.ratings import evidence, sessions, trials
from study.store.ratings.sessions import Process
from study.vocabulary import (
    EndReason,
    KeyPress,
    Phase,
    Presentation,
    Rating,
    Response,
    Stimulus,
    TrialRecord,
)
from tests.worlds.studies import AT, add_candidates, enrol, new_study

PERIOD_S = 0.02
REAL = {"screen": {"period_s": PERIOD_S, "is_virtual": False}, "grade": "A"}


def playing(onset_s, offset_ms=None, *, lasting_s=3.0, **more):
    sound = {} if offset_ms is None else {"sound_started_s": onset_s + offset_ms / 1000}
    frames = {"n_frames_shown": 90} | more
    return Presentation(onset_s, onset_s + lasting_s, **sound, **frames)


def rated(presentations, presses):
    return Response(Rating.VERY_CLEAN, 0.5), tuple(presentations), tuple(presses), None


# One session, second by second; a refresh lasts 20 ms.
TRIALS = [
    rated(
        [
            playing(1.0, -4, interrupted=True, lasting_s=1.0, n_frames_shown=30),
            playing(4.0, 6, n_xruns=2),
        ],
        [KeyPress("3", 2.0, early=True, warned_s=2.03), KeyPress("3", 7.5)],
    ),
    rated(
        [
            playing(7.58, 300, asked_s=7.5, interrupted=True, disturbed=True, lasting_s=0.1,
                    n_frames_shown=3),
            playing(8.0, 30, n_frames_shown=81, n_frames_dropped=9, n_frames_late=3),
            playing(12.06, -50, asked_s=12.0),
        ],
        [KeyPress("space", 12.0), KeyPress("1", 16.0)],
    ),
    (None, (), (), "no_audio"),
    rated([playing(20.0), playing(24.1, 0, asked_s=24.0)], [KeyPress("space", 24.0)]),
    rated([playing(30.12, 2, asked_s=30.0)], [KeyPress("2", 31.0, early=True)]),
]  # fmt: skip


def sit(db, study, ids, made, *, participant="P01", host="lab-1", rig=REAL, stage="window",
        profile=None, day=0):  # fmt: skip
    session_id, at = uuid.uuid4().hex, AT + timedelta(days=day)
    version = studies.protocol_version(db, config=study.config, at=AT)
    sessions.begin(
        db, session_id=session_id, participant_id=participant, phase=Phase.ANNOTATION, attempt=1,
        stage=stage, simulated_profile=profile, protocol_version_id=version, rig=rig,
        process=Process(host, 1), is_running=lambda pid: False, at=at,
    )  # fmt: skip
    for candidate_id, (response, shown, presses, failure) in zip(ids, made, strict=False):
        stimulus = Stimulus(candidate_id, study.folder / "a.mp4", "barking")
        record = TrialRecord(stimulus, response, shown, presses, failure)
        trials.add(db, session_id=session_id, record=record, bonus_pence=0, simulated=False, at=at)
    sessions.end(db, session_id, reason=EndReason.ENDED, at=at)
    return session_id


@pytest.fixture
def world(tmp_path):
    study, engine = new_study(tmp_path / "study")
    with transaction(engine) as db:
        ids = add_candidates(db, 2)
        enrol(db, "P01", "P02")
    yield study, engine, ids
    engine.dispose()


def found(db, **selection):
    sessions = described(chosen(evidence.sessions(db), **selection))
    ids = sessions["session_id"].tolist()
    return TimingEvidence(
        sessions,
        evidence.trials(db, ids),
        evidence.presentations(db, ids),
        evidence.key_presses(db, ids),
    )


def test_a_session_is_summed_up_as_by_hand(world):
    study, engine, ids = world
    with transaction(engine) as db:
        sit(db, study, ids, TRIALS)
        overall = timing(found(db)).overall
    expected = {
        "n_trials": 5,
        "n_presentations": 8,
        # -4, 6, 30, -50, 0 and 2 ms: the disturbed playing is a restart, the last but two unknown.
        "offset_median_ms": 1.0,
        "offset_spread_ms": 1.4826 * 5,  # distances 5, 5, 29, 51, 1, 1
        "offset_outside_percent": 100 * 2 / 6,
        "offset_noticed_percent": 100 / 6,
        "n_frames_shown": 30 + 90 + 3 + 81 + 90 * 4,
        "n_frames_dropped": 9,
        "dropped_percent": 100 * 9 / (564 + 9),
        "n_flips_late": 3,
        # Six playings of 3 s are 150 flips each, and those that broke off 50 and 5.
        "late_percent": 100 * 3 / (6 * 150 + 50 + 5),
        "n_xruns": 2,
        "n_restarts": 1,
        "n_next_clip": 2,
        "next_clip_median_ms": 100.0,  # 80 and 120
        "next_clip_p95_ms": 118.0,
        "n_replay": 2,
        "replay_median_ms": 80.0,  # 60 and 100
        "replay_p95_ms": 98.0,
        "n_early_presses": 2,
        "warning_median_frames": 1.5,  # 30 ms; the other warning was never seen
        "warning_p95_frames": 1.5,
        "n_failures": 1,
    }
    assert overall == pytest.approx(expected, abs=1e-6)


def test_sessions_and_rigs_are_told_apart(world):
    study, engine, ids = world
    with transaction(engine) as db:
        fine, poor = [rated([playing(1.0, 2)], [])], [rated([playing(1.0, 40)], [])]
        sit(db, study, ids, fine)
        sit(db, study, ids[1:], fine * 2, participant="P02", day=1)
        sit(db, study, ids[3:], poor, host="lab-2", day=2)
        result = timing(found(db))
    assert result.sessions["n_presentations"].tolist() == [1, 2, 1]
    rigs = result.rigs.set_index("host")
    assert rigs["n_presentations"].to_dict() == {"lab-1": 3, "lab-2": 1}
    assert rigs["offset_outside_percent"].to_dict() == {"lab-1": 0.0, "lab-2": 100.0}


def test_what_was_not_observed_is_missing_and_not_zero(world):
    study, engine, ids = world
    with transaction(engine) as db:
        sit(db, study, ids, [rated([playing(1.0)], [])])
        sit(db, study, ids, [])  # left in the welcome
        result = timing(found(db))
    for name in ("offset_median_ms", "offset_outside_percent", "next_clip_median_ms",
                 "replay_p95_ms", "warning_median_frames"):  # fmt: skip
        assert math.isnan(result.overall[name]), name
    assert result.overall["dropped_percent"] == 0
    assert len(result.sessions) == 2
    assert len(result.rigs) == 1


def test_every_wait_is_told_apart_by_its_key(world):
    study, engine, ids = world
    with transaction(engine) as db:
        sit(db, study, ids, TRIALS)
        shown = measured(found(db))
    assert shown["asked_by"].tolist() == [
        "", "", "next clip", "", "replay", "", "replay", "next clip",
    ]  # fmt: skip
    assert shown["wait_ms"].dropna().tolist() == pytest.approx([80, 60, 100, 120])


def test_flags_say_what_makes_times_worth_less(world):
    study, engine, ids = world
    virtual = {"screen": {"is_virtual": True, "period_s": 1 / 60}, "grade": "ungraded"}
    with transaction(engine) as db:
        sit(db, study, ids, [], participant="P01")
        sit(db, study, ids, [], participant="P02", rig=virtual, profile="good")
        sessions = described(chosen(evidence.sessions(db)))
    assert sorted(sessions["flags"]) == [
        "", "simulated person (good), virtual screen, ungraded rig",
    ]  # fmt: skip


def test_sessions_are_chosen_by_the_beginning_of_their_id():
    ids = ["abc1", "abd2", "fff3"]
    sessions = pd.DataFrame(
        {"session_id": ids, "stage": "window", "participant_id": ["P01", "P02", "P02"]}
    )
    assert chosen(sessions, ["abc", "f"])["session_id"].tolist() == ["abc1", "fff3"]
    assert chosen(sessions, [], "P02")["session_id"].tolist() == ["abd2", "fff3"]
    for prefixes, message in ((["ab"], "2 sessions begin with ab"), (["x"], "begins with x.*fff3")):
        with pytest.raises(StoreError, match=message):
            chosen(sessions, prefixes)
    with pytest.raises(StoreError, match="participant P09 has no session"):
        chosen(sessions, [], "P09")


def test_sessions_without_a_window_have_no_times(world):
    study, engine, ids = world
    with transaction(engine) as db:
        sit(db, study, ids, TRIALS[:1], stage="simulated")
        with pytest.raises(StoreError, match="no session has been run in a window yet"):
            chosen(evidence.sessions(db))


def test_the_report_is_written_with_its_tables_and_replaces_nothing_unasked(world, tmp_path):
    study, engine, ids = world
    out = tmp_path / "timing.html"
    with transaction(engine) as db:
        session_id = sit(db, study, ids, TRIALS)
        _, written = write_report(db, study, out, at=AT)
        with pytest.raises(StudyError, match="--overwrite"):
            write_report(db, study, out, at=AT)
        write_report(db, study, out, overwrite=True, at=AT)
        with pytest.raises(ConfigError, match=r"ends in \.html"):
            write_report(db, study, tmp_path / "timing", at=AT)
    page = out.read_text(encoding="utf-8")
    assert page.count('<svg class="figure"') == 4
    assert session_id[:8] in page
    assert "no_audio" in page
    assert re.findall(r'(?:src|href)="(?!#|data:)', page) == []
    tables = {path.stem.removeprefix("timing_"): pd.read_csv(path) for path in written[1:]}
    assert {name: len(table) for name, table in tables.items()} == {
        "sessions": 1, "rigs": 1, "presentations": 8, "warnings": 2, "failures": 1,
    }  # fmt: skip
    assert tables["rigs"].loc[0, "next_clip_median_ms"] == 100
