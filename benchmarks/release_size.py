"""How long a release takes at the paper's size, and how much memory.

Run with ``python -m benchmarks.release_size``. Makes a store of 57,177 clips with 171,630 ratings,
draws the test set and the lists, then writes a release without embeddings in a process of its own
and prints its seconds and its largest memory.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.tables_size import fill, run

LISTS = [["curation", name] for name in ("export-ratings", "test-set", "training-lists")]


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, help="where to leave the release")
    keep = parser.parse_args().keep
    folder = Path(tempfile.mkdtemp(prefix="release_size_"))
    try:
        fill(folder / "study", 1)
        for arguments in LISTS:
            run(folder / "study", arguments)
        out = folder / "release" if keep is None else keep
        code = (
            "import resource, sys; from lab.__main__ import app\n"
            "app(sys.argv[1:], standalone_mode=False)\n"
            "print('KIB', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        arguments = ["release", "--out", str(out), "--study", str(folder / "study")]
        arguments += ["--without-embeddings", "--allow-unfinished"]
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True, check=True
        )
        elapsed, kib = time.perf_counter() - start, int(done.stdout.rsplit("KIB", 1)[1])
        print(done.stdout.rsplit("KIB", 1)[0].strip())
        print(f"release: {elapsed:.1f} s, {kib / 1024:.0f} MiB")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
