import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.paths import ROOT
from tests.worlds.machine import PATIENCE_S

START_A_WORKER = """
import multiprocessing, time
from study.processes.parents import end_with_parent

def work(delay_s):
    time.sleep(delay_s)  # importing takes a while
    end_with_parent()
    time.sleep(60)

if __name__ == "__main__":
    worker = multiprocessing.get_context("spawn").Process(target=work, args=(DELAY_S,))
    worker.start()
    print(worker.pid, flush=True)
    time.sleep(60)
"""


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells of a parent's end on Linux")
@pytest.mark.parametrize("delay_s", [0.0, 2.0])
def test_a_worker_ends_with_its_parent_even_if_that_is_killed_while_it_starts(delay_s, tmp_path):
    script = tmp_path / "start_a_worker.py"
    script.write_text(START_A_WORKER.replace("DELAY_S", str(delay_s)))
    command = [sys.executable, str(script)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        time.sleep(1.5 - delay_s / 2)
        parent.kill()
    deadline_s = time.monotonic() + PATIENCE_S
    while is_running(pid) and time.monotonic() < deadline_s:
        time.sleep(0.05)
    assert not is_running(pid)
