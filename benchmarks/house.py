"""Measure the house: how wide its rooms are, how high its floors, and what is said twice.

Run: python -m benchmarks.house [--since REVISION | --paths]

Reads the source with `ast` and runs nothing of it, but for ``--paths``. With ``--since`` the same
is measured of an earlier commit and printed beside it.
"""

import argparse
import ast
import io
import subprocess
import tarfile
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = (
    "annotator",
    "curation",
    "features",
    "instructions",
    "lab",
    "models",
    "sessions",
    "study",
)


@dataclass(frozen=True, slots=True)
class Source:
    """One file of the program, parsed."""

    module: str
    path: Path
    lines: int
    tree: ast.Module

    @property
    def package(self) -> str:
        """The top-level package."""
        return self.module.partition(".")[0]


def sources(root: Path) -> list[Source]:
    """Parse every file of the packages, migrations left out."""
    found = []
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            if "versions" in path.parts:
                continue
            text = path.read_text(encoding="utf-8")
            parts = path.relative_to(root).with_suffix("").parts
            module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found.append(Source(module, path, text.count("\n"), ast.parse(text)))
    return found


def widest_folders(files: list[Source]) -> str:
    """Return the five largest numbers of files in one folder."""
    counts = pd.Series([file.path.parent for file in files if file.path.name != "__init__.py"])
    return ", ".join(map(str, counts.value_counts().head(5)))


def imported(file: Source, modules: set[str]) -> set[str]:
    """Return the modules of the same package that a file imports anywhere."""
    found = set()
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in modules else node.module for name in names}
    same = {name for name in found if name.partition(".")[0] == file.package}
    return (same & modules) - {file.module}


def floors(files: list[Source], package: str) -> int:
    """Return the number of modules in the longest import chain of a package."""
    modules = {file.module for file in files}
    arrows = {file.module: imported(file, modules) for file in files if file.package == package}

    @cache
    def height(module: str) -> int:
        return 1 + max(
            (height(other) for other in arrows[module] if not closes(other, module)), default=0
        )

    def closes(other: str, module: str) -> bool:
        seen, ahead = set(), [other]
        while ahead:
            here = ahead.pop()
            if here == module:
                return True
            if here not in seen:
                seen.add(here)
                ahead += arrows.get(here, ())
        return False

    return max(map(height, arrows), default=0)


def imports_inside(files: list[Source]) -> int:
    """Return how many import statements stand inside functions."""
    functions = (
        node
        for file in files
        for node in ast.walk(file.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    inside = {
        id(node)
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    return len(inside)


def docstring_lines(file: Source) -> int:
    """Return how many lines of a file are docstrings."""
    return sum(
        first.end_lineno - first.lineno + 1
        for node in ast.walk(file.tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        for first in node.body[:1]
        if isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
        and first.end_lineno is not None
    )


def public_classes(file: Source) -> Iterator[str]:
    """Yield the names of the classes that a file defines for others."""
    for node in file.tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node.name


def names_twice(pairs: Iterator[tuple[str, str]]) -> list[str]:
    """Return the names that stand in more than one place."""
    places = defaultdict(set)
    for name, place in pairs:
        places[name].add(place)
    return sorted(name for name, where in places.items() if len(where) > 1)


def measures(root: Path) -> dict[str, object]:
    """Return every measure of a checkout."""
    files = sources(root)
    n_lines = sum(file.lines for file in files)
    n_docstring = sum(map(docstring_lines, files))
    classes = names_twice((name, f.module) for f in files for name in public_classes(f))
    stems = names_twice((f.path.stem, f.package) for f in files if not f.path.stem.startswith("__"))
    return {
        "files in one folder, largest five": widest_folders(files),
        **{f"floors of {package}": floors(files, package) for package in PACKAGES},
        "imports inside functions": imports_inside(files),
        "docstring lines": f"{n_docstring} ({n_docstring / n_lines:.0%})",
        "class names in several modules": f"{len(classes)}: {' '.join(classes)}",
        "file names in several packages": f"{len(stems)}: {' '.join(stems)}",
        "source lines": n_lines,
    }


def checked_out(revision: str, folder: Path) -> Path:
    """Unpack a commit into a folder."""
    packed = subprocess.run(
        ["git", "archive", revision], cwd=ROOT, check=True, capture_output=True
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        tar.extractall(folder, filter="data")
    return folder


def main() -> None:
    """Print the measures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--since", metavar="REVISION", help="measure that commit too")
    parser.add_argument(
        "--paths", action="store_true", help="list the files that one rating and one clip pass"
    )
    options = parser.parse_args()
    if options.paths:
        from benchmarks import one_path  # runs the program, which the rest does not

        one_path.main()
        return
    since = options.since
    columns = {}
    if since:
        with tempfile.TemporaryDirectory() as folder:
            columns[since] = measures(checked_out(since, Path(folder)))
    columns["now"] = measures(ROOT)
    for name in columns["now"]:
        print(name)
        for column, values in columns.items():
            print(f"    {column}: {values[name]}")


if __name__ == "__main__":
    main()
