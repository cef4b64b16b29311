"""Rate 2,000 short clips in one process the full way, and watch what the process holds.

Decode, upload, label, sound, evidence, commit, unload, as in a session: clips of 0.2 s and of two
sizes, now and then a replay and an early press. After every trial memory, threads and open files
are noted in FOLDER/soak.csv; after the first 50 they must stay flat. Exit code 0 if they do, 1 if
not. 2,000 clips take nine to eleven minutes.

Run: python -m benchmarks.soak FOLDER [--clips 2000] [--plot FILE.png]
"""

import argparse
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
from matplotlib.figure import Figure

from annotator.simulated.key_presses import SimulatedKeys
from annotator.task.actor import Actor
from annotator.task.pages import Pages
from annotator.task.run import run_session
from benchmarks.dated_clip import write_dated_clip
from lab.virtual_station import virtual_station
from sessions.running.recording import Recorder, machine, open_session
from sessions.running.session_plan import SessionPlan, plan_session
from study.classes import read_classes
from study.config.study import Study
from study.reports.figures import save_figure
from study.store import Engine, transaction
from study.vocabulary import Phase, Stimulus, TrialRecord
from tests.worlds.rating_studies import ROBOT, ratable_study

CLIP_S = 0.2
SETTLED = 50  # clips after which nothing may grow
N_COMPARED = 30  # clips at either end of the rest whose medians are compared
# The allocator comes and goes by a few megabytes; one forgotten clip in 50 is found.
MAX_GROWTH_MB, MAX_GROWTH_KB_PER_CLIP = 12.0, 10.0
MAX_MORE_FILES = 2.0  # another connection to the store, opened once
WRITTEN_EVERY = 20  # so that a run that is stopped leaves its curve
REPLAY_EVERY, EARLY_EVERY = 40, 40
SIZES_PX = ((640, 480), (340, 256))


class FastPerson:
    """Answers at once; now and then replays or presses too early."""

    def __init__(self) -> None:
        self._seen: dict[int, int] = {}

    def on_play(self, stimulus: Stimulus) -> tuple[str, float] | None:
        """Press early at the first playing of some clips."""
        n_before = self._seen.get(stimulus.candidate_id, 0)
        self._seen[stimulus.candidate_id] = n_before + 1
        is_early = stimulus.candidate_id % EARLY_EVERY == 7 and n_before == 0
        return ("3", CLIP_S / 2) if is_early else None

    def on_prompt(self, stimulus: Stimulus) -> tuple[str, float]:
        """Replay some clips once, rate all others."""
        is_replay = (
            stimulus.candidate_id % REPLAY_EVERY == 21 and self._seen[stimulus.candidate_id] == 1
        )
        return ("space" if is_replay else "2", 0.0)


@dataclass
class Watch:
    """What the process held after each trial."""

    recorder: Recorder
    table: Path
    process: psutil.Process = field(default_factory=psutil.Process)
    rows: list[dict[str, float]] = field(default_factory=list)
    start_s: float = field(default_factory=time.monotonic)

    def keep(self, record: TrialRecord) -> int | None:
        """Record a trial, as in a session, and look at the process."""
        total_pence = self.recorder.save(record)
        self.rows.append(
            {
                "clip": len(self.rows) + 1,
                "t_s": time.monotonic() - self.start_s,
                "rss_mb": self.process.memory_info().rss / 2**20,
                "n_threads": self.process.num_threads(),
                "n_files": self.process.num_fds(),
            }
        )
        if len(self.rows) % WRITTEN_EVERY == 0:
            pd.DataFrame(self.rows).to_csv(self.table, index=False)
        return total_pence


def soaked(folder: Path, n_clips: int) -> pd.DataFrame:
    """Rate the clips; return one row per trial."""
    study, engine = soak_study(folder, n_clips)
    with transaction(engine) as db:
        plan = plan_session(db, study, ROBOT, Phase.ANNOTATION)
    labels = sorted(read_classes(study.classes_path).avmit_labels)
    trials = [
        replace(each, stimulus=replace(each.stimulus, label=labels[i % len(labels)]))
        for i, each in enumerate(plan.trials)
    ]
    plan = replace(plan, trials=trials)
    rows = session(study, engine, plan, len(labels), folder / "soak.csv")
    engine.dispose()
    return pd.DataFrame(rows)


def soak_study(folder: Path, n_clips: int) -> tuple[Study, Engine]:
    """Make a study whose clips have two sizes, so that textures are made anew."""
    shutil.rmtree(folder / "study", ignore_errors=True)
    clips = [
        write_dated_clip(folder / f"{width}.mp4", (width, height), CLIP_S)
        for width, height in SIZES_PX
    ]
    study, engine = ratable_study(
        folder / "study",
        kinds=("dated",) * n_clips,
        settings={"protocol.trials_per_block": "500", "protocol.warning_s": "0.05"},
        clip=clips[0],
    )
    for path in sorted((study.mit_root / "training" / "barking").glob("*.mp4"))[::3]:
        shutil.copy(clips[1], path)
    return study, engine


def session(
    study: Study, engine: Engine, plan: SessionPlan, n_classes: int, table: Path
) -> list[dict[str, float]]:
    """Run one session in a window of this process."""
    from annotator.window.stage import PsychopyStage

    pages = Pages(study, plan, n_classes)
    protocol = study.config.protocol
    stage = PsychopyStage(
        study.config.screen,
        warning_s=protocol.warning_s,
        warning=pages.warning(),
        reminder=pages.reminder(),
        keys=SimulatedKeys(FastPerson()),
    )
    try:
        rig = machine() | stage.facts()
        with open_session(
            engine, study, ROBOT, Phase.ANNOTATION, stage="window", profile="perfect", rig=rig
        ) as recorder:
            watch = Watch(recorder, table)
            stage.show_bonus(recorder.total())
            run_session(
                stage, plan, pages, watch.keep,
                trials_per_block=protocol.trials_per_block, actor=Actor("perfect"),
            )  # fmt: skip
    finally:
        stage.close()
    return watch.rows


def growth(rows: pd.DataFrame) -> dict[str, float]:
    """Return by how much each quantity grew after the first clips, between medians."""
    settled = rows[rows["clip"] > SETTLED]
    n = min(N_COMPARED, len(settled) // 2)
    names = ["rss_mb", "n_threads", "n_files"]
    grown = settled[names].tail(n).median() - settled[names].head(n).median()
    return {str(name): float(value) for name, value in grown.items()}


def leaks(rows: pd.DataFrame) -> list[str]:
    """Return what grew that must not."""
    grown = growth(rows)
    room_mb = MAX_GROWTH_MB + MAX_GROWTH_KB_PER_CLIP * (len(rows) - SETTLED) / 1024
    limits = {"rss_mb": room_mb, "n_threads": 0.0, "n_files": MAX_MORE_FILES}
    return [
        f"{name} grew by {grown[name]:.1f} over {len(rows) - SETTLED} clips, at most {limit:.1f}"
        for name, limit in limits.items()
        if grown[name] > limit
    ]


def plot(rows: pd.DataFrame, path: Path) -> None:
    """Draw memory, threads and open files over clips."""
    figure = Figure(figsize=(9, 4.2), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    upper.plot(rows["clip"], rows["rss_mb"], color="tab:blue", linewidth=1)
    upper.set(ylabel="memory (RSS), MB", ylim=(0, 1.25 * rows["rss_mb"].max()))
    lower.plot(rows["clip"], rows["n_threads"], color="tab:orange", label="threads")
    lower.plot(rows["clip"], rows["n_files"], color="tab:green", label="open files")
    lower.set(xlabel="clips rated", ylim=(0, None))
    lower.legend(fontsize="small", frameon=False, ncols=2)
    for ax in (upper, lower):
        ax.axvline(SETTLED, color="0.5", linewidth=0.8, linestyle=":")
        ax.grid(alpha=0.25)
    save_figure(figure, path)


def main() -> int:
    """Soak, report, return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clips", type=int, default=2_000)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--inside", action="store_true", help="use the display that is there")
    options = parser.parse_args()
    if options.clips < SETTLED + 2:
        parser.error(f"--clips must be more than {SETTLED + 1}")
    if not options.inside:
        # The window must be gone before its screen goes: a process of its own.
        with virtual_station() as station:
            command = [sys.executable, "-m", "benchmarks.soak", *sys.argv[1:], "--inside"]
            return subprocess.run(command, env=station, check=False).returncode
    rows = soaked(options.folder, options.clips)
    rows.to_csv(options.folder / "soak.csv", index=False)
    if options.plot is not None:
        plot(rows, options.plot)
    grown, n_slope = growth(rows), len(rows) - SETTLED
    slope_kb = 1024 * float(np.polyfit(rows["clip"][SETTLED:], rows["rss_mb"][SETTLED:], 1)[0])
    print(
        f"{len(rows)} clips in {rows['t_s'].iloc[-1]:.0f} s; after the first {SETTLED}: memory "
        f"{grown['rss_mb']:+.1f} MB ({slope_kb:+.1f} kB per clip), threads "
        f"{grown['n_threads']:+.0f}, open files {grown['n_files']:+.0f} over {n_slope} clips"
    )
    found = leaks(rows)
    for leak in found:
        print(f"leak: {leak}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
