"""Commands as a table: `--help` answers from it; a command's module is loaded when it is called."""

import builtins
import keyword
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.exceptions import TyperException

Function = TypeVar("Function", bound=Callable[..., None])


@dataclass(frozen=True, slots=True)
class Panel:
    """Commands that belong together, in the order in which they are used.

    Parameters
    ----------
    title : str
        What people do with them.
    module : str
        Where they are: each command is a function of its name, a group of commands a `Typer`.
    commands : mapping of str to str
        What each does, in one line, by its name.
    """

    title: str
    module: str
    commands: Mapping[str, str]


def example(line: str) -> Callable[[Function], Function]:
    """Show a line that can be typed below the help of a command."""

    def remember(function: Function) -> Function:
        function.__dict__["example"] = line
        return function

    return remember


def new_app(help_text: str, panels: tuple[Panel, ...] = (), **settings: Any) -> typer.Typer:  # noqa: ANN401
    """Return a command line in the style of the house.

    `**settings`: anything else that `typer.Typer` takes.
    """

    class Table(CommandTable):
        table = panels

    app = typer.Typer(
        cls=Table,
        no_args_is_help=True,
        help=help_text,
        add_completion=False,
        # Not "rich", which takes "[default: ...]" in a help text for a style and leaves it out.
        rich_markup_mode="markdown",
        pretty_exceptions_enable=False,
        **settings,
    )
    # Without a callback typer would take a program of few commands for a single command.
    app.callback()(lambda: None)
    return app


class CommandTable(TyperGroup):
    """A group that knows its commands from a table and loads one when it is called."""

    table: ClassVar[tuple[Panel, ...]] = ()

    def __init__(self, *, commands: Any = None, **settings: Any) -> None:  # noqa: ANN401
        listed = {
            name: TyperCommand(name, help=line, rich_help_panel=panel.title)
            for panel in self.table
            for name, line in panel.commands.items()
        }
        super().__init__(commands={**listed, **(commands or {})}, **settings)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401
        """Refuse an option of the program itself that is given twice."""
        _require_each_once(self, ctx, args)
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401
        """Find a command by its name, as it is in its module; refuse its options twice."""
        name, listed, rest = super().resolve_command(ctx, args)
        found = self.load(str(name)) or listed
        if not isinstance(found, TyperGroup):
            _require_each_once(found, type(ctx)(found, info_name=name, parent=ctx), rest)
        return name, found, rest

    def load(self, name: str) -> Any:  # noqa: ANN401
        """Return a command from its module; None where the table does not have it."""
        for panel in self.table:
            if name in panel.commands:
                return _command(getattr(import_module(panel.module), function_name(name)), name)
        return None


def _require_each_once(command: Any, ctx: Any, args: list[str]) -> None:  # noqa: ANN401
    # The parser would take the last one and say nothing of the others.
    given: list[Any] = []
    with suppress(TyperException):  # the command says so itself
        given = command.make_parser(ctx).parse_args(args=list(args))[2]
    options = [one for one in given if isinstance(one, TyperOption) and not one.is_flag]
    for option, n in Counter(options).items():
        if n > 1 and not option.multiple:
            raise typer.BadParameter("it is given twice. Give it once", ctx=ctx, param=option)


def function_name(command: str) -> str:
    """Return the name of the function behind a command: `list` is `list_`, for Python has one."""
    name = command.replace("-", "_")
    return f"{name}_" if hasattr(builtins, name) or keyword.iskeyword(name) else name


def _command(found: typer.Typer | Callable[..., None], name: str) -> Any:  # noqa: ANN401
    if isinstance(found, typer.Typer):
        group = typer.main.get_command(found)
        group.name = name
        return group
    app = typer.Typer(
        add_completion=False, rich_markup_mode="markdown", pretty_exceptions_enable=False
    )
    line = getattr(found, "example", None)
    app.command(name, epilog=None if line is None else f"Example: {line}")(found)
    return typer.main.get_command(app)
