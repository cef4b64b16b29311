"""Every number that a command takes has a smallest and a largest value."""

import importlib
from typing import get_args

import typer

from study.tools.commands import CommandTable
from tests.paths import ROOT

JUDGED_BY_ITS_COMMAND = {"sessions demographics age"}  # which says in words what an age can be


def numbers(command, path):
    if hasattr(command, "list_commands"):
        for name in command.list_commands(None):
            loaded = command.load(name) if isinstance(command, CommandTable) else None
            yield from numbers(loaded or command.get_command(None, name), f"{path} {name}")
        return
    for parameter in command.params:
        descriptor = getattr(parameter, "type_descriptor", None)
        if descriptor is None:  # --help
            continue
        kind = descriptor.annotation
        if {int, float} & {kind, *get_args(kind)}:
            said = descriptor.parameter_info
            yield f"{path} {parameter.name}", said.min, said.max


def test_every_number_has_a_range():
    found = [
        number
        for main in sorted(ROOT.glob("*/__main__.py"))
        for number in numbers(
            typer.main.get_command(importlib.import_module(f"{main.parent.name}.__main__").app),
            main.parent.name,
        )
    ]
    assert len(found) > 30
    without = {name for name, smallest, largest in found if None in (smallest, largest)}
    assert without == JUDGED_BY_ITS_COMMAND


def test_a_number_beyond_its_range_is_found():
    app = typer.Typer()

    @app.command()
    def train(seed: int = 1, rate: float = 0.5) -> None:
        """Train."""

    assert list(numbers(typer.main.get_command(app), "p")) == [
        ("p seed", None, None), ("p rate", None, None)
    ]  # fmt: skip
