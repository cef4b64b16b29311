"""Keyboard and sound of an account that may not have realtime priority, as a rater's may not."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.paths import ROOT

HAS_SERVERS = all(shutil.which(program) for program in ("Xvfb", "pulseaudio"))
OPEN = """
import resource, time
resource.setrlimit(resource.RLIMIT_RTPRIO, (0, 0))
from annotator.window.keys.keyboard import Keyboard
from annotator.window.sound.paths import PsychtoolboxSound
import numpy as np
for _ in range(3):
    sound = PsychtoolboxSound(48000)
    sound.load(np.zeros((480, 2), np.float32))
    sound.start_at(0.0)
    time.sleep(0.1)
    sound.close()
keyboard = Keyboard()
time.sleep(0.1)
keyboard.close()
"""


@pytest.mark.skipif(not HAS_SERVERS, reason="Xvfb or PulseAudio is not installed")
@pytest.mark.parametrize("attempt", range(3))
def test_the_drivers_open_without_a_crash_and_without_a_word(attempt, station):
    # Even root has no such priority without the capability.
    bare = ["setpriv", "--bounding-set=-sys_nice", "--inh-caps=-sys_nice"]
    prefix = bare if os.geteuid() == 0 else []
    done = subprocess.run(
        [*prefix, sys.executable, "-c", OPEN], cwd=ROOT, env=station, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
