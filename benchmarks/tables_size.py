"""How long `status` and curation take at the paper's size and at ten times it.

Run with ``python -m benchmarks.tables_size``. Makes a store of 57,177 clips with 171,630 ratings
(99 clips get a fourth one), then runs each command in a process of its own and prints its seconds
and its largest memory.
"""

import argparse
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from curation.clips.record_names import give_names
from study.config.study import find_study
from study.init import init_study
from study.store import open_store, studies, transaction
from study.store.addresses import sqlite_path

N_CLIPS, N_RATINGS, N_RATERS = 57_177, 171_630, 11
SETTINGS = ("protocol.class_min_prominent=500", "protocol.test_size_per_class=60")
COMMANDS = {
    "sessions status": ["sessions", "status"],
    "export-ratings": ["curation", "export-ratings", "--overwrite"],
    "agreement, 1,000 resamples": ["curation", "agreement", "--overwrite"],
    "aggregation (all rules, Dawid-Skene)": ["curation", "sensitivity", "--overwrite"],
    "test-set": ["curation", "test-set", "--overwrite"],
    "training-lists, source-disjoint": [
        "curation",
        "training-lists",
        "--source-disjoint",
        "--overwrite",
    ],
    "figures": ["curation", "figures", "--overwrite"],
    "raters": ["curation", "raters", "--overwrite"],
}


def fill(folder: Path, factor: int) -> None:
    """Make a study whose store has `factor` times the paper's ratings."""
    at = datetime(2026, 1, 2, tzinfo=UTC)
    study = init_study(folder, SETTINGS, at)
    with transaction(open_store(study.store_url)) as db:
        version = studies.protocol_version(db, config=study.config, at=at)
    rng = np.random.default_rng(1)
    from study.classes import read_classes

    labels = sorted(read_classes().avmit_labels)
    n_clips, n_extra = N_CLIPS * factor, (N_RATINGS - 3 * N_CLIPS) * factor
    truth = rng.choice([1, 2, 3], n_clips, p=[0.45, 0.15, 0.4])
    stamp = at.isoformat(timespec="microseconds")
    clips = [
        (i + 1, f"{labels[i % 41]}/yt-{i // 3:07d}_{i % 300}.mp4", "training", labels[i % 41],
         labels[i % 41], "0" * 64, 3.0, 25.0 if i % 3 == 0 else 30.0, 320, 240, 0.5, stamp)
        for i in range(n_clips)
    ]  # fmt: skip
    rows = []
    for i in range(n_clips):
        for k in range(4 if i < n_extra else 3):
            given = truth[i] if rng.random() < 0.85 else rng.integers(1, 4)
            rows.append((i + 1, (i + k * (1 + i % 5)) % N_RATERS if k < 3 else -1, int(given)))
    path = sqlite_path(study.store_url)
    people = [f"P{number:02d}" for number in range(N_RATERS + 1)]
    with sqlite3.connect(path) as store:
        store.executemany("insert into participant values (?, 'human', ?, null, null)",
                          [(p, stamp) for p in people])  # fmt: skip
        columns = "id, participant_id, phase, attempt, stage, started_at, heartbeat_at, host, pid, "
        store.executemany(
            f"insert into session ({columns} protocol_version_id, rig, ended_at) values "
            "(?, ?, 'annotation', 1, 'window', ?, ?, 'h', 1, ?, '{\"grade\": \"A\"}', ?)",
            [(f"s{p}", p, stamp, stamp, version, stamp) for p in people],
        )
        columns = "id, filename, video_location, mit_label, avmit_label, sha256, duration_s, "
        columns += "frame_rate_hz, width_px, height_px, peak, admitted_at"
        store.executemany(f"insert into candidate ({columns}) values ({','.join('?' * 12)})", clips)
        store.executemany(
            "insert into trial (id, session_id, number, candidate_id, outcome, recorded_at) "
            "values (?, ?, ?, ?, 'rated', ?)",
            ((n, f"s{people[r]}", n, c, stamp) for n, (c, r, _) in enumerate(rows, 1)),
        )
        store.executemany(
            "insert or ignore into rating (trial_id, participant_id, candidate_id, phase, attempt, "
            "rating, rt_s, n_replays, n_early_presses, bonus_pence, simulated, rated_at) values "
            "(?, ?, ?, 'annotation', 1, ?, 0.5, 0, 0, 0, 0, ?)",
            ((n, people[r], c, given, stamp) for n, (c, r, given) in enumerate(rows, 1)),
        )
        store.execute(
            "insert into presentation (trial_id, number, onset_s, offset_s, interrupted, "
            "clip_sha256, av_offset_s, n_frames_shown, n_frames_dropped, n_frames_late, n_xruns, "
            "left_px, bottom_px, width_px, height_px, scale) select trial.id, 1, 1, 4, 0, sha256, "
            "0, 90, 0, 0, 0, 40, 40, 320, 240, 1 from trial join candidate on candidate.id = "
            "candidate_id"
        )
        (n_ratings,) = store.execute("select count(*) from rating").fetchone()
    store.close()
    with transaction(open_store(study.store_url)) as db:
        give_names(db, [(clip[2], clip[1], clip[4]) for clip in clips], at)
    print(f"{n_clips:,} clips, {n_ratings:,} ratings, {len(people)} raters")


def run(folder: Path, arguments: list[str]) -> tuple[float, float]:
    """Return seconds and peak memory in MiB of one command."""
    package, *words = arguments
    code = (
        f"import resource, sys; from {package}.__main__ import app\n"
        "try: app(sys.argv[1:], standalone_mode=False)\n"
        "finally: print('KIB', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code, *words, "--study", str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    elapsed = time.perf_counter() - start
    if done.returncode:
        sys.exit(done.stdout[-500:] + done.stderr[-2000:])
    return elapsed, int(done.stdout.rsplit("KIB", 1)[1]) / 1024


def main() -> None:
    """Run the benchmark and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--factors", type=int, nargs="+", default=[1, 10])
    factors = parser.parse_args().factors
    found: dict[str, list[str]] = {name: [] for name in COMMANDS}
    for factor in factors:
        folder = Path(tempfile.mkdtemp(prefix="tables_size_"))
        try:
            fill(folder, factor)
            find_study(folder)
            for name, arguments in COMMANDS.items():
                seconds, mebibytes = run(folder, arguments)
                found[name].append(f"{seconds:.1f} s, {mebibytes:.0f} MiB")
                print(f"x{factor} {name}: {found[name][-1]}", flush=True)
        finally:
            shutil.rmtree(folder)
    print("| command |" + "".join(f" x{factor} |" for factor in factors))
    print("|---|" + "---|" * len(factors))
    for name, cells in found.items():
        print(f"| {name} | {' | '.join(cells)} |")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"largest memory of a command: {peak:.0f} MiB")


if __name__ == "__main__":
    main()
