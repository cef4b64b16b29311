"""Public docstrings tell the truth about signatures; read from the source, nothing is imported."""

import ast

import pytest
from numpydoc.docscrape import NumpyDocString

from tests.paths import ROOT

PACKAGES = [
    "annotator",
    "curation",
    "features",
    "instructions",
    "lab",
    "models",
    "sessions",
    "study",
]
FILES = sorted(
    path
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if "migrations" not in path.parts
)


def definitions(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node


def is_command(function):
    """Return whether a function is a command: its options document themselves in --help."""
    annotations = [ast.unparse(a.annotation) for a in all_arguments(function) if a.annotation]
    decorators = [ast.unparse(decorator) for decorator in function.decorator_list]
    return any("typer." in text or text.endswith("Option") for text in annotations) or any(
        ".command" in text or ".callback" in text for text in decorators
    )


def all_arguments(function):
    arguments = function.args
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]


def is_nested_or_private(function, tree):
    for parent in ast.walk(tree):
        if function in ast.iter_child_nodes(parent):
            return isinstance(parent, ast.FunctionDef) or (
                isinstance(parent, ast.ClassDef) and parent.name.startswith("_")
            )
    return False


def parameters(function):
    names = {argument.arg for argument in all_arguments(function)} - {"self", "cls"}
    for starred in (function.args.vararg, function.args.kwarg):
        if starred is not None:
            names.add(starred.arg)
    return names


def documented(node):
    sections = NumpyDocString(ast.get_docstring(node) or "")
    rows = sections["Parameters"] + sections["Other Parameters"]
    return {name.strip().lstrip("*") for row in rows for name in row.name.split(",")}


def fields(class_node):
    return {
        statement.target.id
        for statement in class_node.body
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
    }


def initialiser(class_node):
    for statement in class_node.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
            return parameters(statement)
    return set()


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_docstrings_name_the_parameters_that_are_there(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    wrong = []
    for node in definitions(tree):
        if isinstance(node, ast.ClassDef):
            unknown = documented(node) - fields(node) - initialiser(node)
            if unknown:
                wrong.append(f"{node.name}: documents {sorted(unknown)}, which it has not")
        elif not is_command(node) and not is_nested_or_private(node, tree):
            told, there = documented(node), parameters(node)
            if told - there:
                wrong.append(f"{node.name}: documents {sorted(told)}, has {sorted(there)}")
    assert wrong == []


def faces():
    """Yield what packages export: the file and the name of each function and class."""
    for package in PACKAGES:
        for init in (ROOT / package).rglob("__init__.py"):
            tree = ast.parse(init.read_text(encoding="utf-8"))
            for node in ast.walk(tree):
                if isinstance(node, ast.ImportFrom) and node.module in MODULES:
                    yield from ((MODULES[node.module], alias.name) for alias in node.names)


MODULES = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in FILES}
FACES = sorted(set(faces()))


def test_there_are_faces():
    assert {"dataset", "read", "transaction"} <= {name for _, name in FACES}


@pytest.mark.parametrize(("path", "name"), FACES, ids=[name for _, name in FACES])
def test_what_a_package_exports_has_its_parameters_and_its_result_described(path, name):
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            sections = NumpyDocString(ast.get_docstring(node))
            assert documented(node) == parameters(node)
            assert returns_nothing(node) or sections["Returns"] or sections["Yields"]


def returns_nothing(function):
    return isinstance(function.returns, ast.Constant) and function.returns.value is None
