from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from typer.testing import CliRunner

from study.__main__ import app
from study.classes import TEST_CLASSES, read_classes
from study.config.desk import DeskFiles
from study.config.keys import Keys
from study.config.protocol import Protocol
from study.config.study import Study, StudyConfig, find_study, parse_config
from study.errors import ConfigError, StoreError
from study.init import config_text, findings, init_study
from study.store import open_store, studies, transaction

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def test_an_empty_file_is_the_papers_study():
    assert parse_config("", "study.toml") == StudyConfig()


@given(
    title=st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1),
    seed=st.integers(0, 2**31 - 1),
    per_class=st.integers(1, 99),
)
def test_what_is_written_reads_back(title, seed, per_class):
    config = StudyConfig(
        title=title,
        seed=seed,
        rehearsal=True,
        placeholders={"contact": title},
        protocol=Protocol(test_size_per_class=per_class, test_frame_rates_hz=(25.0,)),
    )
    assert parse_config(config_text(config), "study.toml") == config


def test_widths_of_screens_are_written_so_that_they_read_back():
    desk = DeskFiles(screen_widths_cm={"cubicle-2": 59.8, 'lab.example.org "b"': 34.0})
    config = StudyConfig(desk=desk)
    assert parse_config(config_text(config), "study.toml") == config


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("bonus = 3", r"there is no key bonus\. Correct it"),
        (
            "[release]\ntexts = 'mine'",
            "no key release.texts. Move texts above the first line in br",
        ),
        ("[protocol]\nbonus_pence = 'x'", "protocol.bonus_pence is 'x'"),
        ("[protocol]\nratings_per_clip = 0", "protocol.ratings_per_clip is 0"),
        ("title = ", "is not TOML"),
        ("[keys]\nreplay = '3'", "very_clean and replay are both 3"),
        ("[keys]\npause = 'banana'", "pause is 'banana', and no key is called so"),
        ("[keys]\nunclean = 'num_1'", "unclean is num_1, which counts as 1; write that"),
        ("[keys]\nleave = 'escape'", "leave is escape, which always asks"),
        ("screen.background = 'blurple'", "screen.background: 'blurple' is not a colour"),
        ("screen.foreground = '#12345'", "screen.foreground: '#12345' is not a colour"),
        ('title = "two\\nlines"', "is not one line of text"),
        ("title = ''", "is not one line of text"),
        ("seed = 2147483648", "seed is 2147483648"),
        ("placeholders.n = 2147483648", "placeholders.n is 2147483648"),
        ("[protocol]\nbonus_pence = -2147483648", "protocol.bonus_pence is -2147483648"),
        (f"seed = {'9' * 5000}", "is not TOML: Exceeds the limit"),
        (f"seed = {'9' * 4000}", f"seed is {'9' * 80}...; whole numbers go up to"),
        (f"seed = {'[' * 5000}", "is nested too deeply to be TOML"),
        (f"{'a.' * 3_000}a = 1", "there is no key a"),
        (f"protocol.bonus_pence.{'a.' * 3_000}a = 1", "protocol.bonus_pence is {'a': {'a'"),
        ("title = 2026-01-01", "title is datetime.date"),
        ("protocol = 3", r"protocol is 3, not a table; write \[protocol\]"),
        ("[protocol]\nclip_s = inf", "protocol.clip_s is inf"),
        ("[protocol]\nwarning_s = inf", "protocol.warning_s is inf"),
        ("[protocol]\ntest_frame_rates_hz = []", "protocol.test_frame_rates_hz is"),
        ("[protocol]\ntest_frame_rates_hz = [-30.0]", "protocol.test_frame_rates_hz.0 is -30.0"),
        ("[screen]\nbreak_s = nan", "screen.break_s is nan"),
        ("[headphones]\nmax_gain_db = 6.0", "headphones.max_gain_db is 6.0"),
        ("[headphones]\nstart_gain_db = -60.0", "start_gain_db -60 .* not in ascending order"),
        ("[headphones]\ncheck = 'hum'", "headphones.check is 'hum'"),
    ],
)
def test_a_wrong_file_is_one_line_that_names_the_key(text, message):
    with pytest.raises(ConfigError, match=message) as caught:
        parse_config(text, "study.toml")
    assert "\n" not in str(caught.value)


def test_the_mark_that_editors_put_in_front_is_no_error(tmp_path):
    (tmp_path / "study.toml").write_text('title = "Übung"', encoding="utf-8-sig")
    assert find_study(tmp_path).config.title == "Übung"


def test_a_study_is_found_by_argument_then_variable_then_working_directory(tmp_path, monkeypatch):
    for name in ("argument", "variable", "here"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "study.toml").write_text(f'title = "{name}"')
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.delenv("AVMIT_STUDY", raising=False)
    assert find_study().config.title == "here"
    monkeypatch.setenv("AVMIT_STUDY", str(tmp_path / "variable"))
    assert find_study().config.title == "variable"
    assert find_study(tmp_path / "argument").config.title == "argument"


def test_a_missing_study_says_how_to_make_one(tmp_path):
    with pytest.raises(ConfigError, match="python -m study init"):
        find_study(tmp_path)


def test_sqlite_paths_are_seen_from_the_study_folder():
    study = Study(Path("/lab/study"), StudyConfig())
    assert study.store_url == "sqlite:////lab/study/store.sqlite"
    assert find_store("sqlite:////data/s.sqlite") == "sqlite:////data/s.sqlite"
    assert find_store("postgresql+psycopg://lab@host/s") == "postgresql+psycopg://lab@host/s"


def find_store(url):
    return Study(Path("/lab/study"), StudyConfig(store=url)).store_url


def test_init_twice_is_refused_and_keeps_the_store(tmp_path):
    init_study(tmp_path, ["rehearsal=true"], NOW)
    with pytest.raises(ConfigError, match="exists already"):
        init_study(tmp_path, ["rehearsal=true"], NOW)
    with pytest.raises(StoreError, match="has tables in it already"):
        init_study(tmp_path, [], NOW)
    study = find_study(tmp_path)
    with transaction(open_store(study.store_url)) as db:
        assert studies.identity(db, study).rehearsal


def test_a_wrong_setting_leaves_nothing_behind(tmp_path):
    with pytest.raises(ConfigError, match="bonus_penc"):
        init_study(tmp_path / "new", ["protocol.bonus_penc=1"], NOW)
    assert not (tmp_path / "new").exists()


def test_a_rehearsal_cannot_be_turned_into_a_real_study(tmp_path):
    study = init_study(tmp_path, ["rehearsal=true"], NOW)
    (tmp_path / "study.toml").write_text("rehearsal = false")
    with (
        pytest.raises(StoreError, match="the store is a rehearsal"),
        transaction(open_store(study.store_url)) as db,
    ):
        studies.identity(db, find_study(tmp_path))


def test_after_the_freeze_a_changed_protocol_is_refused_until_amended(tmp_path):
    study = init_study(tmp_path, ["rehearsal=true"], NOW)
    engine = open_store(study.store_url)
    changed = study.config.model_copy(update={"protocol": Protocol(bonus_pence=11)})
    moved = study.config.model_copy(update={"mit_root": "/elsewhere"})
    with transaction(engine) as db:
        first = studies.freeze(db, config=study.config, amend_reason=None, at=NOW)
        assert studies.protocol_version(db, config=moved, at=NOW) == first
    with pytest.raises(ConfigError, match=r"protocol\.bonus_pence"), transaction(engine) as db:
        studies.protocol_version(db, config=changed, at=NOW)
    with transaction(engine) as db:
        second = studies.freeze(db, config=changed, amend_reason="a raise", at=NOW)
        assert second != first
        assert studies.protocol_version(db, config=changed, at=NOW) == second


def test_findings_name_what_is_missing(tmp_path):
    settings = ['classes="none.csv"', "rehearsal=true"]
    study = init_study(tmp_path, settings, NOW)
    assert [finding.split(" ")[0] for finding in findings(study)] == ["mit_root", "no"]
    (tmp_path / "mit").mkdir()
    first, *_ = findings(study)
    assert "neither a folder training nor validation" in first


def test_a_whole_study_has_no_findings_until_its_frozen_protocol_is_changed(tmp_path):
    study = init_study(tmp_path, [], NOW)
    (tmp_path / "mit/training").mkdir(parents=True)
    with transaction(open_store(study.store_url)) as db:
        studies.freeze(db, config=study.config, amend_reason=None, at=NOW)
    assert list(findings(study)) == []
    (tmp_path / "study.toml").write_text("[protocol]\nbonus_pence = 9")
    (finding,) = findings(find_study(tmp_path))
    assert "differs from the frozen configuration in protocol.bonus_pence" in finding


def test_a_pass_mark_that_nobody_can_reach_is_a_finding(tmp_path):
    study = init_study(tmp_path, ["protocol.screening_pass_mark=42"], NOW)
    (tmp_path / "mit/training").mkdir(parents=True)
    (finding,) = findings(study)
    assert "screening_pass_mark is 42, but a screening shows one clip of each of the 41" in finding


def test_the_shipped_classes_are_41_and_hold_the_test_classes_and_table_1():
    classes = read_classes()
    assert len(classes.avmit_labels) == 41
    assert set(TEST_CLASSES) <= set(classes.avmit_labels)
    relabelled = {mit: label for mit, label in classes.label_of.items() if mit != label}
    assert relabelled == {
        "laughing": "giggling",
        "cooking": "frying",
        "boiling": "frying",
        "blowing": "inflating",
        "spilling": "pouring",
        "drenching": "pouring",
        "filling": "pouring",
        "swimming": "diving",
        "splashing": "diving",
        "dripping": "raining",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("label\nbarking\n", "lacks the columns avmit_label, mit_label, origin; it has label"),
        ("avmit_label,mit_label,origin\n", "lists no class"),
        ("avmit_label,mit_label,origin\na,b,\nc,b,\n", "names the MIT class 'b' twice"),
    ],
)
def test_a_wrong_list_of_classes_is_refused(tmp_path, text, message):
    (tmp_path / "classes.csv").write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_classes(tmp_path / "classes.csv")


@pytest.mark.parametrize("question", ["full_name", "e_mail", "Handed", "", "date_of_birth"])
def test_a_question_that_would_point_to_a_person_is_refused(question):
    with pytest.raises(ConfigError, match="demographics"):
        parse_config(f'demographics = ["age", "{question}"]', "study.toml")


def test_a_new_study_uses_the_measured_lead_unless_told_otherwise(tmp_path):
    assert init_study(tmp_path / "a", [], NOW).config.screen.measured_lead
    settings = ["screen.measured_lead=false", "screen.margin_px=50"]
    assert not init_study(tmp_path / "b", settings, NOW).config.screen.measured_lead
    assert not parse_config("[screen]\nmargin_px = 50", "an older study.toml").screen.measured_lead


def test_a_study_that_was_frozen_before_there_was_a_key_is_as_it_was(tmp_path):
    (tmp_path / "study.toml").write_text("[screen]\nmargin_px = 50\n", encoding="utf-8")
    study = init_study(tmp_path, [], NOW)
    engine = open_store(study.store_url)
    with transaction(engine) as db:
        studies.freeze(db, config=study.config, amend_reason=None, at=NOW)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE protocol_version SET config = json_remove(config, '$.screen.measured_lead')"
        )
    with transaction(engine) as db:
        studies.refuse_changed(db, study.config)
        changed = study.config.screen.model_copy(update={"measured_lead": True})
        with pytest.raises(ConfigError, match=r"differs .* in screen\.measured_lead"):
            studies.refuse_changed(db, study.config.model_copy(update={"screen": changed}))


def test_the_key_for_disturbed_trials_leaves_f9_to_studies_that_use_it_already():
    assert (Keys().disturbed, Keys(pause="f9").disturbed) == ("f9", None)
    assert Keys(pause="f9", disturbed="f8").disturbed == "f8"
    assert Keys().slip is None
    with pytest.raises(ValidationError, match="pause and disturbed are both f9"):
        Keys(pause="f9", disturbed="f9")
    assert "key_slip" not in Keys().named()
    assert Keys(slip="f8").named()["key_slip"] == "F8"


def test_paths_are_typed_as_seen_from_where_the_user_stands(tmp_path, monkeypatch):
    (tmp_path / "disk" / "mit" / "training").mkdir(parents=True)
    (tmp_path / "clips").symlink_to(tmp_path / "disk")
    monkeypatch.chdir(tmp_path)
    words = ["init", "lab/my_study", "--mit-root", "clips/mit", "--classes", "./own.csv"]
    assert CliRunner().invoke(app, words).exit_code == 0
    study = find_study(tmp_path / "lab" / "my_study")
    assert (study.config.mit_root, study.config.classes) == ("../../disk/mit", "../../own.csv")
    assert (study.mit_root / "training").is_dir()
    monkeypatch.chdir(tmp_path / "lab")
    assert (
        CliRunner().invoke(app, ["init", ".", "--mit-root", str(tmp_path / "lab/mit")]).exit_code
        == 0
    )
    assert find_study(tmp_path / "lab").config.mit_root == "mit"
    assert CliRunner().invoke(app, ["init", "far", "--mit-root", "/data/mit"]).exit_code == 0
    assert find_study(tmp_path / "lab" / "far").config.mit_root == "/data/mit"
