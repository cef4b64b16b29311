"""How long release, check-release and trace take at the paper's size, and how much memory.

Run with ``python -m benchmarks.release_size``. Makes a store of 57,177 clips with 171,630 ratings,
draws the test set and the lists, writes a release without embeddings, checks it, and traces a clip
in the store and in the release; each in a process of its own, of which it prints the seconds and
the largest memory. The store of the benchmark has no clips on disk, so that traces
end with broken links.
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
CLIP = "video_ratings.csv:barking/yt-0000000_0.mp4"
_CODE = (
    "import resource, sys; from lab.__main__ import app\n"
    "from study.errors import StudyError\n"
    "try: app(sys.argv[1:], standalone_mode=False)\n"
    "except StudyError as error: print(error)\n"
    "print('KIB', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, help="where to leave the release")
    keep = parser.parse_args().keep
    folder = Path(tempfile.mkdtemp(prefix="release_size_"))
    study, out = folder / "study", folder / "release" if keep is None else keep
    try:
        fill(study, 1)
        for arguments in LISTS:
            run(study, arguments)
        where = ["--study", str(study)]
        measure("release", "--out", str(out), "--without-embeddings", "--allow-unfinished", *where)
        measure("check-release", str(out))
        measure("trace", CLIP, *where)
        measure("trace", CLIP, "--release", str(out))
    finally:
        shutil.rmtree(folder)


def measure(*arguments: str) -> None:
    """Run a command of `lab` and print what it took."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _CODE, *arguments], stdout=subprocess.PIPE, text=True, check=True
    )
    said, _, kib = done.stdout.rpartition("KIB")
    last = said.strip().rpartition("\n")[2]
    print(f"{last[:100]}\n{' '.join(arguments[:2])}: {time.perf_counter() - start:.1f} s, "
          f"{int(kib) / 1024:.0f} MiB")  # fmt: skip


if __name__ == "__main__":
    main()
