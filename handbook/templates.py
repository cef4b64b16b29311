"""The words of a message as its expression in the code has them, places in plain words."""

import ast
import re
from collections.abc import Iterator, Mapping

_SENTENCE = re.compile(r"(?<=\S)[.;?] (?=[A-Z‹])")
_PLURALS = {"counted", "counted_and"}


def templates_of(
    node: ast.expr, tree: ast.Module, others: Mapping[str, ast.Module]
) -> Iterator[str]:
    """Yield every text that an expression can be, with ‹places› for what it names.

    A name is looked up in its module, a function by what it returns; nothing is run.
    """
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr():
            yield _joined(node, tree, others)
        case ast.IfExp():
            yield from templates_of(node.body, tree, others)
            yield from templates_of(node.orelse, tree, others)
        case ast.BinOp(op=ast.Add()):
            for left in templates_of(node.left, tree, others):
                for right in templates_of(node.right, tree, others) or [""]:
                    yield left + right
        case ast.Call(func=ast.Attribute(attr="format", value=value)):
            for text in templates_of(value, tree, others):
                yield re.sub(r"\{(\w+)\}", lambda found: f"‹{_words(found[1])}›", text)
        case ast.Call(func=ast.Name(id=name)):
            yield from _returned(name, tree, others)
        case ast.Name(id=name):
            yield from _assigned(name, tree, others)


def sentences(text: str) -> tuple[str, str]:
    """Return what was found, and what to do: the last sentence or sentences.

    Examples
    --------
    >>> sentences("no study in ‹folder›. Make one: python -m study init DIR")
    ('no study in ‹folder›', 'Make one: python -m study init DIR')
    """
    first, *rest = _SENTENCE.split(" ".join(text.split()), maxsplit=1)
    return first.rstrip("."), "".join(rest)


def _joined(node: ast.JoinedStr, tree: ast.Module, others: Mapping[str, ast.Module]) -> str:
    return "".join(
        str(part.value) if isinstance(part, ast.Constant) else _known(part, tree, others)
        for part in node.values
    )  # fmt: skip


def _known(node: ast.expr, tree: ast.Module, others: Mapping[str, ast.Module]) -> str:
    # A constant that is a text stands in a message as it is.
    value = node.value if isinstance(node, ast.FormattedValue) else node
    if isinstance(value, ast.Name) and value.id.isupper():
        found = list(_assigned(value.id, tree, others))
        return found[0] if len(found) == 1 else _place(node)
    return _place(node)


def _place(node: ast.expr) -> str:
    value = node.value if isinstance(node, ast.FormattedValue) else node
    match value:
        case ast.Constant(value=text):
            return str(text)
        case ast.IfExp(body=ast.Constant(value=str(one)), orelse=ast.Constant(value=str(other))):
            return one or other  # singular or plural, or a part that may be missing
        case ast.Call(
            func=ast.Name(id=name), args=[number, ast.Constant(value=str(what)), *plural]
        ) if name in _PLURALS:
            match plural:
                case [ast.Constant(value=str(many))]:
                    return f"‹{_named(number)}› {many}"
            return f"‹{_named(number)}› {what}s"
    return f"‹{_named(value)}›"


def _named(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return _words(name)
        case ast.Call(func=ast.Attribute(value=value, attr="join"), args=[inside]):
            return _named(inside) if isinstance(value, ast.Constant) else _named(value)
        case ast.Call(func=ast.Attribute(value=value)) if not isinstance(value, ast.Constant):
            return _named(value)
        case ast.Call(args=[first, *_]):
            return _named(first)
        case ast.Subscript(value=value):
            return _named(value)
        case ast.GeneratorExp(elt=inside) | ast.ListComp(elt=inside) | ast.Starred(value=inside):
            return _named(inside)
        case ast.BinOp(left=left, right=right):
            return _named(left) if not isinstance(left, ast.Constant) else _named(right)
        case ast.BoolOp(values=[first, *_]):
            return _named(first)
        case ast.IfExp(body=body):
            return _named(body)
        case ast.JoinedStr():
            return "".join(map(_place, node.values)).strip("‹›") or "..."
        case ast.Constant(value=value):
            return str(value)
    return "..."


def _words(name: str) -> str:
    """Return a name of the code in words.

    Examples
    --------
    >>> _words("n_right"), _words("participant_id"), _words("_MOST_ROWS")
    ('number of right', 'participant', 'most rows')
    """
    plain = name.strip("_").lower().removesuffix("_id")
    if plain.startswith("n_"):
        plain = f"number_of_{plain.removeprefix('n_')}"
    return plain.replace("_", " ")


def _returned(name: str, tree: ast.Module, others: Mapping[str, ast.Module]) -> Iterator[str]:
    for function, home in _defined(name, tree, others, ast.FunctionDef):
        for node in ast.walk(function):
            if isinstance(node, ast.Return) and node.value is not None:
                yield from templates_of(node.value, home, others)


def _assigned(name: str, tree: ast.Module, others: Mapping[str, ast.Module]) -> Iterator[str]:
    for assignment, home in _defined(name, tree, others, ast.Assign):
        yield from templates_of(assignment.value, home, others)


def _defined(name, tree, others, kind):  # noqa: ANN001, ANN202
    """Yield the definitions of a name here, or where it is imported from."""
    here = [node for node in tree.body if isinstance(node, kind) and name in _names(node)]
    yield from ((node, tree) for node in here)
    for node in [] if here else tree.body:
        if isinstance(node, ast.ImportFrom) and name in {alias.name for alias in node.names}:
            home = others.get(node.module or "")
            if home is not None:
                yield from _defined(name, home, others, kind)


def _names(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else []
    return {target.id for target in targets if isinstance(target, ast.Name)}
