"""The examples in docstrings say what the program does."""

import doctest
import importlib

import pytest

from tests.paths import ROOT

PACKAGES = (
    "annotator", "benchmarks", "curation", "features", "instructions", "lab", "models", "sessions",
    "study",
)  # fmt: skip
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if "\n    >>> " in path.read_text(encoding="utf-8")
)


def test_there_are_examples():
    assert len(MODULES) > 30


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_of_a_module_come_out_as_written(module):
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    found = doctest.testmod(importlib.import_module(module), optionflags=flags)
    assert found.attempted > 0
    assert found.failed == 0
