"""What goes wrong in a session: the participant calls the experimenter, and nothing is lost."""

import resource
import signal
import time

from lab.virtual_station import sound_server
from tests.worlds.rating_studies import (
    PERSON,
    RATES,
    annotate,
    finished,
    ratable_study,
    started,
    table,
)


def test_a_second_annotator_is_refused_and_a_terminated_one_keeps_its_ratings(
    station, view, tmp_path
):
    study, engine = ratable_study(tmp_path, kinds=("short",) * 4)
    process = started(study, station)
    try:
        view.wait_for(view.is_page)
        view.press("space")
        view.wait_for(view.is_prompt)
        view.press("1")
        second = annotate(study, "--participant", PERSON, station=station)
        view.wait_for(view.is_prompt)
        process.send_signal(signal.SIGTERM)
    finally:
        code, out, _ = finished(process)
    assert second.returncode == 1
    assert "participant P03 has a session open on" in second.stderr
    assert f"(process {process.pid}) since" in second.stderr
    assert len(second.stderr.splitlines()) == 1
    assert (code, out) == (0, "P03: 1 annotation rating; 1 of 4 clips are rated (left)\n")
    assert table(engine, "rating")["candidate_id"].tolist() == [1]
    assert table(engine, "session")["end_reason"].tolist() == ["left"]


def test_a_locked_store_calls_the_experimenter_and_the_rating_is_kept_on_retry(
    station, view, tmp_path
):
    study, engine = ratable_study(tmp_path, kinds=("short",) * 2)
    process = started(study, station, *RATES, "--trials", "1")
    try:
        view.wait_for(view.is_page)
        view.press("space")
        view.wait_for(view.is_prompt)
        with engine.begin():  # another program holds the store
            view.press("2")
            view.wait_for(view.is_page)
        view.turn_page("Return")
        view.press("space")  # the session is over
    finally:
        code, out, err = finished(process)
    assert (code, err) == (0, "")
    assert "1 annotation rating; 1 of 2 clips" in out
    assert table(engine, "rating")[["candidate_id", "rating"]].to_numpy().tolist() == [[1, 2]]
    assert table(engine, "session")["end_reason"].tolist() == ["ended"]


def test_a_disk_that_takes_no_more_calls_the_experimenter_and_the_rating_is_kept_on_retry(
    station, view, tmp_path
):
    study, engine = ratable_study(tmp_path, kinds=("short",) * 2)
    process = started(study, station)
    try:
        view.wait_for(view.is_page)
        view.press("space")
        view.wait_for(view.is_prompt)
        # From now on no file of the process may grow, as on a disk that is full.
        before = resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1, -1))
        view.press("3")
        view.wait_for(view.is_page)
        view.press("Return")  # there is no room yet
        view.wait_for(view.is_page)
        assert table(engine, "rating").empty
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, before)
        view.press("Return")
        view.wait_for(view.is_prompt)
        view.press("1")
        view.wait_for(view.is_page)
        view.press("space")
    finally:
        code, out, err = finished(process)
    assert (code, err) == (0, "")
    assert "2 of 2 clips are rated (finished)" in out
    ratings = table(engine, "rating")
    assert ratings[["candidate_id", "rating"]].to_numpy().tolist() == [[1, 3], [2, 1]]
    assert len(table(engine, "trial")) == 2


def test_who_leaves_while_the_disk_is_full_is_asked_and_only_the_last_rating_is_open(
    station, view, tmp_path
):
    study, engine = ratable_study(tmp_path, kinds=("short",) * 2)
    process = started(study, station)
    try:
        view.wait_for(view.is_page)
        view.press("space")
        view.wait_for(view.is_prompt)
        view.press("1")
        view.wait_for(view.is_clip)
        view.wait_for(view.is_prompt)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1, -1))
        view.press("3")
        view.wait_for(view.is_page)
        view.turn_page("Escape")
        view.press("y")
    finally:
        code, _, err = finished(process)
    assert code == 1
    # The limit stands in for a full disk and reaches the graphics driver as well, which says so.
    ours = [line for line in err.splitlines() if not line.startswith("ftruncate() failed")]
    assert len(ours) == 1
    assert ours[0].startswith("error: store sqlite:///")
    assert "Free some space on its disk" in ours[0]
    assert table(engine, "rating")["candidate_id"].tolist() == [1]
    again = annotate(
        study, "--participant", PERSON, "--simulate", "perfect", "--speed", "max", station=station
    )
    assert "1 annotation rating; 2 of 2 clips are rated (finished)" in again.stdout
    assert table(engine, "session")["end_reason"].tolist() == ["abandoned", "ended"]


def test_headphones_that_go_away_call_the_experimenter_and_the_clip_plays_again(
    station, view, tmp_path
):
    study, engine = ratable_study(tmp_path, kinds=("plain", "short"))
    sound = tmp_path / "sound"
    sound.mkdir()
    with sound_server(sound) as address:
        process = started(study, station | {"PULSE_SERVER": address})
        view.wait_for(view.is_page)
        view.press("space")
        view.wait_for(view.is_clip)
    try:
        view.wait_for(view.is_page)  # call the experimenter
        view.press("Return")  # the device is not back yet
        time.sleep(1)
        view.wait_for(view.is_page)
        with sound_server(sound):
            view.press_until("Return", view.is_clip)
            view.wait_for(view.is_prompt)
            view.turn_page("1")
            view.wait_for(view.is_prompt)
            view.press("2")
            view.wait_for(view.is_page)
            view.press("space")
            code, out, _ = finished(process)
    finally:
        finished(process, timeout_s=1)
    assert (code, "2 of 2 clips are rated (finished)" in out) == (0, True)
    ratings = table(engine, "rating")
    columns = ["candidate_id", "rating", "n_replays", "n_early_presses"]
    assert ratings[columns].to_numpy().tolist() == [[1, 1, 0, 0], [2, 2, 0, 0]]
    assert table(engine, "trial")["outcome"].tolist() == ["rated", "rated"]
    shown = table(engine, "presentation")
    assert shown.loc[shown["trial_id"] == 1, "interrupted"].tolist() == [True, False]


def test_headphones_that_go_away_between_two_clips_do_not_freeze_the_screen(
    station, view, tmp_path
):
    study, engine = ratable_study(tmp_path, kinds=("short", "short"))
    sound = tmp_path / "sound"
    sound.mkdir()
    with sound_server(sound) as address:
        process = started(study, station | {"PULSE_SERVER": address})
        view.wait_for(view.is_page)
        view.press("space")
        view.wait_for(view.is_prompt)
    try:
        view.press("1")
        view.wait_for(view.is_page)  # call the experimenter
        view.turn_page("Escape")
        view.press("y")
        code, out, _ = finished(process)
    finally:
        finished(process, timeout_s=1)
    assert (code, "1 of 2 clips are rated (left)" in out) == (0, True)
    assert table(engine, "rating")["candidate_id"].tolist() == [1]
    assert table(engine, "session")["end_reason"].tolist() == ["left"]


def test_a_clip_during_which_the_machine_stood_still_plays_again(station, view, tmp_path):
    study, engine = ratable_study(tmp_path, kinds=("plain", "short"))
    process = started(study, station, *RATES, "--trials", "1")
    try:
        view.wait_for(view.is_page)
        view.press("space")
        view.wait_for(view.is_clip)
        process.send_signal(signal.SIGSTOP)
        time.sleep(4.0)  # longer than the clip
        process.send_signal(signal.SIGCONT)
        view.wait_for(view.is_prompt)
        view.press_until("3", view.is_page)  # the session is over
        view.press("space")
    finally:
        code, _, err = finished(process)
    assert (code, err) == (0, "")
    shown = table(engine, "presentation")
    assert shown[["interrupted", "disturbed"]].iloc[0].tolist() == [True, True]
    assert not shown["interrupted"].iloc[-1]
    assert shown["n_frames_shown"].iloc[-1] > 60
    assert table(engine, "rating")[["rating", "n_replays"]].to_numpy().tolist() == [[3, 0]]
