"""Who is there, asked on the screen; what is typed is a pure function of the keys."""

import pytest
import typer
from typer.testing import CliRunner

from annotator.__main__ import app
from annotator.headphones import check
from annotator.headphones.check import HeadphoneOutcome
from annotator.reception.typing import LONGEST, Typed
from annotator.reception.visit import Visit, receive
from annotator.reception.who import ask_who
from annotator.request import StageOptions
from annotator.session import perform
from annotator.simulated.stage import SimulatedStage
from annotator.task.actor import Actor
from annotator.task.pages import Pages
from annotator.task.trial import KeyPressed, LeaveAsked
from annotator.task.turning import LeftError
from instructions import screens
from sessions.running.session_plan import SessionPlan
from study.config.study import Study, StudyConfig
from study.errors import ConfigError, NotClearedError
from study.store import transaction
from study.store.people import participants
from study.store.people.participants import Consent
from study.store.plan import exercises, ground_truths
from study.store.plan.exercises import ExerciseClip
from study.tools.suggesting import suggested
from study.vocabulary import ParticipantKind, Phase
from tests.worlds.rating_studies import EXPERT, PERSON, ROBOT, ratable_study, table, truth
from tests.worlds.studies import AT, rate


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (["p", "0", "1"], "p01"),
        (["lshift", "p", "0", "1"], "P01"),
        (["rshift", "e", "x"], "Ex"),
        (["lshift", "f10", "e"], "e"),
        (["p", "backspace", "backspace", "q"], "q"),
        (["space", "minus", "up", "3"], "3"),
        (["7"] * (LONGEST + 5), "7" * LONGEST),
    ],
)
def test_letters_and_digits_are_typed_and_nothing_else(keys, text):
    typed = Typed()
    for key in keys:
        typed = typed.after(key)
    assert (typed.text, typed.is_done) == (text, False)


def test_enter_ends_what_is_typed_but_not_nothing():
    assert not Typed().after("return").is_done
    assert Typed("P01").after("return") == Typed("P01", is_done=True)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("p01", "P01"), ("P1", "P01"), ("P001", "P01"), ("expert", "EXPERT"), ("EXPRET", "EXPERT"),
        ("P09", None), ("xx", None), ("", None),
    ],
)  # fmt: skip
def test_a_code_that_is_nearly_right_is_offered_and_never_somebody_elses(written, meant):
    assert suggested(written, ["P01", "P02", "P11", "EXPERT"]) == meant


class Keyboard:
    """A stage of pages whose keys come one by one, a key a frame."""

    def __init__(self, *keys):
        self.keys, self.now_s, self.said = list(keys), 0.0, []

    def show_page(self, page):
        self.said.append((page.name, page.text))

    def change_page(self, text):
        self.said.append(("change", text))

    def poll(self):
        self.now_s += 1
        key = self.keys.pop(0)
        return [LeaveAsked(self.now_s) if key == "escape" else KeyPressed(key, self.now_s)]


def pages():
    nobody = SessionPlan("", Phase.ANNOTATION, 1, (), 0, shows_bonus=False)
    config = StudyConfig()
    return Pages(Study(".", config), nobody, 41, names=screens.of_reception(config))


@pytest.mark.parametrize(
    ("keys", "shown"),
    [
        (["lshift", "p", "0", "1", "return"], {"who"}),
        (["p", "0", "1", "return", "return"], {"who", "who_suggested"}),
        (["p", "0", "1", "return", "n", "lshift", "p", "0", "1", "return"],
         {"who", "who_suggested"}),
        (["z", "9", "return", "space", "lshift", "p", "0", "1", "return"], {"who", "who_unknown"}),
        (["escape", "n", "lshift", "p", "0", "1", "return"], {"who", "leave"}),
    ],
)  # fmt: skip
def test_who_is_there_is_asked_until_somebody_known_is_named(keys, shown):
    stage = Keyboard(*keys)
    assert ask_who(stage, pages(), ["P01", "P02"]) == "P01"
    assert {name for name, _ in stage.said} - {"change"} == shown


def test_what_is_typed_stands_on_the_screen_and_a_near_miss_is_named():
    stage = Keyboard("p", "0", "1", "return", "return")
    ask_who(stage, pages(), ["P01"])
    said = [text for _, text in stage.said]
    assert "**p01_**" in said[3]
    assert said[4].startswith("# Did you mean P01?")


def test_who_leaves_is_asked_first():
    with pytest.raises(LeftError):
        ask_who(Keyboard("p", "escape", "y"), pages(), ["P01"])


def test_a_simulated_person_cannot_type_an_id():
    with pytest.raises(ConfigError, match=r"types no id\. Add --participant"):
        Visit(None, Actor("good"), StageOptions(in_window=False))


@pytest.fixture
def lab(tmp_path):
    return ratable_study(tmp_path, kinds=("missing",) * 4)


def visit(study, who, profile="perfect", **options):
    asked = Visit(who, Actor(profile, hurry=True), StageOptions(in_window=False), **options)
    return receive(asked, perform, study_dir=study.folder, store=None).text


def test_a_simulated_person_does_what_is_next_until_nothing_is_left(lab):
    study, engine = lab
    assert visit(study, ROBOT, n_trials=3).endswith("3 of 4 clips are rated (limit)")
    assert visit(study, ROBOT).endswith("4 of 4 clips are rated (finished)")
    assert visit(study, ROBOT) == "all 4 clips of S01 are rated: nothing is left to do"
    assert len(table(engine, "rating")) == 4


def test_the_simulated_expert_gives_ground_truths_and_is_not_asked(lab):
    study, engine = lab
    with transaction(engine) as db:
        ground_truths.add_sample(db, [3, 4], AT)
    assert "2 ground truth ratings" in visit(study, EXPERT)


def test_who_may_not_start_is_told_what_is_missing(lab):
    study, engine = lab
    with pytest.raises(NotClearedError, match="Did you mean P03"):
        visit(study, "p03")
    with transaction(engine) as db:
        participants.close(db, PERSON, reason="moved away", at=AT)
    with pytest.raises(NotClearedError, match="was closed"):
        visit(study, PERSON)


@pytest.mark.parametrize(("n_right", "exit_code"), [(2, 1), (5, 0)])
def test_a_headphone_check_that_comes_next_and_is_failed_exits_with_1(
    tmp_path, monkeypatch, n_right, exit_code
):
    settings = {"headphones.check": '"huggins"'}
    study, engine = ratable_study(tmp_path, kinds=("missing",) * 4, settings=settings)
    with transaction(engine) as db:
        participants.add(db, participant_id="P04", kind=ParticipantKind.HUMAN, at=AT)
        participants.add_consent(db, "P04", Consent("1.0", "ERN-18-1", "AB", "2026-01-05"))
    done = HeadphoneOutcome("P04", n_right, 6)
    monkeypatch.setattr(check, "perform", lambda *_args, **_options: done)
    command = ["--participant", "P04", "--simulate", "perfect", "--stage", "simulated"]
    run = CliRunner().invoke(app, [*command, "--study", str(study.folder)])
    assert (run.exit_code, run.stdout) == (exit_code, f"{done.in_words()}\n")


def test_the_program_alone_opens_the_task_and_no_help_text():
    command = typer.main.get_command(app)
    assert (command.no_args_is_help, command.invoke_without_command) == (False, True)


@pytest.mark.parametrize("named", [(), ("--phase", "screening")])
@pytest.mark.parametrize(
    ("profile", "said"), [("perfect", "screening_passed"), ("fast-clicker", "screening_not_passed")]
)
def test_a_screening_ends_with_its_result_behind_the_experimenters_key(
    tmp_path, monkeypatch, named, profile, said
):
    study, engine = ratable_study(tmp_path, kinds=("missing",) * 8)
    with transaction(engine) as db:
        clips = [ExerciseClip(i, Phase.SCREENING, 1, i, truth(i), "It barks.") for i in (6, 7, 8)]
        exercises.add_many(db, [ExerciseClip(5, Phase.TRAINING, 1, 0, truth(5), "It barks.")])
        exercises.add_many(db, clips)
        rate(db, ROBOT, {5: truth(5)}, phase=Phase.TRAINING)
    shown = []
    monkeypatch.setattr(SimulatedStage, "show_page", recording(shown, SimulatedStage.show_page))
    command = ["--participant", ROBOT, "--simulate", profile, "--stage", "simulated", *named]
    run = CliRunner().invoke(app, [*command, "--study", str(study.folder)])
    assert run.exit_code == 0, run.output
    waiting, told = shown[-2:]
    assert (waiting.name, told.name) == ("screening_finished", said)
    assert waiting.keys == told.keys == ("f10",)
    assert "passed" not in waiting.text
    assert "of 3 clips as the expert did; 3 are needed" in told.text


def recording(shown, show_page):
    def show(stage, page):
        shown.append(page)
        show_page(stage, page)

    return show
