"""The house stays easy to see: narrow rooms, low floors, one meaning a name."""

import pytest

from benchmarks.house import (
    PACKAGES,
    ROOT,
    floors,
    imports_inside,
    measures,
    names_twice,
    public_classes,
    sources,
)

MOST_FILES = 12  # in a folder
MOST_IMPORTS_INSIDE = 60
MOST_DOCSTRINGS = 0.22  # of the lines
# `lab` stands on all others and `study` carries the store: their chains are longer.
FLOORS = dict.fromkeys(PACKAGES, 7) | {"lab": 9, "study": 9}


@pytest.fixture(scope="module")
def house():
    return sources(ROOT)


def test_no_folder_is_wide(house):
    widths = {}
    for file in house:
        if file.path.name != "__init__.py":
            folder = file.path.parent.relative_to(ROOT)
            widths[str(folder)] = widths.get(str(folder), 0) + 1
    assert {folder: n for folder, n in widths.items() if n > MOST_FILES} == {}


@pytest.mark.parametrize("package", PACKAGES)
def test_no_import_chain_is_long(house, package):
    assert floors(house, package) <= FLOORS[package]


def test_a_class_name_has_one_meaning(house):
    names = ((name, file.module) for file in house for name in public_classes(file))
    assert names_twice(names) == []


def test_imports_stand_at_the_top_but_for_a_few(house):
    assert imports_inside(house) < MOST_IMPORTS_INSIDE


def test_docstrings_are_a_fifth_of_the_lines():
    found = str(measures(ROOT)["docstring lines"])
    assert int(found.partition("(")[2].rstrip("%)")) <= 100 * MOST_DOCSTRINGS
