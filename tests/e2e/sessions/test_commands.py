"""The experimenter's desk as a person uses it: commands, what they print, how they end."""

import shlex
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from typer.main import get_command
from typer.testing import CliRunner

from sessions.__main__ import app
from study.errors import StudyError
from study.store import open_store, transaction
from study.store.plan import assignments, exercises, ground_truths
from study.vocabulary import Phase
from tests.worlds.studies import AT, add_candidates, new_study, rate

CONSENT = ("--form-version", "1.0", "--ethics-approval", "ERN-18-1", "--experimenter", "AB")


def run(*arguments, study: Path, expect: int = 0) -> str:
    """Run a command in this process; return what it printed, or its error."""
    result = CliRunner().invoke(app, [*map(str, arguments), "--study", str(study)])
    if not expect:
        assert result.exit_code == 0, result.exception or result.output
        return result.output
    assert isinstance(result.exception, StudyError), result.exception
    return str(result.exception)


def printed(*arguments, study: Path) -> str:
    """Run a command that ends with an error; return what it printed before."""
    return CliRunner().invoke(app, [*map(str, arguments), "--study", str(study)]).stdout


def test_the_process_ends_with_one_line_and_exit_code_1(desk):
    command = [sys.executable, "-m", "sessions", "pay", "P09", "--study", str(desk)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr.startswith("error: participant P09 is not enrolled")
    assert len(result.stderr.splitlines()) == 1


@pytest.fixture
def desk(tmp_path):
    """A real study with 36 candidates, three of them sampled as ground truths."""
    study, engine = new_study(tmp_path / "study")
    (study.folder / "study.toml").write_text(
        'demographics = ["age", "sex", "hearing_normal", "vision_normal", "town"]\n'
        '[placeholders]\ncontact = "the lab"\n'
    )
    with transaction(engine) as db:
        clips = add_candidates(db, 6)
        ground_truths.add_sample(db, clips[::12], AT)
    engine.dispose()
    return study.folder


def fill_in(path: Path) -> None:
    lines = path.read_text().splitlines()
    filled = [line[:-1] + "3,It is seen and heard." for line in lines[1:]]
    path.write_text("\n".join([lines[0], *filled]) + "\n")


def reasons_of(folder: Path) -> str:
    engine = open_store(f"sqlite:///{folder / 'store.sqlite'}")
    with transaction(engine) as db:
        found = exercises.frame(db)["reasoning"]
        assert len(found) == 12
    engine.dispose()
    return " ".join(found)


def sit_exercise(folder: Path, participant_id: str, phase: Phase) -> None:
    engine = open_store(f"sqlite:///{folder / 'store.sqlite'}")
    with transaction(engine) as db:
        clips = exercises.frame(db, phase, 1)["candidate_id"].tolist()
        rate(db, participant_id, dict.fromkeys(clips, 3), phase=phase)
    engine.dispose()


def test_from_the_first_participant_to_the_last_payment(desk):
    draft = desk / "draft.csv"
    for person in ("P01", "P02", "P03"):
        assert f"enrolled {person} (human)" in run("enrol", person, *CONSENT, study=desk)
    assert "no clips have been chosen for training and screening" in (
        run("plan", study=desk, expect=1)
    )
    assert "12 clips to rate" in run(
        "set-exercise", "--sample", "--screening-sets", "1", "--out", draft, study=desk
    )
    told = printed("set-exercise", draft, study=desk)
    assert told.count("the expert gives a rating") == 12
    fill_in(draft)
    assert "6 training clips, 6 screening clips" in run("set-exercise", draft, study=desk)
    draft.write_text(draft.read_text().replace("It is seen", "It is clearly seen"))
    assert "clips; training set 1 was replaced; screening set 1 was replaced" in (
        run("set-exercise", draft, study=desk)
    )
    assert "clearly seen" in reasons_of(desk)
    assert "planned: 72 ratings of 24 clips" in run("plan", study=desk)
    shown = run("show", "P03", study=desk)
    assert "next: training: 0 of 6 clips are rated" in shown
    assert "to start it: python -m annotator --participant P03" in shown
    for phase in (Phase.TRAINING, Phase.SCREENING):
        sit_exercise(desk, "P03", phase)
    assert "P03, screening 1: passed, 6 of 6 right, 6 needed" in run("screening", "P03", study=desk)
    assert "next: annotation: 0 of 24 clips are rated" in run("show", "P03", study=desk)
    assert "passed 6/6" in run("status", study=desk)
    assert "training set 1 cannot be changed: P03 rated clips of it. Nothing was changed" in run(
        "set-exercise", draft, study=desk, expect=1
    )
    assert "2 sessions" in run("pay", "P03", "--settle", "--by", "AB", study=desk)
    assert "has been paid for everything" in run("pay", "P03", "--settle", study=desk, expect=1)
    assert "no findings" in run("check", "--no-clips", study=desk)
    assert "0 ratings removed" in run("withdraw", "P03", "--ratings", "keep", study=desk)
    assert "1 finding. Do what" in run("check", "--no-clips", study=desk, expect=1)
    assert "moved: 24 ratings" in (
        run("enrol", "P04", *CONSENT, study=desk) and run("reassign", study=desk)
    )
    assert "no findings" in run("check", "--no-clips", study=desk)
    assert "store-" in run("backup", study=desk)
    assert "erased P03" in run("erase", "P03", "--yes", study=desk)


def test_who_is_erased_is_in_no_byte_of_the_store_and_copies_are_named(desk):
    person = "QZ9021"
    run("enrol", person, *CONSENT, study=desk)
    run("demographics", person, "--age", 30, "--answer", "town=Zyxwvut", study=desk)
    run("backup", "--out", desk / "backups" / "old.sqlite", study=desk)
    (desk / "logs").mkdir(mode=0o700)
    (desk / "logs" / "today.log").write_text(f"{person} rated clip 7\n")
    run("deal", "--participants", person, "--out", desk / "laptop.sqlite", study=desk)
    run("merge", desk / "laptop.sqlite", "--final", study=desk)
    told = run("erase", person, "--yes", study=desk)
    assert "old.sqlite still holds them (0 ratings)" in told
    assert "laptop file laptop.sqlite still holds them" in told
    assert "today.log still names them" in told
    for path in desk.glob("store.sqlite*"):
        content = path.read_bytes()
        assert person.encode() not in content
        assert b"Zyxwvut" not in content
    assert "no findings" in run("check", "--no-clips", study=desk)


def test_a_back_up_never_replaces_the_store_itself(desk):
    store = desk / "store.sqlite"
    message = run("backup", "--out", store, "--overwrite", study=desk, expect=1)
    assert "is the store itself" in message


def test_sheets_are_printed_and_a_missing_word_is_named(desk, tmp_path):
    out = tmp_path / "sheets"
    assert "1 sheet in" in run("print-sheet", "sheet", "--out", out, study=desk)
    assert (out / "sheet.pdf").read_bytes().startswith(b"%PDF")
    message = run("print-sheet", "consent", "--out", out, study=desk, expect=1)
    assert "needs a value for consent_version, ethics_approval, institution" in message


def test_demographics_go_out_in_bands(desk, tmp_path):
    run("enrol", "P01", *CONSENT, study=desk)
    run("demographics", "P01", "--age", 63, "--sex", "male", "--hearing-normal", study=desk)
    table = tmp_path / "people.csv"
    run("export-demographics", "--out", table, study=desk)
    assert "63" not in table.read_text()
    assert "1 participant was recruited" in run("participants-text", study=desk)
    assert "range 63-63" in run("participants-text", "--exact", "--by", "AB", study=desk)


def test_a_further_screening_is_drawn_beside_those_that_there_are(desk):
    draft = desk / "draft.csv"
    for sampled, kept in (("18 clips", "6 training clips, 12"), ("6 clips", "0 training clips, 6")):
        n_sets = 2 if sampled == "18 clips" else 1
        told = run("set-exercise", "--sample", "--screening-sets", n_sets, "--out", draft,
                   "--overwrite", study=desk)  # fmt: skip
        assert f"{sampled} to rate" in told
        fill_in(draft)
        assert f"{kept} screening clips" in run("set-exercise", draft, study=desk)
    engine = open_store(f"sqlite:///{desk / 'store.sqlite'}")
    with transaction(engine) as db:
        assert exercises.set_sizes(db, Phase.SCREENING) == {1: 6, 2: 6, 3: 6}
        assert not set(ground_truths.sampled(db)) & set(exercises.frame(db)["candidate_id"])
    engine.dispose()


def test_a_plan_waits_for_ground_truths_and_leaves_simulated_people_out(tmp_path):
    study, engine = new_study(tmp_path / "study")
    (study.folder / "study.toml").touch()
    with transaction(engine) as db:
        clips = add_candidates(db, 6)
    run("enrol", "P01", study=study.folder)
    run("enrol", "S01", "--kind", "simulated", study=study.folder)
    waiting = run("plan", study=study.folder, expect=1)
    assert waiting.startswith("no candidates have been sampled for ground truths")
    with transaction(engine) as db:
        ground_truths.add_sample(db, clips[::12], AT)
    engine.dispose()
    refused = run("plan", "--participant", "S01", study=study.folder, expect=1)
    assert "simulated in a real study. Who can: P01" in refused


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("enrol", "Anna"), "cannot be an id"),
        (("consent", "P09", *CONSENT), "P09 is not enrolled"),
        (("plan",), "0 participants can rate and 3 are needed"),
        (("extend", "P09"), "P09 is not enrolled"),
        (("reassign", "P09"), "P09 is not enrolled"),
        (("pay", "P09"), "P09 is not enrolled"),
        (("screening", "P09"), "P09 is not enrolled"),
        (("merge", "nowhere.sqlite"), "no file nowhere.sqlite"),
        (("set-exercise", "nowhere.csv"), "no file nowhere.csv"),
        (("demographics", "P09"), "no answer was given"),
        (("demographics", "P09", "--answer", "age=old"), "age has an option of its own"),
        (("demographics", "P09", "--answer", "handedness"), "Give it as question=answer"),
        (("close", "P09", "--reason", " "), "--reason is empty"),
        (("close", "P09", "--reason", "see jo@example.org"), "--reason contains an address"),
        (("write-off-laptop", "a.sqlite", "--reason", "x" * 201), "longer than 200 characters"),
        (("backup", "--out", "/proc/no.sqlite"), "/proc/no.sqlite cannot be written"),
        (("deal", "--participants", "P09", "--out", "l.sqlite"), "P09 is not enrolled"),
        (("end-session", "P09"), "P09 is not enrolled"),
        (
            ("correct-ground-truth", "a/b.mp4", "--rating", 1, "--by", "AB", "--reason", "x"),
            "a/b.mp4 is not among the 3 sampled ground truths",
        ),
        (("plan", "--further"), "set protocol.rating_rule"),
        (("list", "--store", "mysql://u:secret@a/b"), "mysql://u:***@a/b is not a store URL"),
        (("list", "--store", "postgresql+asyncpg://a/b"), "Expected sqlite:///path or postgresql"),
    ],
)
def test_a_wrong_command_is_one_line_and_changes_nothing(desk, arguments, message):
    error = run(*arguments, study=desk, expect=1)
    assert message in error
    assert len(error.splitlines()) == 1
    engine = open_store(f"sqlite:///{desk / 'store.sqlite'}")
    with transaction(engine) as db:
        assert not assignments.exist(db)
    engine.dispose()


def test_the_audit_log_can_be_read_by_person_and_as_a_table(desk, tmp_path):
    run("enrol", "P01", *CONSENT, "--by", "AB", study=desk)
    run("enrol", "P02", study=desk)
    lines = run("audit-log", "P01", study=desk).splitlines()
    assert [line.split()[2:5] for line in lines[:-1]] == [
        ["AB", "enrol", "P01"],
        ["AB", "consent", "P01"],
    ]
    assert lines[-1] == "2 events"
    run("audit-log", "--out", tmp_path / "log.csv", study=desk)
    table = pd.read_csv(tmp_path / "log.csv")
    assert table["action"].tolist() == ["init", "enrol", "consent", "enrol"]


def test_a_statement_that_cannot_be_written_leaves_everything_unpaid(desk, tmp_path):
    run("enrol", "P01", *CONSENT, study=desk)
    engine = open_store(f"sqlite:///{desk / 'store.sqlite'}")
    with transaction(engine) as db:
        rate(db, "P01", {1: 3}, minutes=1)
    engine.dispose()
    (tmp_path / "taken.md").write_text("an older statement")
    for out, message in ((tmp_path, "one that ends in"), (tmp_path / "taken.md", "exists")):
        assert message in run("pay", "P01", "--settle", "--out", out, study=desk, expect=1)
    assert "10p owed" in run("pay", "P01", study=desk)
    assert "paid now: 10p" in run(
        "pay", "P01", "--settle", "--out", tmp_path / "new.md", study=desk
    )
    assert "| yes |" in (tmp_path / "new.md").read_text()


COMMANDS = get_command(app)


@pytest.mark.parametrize("name", sorted(COMMANDS.commands))
def test_the_help_of_every_command_has_an_example_that_can_be_typed(name):
    command = COMMANDS.load(name)
    assert [parameter.name for parameter in command.params if not parameter.help] == []
    result = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert command.epilog in result.output
    prefix, example = command.epilog.split("python -m sessions ")
    assert prefix == "Example: "
    first, *arguments = shlex.split(example)
    assert first == name
    command.make_context(name, arguments)
