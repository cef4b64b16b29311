"""Kill the annotator at a random moment, and see what of it is left."""

import sqlite3
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rating_studies import ROBOT, annotate_command


@dataclass(frozen=True)
class Crash:
    """What a killed session left."""

    n_acknowledged: int  # ratings that another reader saw before the kill
    n_kept: int
    n_distinct: int
    integrity: str
    next_candidate: int | None


def kill_at_random(study, environment, rng: np.random.Generator, longest_s: float) -> Crash:
    """Start a session on the window, kill it after a random time, look at the store."""
    arguments = ("--participant", ROBOT, "--simulate", "perfect", "--speed", "max")
    process = subprocess.Popen(
        annotate_command(study, *arguments),
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    path = study.folder / "store.sqlite"
    # Most kills shall hit the trials and not the start.
    wait_for_trials(path, process, n_before=n_ratings(path))
    time.sleep(rng.uniform(0.0, longest_s))
    n_acknowledged = n_ratings(path)
    process.kill()
    process.wait()
    return look(path, n_acknowledged)


def wait_for_trials(path: Path, process: subprocess.Popen, n_before: int) -> None:
    """Wait until the session has rated something, or is over."""
    while process.poll() is None and n_ratings(path) == n_before:
        time.sleep(0.02)


def n_ratings(path: Path) -> int:
    """Return how many ratings another process sees."""
    return _ask(path, "SELECT count(*) FROM rating")[0]


def look(path: Path, n_acknowledged: int) -> Crash:
    """Look at what is left in a store."""
    n_kept, n_distinct = _ask(path, "SELECT count(*), count(DISTINCT candidate_id) FROM rating")
    (integrity,) = _ask(path, "PRAGMA integrity_check")
    (next_candidate,) = _ask(
        path,
        f"SELECT min(candidate_id) FROM assignment WHERE participant_id = '{ROBOT}' AND NOT done",
    )
    return Crash(n_acknowledged, n_kept, n_distinct, integrity, next_candidate)


def _ask(path: Path, question: str) -> tuple:
    connection = sqlite3.connect(path, timeout=30)
    try:
        return connection.execute(question).fetchone()
    finally:
        connection.close()
