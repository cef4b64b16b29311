import importlib
import sys
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from study.tools.cli import fail, run
from study.tools.commands import new_app


def test_help_says_what_an_option_that_is_left_out_stands_for():
    app = new_app("A program.")

    @app.command()
    def look(
        where: Annotated[str | None, typer.Option(help="a folder [default: beside it]")] = None,
    ) -> None:
        """Look somewhere."""

    said = CliRunner().invoke(app, ["look", "--help"], env={"COLUMNS": "120"}).stdout
    assert "a folder [default: beside it]" in said


@pytest.mark.parametrize(
    ("arguments", "variables", "where"),
    [
        (["look", "caf\udce9"], {}, "argument 2, 'caf\\udce9'"),
        (["look"], {"AVMIT_X": "\udcff"}, "AVMIT_X"),
    ],
)
def test_what_is_typed_is_text_or_refused_in_one_line(
    arguments, variables, where, monkeypatch, capsys
):
    app = new_app("A program.")

    @app.command()
    def look(what: str = "") -> None:
        """Look somewhere."""

    monkeypatch.setattr("sys.argv", ["program", *arguments])
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit):
        run(app)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {where}")
    assert "is not UTF-8 text" in line


@pytest.mark.parametrize("is_on_path", [True, False])
def test_a_command_that_an_error_names_can_be_typed_as_it_stands(
    is_on_path, monkeypatch, tmp_path, capsys
):
    (tmp_path / ".venv").mkdir()
    python = tmp_path / ".venv/python"
    python.symlink_to(sys.executable)
    monkeypatch.setattr("sys.executable", str(python))
    monkeypatch.setenv("PATH", str(python.parent if is_on_path else tmp_path))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        fail("no study. Make one: python -m study init DIR (/opt/python -m study)")
    typed = "python" if is_on_path else ".venv/python"
    assert capsys.readouterr().err == (
        f"error: no study. Make one: {typed} -m study init DIR (/opt/python -m study)\n"
    )


def run_importing(module, monkeypatch):
    app = new_app("A program.")

    @app.command()
    def use() -> None:
        importlib.import_module(module)

    monkeypatch.setattr("sys.argv", ["program", "use"])
    run(app)


def test_a_package_of_another_role_is_one_line(monkeypatch, capsys):
    with pytest.raises(SystemExit) as ending:
        run_importing("package_of_nobody.part", monkeypatch)
    assert ending.value.code == 1
    assert capsys.readouterr().err == (
        "error: the Python package package_of_nobody is not installed; this environment was set "
        "up for another role. Set up what this command needs: make setup, or pip install "
        "'avmit-lab[all]'\n"
    )


def test_a_module_that_an_installed_package_lacks_is_a_bug(monkeypatch):
    with pytest.raises(ModuleNotFoundError):
        run_importing("study.nowhere", monkeypatch)
