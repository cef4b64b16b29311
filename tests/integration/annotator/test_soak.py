"""Many clips in one process: nothing may be held on to."""

import subprocess
import sys

import pandas as pd

from benchmarks import soak

N_CLIPS = 120


def test_a_session_of_many_clips_holds_on_to_nothing(tmp_path):
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.soak", str(tmp_path), "--clips", str(N_CLIPS)],
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    rows = pd.read_csv(tmp_path / "soak.csv")
    assert len(rows) == N_CLIPS
    assert soak.leaks(rows) == []
    assert run.returncode == 0, run.stdout + run.stderr


def held(**slopes):
    """Return what a process holds that grows by so much with every clip after the first 50."""
    start = {"rss_mb": 400.0, "n_threads": 12.0, "n_files": 30.0}
    return pd.DataFrame(
        [
            {"clip": clip, "t_s": 0.3 * clip}
            | {
                name: value + slopes.get(name, 0.0) * max(0, clip - soak.SETTLED)
                for name, value in start.items()
            }
            for clip in range(1, N_CLIPS + 1)
        ]
    )


def test_what_grows_is_found():
    assert soak.leaks(held()) == []
    assert soak.leaks(held(rss_mb=0.1)) == []  # 7 MB: the allocator's own coming and going
    assert len(soak.leaks(held(rss_mb=0.5))) == 1  # half of a forgotten small clip
    assert len(soak.leaks(held(n_threads=0.1, n_files=0.1))) == 2
