"""The pages of the commands: what `--help` says, from the same tables and functions."""

import importlib
from collections.abc import Iterator
from typing import Any

import typer

from handbook.markdown import code, page, plain, table
from study.tools.commands import CommandTable

FRONTS = ("annotator", "sessions", "curation", "features", "models", "study", "lab")
_COMMON = (
    "Paths and options are the same everywhere: `--help` after a command says what stands here."
)


def group_of(front: str) -> Any:  # noqa: ANN401
    """Return the command line of a package."""
    return typer.main.get_command(importlib.import_module(f"{front}.__main__").app)


def command_of(group: Any, name: str) -> Any:  # noqa: ANN401
    """Return a command as it is in its module."""
    loaded = group.load(name) if isinstance(group, CommandTable) else None
    return loaded or group.commands[name]


def commands_of(front: str) -> Iterator[tuple[str, str, Any]]:
    """Yield panel, full name and command of every command that a package offers."""
    group = group_of(front)
    for name, listed in group.commands.items():
        command = command_of(group, name)
        for path, below in _leaves((name,), command):
            yield getattr(listed, "rich_help_panel", None) or "Commands", " ".join(path), below


def _leaves(path: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:  # noqa: ANN401
    if not hasattr(command, "commands"):
        yield path, command
        return
    for name, below in command.commands.items():
        yield from _leaves((*path, name), below)


def commands_page(front: str) -> str:
    """Return the page of a package's commands."""
    group, parts, panel = group_of(front), [], None
    if any(one.param_type_name == "option" and one.name != "help" for one in group.params):
        parts.append(_section(f"python -m {front}", front, group))
    for title, name, command in commands_of(front):
        if title != panel:
            parts.append(f"## {title}")
            panel = title
        parts.append(_section(f"python -m {front} {name}", f"{front} {name}", command))
    return page(f"python -m {front}", plain(group.help or ""), _COMMON, *parts)


def _section(line: str, title: str, command: Any) -> str:  # noqa: ANN401
    context = typer.Context(command, info_name=line)
    shown = [one for one in command.params if not getattr(one, "hidden", False)]
    shown.sort(key=lambda one: one.param_type_name == "option")  # arguments first
    places = [one.name.upper() for one in shown if one.param_type_name == "argument"]
    usage = " ".join([line, *places, "[OPTIONS]"])
    parts = [f"### {title}", plain(command.help or ""), f"```text\n{usage}\n```"]
    rows = [_parameter(one, context) for one in shown]
    if rows:
        parts.append(table(["option", "takes", "default", "meaning"], rows))
    if command.epilog:
        parts.append(f"Example: `{command.epilog.removeprefix('Example: ')}`")
    return "\n\n".join(parts)


def _parameter(one: Any, context: typer.Context) -> tuple[str, str, str, str]:  # noqa: ANN401
    is_option = one.param_type_name == "option"
    names = [*one.opts, *one.secondary_opts] if is_option else [one.name.upper()]
    takes = "" if getattr(one, "is_flag", False) else _type(one, context)
    said, _, of_help = (getattr(one, "help", None) or "").partition("[default: ")
    meaning = said.strip()
    if getattr(one, "envvar", None):
        meaning += f"; else `${one.envvar}`"
    default = plain(of_help.rstrip("]")) or _default(one)
    return ", ".join(map(code, names)), plain(takes), default, plain(meaning)


def _type(one: Any, context: typer.Context) -> str:  # noqa: ANN401
    words = str(one.display_type(context)).replace(" range", "").strip("<>[]")
    words = words.removeprefix("list[")
    words = {"str": "text", "int": "whole number", "float": "number"}.get(words, words)
    limits = [f"{limit:,}" for limit in (one.min, one.max) if limit is not None]
    words = f"{words}, {' to '.join(limits)}" if limits else words
    return f"{words}, several" if getattr(one, "multiple", False) or one.nargs == -1 else words


def _default(one: Any) -> str:  # noqa: ANN401
    value = one.default
    if one.required:
        return "required"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or callable(value) or value in ((), []):
        return ""
    shown = value if isinstance(value, list | tuple) else [value]
    return code(" ".join(str(getattr(each, "value", each)) for each in shown))
