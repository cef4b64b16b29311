"""Recognition sessions through the real command line: simulated stage, and the window."""

import subprocess

import pytest

from annotator.recognition.tiles import tiles
from annotator.request import Request, StageOptions
from annotator.session import perform
from annotator.task.actor import Actor
from curation.manipulation.planning.design import read_design
from curation.manipulation.planning.sources import read_sources
from curation.manipulation.running import manipulate
from sessions.recognition.planning import plan_recognition
from study.errors import ConfigError
from study.rehearsal.odd import make_odd_clip
from study.store import transaction
from study.store.desk import Desk
from study.store.people import participants
from study.store.recognition import answers, counted, stimuli
from study.vocabulary import ParticipantKind, Phase
from tests.worlds.rating_studies import annotate, finished, started, table
from tests.worlds.recognition import recognition_study, stimuli_folder
from tests.worlds.stimuli import Kind, write_design, write_source
from tests.worlds.studies import AT, CONSENT

NO_WINDOW = StageOptions(in_window=False)


def planned_study(folder, *, n_people=10, **settings):
    lines = {f"recognition.{key}": value for key, value in settings.items()}
    study, engine = recognition_study(folder, n_people=n_people, settings=lines)
    with transaction(engine) as db:
        plan_recognition(Desk(db, study, "AB", AT))
    return study, engine


def sit(study, who, profile="combining", options=NO_WINDOW, **limits):
    request = Request(who, Phase.RECOGNITION, Actor(profile), options, **limits)
    return perform(request, study_dir=study.folder, store=None)


def test_simulated_people_answer_all_resume_and_are_done(tmp_path):
    study, engine = planned_study(tmp_path, practice="2", confidence="4")
    assert sit(study, "S01", n_trials=5).endswith("(limit)")
    assert "5 recognition answers; 5 of" in sit(study, "S02", n_trials=5)
    assert sit(study, "S01").endswith("(finished)")
    assert sit(study, "S01").endswith("clips are answered")
    with transaction(engine) as db:
        found = answers.frame(db)
        known = stimuli.frame(db).set_index("stimulus_id")
        judged = counted.judged(db, study)
    own = found[found["participant_id"] == "S01"]
    assert own["position"].tolist() == list(range(len(own)))
    assert own["is_practice"].sum() == 2
    assert own["confidence"].between(1, 4).all()
    assert (own["rt_s"] > 0).all()
    assert set(own["answer"]) <= set(known["picture_label"]) - {""}
    assert judged["reason"].eq("").all()
    engine.dispose()


def test_a_sure_observer_is_right_where_somebody_can_be(tmp_path):
    study, engine = planned_study(tmp_path)
    sit(study, "S01", "sure")
    with transaction(engine) as db:
        found = answers.frame(db)
    answerable = found[found["label"] != ""]
    assert (answerable["answer"] == answerable["label"]).all()
    assert len(answerable) < len(found)
    engine.dispose()


def test_a_bonus_is_counted_where_the_study_wants_one_and_else_there_is_none(tmp_path):
    study, engine = planned_study(tmp_path, bonus_pence="2")
    sit(study, "S01", "sure")
    with transaction(engine) as db:
        found = answers.frame(db)
    assert (found["bonus_pence"] == 2 * (found["label"] != "")).all()
    engine.dispose()


def test_somebody_who_rates_cannot_recognise(tmp_path):
    study, engine = planned_study(tmp_path)
    with pytest.raises(ConfigError, match="Choose one of: combining"):
        sit(study, "S01", "good")
    engine.dispose()


@pytest.fixture
def short_clips(tmp_path):
    clips = {"plain": make_odd_clip("short", tmp_path / "short.mp4")}
    return stimuli_folder(
        tmp_path / "stimuli", classes=SIXTEEN, n_per_class=1, conditions=tuple(clips), clips=clips
    )


MANIPULATED = """
[[condition]]
name = "plain"
[[condition]]
name = "black"
modality = "audio"
[[condition]]
name = "silent"
modality = "visual"
[[condition]]
name = "late"
asynchrony_ms = 400
"""


@pytest.fixture
def manipulated_clips(tmp_path):
    """One clip in each of four conditions, as `curation manipulate` makes it, for all classes."""
    source = Kind(sound_s=0.8, picture_s=0.8)
    write_source(tmp_path / "set/barking/a_1.mp4", source)
    design = read_design(write_design(tmp_path / "design.toml", MANIPULATED))
    made = tmp_path / "made"
    done = manipulate(design, read_sources(None, tmp_path / "set"), made, n_processes=1)
    clips = {row.condition: made / row.filename for row in done.rows}
    return stimuli_folder(
        tmp_path / "stimuli", classes=SIXTEEN, n_per_class=1, conditions=tuple(clips), clips=clips
    )


SIXTEEN = (
    "barking", "drumming", "frying", "hammering", "juggling", "knitting", "laughing", "mopping",
    "paddling", "raking", "sawing", "sneezing", "typing", "washing+dishes", "whistling", "yawning",
)  # fmt: skip


def test_two_simulated_people_complete_a_block_in_the_window(station, tmp_path, manipulated_clips):
    settings = {
        "screen.width_px": "1280",
        "recognition.practice": "1",
        "recognition.confidence": "4",
        "recognition.trials_per_block": "8",
        "recognition.fixation_s": "0.2",
    }
    study, engine = recognition_study(
        tmp_path, n_people=8, settings=settings, stimuli=manipulated_clips
    )
    with transaction(engine) as db:
        plan_recognition(Desk(db, study, "AB", AT))
    shots = tmp_path / "shots"
    toml = study.folder / "study.toml"
    for who, keys in (("S01", "0123456789"), ("S02", "abcdefghijklmnop")):
        if who == "S02":  # a key for each class, instead of tiles with numbers
            lines = f'answer = "keys"\nkeys = {list(keys)}\nclasses = {list(SIXTEEN)}'
            text = toml.read_text(encoding="utf-8")
            toml.write_text(text.replace("[recognition]", f"[recognition]\n{lines}"))
        run = annotate(
            study, "--participant", who, "--phase", "recognition", "--simulate", "combining",
            "--trials", "9", "--screenshots", str(shots / who), station=station,
        )  # fmt: skip
        assert (run.returncode, run.stderr) == (0, "")
        assert run.stdout == f"{who}: 9 recognition answers; 9 of 16 clips are answered (limit)\n"
        presses = table(engine, "key_press")
        assert set(presses.loc[presses["trial_id"] > 9 * (who == "S02"), "key"]) <= {*keys, *"1234"}
    found, shown = table(engine, "answer"), table(engine, "presentation")
    assert len(found) == 18
    assert found["confidence"].between(1, 4).all()
    known = table(engine, "stimulus").set_index("id")
    assert set(found["stimulus_id"].map(known["condition"])) == {"plain", "black", "silent", "late"}
    # The evidence is that of ratings: when each clip began and ended, and its sound, silence too.
    assert len(shown) >= 18
    assert shown["sound_started_s"].notna().mean() > 0.8
    # A number of two digits is two presses, and the response time ends with the second.
    presses = table(engine, "key_press")
    first = presses[presses["trial_id"] == 1]
    last = shown[shown["trial_id"] == 1].iloc[-1]
    answer = found[found["trial_id"] == 1].iloc[0]
    assert first["t_s"].iloc[1] - last["offset_s"] == pytest.approx(answer["rt_s"])
    names = {path.stem for path in shots.glob("S01/*")}
    assert {"fixation", "question_both", "question_sound", "question_picture",
            "question_confidence", "practice_over"} <= names  # fmt: skip
    assert "question_both" in {path.stem for path in shots.glob("S02/*")}


def test_a_person_answers_by_mouse(station, view, tmp_path, short_clips):
    study, engine = recognition_study(
        tmp_path, n_people=2, settings={"screen.width_px": "1280", "screen.height_px": "800"},
        stimuli=short_clips, kind=ParticipantKind.HUMAN,
    )  # fmt: skip
    with transaction(engine) as db:
        plan_recognition(Desk(db, study, "AB", AT))
        participants.add_consent(db, "S01", CONSENT)
    places = tiles(16, 1280, 800, margin_px=40, letters_px=24)
    place = places[SIXTEEN.index("raking")]
    middle = (place.left + place.width // 2, 800 - place.bottom - place.height // 2)

    def is_grid():
        return all(view.pixels(each).max() > 200 for each in places)

    with started(study, station, "--participant", "S01", "--phase", "recognition",
                 "--trials", "1") as program:  # fmt: skip
        view.wait_for(view.is_page)
        view.turn_page("space")
        view.wait_for(is_grid)
        subprocess.run(["xdotool", "mousemove", *map(str, middle), "click", "1"],
                       env=station, check=True)  # fmt: skip
        view.wait_for(view.is_page)
        view.press("space")
        code, out, _ = finished(program)
    assert (code, "1 of 16 clips are answered (limit)" in out) == (0, True)
    assert table(engine, "answer")["answer"].tolist() == ["raking"]
    assert f"click_{SIXTEEN.index('raking')}" in table(engine, "key_press")["key"].tolist()
