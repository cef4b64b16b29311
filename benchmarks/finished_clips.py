"""Asynchrony and signal-to-noise ratio of finished stimuli, and how fast they are made.

Stimuli of clips of odd kinds are decoded by the system's ffmpeg, another version than the one that
made them, and compared with what was asked for. Then clips of 340x256 and 3 s are timed.

Run: python -m benchmarks.finished_clips [--clips 200] [--timed 40]
"""

import argparse
import os
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd

from curation.manipulation.planning.design import read_design
from curation.manipulation.planning.sources import read_sources
from curation.manipulation.running import ManipulationOutcome, manipulate
from tests.references import finished_clips
from tests.worlds.stimuli import KINDS, Kind, make_set, write_design, write_source

_CONDITIONS = """
format = "{form}"
[[cross]]
noise = ["white", "pink"]
snr_db = [0]
asynchrony_ms = [-120.0, 80.0]
[[condition]]
name = "cut"
asynchrony_ms = 60
edge = "cut"
"""
_TIMED = {
    "without pixel noise": "[[cross]]\nnoise = 'pink'\nsnr_db = [0, 10]\nasynchrony_ms = [0, 100]",
    "low-pass": "[[condition]]\nname = 'low'\nlow_pass_cpp = 8.0",
    "pixel noise": "[[condition]]\nname = 'pixels'\npixel_noise = 0.1",
}
_LARGE = Kind(size_px=(340, 256), rate_hz=Fraction(30), sound_s=3.0, picture_s=3.0)


def made(folder: Path, clips: Path, text: str, name: str) -> ManipulationOutcome:
    """Make the stimuli of a design."""
    design = read_design(write_design(folder / f"{name}.toml", text))
    return manipulate(design, read_sources(None, clips), folder / name)


def errors(folder: Path, clips: Path, form: str) -> pd.DataFrame:
    """Return by how much stimuli differ from what was asked for, by ours and by their measure."""
    outcome = made(folder, clips, _CONDITIONS.format(form=form), form)
    for reject in outcome.rejects:
        print(f"refused: {reject.detail}")
    found = []
    for row in outcome.rows:
        sound = finished_clips.sound_of(clips / row.source)
        finished = finished_clips.sound_of(folder / form / row.filename)
        asked = round((row.asynchrony_ms or 0) * 48)
        in_file = min(asked, 0) if row.edge == "cut" else asked
        theirs = finished_clips.lag_near(finished, sound, in_file, reach=20)
        measured = row.asynchrony_measured_ms
        found.append(
            {
                "format": form,
                "kind": row.source.split("-")[1],
                "unique": measured is not None,
                "asynchrony_samples": abs((measured or 0) * 48 - asked) if measured else np.nan,
                "other_reader_samples": abs(theirs - in_file),
                "snr_db": abs((row.snr_measured_db or 0) - (row.snr_db or 0)),
                "pictures_ms": row.picture_time_error_ms,
            }
        )
    return pd.DataFrame(found)


def timed(folder: Path, n_clips: int) -> None:
    """Print how many clips are made in a second."""
    clips = folder / "large"
    for number in range(n_clips):
        write_source(clips / f"class{number % 4}" / f"clip-{number}_1.mp4", _LARGE, seed=number)
    for name, text in _TIMED.items():
        began_s = time.monotonic()
        outcome = made(folder, clips, text, name.replace(" ", "_"))
        rate = outcome.n_made / (time.monotonic() - began_s)
        print(
            f"{name}: {outcome.n_made} clips, {rate:.2f} clips/s on {os.cpu_count()} cores, load "
            f"{os.getloadavg()[0]:.1f}, all of it (survey, start of processes, page) counted"
        )


def main() -> None:
    """Make, measure and time stimuli."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--timed", type=int, default=40)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        n_repeats = -(-wanted.clips // (2 * 5 * len(KINDS)))
        clips = make_set(folder / "odd", classes=("barking",), kinds=tuple(KINDS) * n_repeats)
        rows = pd.concat([errors(folder, clips, form) for form in ("h264", "lossless")])
        print(f"{len(rows)} stimuli, largest errors:")
        print(rows.drop(columns="kind").groupby("format").max().round(3).to_string())
        print(rows.groupby(["format", "kind"]).max(numeric_only=True).round(3).to_string())
        if wanted.timed:
            timed(folder, wanted.timed)


if __name__ == "__main__":
    main()
