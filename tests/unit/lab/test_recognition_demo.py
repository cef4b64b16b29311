import importlib

import pandas as pd
import pytest
import typer

from lab import demo
from lab.entries import begin_journal
from lab.observing.stimuli import OF_A_STIMULUS
from lab.recognition.demo import closing_lines_of_recognition
from lab.recognition.lists import FULL_RECOGNITION, SMALLEST_RECOGNITION, write_lists
from lab.recognition.state import RecognitionState
from lab.recognition.steps import RECOGNITION_TITLES, recognition_steps
from study.errors import ConfigError

SIZES = [FULL_RECOGNITION, SMALLEST_RECOGNITION]


@pytest.mark.parametrize("size", SIZES)
def test_every_command_is_one_that_its_program_takes(size, tmp_path):
    for each in recognition_steps(tmp_path, size, weights=tmp_path):
        program, *words = each.command
        command = typer.main.get_command(importlib.import_module(f"{program}.__main__").app)
        while hasattr(command, "commands") and words and words[0] in command.commands:
            name = words.pop(0)
            command = command.load(name) or command.commands[name]
        command.make_context(program, list(words)).close()


def test_twelve_answer_on_the_simulated_stage_and_one_in_the_window(tmp_path):
    steps = recognition_steps(tmp_path, FULL_RECOGNITION)
    assert {s.part for s in steps} == set(range(1, len(RECOGNITION_TITLES) + 1))
    assert sum(s.in_window for s in steps) == 1
    assert FULL_RECOGNITION.n_people == 12
    assert sum("train" in s.command for s in steps) == 2


@pytest.mark.parametrize("size", SIZES)
def test_no_clip_is_learned_from_and_shown_and_no_class_is_missing(size, tmp_path):
    write_lists(tmp_path, size)
    lists = {
        name: pd.read_csv(tmp_path / f"{name}.csv") for name in ("test", "train", "validation")
    }
    together = pd.concat(lists.values())
    assert not together.duplicated(["video_location", "filename"]).any()
    for rows in lists.values():
        assert set(rows["avmit_label"]) == set(size.classes)
    assert (lists["test"].groupby("avmit_label").size() == size.n_test).all()


def test_a_demo_of_ratings_is_not_gone_on_with_as_one_of_recognition(tmp_path):
    begin_journal(tmp_path)
    (tmp_path / "mit").mkdir()
    with pytest.raises(ConfigError, match=r"a demo of ratings\. Pass --fresh"):
        demo._check_folder(tmp_path, 160, fresh=False, recognition=True)
    write_lists(tmp_path, SMALLEST_RECOGNITION)
    with pytest.raises(ConfigError, match="a demo of people against networks"):
        demo._check_folder(tmp_path, 160, fresh=False)


def test_clips_are_made_when_the_manifest_has_every_condition_or_a_refusal_is_known(tmp_path):
    write_lists(tmp_path, SMALLEST_RECOGNITION)
    (tmp_path / "mit").mkdir()
    found, stimuli = RecognitionState(tmp_path), tmp_path / "stimuli"
    stimuli.mkdir()
    (stimuli / "contact_page.html").touch()
    assert not found.has_stimuli()
    clips = pd.read_csv(tmp_path / "test.csv")["filename"]
    rows = [
        dict.fromkeys(OF_A_STIMULUS, "") | {
            "filename": f"{condition}/{clip[:-4]}.mkv", "condition": condition, "source": clip,
            "modality": "audiovisual", "sha256": "",
        }
        for condition in ("plain", "sound_only")
        for clip in clips
    ]  # fmt: skip
    for row in rows:
        (stimuli / row["filename"]).parent.mkdir(parents=True, exist_ok=True)
        (stimuli / row["filename"]).touch()

    def is_done(made, refused=()):
        pd.DataFrame(made).to_csv(stimuli / "manifest.csv", index=False)
        columns = ["condition", "source"]
        pd.DataFrame(refused, columns=columns).to_csv(stimuli / "rejects.csv", index=False)
        return found.has_stimuli()

    assert is_done(rows)
    assert not is_done(rows[1:])
    assert is_done(rows[1:], [(rows[0]["condition"], rows[0]["source"])])
    assert closing_lines_of_recognition(tmp_path)[1] == f"1 clip refused: {stimuli}/rejects.csv"
    n = len(clips)
    assert not is_done(rows[n:], [(row["condition"], row["source"]) for row in rows[:n]])
    (stimuli / rows[-1]["filename"]).unlink()
    assert not is_done(rows)
