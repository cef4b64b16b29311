"""The reference says what the code says, and leaves nothing out."""

import re

import pytest
import yaml

from handbook import columns, keys
from handbook.message_pages import remedy_of
from handbook.messages import PACKAGES, messages, without_words
from handbook.templates import sentences, templates_of
from handbook.write import REFERENCE, pages, stale
from study.config.study import StudyConfig
from tests.paths import ROOT

FORWARDED = 9  # errors whose words come from elsewhere and are read there


def test_the_pages_are_what_the_code_says():
    assert stale() == [], "run: python -m handbook.write"


def test_a_page_that_was_changed_by_hand_is_found(tmp_path):
    for name, text in pages().items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert stale(tmp_path) == []
    (tmp_path / "study_toml.md").write_text("Something else.")
    assert stale(tmp_path) == ["study_toml.md"]


def test_no_page_of_the_reference_is_left_over():
    by_hand = {"api.md", "index.md"}
    there = {str(path.relative_to(REFERENCE)) for path in REFERENCE.rglob("*.md")}
    assert there - by_hand == set(pages())


def test_every_key_and_every_column_has_a_meaning():
    assert keys.undescribed() == []
    assert columns.undescribed() == []


def test_keys_have_type_unit_default_and_whether_they_are_frozen():
    text = keys.keys_page()
    assert "| `warning_s` | number, 0 or more, seconds | `2.0` |" in text
    assert re.search(r"`store` .* \| no \|$", text, re.M)
    assert re.search(r"`ratings_per_clip` .* \| yes \|$", text, re.M)
    assert text.count("\n| `") > len(StudyConfig.model_fields)


def test_messages_are_found_with_their_places_and_what_to_do():
    found = {(one.found, one.remedy) for one in messages()}
    assert (
        "participant ‹participant› has not been screened",
        "Run: python -m annotator --participant ‹participant›",
    ) in found
    assert len(found) > 600


def test_a_command_that_a_message_names_can_be_typed():
    named = rf"(?<!-m )(?<![\w./])(?:{'|'.join(PACKAGES)}) (?:[a-z]+-[a-z-]+|candidates|check)\b"
    short = [one.remedy for one in messages() if re.search(named, one.remedy)]
    assert short == [], "write python -m before it"


def test_a_message_says_what_to_do():
    without = [f"{one.module}: {one.found}" for one in messages() if not remedy_of(one)]
    assert without == []


def test_errors_without_words_of_their_own_are_few():
    assert len(without_words()) <= FORWARDED, without_words()


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("f'{path} has {counted(n_rows, \"row\")}'", ["‹path› has ‹number of rows› rows"]),
        ('f\'{counted(n_rows, "class", "classes")}\'', ["‹number of rows› classes"]),
        ("'a' if x else f'b {study.folder}'", ["a", "b ‹folder›"]),
        ("f\"{', '.join(names)}\" + ' too'", ["‹names› too"]),
    ],
)
def test_places_are_named_in_plain_words(expression, said):
    import ast

    node = ast.parse(expression, mode="eval").body
    assert list(templates_of(node, ast.parse(""), {})) == said


def test_the_last_sentences_are_what_to_do():
    assert sentences("no x. Make one: y; or z. Then w") == ("no x", "Make one: y; or z. Then w")


def in_nav(part):
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        for below in part.values():
            yield from in_nav(below)
    else:
        for below in part:
            yield from in_nav(below)


def test_every_page_has_its_place_in_the_site():
    nav = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    docs = ROOT / "docs"
    there = {str(path.relative_to(docs)) for path in docs.rglob("*.md")}
    decisions = {name for name in there if name.startswith("adr/")}  # listed on a page of theirs
    assert set(in_nav(nav)) == there - decisions
