"""Asynchrony and signal-to-noise ratio of finished stimuli, and what one takes to make.

Stimuli of clips of odd kinds are decoded by the system's ffmpeg, another version than the one that
made them, and compared with what was asked for. Then clips of 340x256 and 3 s are timed.

Run: python -m benchmarks.finished_clips [--clips 200] [--timed 4]
"""

import argparse
import os
import tempfile
import time
from fractions import Fraction
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from curation.manipulation.making.making import Order, make
from curation.manipulation.manifest import RefusedStimulus
from curation.manipulation.planning.design import read_design
from curation.manipulation.planning.sources import read_sources
from curation.manipulation.planning.stimuli import plan_stimuli
from curation.manipulation.running import ManipulationOutcome, manipulate
from curation.manipulation.survey import look_at, mean_spectrum
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
    "as it is": "",
    "noise": "noise = 'pink'\nsnr_db = 0",
    "noise of the set": "noise = 'set'\nsnr_db = 0",
    "shifted": "asynchrony_ms = 100",
    "shifted and cut": "asynchrony_ms = 60\nedge = 'cut'",
    "sound of another class": "incongruent = true",
    "sound only": "modality = 'audio'",
    "picture only": "modality = 'visual'",
    "contrast": "contrast = 0.5",
    "blur": "blur_px = 3.0",
    "low-pass": "low_pass_cpp = 8.0",
    "high-pass": "high_pass_cpp = 8.0",
    "pixel noise": "pixel_noise = 0.1",
    "pixel noise, low-pass": "pixel_noise = 0.1\nlow_pass_cpp = 8.0",
}
_ROUNDS = 3  # the least of them: what else runs on the machine only makes it more
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
    """Print how many CPU-seconds a clip takes in each condition, decoding of its source included.

    The rounds of all conditions are interleaved.
    """
    clips = folder / "large"
    for number in range(n_clips):
        write_source(clips / f"class{number % 2}" / f"clip-{number}_1.mp4", _LARGE, seed=number)
    found = [look_at(source) for source in read_sources(None, clips)]
    spectrum = mean_spectrum(found)
    sources = [one.source for one in found]
    digests = {one.source.name: one.sha256 for one in found}
    took: dict[tuple[str, str], list[float]] = {}
    for _, form, (name, text) in product(range(_ROUNDS), ("h264", "lossless"), _TIMED.items()):
        content = f"format = '{form}'\n[[condition]]\nname = 'timed'\n{text}"
        design = read_design(write_design(folder / "timed.toml", content))
        orders = [
            Order(stimulus, design, folder / "timed", digests, spectrum)
            for stimulus in plan_stimuli(design, sources, sources)
        ]
        began_s = time.process_time()
        results = [make(order) for order in orders]
        took.setdefault((name, form), []).append((time.process_time() - began_s) / len(orders))
        for refused in (one for one in results if isinstance(one, RefusedStimulus)):
            print(f"refused: {refused.detail}")
    print(f"CPU-seconds of a clip, the least of {_ROUNDS} rounds, load {os.getloadavg()[0]:.1f}:")
    least = pd.Series({key: min(rounds) for key, rounds in took.items()})
    print(least.unstack(sort=False).round(3).to_string())


def main() -> None:
    """Make, measure and time stimuli."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--timed", type=int, default=4)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        if not wanted.clips:
            timed(folder, wanted.timed)
            return
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
