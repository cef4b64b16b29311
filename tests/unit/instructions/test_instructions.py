import re
import shutil
from pathlib import Path

import pytest

import instructions
from instructions import checking, screens
from study.config.headphones import Headphones
from study.config.keys import Keys
from study.config.recognition import Recognition
from study.config.screen import Screen
from study.config.study import Study, StudyConfig
from study.errors import ConfigError
from study.vocabulary import Phase

SHEETS = {
    *screens.ON_PAPER,
    *screens.OF_STATEMENT,
    "sheet_level",
    "sheet_check_huggins",
    "sheet_check_antiphase",
}
NAMES = sorted(path.stem for path in Path(instructions.__file__).parent.glob("texts/en/*.md"))
OWN_WORDS = {
    "contact": "the lab",
    "ethics_approval": "ERN-18-1",
    "institution": "the university",
    "consent_version": "1.0",
}
ON_SCREEN = {word: "3" for name in NAMES for word in screens.words_of(name)}


@pytest.fixture
def values(tmp_path):
    study = Study(tmp_path, StudyConfig(placeholders=OWN_WORDS, keys=Keys(slip="f8")))
    return instructions.placeholders_of(study, 41) | ON_SCREEN


@pytest.mark.parametrize("name", NAMES)
def test_every_text_is_there_and_knows_all_its_values(name, values):
    text = instructions.text(name, "en", values)
    assert "{{" not in text
    assert text.strip()


def test_the_sheet_gives_the_protocols_numbers(values):
    sheet = instructions.text("sheet", "en", values)
    for number in ("3 seconds", "41 clips", "If 38 of them", "£6.00 per hour", "bonus of 10p"):
        assert number in sheet


@pytest.mark.parametrize(
    ("headphones", "said"),
    [
        (Headphones(), ["## The headphones"]),
        (Headphones(set_level=False), []),
        (Headphones(check="huggins"), ["## The headphones", "a faint tone hidden"]),
        (Headphones(set_level=False, check="antiphase"), ["one of which is softer"]),
    ],
)
def test_the_sheet_tells_of_the_level_and_the_check_where_the_study_has_them(
    tmp_path, headphones, said
):
    study = Study(tmp_path, StudyConfig(headphones=headphones, placeholders=OWN_WORDS))
    sheet = instructions.text("sheet", "en", instructions.words_of_sheets(study, 41))
    every = ("## The headphones", "a faint tone hidden", "one of which is softer")
    assert [words for words in every if words in sheet] == said
    assert "{{" not in sheet


def test_screens_need_nothing_that_study_toml_has_not_got(tmp_path):
    study = Study(tmp_path, StudyConfig(keys=Keys(slip="f8")))
    values = instructions.placeholders_of(study, 6) | ON_SCREEN
    for name in set(NAMES) - {"sheet", "script", "consent"}:
        instructions.text(name, "en", values)


def test_a_missing_value_is_named_and_the_message_says_where_it_belongs():
    with pytest.raises(ConfigError, match=r"needs a value for clip_s, .*title\. Correct") as caught:
        instructions.text("script", "en", {"n_classes": 6, "pass_mark": 6, "hourly_rate": 1,
                                           "bonus": 1, "trials_per_block": 1})  # fmt: skip
    assert "[placeholders] in study.toml" in str(caught.value)


def test_an_unknown_language_or_text_says_what_there_is():
    with pytest.raises(ConfigError, match=r"'tlh' for sheet\.md, there are de, en"):
        instructions.text("sheet", "tlh", {})
    with pytest.raises(ConfigError, match="no text 'poem'"):
        instructions.text("poem", "en", {})


def test_a_study_may_have_texts_of_its_own(tmp_path):
    (tmp_path / "pause.md").write_text("# Tea\n\nBack with {{ key_pause }}.", encoding="utf-8")
    own = Study(tmp_path, StudyConfig(texts="."))
    values = instructions.placeholders_of(own, 6)
    assert instructions.text("pause", "en", values, own=own.texts_path).endswith("with F10.")
    assert instructions.text("warning", "en", values, own=own.texts_path).startswith("# Too early")
    with pytest.raises(ConfigError, match="nowhere of the study's own texts is not there"):
        instructions.text("pause", "en", values, own=tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("content", "message"), [(b"\xff\xfe", "is UTF-16 text"), (b" \n", "is empty")]
)
def test_an_own_text_that_cannot_be_read_is_named(tmp_path, content, message):
    (tmp_path / "sheet.md").write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        instructions.text("sheet", "en", {}, own=tmp_path)


def test_an_unknown_text_is_answered_with_those_that_there_are():
    with pytest.raises(ConfigError, match=r"no text 'shet' .*; did you mean sheet\."):
        instructions.text("shet", "en", {})
    with pytest.raises(ConfigError, match=r"there are any_key, begin, .*sheet"):
        instructions.text("poem", "en", {})


def own_study(folder, config=None, **texts):
    (folder / "own").mkdir()
    for name, content in texts.items():
        (folder / "own" / f"{name}.md").write_text(content, encoding="utf-8")
    return Study(folder, config or StudyConfig(texts="own", placeholders=OWN_WORDS))


def test_a_study_without_texts_of_its_own_has_no_findings(tmp_path):
    for check in ("off", "huggins", "antiphase"):
        config = StudyConfig(headphones=Headphones(check=check), placeholders=OWN_WORDS)
        assert list(checking.findings(Study(tmp_path, config))) == []


def test_words_that_the_sheets_need_are_named_but_not_in_a_rehearsal(tmp_path):
    consent, sheet = checking.findings(Study(tmp_path, StudyConfig()))
    assert "consent.md needs a value for consent_version, contact, ethics_approval" in consent
    assert "sheet.md needs a value for contact. Correct the word, or add it" in sheet
    assert list(checking.findings(Study(tmp_path, StudyConfig(rehearsal=True)))) == []


def test_a_language_that_is_not_there_is_one_finding(tmp_path):
    (found,) = checking.findings(Study(tmp_path, StudyConfig(language="tlh")))
    assert "no texts in language 'tlh', there are de, en, fr, nl" in found


def test_characters_that_the_font_lacks_are_found_where_they_stand(tmp_path):
    config = StudyConfig(texts="own", title="犬", placeholders=OWN_WORDS)
    found = list(checking.findings(own_study(tmp_path, config, pause="# 休憩")))
    assert ["text pause.md" in line for line in found].count(True) == 1
    assert any("the words of study.toml: the font 'DejaVu Sans' lacks 犬" in f for f in found)
    config = StudyConfig(screen=Screen(font="No such font"), placeholders=OWN_WORDS)
    (found,) = checking.findings(Study(tmp_path, config))
    assert "'No such font' of screen.font is not installed" in found


@pytest.mark.parametrize("name", sorted(set(NAMES) - {*SHEETS, *screens.PLAIN}))
def test_every_own_text_with_an_unknown_word_is_found(tmp_path, name):
    config = StudyConfig(
        texts="own",
        headphones=Headphones(check="huggins"),
        placeholders=OWN_WORDS,
        keys=Keys(slip="f8"),
    )
    study = own_study(tmp_path, config, **{name: "# A\n\n{{ n_donne }} of {{ n_total }}"})
    (found,) = checking.findings(study)
    assert f"own/{name}.md needs a value for n_donne. Correct the word" in found


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("break", "{{ rating }}", "needs a value for rating"),  # a word of another text
        ("sheet", "Ask {{ contacts }}.", "needs a value for contacts"),
        ("break", "{{ n-done }} clips", "has '{{ n-done }} clips', which is not a placeholder"),
        ("break", "{{ n_done }", "has '{{ n_done }', which is not a placeholder"),
        ("break", "{ n_done } of them", "has '{ n_done }', which is not a placeholder"),
        ("break", "", "is empty"),
        ("break", "a\x00b", "line 1 holds a NUL"),
        ("break", "a\x1bb", r"has the character U\+001B"),
        ("break", 100_001 * "a", "has more than 100,000 bytes"),
        ("moment", "{{ title }}", "needs a value for title"),
        (
            "brake",
            "# Rest",
            "is not used. Name it after the text that it replaces: did you mean break",
        ),
    ],
)
def test_an_own_text_that_could_not_be_shown_is_found(tmp_path, name, content, message):
    (found,) = checking.findings(own_study(tmp_path, **{name: content}))
    assert re.search(message, found)
    assert f"own/{name}.md" in found


def test_a_folder_of_texts_that_is_not_there_is_one_finding(tmp_path):
    (found,) = checking.findings(Study(tmp_path, StudyConfig(texts="own")))
    assert "own of the study's own texts is not there. Correct `texts`" in found


def test_a_folder_in_a_texts_place_and_a_broken_link_are_found(tmp_path):
    study = own_study(tmp_path)
    (tmp_path / "own" / "break.md").mkdir()
    (tmp_path / "own" / "pause.md").symlink_to(tmp_path / "nowhere")
    assert [found.split(". ")[0].split("own/")[1] for found in checking.findings(study)] == [
        "break.md is a folder",
        "pause.md",
    ]


def test_a_language_of_the_studys_own_needs_what_its_sessions_show_and_its_sheets(tmp_path):
    names = {
        *screens.of_study(StudyConfig()),
        *screens.ON_PAPER,
        *screens.OF_STATEMENT,
        "sheet_level",
    }
    config = StudyConfig(texts="own", language="it")
    study = own_study(tmp_path, config, **dict.fromkeys(names, "# Buongiorno"))
    assert list(checking.findings(study)) == []
    (tmp_path / "own" / "leave_unsaved.md").unlink()
    (found,) = checking.findings(study)
    assert "no texts in language 'it'" in found
    assert "for leave_unsaved.md, there are" in found


def test_a_copy_of_all_shipped_texts_has_no_findings(tmp_path):
    shutil.copytree(Path(instructions.__file__).parent / "texts/en", tmp_path / "own")
    config = StudyConfig(texts="own", language="it", placeholders=OWN_WORDS)
    assert list(checking.findings(Study(tmp_path, config))) == []


def test_the_texts_of_all_phases_and_checks_are_all_the_texts_on_screens():
    of_checks = {
        name
        for check in ("huggins", "antiphase")
        for name in screens.of_study(
            StudyConfig(headphones=Headphones(check=check), keys=Keys(slip="f8"))
        )
    }
    of_checks |= {
        name
        for recognition in (
            Recognition(stimuli="clips"),
            Recognition(stimuli="clips", answer="keys", classes=("a", "b"), keys=("a", "b")),
        )
        for name in screens.of_study(StudyConfig(recognition=recognition))
    }
    rest = {*SHEETS, *screens.PLAIN}
    assert of_checks | rest == set(NAMES) == instructions.names()
    assert "feedback" not in screens.of_session(StudyConfig(), Phase.SCREENING)
