"""What only some systems have stands in one place, and the rest does without."""

import os
import subprocess
import sys

import pytest

from study.processes import machine
from tests.paths import ROOT

LACKING = "import fcntl\nimport os\n\nos.nice(3)\n"


@pytest.mark.parametrize(
    ("place", "n_found"),
    [
        ("study/reading/planted.py", 2),
        ("curation/planted.py", 2),
        ("annotator/task/planted.py", 2),
        ("annotator/window/planted.py", 0),
    ],
)
def test_a_call_that_windows_lacks_is_found_outside_the_linux_parts(place, n_found):
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "ruff",
            "check",
            "--select",
            "TID251",
            "--stdin-filename",
            place,
            "-",
        ],
        input=LACKING,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.count("TID251") == n_found, done.stdout + done.stderr


def test_a_file_is_locked_for_one_at_a_time(tmp_path):
    path = tmp_path / "journal"
    with path.open("wb") as one, path.open("wb") as other:
        machine.lock(one)
        with pytest.raises(BlockingIOError):
            machine.lock(other)
    with path.open("wb") as again:
        machine.lock(again)


def test_where_a_system_has_no_accounts_nothing_is_anothers(tmp_path, monkeypatch):
    state = tmp_path.stat()
    assert machine.can_change_modes(state)
    monkeypatch.delattr(os, "geteuid")
    monkeypatch.delattr(os, "nice")
    assert not machine.belongs_to_others(state)
    assert machine.can_change_modes(state)
    machine.give_way(3)
