"""What packages offer by name in their ``__init__``: stable, typed, and never a module."""

import subprocess
import sys
import types
from pathlib import Path

import pytest

PACKAGES = ("curation", "features", "models")
NAMES = {
    "curation": [
        "accepted_classes",
        "draw_test_set",
        "filter_clips",
        "measure_agreement",
        "tally_ratings",
    ],
    "features": ["dataset", "embed", "read"],
    "models": ["evaluate", "load", "read_evaluations", "train"],
}
ALL_FIRST = """
import importlib, inspect, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
for name in package.__all__:
    face = getattr(package, name)
    assert inspect.isfunction(face), f"{name} is {face}"
    signature = inspect.signature(face)
    bare = [p.name for p in signature.parameters.values() if p.annotation is p.empty]
    assert not bare and signature.return_annotation is not signature.empty, f"{name}: {bare}"
    assert name in dir(package)
print(*sorted(package.__all__))
"""
SLOW = {"numpy", "pandas", "jax", "keras", "tensorflow", "av", "onnx"}
QUICK = f"import sys, {{}}; print(*{SLOW!r} & set(sys.modules))"


def output_of(program, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


PATHS = """
import importlib, inspect, sys
package = importlib.import_module(sys.argv[1])
for name in package.__all__:
    for one in inspect.signature(getattr(package, name)).parameters.values():
        said = str(one.annotation).replace("pathlib.Path", "Path")
        if said.count("Path") != said.count("Path | str"):
            print(f"{name}({one.name})")
"""


@pytest.mark.parametrize("package", PACKAGES)
def test_what_takes_a_path_takes_a_text(package):
    assert output_of(PATHS, package) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_names_are_functions_after_every_submodule_is_imported(package):
    assert output_of(ALL_FIRST, package) == NAMES[package]


@pytest.mark.parametrize("package", PACKAGES)
def test_no_name_is_that_of_a_submodule(package):
    folder = Path(__import__(package).__file__).parent
    inside = {path.stem for path in folder.iterdir()}
    assert not inside & set(NAMES[package])


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_starts_without_what_its_names_need(package):
    assert output_of(QUICK.replace("{}", package)) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_an_unknown_name_is_an_error(package):
    module = __import__(package)
    assert isinstance(module, types.ModuleType)
    with pytest.raises(AttributeError, match=f"module '{package}' has no attribute 'nothing'"):
        module.nothing  # noqa: B018
