"""The tables of the fronts say what the commands are, and --help loads none of them."""

import importlib
import inspect
import subprocess
import sys

import pytest
import typer

from study.tools.commands import CommandTable, function_name
from tests.paths import ROOT

FRONTS = sorted(path.parent.name for path in ROOT.glob("*/__main__.py"))
HEAVY = {"av", "cv2", "jax", "matplotlib", "onnxruntime", "pandas", "psychopy", "sqlalchemy"}


def tables():
    for package in FRONTS:
        app = importlib.import_module(f"{package}.__main__").app
        group = typer.main.get_command(app)
        if isinstance(group, CommandTable):
            yield from ((package, panel) for panel in group.table)


TABLES = list(tables())


@pytest.mark.parametrize(
    ("package", "panel"), TABLES, ids=lambda value: getattr(value, "title", value)
)
def test_a_table_says_of_each_command_what_its_module_says(package, panel):
    module = importlib.import_module(panel.module)
    found = {name: getattr(module, function_name(name)) for name in panel.commands}
    said = {
        name: command.info.help if isinstance(command, typer.Typer) else inspect.getdoc(command)
        for name, command in found.items()
    }
    assert {name: first_clause(text) for name, text in said.items()} == {
        name: line.rstrip(".") for name, line in panel.commands.items()
    }


def first_clause(text):
    return text.split(";")[0].split(". ")[0].split(".\n")[0].rstrip(".").replace("\n", " ")


@pytest.mark.parametrize("package", sorted({package for package, _ in TABLES}))
def test_help_loads_neither_commands_nor_libraries(package):
    code = (
        f"import sys; sys.argv = ['{package}', '--help']\n"
        f"from {package}.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"loaded = [name for name in sys.modules if name in {HEAVY} or '.commands.' in name]\n"
        "print([name for name in loaded if not name.endswith('.options')])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert run.stdout.splitlines()[-1] == "[]"
