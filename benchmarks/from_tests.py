"""What benchmarks share with the tests: small studies, a view of the screen from outside, kills."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from crashes import CRASH_SETTINGS, Crash, kill_at_random
from early_presses import early_warnings, evidence_of
from rating_studies import PERSON, ROBOT, annotate, annotate_command, ratable_study
from screens import OutsideView

__all__ = [
    "CRASH_SETTINGS",
    "PERSON",
    "ROBOT",
    "Crash",
    "OutsideView",
    "annotate",
    "annotate_command",
    "early_warnings",
    "evidence_of",
    "kill_at_random",
    "ratable_study",
]
