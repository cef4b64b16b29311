"""The level and the check of the headphones, in the real window."""

import time

import pytest

from tests.worlds.rating_studies import (
    PERSON,
    ROBOT,
    annotate,
    finished,
    ratable_study,
    started,
    table,
)

SETTINGS = {
    "headphones.set_level": "true",
    "headphones.start_gain_db": "-6.0",
    "headphones.max_gain_db": "-4.0",
    "headphones.check": '"antiphase"',
}


def test_the_level_is_set_by_keys_within_its_limits_and_kept_with_the_session(
    station, view, tmp_path
):
    study, engine = ratable_study(tmp_path, kinds=("short",), settings=SETTINGS)
    process = started(study, station)
    try:
        view.wait_for(view.is_page)
        view.turn_page("Up")  # -4 dB, the limit
        view.press("Up")
        time.sleep(1)
        view.turn_page("Down")
        view.press("space")  # no key of this page
        view.turn_page("Return")
        view.press("space")
        view.wait_for(view.is_prompt)
        view.press("1")
        view.wait_for(view.is_page)
        view.press("space")
    finally:
        code, _, err = finished(process)
    assert (code, err) == (0, "")
    assert table(engine, "session")["gain_db"].tolist() == [-6.0]
    assert len(table(engine, "rating")) == 1


def test_a_person_does_the_check_and_its_result_is_kept(station, view, tmp_path):
    study, engine = ratable_study(tmp_path, kinds=("short",), settings=SETTINGS)
    process = started(study, station, "check-headphones", "--participant", PERSON)
    try:
        view.wait_for(view.is_page)
        view.turn_page("Return")  # the level
        view.turn_page("Return")  # what is coming
        view.press("space")  # the sound to listen for, once more
        view.turn_page("Return")
        view.wait_for(view.is_question)
        view.turn_page("1")  # the example, whose answer is told
        view.turn_page("Return")
        for _ in range(6):
            view.wait_for(view.is_question)
            view.turn_page("KP_2")
        view.press("Return")
    finally:
        code, out, err = finished(process)
    # Each place has the target twice; who did not pass ends with 1.
    assert (code, err) == (1, "")
    assert out == "P03: headphone check, 2 of 6 found: not passed, 5 are needed\n"
    check = table(engine, "headphone_check").iloc[0]
    assert (check["participant_id"], check["stimulus"], check["n_right"]) == (
        PERSON,
        "antiphase",
        2,
    )
    assert check["answers"]["answers"] == [2] * 6
    assert check["answers"]["gain_db"] == -6.0
    event = table(engine, "audit_event").iloc[-1]
    assert (event["actor"], event["action"]) == (PERSON, "check headphones")


@pytest.mark.parametrize("stimulus", ["huggins", "antiphase"])
def test_a_simulated_person_passes_on_the_window(station, tmp_path, stimulus):
    settings = SETTINGS | {"headphones.check": f'"{stimulus}"'}
    study, engine = ratable_study(tmp_path, kinds=("short",), settings=settings)
    run = annotate(
        study, "check-headphones", "--participant", ROBOT, "--simulate", "good", "--speed", "max",
        station=station,
    )  # fmt: skip
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout == "S01: headphone check, 6 of 6 found: passed\n"
    assert table(engine, "headphone_check")["n_right"].tolist() == [6]


def test_a_study_without_a_check_says_how_to_choose_one(tmp_path):
    study, _ = ratable_study(tmp_path, kinds=("missing",))
    run = annotate(study, "check-headphones", "--participant", PERSON)
    assert run.returncode == 1
    assert 'headphones.check = "huggins" or "antiphase"' in run.stderr
