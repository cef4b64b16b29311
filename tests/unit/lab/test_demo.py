import importlib
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import typer

from lab import demo
from lab.entries import JOURNAL_NAME, DemoEntry, add_entry, begin_journal, read_entries
from lab.size import FULL, SMALLEST
from lab.steps import PROFILES, TITLES, DemoStep, steps_of, typed
from study.errors import ConfigError, StageError, StudyError
from study.init import init_study
from study.rehearsal.simulated_people import PROFILES as KNOWN_PROFILES

VERSION = ("study", "--help")


def found_demo(folder, rehearsal=True):
    (folder / "mit").mkdir(parents=True)
    init_study(folder, ["rehearsal=true"] if rehearsal else [], datetime.now(UTC))


def step(command=VERSION, done=lambda: False, part=1):
    return DemoStep(part, "say what it can do", command, done)


@pytest.mark.parametrize("size", [FULL, SMALLEST])
def test_every_command_of_the_demo_is_one_that_its_program_takes(size, tmp_path):
    for each in steps_of(tmp_path, size, weights=tmp_path):
        program, *words = each.command
        command = typer.main.get_command(importlib.import_module(f"{program}.__main__").app)
        while hasattr(command, "commands") and words and words[0] in command.commands:
            name = words.pop(0)
            command = command.load(name) or command.commands[name]
        command.make_context(program, list(words)).close()


def test_the_demo_does_what_a_lab_does_in_its_order(tmp_path):
    steps = steps_of(tmp_path, FULL)
    assert [s.part for s in steps] == sorted(s.part for s in steps)
    assert {s.part for s in steps} == set(range(1, len(TITLES)))
    assert sum(s.in_window for s in steps) == len(PROFILES) == 4
    assert sum(s.in_window for s in steps_of(tmp_path, SMALLEST)) == 2
    assert set(PROFILES.values()) <= set(KNOWN_PROFILES)
    assert FULL.n_clips * 0.75 - FULL.n_late_clips > 200


def test_done_steps_are_not_run_again(tmp_path):
    said = []
    done = step(("study", "no-such-command"), done=lambda: True)
    demo.run_steps(tmp_path, [done], TITLES, show=False, say=said.append)
    assert "  say what it can do: done before" in said
    assert "1 of 1 step was done before" in said[-1]
    assert list(read_entries(tmp_path)) == []


def test_a_step_that_fails_stops_the_demo_and_says_how_to_go_on(tmp_path):
    with pytest.raises(
        StudyError, match=r"exit code 2: .*python -m study no-such-command.*goes on"
    ):
        demo.run_steps(
            tmp_path, [step(("study", "no-such-command"))], TITLES, show=False, say=print
        )
    assert list(read_entries(tmp_path)) == []


def test_a_step_that_leaves_no_trace_is_not_taken_as_done(tmp_path):
    with pytest.raises(StudyError, match="ended before its work was complete"):
        demo.run_steps(tmp_path, [step()], TITLES, show=False, say=print)


def test_a_step_that_ran_stands_in_the_journal(tmp_path):
    answers = iter([False, True])
    demo.run_steps(tmp_path, [step(done=lambda: next(answers))], TITLES, show=False, say=print)
    (entry,) = read_entries(tmp_path)
    assert entry.command == typed("study", "--help")
    assert entry.duration_s > 0
    assert entry.said


def test_a_line_of_the_journal_that_was_cut_short_is_passed_over(tmp_path):
    entry = DemoEntry(1, "make clips", "python -m study make-clips", "2026-01-01", 1.5, "done")
    add_entry(tmp_path, entry)
    with (tmp_path / JOURNAL_NAME).open("a") as file:
        file.write(json.dumps({"part": 1})[:-3] + "\n")
    assert list(read_entries(tmp_path)) == [entry]


def test_a_folder_that_no_demo_made_is_left_alone_even_when_asked_to_start_afresh(tmp_path):
    (tmp_path / "thesis.txt").write_text("two years of work")
    for fresh in (False, True):
        with pytest.raises(ConfigError, match="holds files that are not a demo"):
            demo._check_folder(tmp_path, FULL.n_clips, fresh=fresh)


def test_a_file_is_no_place_for_a_demo(tmp_path):
    (tmp_path / "notes").write_text("")
    with pytest.raises(ConfigError, match="notes is a file, not a folder"):
        demo._check_folder(tmp_path / "notes", FULL.n_clips, fresh=False)


@pytest.mark.parametrize("rehearsal", [True, False])
def test_a_study_that_no_demo_made_is_never_removed(rehearsal, tmp_path):
    found_demo(tmp_path / "study", rehearsal=rehearsal)
    with pytest.raises(ConfigError, match="holds files that are not a demo"):
        demo._check_folder(tmp_path / "study", FULL.n_clips, fresh=True)


def test_a_demo_that_was_killed_at_once_is_known_as_one(tmp_path):
    begin_journal(tmp_path)
    (tmp_path / "mit").mkdir()
    demo._check_folder(tmp_path, FULL.n_clips, fresh=False)


def test_two_demos_do_not_run_in_one_folder(tmp_path):
    with (
        demo._alone_in(tmp_path),
        pytest.raises(StudyError, match="another demo is running in"),
        demo._alone_in(tmp_path),
    ):
        pass
    with demo._alone_in(tmp_path):
        pass


def test_a_terminal_that_takes_no_lines_is_not_mistaken_for_another_demo(tmp_path):
    with pytest.raises(BlockingIOError), demo._alone_in(tmp_path):
        raise BlockingIOError


def test_starting_afresh_empties_the_folder_and_leaves_what_a_link_leads_to(tmp_path):
    folder, elsewhere = tmp_path / "demo", tmp_path / "elsewhere"
    begin_journal(folder)
    (folder / "mit/training").mkdir(parents=True)
    elsewhere.mkdir()
    (elsewhere / "clip.mp4").write_text("kept")
    (folder / "mit/linked").symlink_to(elsewhere)
    (folder / "linked").symlink_to(elsewhere)
    (tmp_path / "way").symlink_to(folder)
    demo._empty(tmp_path / "way")
    assert list(folder.iterdir()) == []
    assert (elsewhere / "clip.mp4").is_file()


def test_a_demo_of_another_size_is_not_mixed_with_this_one(tmp_path):
    from study.rehearsal.tree import make_clips

    begin_journal(tmp_path)
    make_clips(tmp_path / "mit", seed=1, n_per_class=1, classes=["tapping"], n_processes=1)
    with pytest.raises(ConfigError, match=r"a demo of 1 clip, not 27\. Pass --fresh"):
        demo._check_folder(tmp_path, SMALLEST.n_clips, fresh=False)
    demo._check_folder(tmp_path, SMALLEST.n_clips, fresh=True)
    one = replace(SMALLEST, classes=("tapping",), clips_per_class=1)
    demo._check_folder(tmp_path, one.n_clips, fresh=False)


def test_a_demo_whose_files_are_broken_can_start_afresh(tmp_path):
    begin_journal(tmp_path)
    (tmp_path / "mit").mkdir()
    (tmp_path / "mit/scenes.csv").write_text("broken")
    with pytest.raises(StudyError):
        demo._check_folder(tmp_path, SMALLEST.n_clips, fresh=False)
    demo._check_folder(tmp_path, SMALLEST.n_clips, fresh=True)


def test_showing_without_a_screen_is_refused_before_anything_is_made(tmp_path, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(StageError, match=r"DISPLAY is not set\. Leave --show out"):
        demo.run_demo(tmp_path / "demo", SMALLEST, show=True, fresh=False, weights=None, say=print)
    assert not (tmp_path / "demo").exists()


def test_without_screen_and_servers_the_missing_package_is_named(tmp_path, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StageError, match=r"Xvfb is not installed.*apt-get install xvfb"):
        demo.run_demo(tmp_path / "demo", SMALLEST, show=False, fresh=False, weights=None, say=print)


def test_weights_that_are_not_there_are_missed_before_anything_is_made(tmp_path, monkeypatch):
    monkeypatch.setenv("DISPLAY", ":0")
    with pytest.raises(ConfigError, match="there is no weights folder"):
        demo.run_demo(
            tmp_path / "demo", FULL, show=True, fresh=False, weights=tmp_path / "none", say=print
        )
    assert not (tmp_path / "demo").exists()
