"""Kill the annotator at a random moment, and see what of it is left."""

import sqlite3
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sessions.maintenance.store_check import findings
from study.store import open_store, transaction
from tests.worlds.rating_studies import ROBOT, annotate_command

# As many raters as `ratable_study` plans, so that the store's own check has nothing to say.
CRASH_SETTINGS = {"protocol.ratings_per_clip": "2"}


@dataclass(frozen=True)
class Crash:
    """What a killed session left."""

    n_before: int  # ratings when it was started
    n_acknowledged: int  # ratings that another reader saw before the kill
    n_kept: int
    n_distinct: int
    expected_first: int | None  # the clip that was to be rated next when it was started
    first: int | None  # the clip that it rated first
    next_candidate: int | None
    integrity: str
    findings: tuple[str, ...]  # of `sessions check`

    def problems(self) -> list[str]:
        """Return what must not be; clips are rated in the order of their ids."""
        wrong = {
            "acknowledged ratings were lost": self.n_kept < self.n_acknowledged,
            "a clip was rated twice": self.n_distinct != self.n_kept,
            "the session did not resume at the right clip": (
                self.first is not None and self.first != self.expected_first
            ),
            "the next session would not resume at the right clip": (
                self.next_candidate not in {self.n_kept + 1, None}
            ),
            f"integrity: {self.integrity}": self.integrity != "ok",
        }
        return [problem for problem, is_so in wrong.items() if is_so] + list(self.findings)


def kill_at_random(
    study,
    environment,
    rng: np.random.Generator,
    longest_s: float,
    *,
    while_starting: bool = False,
    speed: str = "max",
) -> Crash:
    """Start a session on the window, kill it after a random time, look at the store."""
    arguments = ("--participant", ROBOT, "--simulate", "perfect", "--speed", speed)
    path = study.folder / "store.sqlite"
    n_before, expected_first = n_ratings(path), next_candidate(path)
    process = subprocess.Popen(
        annotate_command(study, *arguments),
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    if not while_starting:
        # Most kills shall hit the trials and not the start.
        wait_for_trials(path, process, n_before)
    time.sleep(rng.uniform(0.0, longest_s))
    n_acknowledged = n_ratings(path)
    process.kill()
    process.wait()
    return look(study, path, n_before, n_acknowledged, expected_first)


def wait_for_trials(path: Path, process: subprocess.Popen, n_before: int) -> None:
    """Wait until the session has rated something, or is over."""
    while process.poll() is None and n_ratings(path) == n_before:
        time.sleep(0.02)


def look(study, path: Path, n_before: int, n_acknowledged: int, expected_first: int | None):
    """Look at what is left in a store."""
    n_kept, n_distinct = _ask(path, "SELECT count(*), count(DISTINCT candidate_id) FROM rating")
    (integrity,) = _ask(path, "PRAGMA integrity_check")
    (first,) = _ask(
        path,
        "SELECT candidate_id FROM (SELECT candidate_id, row_number() OVER (ORDER BY trial_id) AS n "
        f"FROM rating) WHERE n = {n_before + 1}",
    ) or (None,)
    engine = open_store(study.store_url)
    with transaction(engine) as db:
        found = tuple(findings(db, study, clips=False, hashes=False))
    engine.dispose()
    return Crash(
        n_before=n_before,
        n_acknowledged=n_acknowledged,
        n_kept=n_kept,
        n_distinct=n_distinct,
        expected_first=expected_first,
        first=first,
        next_candidate=next_candidate(path),
        integrity=integrity,
        findings=found,
    )


def n_ratings(path: Path) -> int:
    """Return how many ratings another process sees."""
    return _ask(path, "SELECT count(*) FROM rating")[0]


def next_candidate(path: Path) -> int | None:
    """Return the clip at which a session would begin; None where all are rated."""
    return _ask(
        path,
        f"SELECT min(candidate_id) FROM assignment WHERE participant_id = '{ROBOT}' AND NOT done",
    )[0]


def _ask(path: Path, question: str) -> tuple | None:
    connection = sqlite3.connect(path, timeout=30)
    try:
        return connection.execute(question).fetchone()
    finally:
        connection.close()
