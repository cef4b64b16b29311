import sys

import pytest
import typer
from typer.testing import CliRunner

from study.tools.commands import Panel, example, function_name, new_app

SOURCE = '''
import typer
from study.tools.commands import example, new_app

@example("python -m program list")
def list_(n: int = 1, of: list[str] = [], loud: bool = False) -> None:
    """List what is there. All of it."""
    typer.echo(f"listed {n}{''.join(of)}")

def go_on() -> None:
    """Go on."""
    raise RuntimeError("a bug")

more = typer.Typer(no_args_is_help=True, help="More of it.")

@more.command()
def one() -> None:
    """Do one."""
    typer.echo("one")

@more.command()
def two() -> None:
    """Do two."""
'''
COMMANDS = {"list": "List what is there.", "go-on": "Go on.", "more": "More of it."}


@pytest.fixture
def app(tmp_path, monkeypatch):
    (tmp_path / "a_module_of_commands.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    yield new_app("A program.", (Panel("What people do", "a_module_of_commands", COMMANDS),))
    sys.modules.pop("a_module_of_commands", None)


def said(app, *arguments):
    return CliRunner().invoke(app, arguments, env={"COLUMNS": "100"})


def test_help_lists_the_commands_in_their_panel_and_loads_no_module(app):
    output = said(app, "--help").stdout
    assert "What people do" in output
    lines = [line.strip("│ ") for line in output.splitlines()]
    names = [line.split()[0] for line in lines if line.endswith(tuple(COMMANDS.values()))]
    assert names == list(COMMANDS)
    assert "a_module_of_commands" not in sys.modules


def test_a_command_is_loaded_when_it_is_called(app):
    assert said(app, "list", "--n", "2").stdout == "listed 2\n"


def test_an_option_that_is_given_twice_is_refused_where_one_would_be_forgotten(app):
    ending = said(app, "list", "--n", "2", "--n", "3")
    assert ending.exit_code == 2
    assert "--n" in ending.output
    assert "it is given twice. Give it once" in ending.output


def test_a_flag_twice_and_an_option_that_takes_several_are_taken(app):
    assert said(app, "list", "--of", "a", "--of", "b", "--loud", "--loud").stdout == "listed 1ab\n"


def test_the_help_of_a_command_has_its_options_and_its_example(app):
    output = said(app, "list", "--help").stdout
    assert "--n" in output
    assert "Example: python -m program list" in output


def test_a_group_of_commands_stands_in_the_table_like_a_command(app):
    assert said(app, "more", "one").stdout == "one\n"


def test_a_misspelt_command_is_answered_with_the_nearest(app):
    ending = said(app, "go-no")
    assert ending.exit_code == 2
    assert "'go-on'" in ending.output


def test_a_bug_keeps_its_traceback(app):
    assert isinstance(said(app, "go-on").exception, RuntimeError)


def test_a_function_does_not_hide_what_python_has():
    assert [function_name(name) for name in ("list", "go-on", "import")] == [
        "list_",
        "go_on",
        "import_",
    ]


def test_an_example_leaves_the_function_as_it_is():
    @example("python -m program look")
    def look() -> str:
        return "seen"

    assert look() == "seen"
    assert isinstance(new_app("A program."), typer.Typer)
