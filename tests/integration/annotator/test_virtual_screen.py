"""A virtual screen on which drawing takes as long as a refresh is still seen to be one."""

import json
import subprocess
import sys

from lab.virtual_station import virtual_station

FACTS = """
import json
from annotator.window.window import TaskWindow
from study.config.screen import Screen
window = TaskWindow(Screen())
print(json.dumps(window.facts() | {"paced": window._paced}))
window.close()
"""


def test_a_large_virtual_screen_that_draws_slowly_is_virtual_and_paced():
    with virtual_station(3840, 2160) as station:
        run = subprocess.run(
            [sys.executable, "-c", FACTS], env=station, capture_output=True, text=True, check=True
        )
    facts = json.loads(run.stdout.splitlines()[-1])
    assert (facts["width_px"], facts["height_px"]) == (3840, 2160)
    assert (facts["is_virtual"], facts["paced"], facts["period_s"]) == (True, True, 1 / 60)
    assert facts["virtual_because"] == "llvmpipe draws in software"
