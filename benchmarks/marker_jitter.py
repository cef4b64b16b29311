"""How far markers of Lab Streaming Layer are off the evidence of a session in the real window.

A simulated person answers short clips in a window on a virtual screen, at real speed, while this
process receives the markers. Their stamps and the stored moments are of two clocks that run alike:
what is left of their difference behind its median is printed, in milliseconds.

Run: python -m benchmarks.marker_jitter [--trials 24]
"""

import argparse
import tempfile
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pylsl

from annotator.triggers import STREAM
from lab.virtual_station import virtual_station
from sessions.recognition.planning import plan_recognition
from study.rehearsal.odd import make_odd_clip
from study.store import transaction
from study.store.desk import Desk
from tests.worlds.rating_studies import annotate, table
from tests.worlds.recognition import recognition_study, stimuli_folder
from tests.worlds.studies import AT

_SETTINGS = {
    "screen.width_px": "1280",
    "recognition.markers": '"lsl"',
    "recognition.fixation_s": "0.2",
}
_PATIENCE_S = 120.0


def receive(markers: dict[str, float], n_wanted: int) -> None:
    """Note the stamps of so many markers."""
    found = pylsl.resolve_byprop("name", STREAM, minimum=1, timeout=_PATIENCE_S)
    inlet = pylsl.StreamInlet(found[0])
    while len(markers) < n_wanted:
        sample, stamp_s = inlet.pull_sample(timeout=_PATIENCE_S)
        if sample is None:
            return
        kind, stimulus = sample[0].split()[:2]
        markers[f"{kind} {stimulus}"] = stamp_s


def differences(markers: dict[str, float], shown: pd.DataFrame, kind: str) -> pd.Series:
    """Return stamps less stored moments, about their median, in milliseconds."""
    stamps = shown["stimulus_id"].map(lambda number: markers.get(f"{kind} {number}"))
    off_s = stamps.astype(float) - shown[kind]
    return 1000 * (off_s - off_s.median()).dropna()


def main() -> None:
    """Run a session and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=24)
    n_trials = parser.parse_args().trials
    markers: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as place, virtual_station() as station:
        folder = Path(place)
        clips = {"plain": make_odd_clip("short", folder / "short.mp4")}
        classes = [f"class {number:02}" for number in range(16)]
        stimuli = stimuli_folder(
            folder / "stimuli", classes=classes, n_per_class=-(-n_trials // 16),
            conditions=("plain",), clips=clips,
        )  # fmt: skip
        study, engine = recognition_study(folder, n_people=2, settings=_SETTINGS, stimuli=stimuli)
        with transaction(engine) as db:
            plan_recognition(Desk(db, study, "AB", AT))
        listener = threading.Thread(target=receive, args=(markers, 3 * n_trials), daemon=True)
        listener.start()
        run = annotate(
            study, "--participant", "S01", "--phase", "recognition", "--simulate", "combining",
            "--trials", str(n_trials), station=station,
        )  # fmt: skip
        print(run.stdout.strip(), run.stderr.strip())
        listener.join(timeout=5)
        answers, shown = table(engine, "answer"), table(engine, "presentation")
        engine.dispose()
    # The last presentation of a trial is the one that is answered.
    both = answers.merge(shown.drop_duplicates("trial_id", keep="last"), on="trial_id")
    both = both.assign(
        onset=both["onset_s"], offset=both["offset_s"], answer=both["offset_s"] + both["rt_s"]
    )
    for kind in ("onset", "offset", "answer"):
        off_ms = differences(markers, both, kind)
        print(
            f"{kind}: {len(off_ms)} markers, sd {off_ms.std(ddof=0):.3f} ms, "
            f"at most {np.abs(off_ms).max():.3f} ms"
        )


if __name__ == "__main__":
    main()
