"""Run a notebook as a person does: cell by cell, in one namespace."""

import json
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "notebooks"


def run_notebook(name, **parameters):
    """Run a notebook in the working directory and return what its names stand for at the end.

    The parameters take the place of those that the cell with the tag "parameters" gives.
    """
    notebook = json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))
    names = {}
    for number, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] != "code":
            continue
        program = compile("".join(cell["source"]), f"{name}.ipynb, cell {number}", "exec")
        exec(program, names)
        if "parameters" in cell["metadata"].get("tags", ()):
            unknown = parameters.keys() - names.keys()
            assert not unknown, f"{name} has no parameters {unknown}"
            names |= parameters
    return names
