"""Kill -9 the annotator 100 times at random moments, and look at the store after every kill.

Three kinds of kill in turn: among trials that are not waited for (many commits a second), among
trials at real speed (during playing and answering), and from the start of the process on (opening
window, sound and store). Ten kills share a study, each session resuming where the last one was
killed; then the rest is rated and counted. Kills that have been done stand in FOLDER/kills.csv: run
the same command again to go on.

Run: python -m benchmarks.kill_sessions FOLDER [--kills 100] [--minutes 8] [--seed 1]
"""

import argparse
import sys
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from lab.virtual_station import virtual_station
from study.config.study import Study, find_study
from tests.worlds.crashes import CRASH_SETTINGS, Crash, kill_at_random
from tests.worlds.rating_studies import ROBOT, annotate, ratable_study

KILLS_PER_STUDY = 10
N_CLIPS = 500
# How the session is killed: its speed, whether already while it starts, and within how long.
KINDS = {
    "among commits": {"speed": "max", "while_starting": False, "longest_s": 1.0},
    "at real speed": {"speed": "real", "while_starting": False, "longest_s": 4.0},
    "from the start": {"speed": "max", "while_starting": True, "longest_s": 8.0},
}


def study_of(folder: Path) -> Study:
    """Return the study of ten kills, new or as the last kill left it."""
    if (folder / "study" / "study.toml").is_file():
        return find_study(folder / "study")
    study, engine = ratable_study(folder, kinds=("short",) * N_CLIPS, settings=CRASH_SETTINGS)
    engine.dispose()
    return study


def kill(folder: Path, number: int, seed: int) -> dict[str, object]:
    """Do one kill; return its row."""
    kind = list(KINDS)[number % len(KINDS)]
    rng = np.random.default_rng([seed, number])
    study = study_of(folder / f"study-{number // KILLS_PER_STUDY:02d}")
    with virtual_station() as station:
        crash: Crash = kill_at_random(study, station, rng, **KINDS[kind])
    problems = crash.problems()
    if number % KILLS_PER_STUDY == KILLS_PER_STUDY - 1:
        problems += finish(study)
    fields = {name: value for name, value in asdict(crash).items() if name != "findings"}
    return {"kill": number, "kind": kind, **fields, "problems": "; ".join(problems)}


def finish(study: Study) -> list[str]:
    """Rate what is left after ten kills; return what went wrong."""
    arguments = ("--participant", ROBOT, "--simulate", "perfect", "--stage", "simulated")
    told = annotate(study, *arguments)
    if f"{N_CLIPS} of {N_CLIPS} clips are rated" in told.stdout + told.stderr:
        return []
    return [f"the rest could not be rated: {told.stdout} {told.stderr}"]


def main() -> int:
    """Kill until all is done or time is up; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--minutes", type=float, default=8.0, help="start no kill after these")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    table = options.folder / "kills.csv"
    n_done = len(pd.read_csv(table)) if table.exists() else 0
    until_s = time.monotonic() + 60 * options.minutes
    for number in range(n_done, options.kills):
        if time.monotonic() > until_s:
            break
        row = pd.DataFrame([kill(options.folder, number, options.seed)])
        row.to_csv(table, mode="a", header=not table.exists(), index=False)
        print(f"kill {number + 1}: {row.iloc[0]['problems'] or 'nothing lost'}", flush=True)
    return report(pd.read_csv(table), options.kills)


def report(kills: pd.DataFrame, n_wanted: int) -> int:
    """Print what the kills left; return 0 for nothing lost, 1 for a problem, 3 for not yet done."""
    print(
        kills.assign(
            ratings=kills["n_kept"] - kills["n_before"],
            unacknowledged=kills["n_kept"] - kills["n_acknowledged"],
        )
        .groupby("kind", sort=False)[["ratings", "unacknowledged"]]
        .agg(["count", "sum"])
        .to_string()
    )
    wrong = kills[kills["problems"].notna()]
    for row in wrong.itertuples():
        print(f"kill {row.kill + 1}, {row.kind}: {row.problems}")
    print(f"{len(kills)} of {n_wanted} kills, {len(wrong)} with a problem")
    if len(wrong):
        return 1
    return 0 if len(kills) >= n_wanted else 3


if __name__ == "__main__":
    sys.exit(main())
