"""The command, on a session of a simulated person in the real window."""

import os
import subprocess

import pandas as pd
import pytest

from lab.virtual_station import SINK_NAME, virtual_station
from tests.worlds.rating_studies import ROBOT, annotate, annotate_command, ratable_study, table

KINDS = ("short",) * 5


def report(study, *arguments):
    return subprocess.run(
        [*annotate_command(study), "timing-report", *arguments],
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_report_tells_of_a_session_what_the_store_holds(tmp_path):
    study, engine = ratable_study(
        tmp_path, kinds=KINDS, settings={"protocol.trials_per_block": "3"}
    )
    out = tmp_path / "out" / "timing.html"
    early = report(study, "--out", str(out))
    assert (early.returncode, early.stdout) == (1, "")
    assert early.stderr.startswith("error: no session has been run in a window yet")
    assert early.stderr.count("\n") == 1

    with virtual_station() as station:
        run = annotate(study, "--participant", ROBOT, "--simulate", "eager", station=station)
    assert run.returncode == 0, run.stderr
    told = report(study, "--out", str(out))
    assert (told.returncode, told.stderr.strip()) in {(0, ""), (0, "timing")}
    assert told.stdout.startswith("1 session (1 flagged)")

    with engine.connect() as connection:
        kept = pd.read_sql_table("presentation", connection)
        presses = pd.read_sql_table("key_press", connection)
        session_id = pd.read_sql_table("session", connection).loc[0, "id"]
    row = pd.read_csv(out.with_name("timing_sessions.csv")).loc[0]
    assert row["session_id"] == session_id
    assert row["n_presentations"] == len(kept)
    assert row["n_frames_shown"] == kept["n_frames_shown"].sum()
    # Five clips: the first follows the welcome, and the fourth a break.
    assert row["n_next_clip"] + row["n_replay"] == kept["asked_s"].notna().sum()
    assert row["n_next_clip"] == 3
    assert row["n_early_presses"] == presses["early"].sum()
    warned = presses.loc[presses["early"], "warned_s"] - presses.loc[presses["early"], "t_s"]
    assert (warned > 0).all()
    assert (kept["onset_s"] - kept["asked_s"]).dropna().gt(0).all()
    assert "rehearsal; simulated people; virtual screen" in out.read_text(encoding="utf-8")

    again = report(study, "--out", str(out))
    assert (again.returncode, again.stdout) == (1, "")
    assert "--overwrite" in again.stderr
    unknown = report(study, "--out", str(out), "--overwrite", "--session", "xyz")
    assert (unknown.returncode, unknown.stderr) == (
        1, f"error: no session begins with xyz. The last ones are {session_id[:8]}\n",
    )  # fmt: skip
    chosen = report(study, "--out", str(out), "--overwrite", "--session", session_id[:6])
    assert (chosen.returncode, chosen.stdout) == (0, told.stdout)


def test_flashes_and_beeps_are_played_where_clips_stand(tmp_path):
    study, engine = ratable_study(tmp_path, kinds=("missing",))
    engine.dispose()
    with virtual_station() as station:
        run = subprocess.run(
            [*annotate_command(study), "flash-and-beep", "--plays", "1"],
            env=station,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert (run.returncode, run.stdout) == (0, "3 flashes in 1 plays\n"), run.stderr


@pytest.mark.timing
def test_a_rig_is_checked_from_end_to_end_through_the_monitor_of_its_sound(tmp_path):
    study, engine = ratable_study(tmp_path, kinds=("missing",))
    with virtual_station() as station:
        told, unknown = (
            subprocess.run(
                [*annotate_command(study), "check-rig", "--loopback", source],
                env=station,
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            for source in (f"{SINK_NAME}.monitor", "nowhere")
        )
    assert told.stderr == ""
    assert told.returncode == 0
    check = table(engine, "rig_check").iloc[0]
    engine.dispose()
    assert check["grade"] == "not applicable"
    assert check["measurements"]["av_offset"]["value"] < 45  # other work on the machine may delay
    assert check["measurements"]["keyboard_path"]["value"] is not None
    assert "av_offset" in told.stdout
    assert unknown.returncode == 1
    assert unknown.stderr.startswith("error: nothing came from nowhere.")
    assert unknown.stderr.count("\n") == 1
