"""A day at the screen with real keys: nobody types a phase, and nobody sees a terminal."""

import subprocess
import sys

import pytest

from study.store import transaction
from study.store.people import participants
from study.store.plan import exercises
from study.store.plan.exercises import ExerciseClip
from study.vocabulary import ParticipantKind, Phase
from tests.worlds.rating_studies import PERSON, finished, ratable_study, started, table, truth
from tests.worlds.screens import Rectangle
from tests.worlds.studies import AT, CONSENT

NEW = "P04"


@pytest.fixture
def lab(tmp_path):
    """A rehearsal in which P04 has consented and done nothing, and P03 may rate."""
    study, engine = ratable_study(tmp_path, kinds=("short",) * 6)
    with transaction(engine) as db:
        participants.add(db, participant_id=NEW, kind=ParticipantKind.HUMAN, at=AT)
        participants.add_consent(db, NEW, CONSENT)
    return study, engine


def type_in(view, *keys):
    for key in keys:
        view.turn_page(key)


def test_the_screen_asks_who_is_there_and_offers_what_was_meant(lab, station, view):
    study, engine = lab
    process = started(study, station, "--trials", "1")
    try:
        view.wait_for(view.is_page)  # who are you?
        type_in(view, "p", "1", "BackSpace", "3", "Return")  # did you mean P03?
        type_in(view, "Return")  # next: rating clips
        type_in(view, "Return")  # welcome
        view.press("space")
        view.wait_for(view.is_prompt)
        view.press("2")
        view.wait_for(view.is_page)  # the session is over
        view.press("space")
    finally:
        code, out, err = finished(process)
    assert (code, err) == (0, "")
    assert f"{PERSON}: 1 annotation rating; 1 of 6 clips are rated (limit)" in out
    assert table(engine, "rating")[["participant_id", "rating"]].to_numpy().tolist() == [
        [PERSON, 2]
    ]


def test_who_may_not_start_is_told_on_the_screen_and_a_kiosk_asks_the_next_one(lab, station, view):
    study, engine = lab
    process = started(study, station, "--kiosk", "--trials", "1")
    try:
        view.wait_for(view.is_page)
        type_in(view, "p", "0", "4", "Return", "Return")  # no clips have been chosen: refused
        type_in(view, "Return")  # who are you?
        type_in(view, "p", "0", "3", "Return", "Return", "Return")
        view.press("space")
        view.wait_for(view.is_prompt)
        view.press("1")
        view.wait_for(view.is_page)
        type_in(view, "space")  # who are you?
        type_in(view, "Escape")
        view.press("y")
    finally:
        code, out, err = finished(process)
    assert (code, err) == (0, "")
    assert out.splitlines() == [f"{PERSON}: 1 annotation rating; 1 of 6 clips are rated (limit)"]
    assert len(table(engine, "rating")) == 1


def test_training_waits_for_the_experimenters_key_and_flags_are_kept(lab, station, view):
    study, engine = lab
    with transaction(engine) as db:
        clips = [ExerciseClip(i, Phase.TRAINING, 1, i, truth(i), "It barks.") for i in (1, 2)]
        exercises.add_many(db, clips)
    process = started(study, station, "--participant", NEW)
    try:
        view.wait_for(view.is_page)  # next: the training
        before = view.pixels(Rectangle(0, 0, 1280, 800)).copy()
        for key in ("space", "Return", "1"):
            view.press(key)
        assert (view.pixels(Rectangle(0, 0, 1280, 800)) == before).all()
        type_in(view, "F10")  # welcome
        view.press("space")
        view.wait_for(view.is_prompt)
        view.press("F9")
        view.press_until("1", view.is_page)  # the expert's rating
        view.press("Escape")
        view.press("y")
    finally:
        code, out, err = finished(process)
    assert (code, err) == (0, "")
    assert f"{NEW}: 1 training rating; 1 of 2 clips are rated (left)" in out
    assert f"1 trial flagged as disturbed. To say why: python -m sessions note {NEW}" in out
    flagged = table(engine, "flag")[["kind", "flagged_by"]].to_numpy().tolist()
    assert flagged == [["trial_disturbed", "experimenter"]]


def test_what_keeps_an_icon_from_opening_the_task_stands_on_the_screen(station, view, tmp_path):
    command = [sys.executable, "-m", "annotator", "--launched", "--study", str(tmp_path)]
    process = subprocess.Popen(command, env=station, stderr=subprocess.PIPE, text=True)
    try:
        view.wait_for(view.is_page)
        view.press("Return")
    finally:
        code, _, err = finished(process)
    assert code == 1
    assert err.startswith("error: no study.toml in")
