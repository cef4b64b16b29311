"""How long grouping of near-duplicates takes for as many clips as Moments in Time has.

Usage: python -m benchmarks.near_duplicates [--clips 100000 800000]

The tables are made to be hard: in two of five clips nothing moves, so that their five frame hashes
are one; one in five has bars above and below, whose bits are all 0; one in fifty is a near copy of
another clip. Prints CPU seconds and memory, and how many of the copies were found.
"""

import argparse
import resource
import subprocess
import sys
import time

import numpy as np
import numpy.typing as npt

from curation.clips.duplicates import MAX_FRAME_BITS, MAX_SOUND_BITS, near_groups

Ints = npt.NDArray[np.int64]
KINDS = {"frames": (5, MAX_FRAME_BITS), "sound": (2, MAX_SOUND_BITS)}
BARS = np.uint64(0x0000FFFFFFFF0000)


def hard_table(n_clips: int, kind: str) -> tuple[npt.NDArray[np.uint64], Ints, Ints]:
    """Return hashes, and the places of originals and of their near copies."""
    rng = np.random.default_rng(1)
    n_words, max_bits = KINDS[kind]
    words = rng.integers(0, 2**64, (n_clips, n_words), dtype=np.uint64)
    if kind == "frames":
        still = rng.random(n_clips) < 0.4
        words[still] = words[still, :1]
        words[rng.random(n_clips) < 0.2] &= BARS
    places = rng.choice(n_clips, 2 * (n_clips // 50), replace=False)
    originals, copies = np.split(places, 2)
    words[copies] = words[originals]
    for _ in range(max_bits):
        bits = rng.integers(0, 64 * n_words, len(copies))
        words[copies, bits // 64] ^= np.uint64(1) << (bits % 64).astype(np.uint64)
    return words, originals, copies


def measure(n_clips: int, kind: str) -> None:
    """Group one table and print a row."""
    words, originals, copies = hard_table(n_clips, kind)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    groups = near_groups(words, KINDS[kind][1])
    seconds = time.process_time() - start
    used = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    found = (groups[originals] == groups[copies]) & (groups[copies] > 0)
    print(
        f"| {kind} | {n_clips:,} | {seconds:.0f} | {used:.0f} | {found.sum():,} of {len(found):,} |"
    )


def main() -> None:
    """Run every table in a process of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--clips", type=int, nargs="+", default=[100_000, 800_000])
    parser.add_argument("--one", choices=list(KINDS))
    arguments = parser.parse_args()
    if arguments.one:
        measure(arguments.clips[0], arguments.one)
        return
    print("| hashes of | clips | CPU s | MiB more than the table | near copies found |")
    print("|---|---|---|---|---|", flush=True)
    for n_clips in arguments.clips:
        for kind in KINDS:
            again = [sys.executable, "-m", "benchmarks.near_duplicates", "--one", kind]
            subprocess.run([*again, "--clips", str(n_clips)], check=True)


if __name__ == "__main__":
    main()
