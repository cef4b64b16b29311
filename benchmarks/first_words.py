"""How long it takes from the start of the annotator to the first words, and to the first page.

Looked at from outside, each start on a virtual screen of its own. How many programs share the cores
decides more than anything else: the load is printed with each start.

Run: python -m benchmarks.first_words [--starts 10]
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import pandas as pd

from lab.virtual_station import virtual_station
from tests.worlds.rating_studies import finished, ratable_study, started
from tests.worlds.screens import HEIGHT_PX, WIDTH_PX, OutsideView, Rectangle


def one_start() -> dict[str, float]:
    """Start the annotator and return the seconds until words, and a page, are on the screen."""
    whole = Rectangle(0, 0, WIDTH_PX, HEIGHT_PX)
    with tempfile.TemporaryDirectory() as folder, virtual_station() as station:
        study, engine = ratable_study(Path(folder), kinds=("short",))
        engine.dispose()
        with OutsideView(station) as view:
            load = os.getloadavg()[0]
            began_s = time.monotonic()
            process = started(study, station)
            try:
                view.wait_for(lambda: view.is_lit(whole))
                words_s = time.monotonic() - began_s
                view.wait_for(view.is_page)
                page_s = time.monotonic() - began_s
            finally:
                process.terminate()
                finished(process)
    return {"load": load, "words_s": words_s, "page_s": page_s}


def main() -> None:
    """Start it again and again, and print each start and the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=10)
    rows = pd.DataFrame([one_start() for _ in range(parser.parse_args().starts)])
    print(rows.round(2).to_string(index=False))
    print(f"median: words {rows['words_s'].median():.2f} s, page {rows['page_s'].median():.2f} s")


if __name__ == "__main__":
    main()
