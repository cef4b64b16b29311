"""Memory and start of a training at the size of MIT-16: 22,496 clips, two epochs.

Writes records of random embeddings and their lists, then runs the train command twice, each time
in a process of its own, whose memory is watched. Run it from the repository:
``python -m benchmarks.training_memory``.
"""

import argparse
import gzip
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

from features.embedding_set import find_embedding_set
from features.records import wire
from features.records.records import Record, serialise

N_CLASSES, N_VALIDATION, SET = 16, 2256, "yamnet_effnet"


def main() -> None:
    """Print a table: time until the first batch, and memory, of a first and a second start."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=22_496)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_world(folder, options.clips)
        print("| start | s until the first batch | CPU-s | own memory, MB | with mapped rows |")
        print("|---|---|---|---|---|")
        for start in ("first", "second"):
            first_s, cpu_s, own, resident = _watch(folder, folder / f"model-{start}")
            memory = f"{own / 1e6:.0f} | {resident / 1e6:.0f}"
            print(f"| {start} | {first_s:.1f} | {cpu_s:.1f} | {memory} |", flush=True)


def _write_world(folder: Path, n_clips: int) -> None:
    rng, embedding_set = np.random.default_rng(1), find_embedding_set(SET)
    lines = ["filename,AVMIT_label"]
    for number in range(n_clips):
        label = f"class{number % N_CLASSES:02d}"
        # Multiples of 1/8: the files are small, and neither memory nor arithmetic cares.
        audio, visual = (
            (rng.integers(-16, 17, (7, size)) / 8).astype(np.float32)
            for size in (embedding_set.audio_size, embedding_set.visual_size)
        )
        record = Record(f"{label}/clip_{number}.mp4", label, audio, visual)
        path = folder / label / f"clip_{number}.tfrecord"
        path.parent.mkdir(exist_ok=True)
        # Not by `write_record`, which waits for the disk after every file.
        path.write_bytes(gzip.compress(wire.frame(serialise(record)), compresslevel=1))
        lines.append(f"{label}/clip_{number}.mp4,{label}")
    n_train = n_clips - min(N_VALIDATION, n_clips // 10)
    (folder / "train.csv").write_text("\n".join(lines[: n_train + 1]) + "\n")
    (folder / "validation.csv").write_text("\n".join([lines[0], *lines[n_train + 1 :]]) + "\n")


def _watch(folder: Path, out: Path) -> tuple[float, float, int, int]:
    command = [sys.executable, "-m", "models", "train", "--embeddings", folder, "--out", out]
    command += ["--train", folder / "train.csv", "--validation", folder / "validation.csv"]
    began = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--epochs", "2", "--set", SET],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    watched = psutil.Process(process.pid)
    first_s, cpu_s, own, resident = 0.0, 0.0, 0, 0
    while process.poll() is None:
        try:
            maps = watched.memory_maps()
        except psutil.Error:
            break
        # Both from one look: the rows may be gone at the next one.
        mapped = sum(each.rss for each in maps if each.path.endswith(".npy"))
        all_of_it = sum(each.rss for each in maps)
        # Mapped rows take no memory until the first batch reads some.
        if mapped and not first_s:
            first_s = time.perf_counter() - began
            cpu_s = sum(watched.cpu_times()[:2])
        own, resident = max(own, all_of_it - mapped), max(resident, all_of_it)
        time.sleep(0.05)
    if process.wait():
        raise SystemExit("the training failed")
    return first_s, cpu_s, own, resident


if __name__ == "__main__":
    main()
