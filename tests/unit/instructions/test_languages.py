"""The texts of all languages say the same: files, placeholders, keys and shape."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import instructions
from instructions import checking, screens
from instructions.words import read_words
from sessions.pay.receipt import statement_text
from sessions.pay.statement import Statement, StatementLine
from study.config.keys import Keys
from study.config.study import Study, StudyConfig
from study.errors import ConfigError
from study.store.people.payments import Payment
from study.vocabulary import Phase

TEXTS = Path(instructions.__file__).parent / "texts"
OTHERS = [language for language in instructions.languages() if language != "en"]
NAMES = sorted(path.stem for path in (TEXTS / "en").glob("*.md"))
OWN_WORDS = {
    "contact": "lab@example.org",
    "ethics_approval": "ERN-18-1",
    "institution": "the university",
    "consent_version": "1.0",
}
# What nobody has to translate: words that are the same, or only placeholders.
SAME = {"counter", "headphones_listen"}


def read(language, name):
    return (TEXTS / language / f"{name}.md").read_text(encoding="utf-8")


def placeholders(text):
    return sorted(set(re.findall(r"\{\{ (\w+) \}\}", text)))


def shape(text):
    """Return what a translation keeps: headings, boxes, lists, words that stand out."""
    lines = text.splitlines()
    begins = ("# ", "## ", "- [ ] ", "- ", "    - ", "1. ", "2. ", "3. ")
    counts = [sum(line.startswith(begin) for line in lines) for begin in begins]
    counts.append(sum(bool(re.match(r"\*[^*]", line)) for line in lines))
    return [*counts, text.count("**"), len(re.split(r"\n{2,}", text.strip()))]


def test_german_french_and_dutch_are_there():
    assert set(OTHERS) >= {"de", "fr", "nl"}


@pytest.mark.parametrize("language", OTHERS)
def test_no_text_is_missing_and_none_is_too_many(language):
    assert sorted(path.stem for path in (TEXTS / language).glob("*.md")) == NAMES
    assert (TEXTS / language / "words.toml").is_file()


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("name", NAMES)
def test_a_translation_names_the_same_words_in_the_same_shape(language, name):
    original, translated = read("en", name), read(language, name)
    assert placeholders(translated) == placeholders(original)
    assert shape(translated) == shape(original)
    assert translated != original or name in SAME


@pytest.mark.parametrize("language", instructions.languages())
def test_a_study_in_each_language_has_nothing_to_correct(tmp_path, language):
    config = StudyConfig(language=language, placeholders=OWN_WORDS, keys=Keys(slip="f8"))
    assert list(checking.findings(Study(tmp_path, config))) == []


@pytest.mark.parametrize("language", instructions.languages())
def test_each_language_has_a_word_for_each_question_about_people(language):
    words = read_words([TEXTS / language])
    assert set(words.demographics) == set(StudyConfig().demographics)


@pytest.mark.parametrize("language", OTHERS)
def test_no_key_is_named_that_the_task_does_not_know(language):
    english = set(Keys().named().values()) | {
        "tab", "backspace", "insert", "delete", "home", "end", "pageup", "pagedown", "comma",
        "period", "minus",
    }  # fmt: skip
    assert set(read_words([TEXTS / language]).keys) <= english


def test_keys_are_called_as_they_are_in_the_language(tmp_path):
    values = instructions.placeholders_of(Study(tmp_path, StudyConfig(language="de")), 41)
    assert (values["key_replay"], values["key_go_on"]) == ("Leertaste", "Eingabetaste")
    assert (values["key_unclean"], values["key_pause"]) == ("1", "F10")


def test_the_consent_form_lists_what_is_stored(tmp_path):
    config = StudyConfig(demographics=("age", "handedness"), placeholders=OWN_WORDS)
    values = instructions.placeholders_of(Study(tmp_path, config), 41)
    form = instructions.text("consent", "en", values)
    assert "stored apart from my ratings: my age, handedness." in form


def test_a_study_has_words_of_its_own(tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own/words.toml").write_text('[demographics]\nhandedness = "which hand I use"\n')
    config = StudyConfig(texts="own", demographics=("age", "handedness"), language="de")
    values = instructions.placeholders_of(Study(tmp_path, config), 41)
    assert values["demographics"] == "mein Alter, which hand I use"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("[key]\nspace = 'x'\n", "has 'key'"),
        ("keys = 3\n", "has 'keys'"),
        ("[keys]\nspace = 3\n", "space in .keys. is 3"),
        ('[keys]\nspace = "a\\u0007b"\n', "expected a word"),
        ("[keys\n", "TOML"),
    ],
)
def test_words_that_cannot_be_are_one_line(tmp_path, content, reason):
    (tmp_path / "words.toml").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=reason) as caught:
        read_words([tmp_path])
    assert len(str(caught.value).splitlines()) == 1


def test_only_sheets_of_paper_name_what_is_stored():
    for name in set(NAMES) - set(screens.ON_PAPER):
        assert "demographics" not in placeholders(read("en", name))


@pytest.mark.parametrize("language", instructions.languages())
def test_each_language_has_its_words_for_a_statement_of_pay(language):
    words = read_words([TEXTS / language]).statement
    assert set(words) == set(read_words([TEXTS / "en"]).statement)
    assert set(words) >= {phase.value for phase in Phase}


@pytest.mark.parametrize("language", instructions.languages())
@pytest.mark.parametrize("name", NAMES)
def test_quotes_and_apostrophes_are_those_of_print(language, name):
    text = read(language, name)
    assert not re.search(r"[\"']", text)
    if language == "fr":  # no line begins with a sign that stands alone
        assert not re.search(r"\S [:;?!»]|« ", text)


def test_a_statement_of_pay_is_in_the_language_of_the_study(tmp_path):
    morning = datetime(2026, 1, 5, 9, tzinfo=UTC)
    hour = timedelta(hours=1)
    lines = (
        StatementLine("1", "training", morning, hour, 1250, 1250, 41, 0, False, 1),
        StatementLine("2", "annotation", morning, hour, 1250, 1250, 500, 40, False, None),
    )
    earned = Statement("P01", lines, (Payment(1, morning, 1250, 0),))
    config = StudyConfig(language="de", currency="EUR", title="Studie")
    text = statement_text(earned, Study(tmp_path, config)).replace("\N{NO-BREAK SPACE}", " ")
    assert "| 2026-01-05 | Training | 1:00:00 | 12,50 € | 41 | 0,00 € | ja |" in text
    assert "| früher, am 2026-01-05 | 12,50 € | 0,00 € | 12,50 € |" in text
    assert "| insgesamt | 25,00 € | 0,40 € | 25,40 € |" in text
    assert "Erhalten: 12,90 €\n\nUnterschrift: ___" in text
