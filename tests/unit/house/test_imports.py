import ast
from collections.abc import Iterator
from pathlib import Path

from benchmarks.house import PACKAGES
from tests.paths import ROOT

Function = ast.FunctionDef | ast.AsyncFunctionDef


def imports_without_a_reason(path: Path) -> Iterator[int]:
    """Yield the lines of imports in functions that say in no comment why they stand there.

    One comment is enough for imports that follow one another: on a line of theirs, or above.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    functions = (n for n in ast.walk(ast.parse("\n".join(lines))) if isinstance(n, Function))
    found = {
        (node.lineno, node.end_lineno or node.lineno)
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    has_reason_until = 0
    for first, last in sorted(found):
        here = lines[first - 2 : last]
        follows = has_reason_until == first - 1
        if (
            follows
            or lines[first - 2].lstrip().startswith("#")
            or any("#" in line for line in here[1:])
        ):
            has_reason_until = last
        else:
            yield first


def test_an_import_in_a_function_says_why_it_stands_there():
    files = (path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    assert [
        f"{path.relative_to(ROOT)}:{line}"
        for path in files
        for line in imports_without_a_reason(path)
    ] == []


def test_an_import_without_a_reason_is_found(tmp_path):
    source = tmp_path / "one.py"
    source.write_text(
        "def f():\n    import a\n\n    # slow\n    import b\n    import c\n\n    import d  # slow\n"
    )
    assert list(imports_without_a_reason(source)) == [2]
