"""How fast the warning stands after a key that came too early, in refreshes of a paced screen.

The screen is paced to 60 Hz. Keys are pressed from outside (XTEST) at random moments of a clip of
the study's largest size; the store holds when each key went down and which flip showed its warning.
A virtual screen shows scheduling, not scan-out.

Run: python -m benchmarks.early_warnings FOLDER [--presses 60] [--seed 1]
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.dated_clip import write_dated_clip
from lab.virtual_station import virtual_station
from study.config.screen import Screen
from tests.worlds.early_presses import early_warnings

CLIP_S = 3.0


def main() -> None:
    """Press, and print the delays in refreshes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="the delays go to warnings.csv in it")
    parser.add_argument("--presses", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    screen = Screen()
    size_px = (screen.max_clip_width_px, screen.max_clip_height_px)
    clip = write_dated_clip(options.folder / "clip.mp4", size_px, CLIP_S)
    rng = np.random.default_rng(options.seed)
    with tempfile.TemporaryDirectory() as folder, virtual_station() as station:
        found, late = early_warnings(Path(folder), station, clip, options.presses, rng)
    table = options.folder / "warnings.csv"
    found.to_csv(table, mode="a", header=not table.exists(), index=False)
    frames = pd.read_csv(table)["delay_frames"]
    print(
        f"{len(frames)} early presses: warned after {frames.median():.2f} refreshes in the median, "
        f"95 % within {frames.quantile(0.95):.2f}, longest {frames.max():.2f} "
        f"({100 * late:.1f} % of flips late in this run)"
    )


if __name__ == "__main__":
    main()
