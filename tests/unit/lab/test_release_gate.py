import re
from datetime import date
from pathlib import Path

import pytest

from lab.release.gathering import creator_of
from lab.release.privacy import gate, refuse_files, refuse_typed
from study.errors import StudyError
from study.store.people.private import Private

PRIVATE = Private(
    ids=frozenset({"P03", "7", "A", "MJ"}),
    machines=frozenset({"lab-pc-4", "vm", "station", "pc7", "cubicle.psy.example.org"}),
    remarks=frozenset({"has a cold and coughs", "tired"}),
    days=frozenset({date(2026, 3, 5), date(2026, 11, 30)}),
)
COMMON = "Ratings at a station of the laboratory, published on 2026-11-30"


@pytest.fixture
def found():
    return gate(PRIVATE, [Path("/srv/studies/avmit")], COMMON)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rated by P03.", "P03"),
        ("asked (MJ)", "MJ"),
        ("the file /home/jane/x.csv", "/home/jane/x.csv"),
        (r"C:\Users\jane", r"C:\Users\jane"),
        ("file:///x", "file:///x"),
        ("on lab-pc-4 only", "lab-pc-4"),
        ("one has a cold and coughs", "has a cold and coughs"),
        ("in /srv/studies/avmit", "/srv/studies/avmit"),
        ("on LAB-PC-4 only", "LAB-PC-4"),
        ("on pc7", "pc7"),
        ("in the cubicle", "cubicle"),
        ("at cubicle.psy.example.org", "cubicle.psy.example.org"),
        ("on 2026-03-05", "2026-03-05"),
        ("until 5 March 2026.", "5 March 2026"),
        ("am 5. March 2026", "5. March 2026"),
        ("on March 5, 2026", "March 5, 2026"),
        ("am 05.03.2026", "05.03.2026"),
        ("on 3/5/2026", "3/5/2026"),
    ],
)
def test_what_tells_who_or_where_is_refused_with_its_place(found, text, words):
    with pytest.raises(StudyError, match=re.escape(f"datasheet: funding says {words!r}")):
        refuse_typed(found, {"datasheet: funding": text})


@pytest.mark.parametrize(
    "text",
    ["7 people and A rating", "P031 and XP03", "at a station", "on a vm", "people were tired",
     "https://example.org/home/x", "and/or", "10.5281/zenodo.8253350", "30 km/h", "in March 2026",
     "since 6 March 2026", "published on 2026-11-30", "15 March 2026"],
)  # fmt: skip
def test_ordinary_words_pass(found, text):
    refuse_typed(found, {"datasheet: funding": text})


def test_a_day_on_which_somebody_rated_is_found_in_every_file(found, tmp_path):
    (tmp_path / "x.svg").write_text("<text>2026-03-05</text><text>2026-11-30</text>")
    with pytest.raises(StudyError, match=r"^x.svg would hold '2026-03-05'"):
        refuse_files(found, tmp_path)


def test_a_machine_is_found_in_the_name_of_a_file(found, tmp_path):
    (tmp_path / "lab-pc-4.csv").write_text("a\n")
    with pytest.raises(StudyError, match=r"would hold 'lab-pc-4'"):
        refuse_files(found, tmp_path)


@pytest.mark.parametrize("name", ["table.csv", "figure.png", "deep/er/x.json"])
def test_a_machine_is_found_in_every_file(found, tmp_path, name):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89\x00\xff lab-pc-4\x00")
    with pytest.raises(StudyError, match=rf"^{name} would hold 'lab-pc-4'"):
        refuse_files(found, tmp_path)


def test_an_author_is_a_person_or_an_institution():
    assert creator_of("Noppeney, Uta").spoken == "Uta Noppeney"
    assert creator_of("University of Somewhere").name == "University of Somewhere"
