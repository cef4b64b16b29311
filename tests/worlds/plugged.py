"""Packages that bring embedding sets, as an installer leaves them behind."""

import re
import sys

from features.plugged_sets import GROUP, plugged_sets
from tests.paths import ROOT


def documented_set():
    """Return the program of the set that the documentation shows."""
    page = (ROOT / "docs" / "guides" / "embedding_sets.md").read_text(encoding="utf-8")
    return next(
        block for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "SET =" in block
    )


def install_set(folder, monkeypatch, program, *, module="my_sets", entry=None, version="1.2"):
    """Install a package with one module, which has the set as ``SET``, for this test."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{module}.py").write_text(program, encoding="utf-8")
    about = folder / f"{module}-{version}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {module.replace('_', '-')}\nVersion: {version}\n"
    )
    point = f"{entry or module} = {module}:SET\n"
    (about / "entry_points.txt").write_text(f"[{GROUP}]\n{point}", encoding="utf-8")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, module, raising=False)
    plugged_sets.cache_clear()
