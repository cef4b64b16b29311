"""What a clip costs: the paper's own question, and the full audit, against the authors' way.

The paper kept clips with a sound stream whose peak is above 0. The reference asks as a script
would: one ffprobe and one pydub per clip. Beside it run `curation.clips.survey.what_sounds`, the
same question, and `curation.clips.clip_audit.audit_clip`, which decodes everything, hashes and
measures loudness. The three go over the same clips in turn, all in one process; ratios count, times
do not.

Usage: python -m benchmarks.clip_audit [--clips DIR] [--per-class 6] [--runs 5]
"""

import argparse
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pydub import AudioSegment
from pydub.exceptions import CouldntDecodeError

from curation.clips.clip_audit import audit_clip
from curation.clips.mit_tree import TreeClip
from curation.clips.survey import what_sounds
from study.rehearsal.odd import ODD_KINDS, make_odd_clip
from study.rehearsal.tree import make_clips

SEED = 1


def as_the_script_does(path: Path) -> str:
    """Ask the paper's question with one ffprobe and one pydub."""
    told = subprocess.run(
        ["ffprobe", "-v", "error", "-select_streams", "a", "-show_entries", "stream=index",
         "-of", "csv=p=0", str(path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if told.returncode:
        return "unreadable"
    if not told.stdout.strip():
        return "no_audio"
    try:
        return "" if AudioSegment.from_file(str(path)).max > 0 else "silent"
    except CouldntDecodeError:
        return "unreadable"


def fully(path: Path) -> str:
    """Audit a clip and return its reason."""
    clip = TreeClip(path, f"{path.parent.name}/{path.name}", "training", "any", "any")
    return audit_clip(clip, path.parent).reason


WAYS: dict[str, Callable[[Path], str]] = {
    "ffprobe + pydub": as_the_script_does,
    "the same question": what_sounds,
    "full audit": fully,
}


def cpu_s() -> float:
    """Return the seconds that this process and its ended children have computed."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(part.ru_utime + part.ru_stime for part in used)


def clips_of(folder: Path, per_class: int) -> list[Path]:
    """Make rehearsal clips, and one odd clip of each kind."""
    make_clips(folder / "mit", seed=SEED, n_per_class=per_class)
    (folder / "odd").mkdir()
    for kind in ODD_KINDS:
        make_odd_clip(kind, folder / "odd" / f"{kind}.mp4")
    for kind in ("plain", "silent"):
        content = (folder / "odd" / f"{kind}.mp4").read_bytes()
        for percent in range(10, 100, 10):  # the header first, then the picture and the sound
            cut = folder / "odd" / f"{kind}_{percent}_percent.mp4"
            cut.write_bytes(content[: len(content) * percent // 100])
    return sorted(folder.rglob("*.mp4"))


def main() -> None:
    """Run the benchmark; exit 1 where two ways answer the paper's question differently."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--clips", type=Path)
    parser.add_argument("--per-class", type=int, default=6)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="clip_audit_"))
    try:
        given = arguments.clips
        paths = sorted(given.rglob("*.mp4")) if given else clips_of(folder, arguments.per_class)
        differences = measure(paths, arguments.runs)
    finally:
        shutil.rmtree(folder)
    sys.exit(1 if differences else 0)


def measure(paths: list[Path], n_runs: int) -> int:
    """Print times and ratios; return how many clips are answered for differently."""
    wall: dict[str, list[float]] = {name: [] for name in WAYS}
    cpu: dict[str, list[float]] = {name: [] for name in WAYS}
    answers: dict[str, list[str]] = {}
    for run in range(n_runs + 1):
        for name, way in WAYS.items():
            start, used = time.perf_counter(), cpu_s()
            answers[name] = [way(path) for path in paths]
            if run:  # the first round fills the disk's cache and loads libraries
                wall[name].append((time.perf_counter() - start) / len(paths) * 1e3)
                cpu[name].append((cpu_s() - used) / len(paths) * 1e3)
    reference = "ffprobe + pydub"
    print(f"{len(paths)} clips, {n_runs} interleaved runs, medians")
    print("| way | wall ms a clip | CPU ms a clip | faster, wall | faster, CPU |")
    print("|---|---|---|---|---|")
    for name in WAYS:
        ratios = [
            statistics.median(a / b for a, b in zip(found[reference], found[name], strict=True))
            for found in (wall, cpu)
        ]
        times = f"{statistics.median(wall[name]):.1f} | {statistics.median(cpu[name]):.1f}"
        print(f"| {name} | {times} | {ratios[0]:.1f} | {ratios[1]:.1f} |")
    differences = 0
    for path, *told in zip(paths, answers[reference], answers["the same question"], strict=True):
        differences += (told[0] == "") != (told[1] == "")
        if told[0] != told[1]:
            print(f"{path.name}: {told[0] or 'sound'} by ffprobe and pydub, {told[1] or 'sound'}")
    print(f"{differences} of {len(paths)} clips would be kept by one way and not by the other")
    return differences


if __name__ == "__main__":
    main()
