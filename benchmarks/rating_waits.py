"""How long a rater waits: from the rating key to the next clip, from space to the replay.

The annotator, and PsychoPy's MovieStim in a script of the usual kind, in turn, each on a virtual
screen and sound card of its own. Keys are pressed from outside (XTEST), at random moments after the
prompt has been seen; nothing is looked at while it matters. Rows are added to FOLDER/waits.csv, and
the summary is over all of them, so that several short runs make one long one.

Run: python -m benchmarks.rating_waits FOLDER [--rounds 2] [--trials 12] [--seed 1] [--plot PNG]
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from annotator.timing.measures import measured
from benchmarks.dated_clip import write_dated_clip
from lab.virtual_station import virtual_station
from study.config.screen import Screen
from study.reports.figures import save_figure
from tests.worlds.early_presses import evidence_of
from tests.worlds.rating_studies import RATES, annotate_command, ratable_study
from tests.worlds.screens import OutsideView

CLIP_S = 3.0
REACTION_S = (0.3, 0.6)
KINDS = ("next clip", "replay")
Station = dict[str, str]


def rate(view: OutsideView, n_trials: int, rng: np.random.Generator) -> None:
    """See every clip twice, then rate it."""
    for _ in range(n_trials):
        for key in ("space", "1"):
            view.wait_for(view.is_prompt)
            time.sleep(rng.uniform(*REACTION_S))
            view.press(key)
            time.sleep(CLIP_S)


def annotator(station: Station, clip: Path, n_trials: int, rng: np.random.Generator) -> list[dict]:
    """Rate with the annotator; return its waits as the store has them."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {"protocol.trials_per_block": "1000", "screen.measured_lead": "true"}
        study, engine = ratable_study(
            Path(folder), kinds=("dated",) * (n_trials + 2), settings=settings, clip=clip
        )
        # As a lab does before its first session; the lead of the sound follows from it.
        checked = annotate_command(study, "check-rig")
        subprocess.run(checked, env=station, stdout=subprocess.DEVNULL, check=True)
        command = annotate_command(study, *RATES, "--trials", str(n_trials))
        process = subprocess.Popen(command, env=station, stdout=subprocess.DEVNULL)
        with OutsideView(station) as view:
            view.wait_for(view.is_page)
            view.press("space")
            rate(view, n_trials, rng)
            view.wait_for(view.is_page)  # the session is over
            view.press("space")
        process.wait(timeout=30)
        found = evidence_of(engine)
        engine.dispose()
        waits = measured(found).query("asked_by != ''")
        return waits[["asked_by", "wait_ms"]].to_dict("records")


def moviestim(station: Station, clip: Path, n_trials: int, rng: np.random.Generator) -> list[dict]:
    """Rate with MovieStim; return what the script saw."""
    command = [sys.executable, "-m", "benchmarks.moviestim_player", *[str(clip)] * n_trials]
    process = subprocess.Popen(command, env=station, stdout=subprocess.PIPE, text=True)
    with OutsideView(station) as view:
        rate(view, n_trials, rng)
    out, _ = process.communicate(timeout=60)
    return json.loads(out.splitlines()[-1])


PLAYERS: dict[str, Callable[..., list[dict]]] = {"annotator": annotator, "MovieStim": moviestim}


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Return count, median and 95th percentile by player and kind of wait."""
    waits = rows.groupby(["player", "asked_by"])["wait_ms"]
    return pd.DataFrame(
        {"n": waits.count(), "median_ms": waits.median(), "p95_ms": waits.quantile(0.95)}
    ).round(1)


def ratios(found: pd.DataFrame) -> pd.DataFrame:
    """Return the annotator's waits as shares of MovieStim's."""
    columns = ["median_ms", "p95_ms"]
    shares = found.loc["annotator", columns] / found.loc["MovieStim", columns]
    return shares.round(2).rename(columns={"median_ms": "median_ratio", "p95_ms": "p95_ratio"})


def plot(rows: pd.DataFrame, path: Path) -> None:
    """Draw how many waits are over after how long."""
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    for ax, kind in zip(figure.subplots(1, 2, sharey=True), KINDS, strict=True):
        for number, player in enumerate(PLAYERS):
            chosen_rows = (rows["player"] == player) & (rows["asked_by"] == kind)
            waits = rows.loc[chosen_rows, "wait_ms"]
            if len(waits):
                ax.ecdf(waits, color=f"C{number}", label=f"{player} (n = {len(waits)})")
        ax.set(title=kind, xlabel="from the key to the first frame, ms", xlim=(0, 600))
        ax.grid(alpha=0.25)
        ax.legend(fontsize="small", frameon=False, loc="lower right")
    figure.axes[0].set_ylabel("share of waits that have ended")
    save_figure(figure, path)


def main() -> None:
    """Let both players rate in turn, and print what a rater waited."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--trials", type=int, default=12, help="per player and round")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    screen = Screen()
    size_px = (screen.max_clip_width_px, screen.max_clip_height_px)
    clip = write_dated_clip(options.folder / "clip.mp4", size_px, CLIP_S)
    table = options.folder / "waits.csv"
    for number in range(options.rounds):
        # Each round has its own station and the other player first.
        order = list(PLAYERS) if number % 2 == 0 else list(PLAYERS)[::-1]
        for player in order:
            rng = np.random.default_rng([options.seed, number])
            with virtual_station() as station:
                waits = PLAYERS[player](station, clip, options.trials, rng)
            rows = pd.DataFrame(waits).assign(player=player)
            rows.to_csv(table, mode="a", header=not table.exists(), index=False)
            print(f"round {number + 1}, {player}: {len(rows)} waits", flush=True)
    everything = pd.read_csv(table)
    found = summary(everything)
    print(found.to_string(), ratios(found).to_string(), sep="\n\n")
    if options.plot is not None:
        plot(everything, options.plot)


if __name__ == "__main__":
    main()
