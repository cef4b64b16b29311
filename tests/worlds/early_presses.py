"""Press keys too early from outside, and see in the store how fast the warning stood."""

import subprocess
import time
from pathlib import Path

import numpy as np
import pandas as pd

from annotator.timing.measures import TimingEvidence, chosen, described, measured, warnings
from study.store import Engine, transaction
from study.store.ratings import evidence
from tests.worlds.machine import PATIENCE_S
from tests.worlds.rating_studies import RATES, annotate_command, ratable_study
from tests.worlds.screens import OutsideView

WARNING_S = 1.0


def early_warnings(
    folder: Path, station: dict[str, str], clip: Path, n_presses: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, float]:
    """Press at random moments of a clip of 3 s; return the warnings, the share of late flips."""
    settings = {"protocol.warning_s": str(WARNING_S)}
    study, engine = ratable_study(folder, kinds=("dated",) * 2, settings=settings, clip=clip)
    process = subprocess.Popen(
        annotate_command(study, *RATES), env=station, stdout=subprocess.DEVNULL
    )
    with OutsideView(station) as view:

        def is_playing() -> bool:
            return view.is_clip() and not view.is_warning()

        view.wait_for(view.is_page)
        view.press("space")
        for _ in range(n_presses):
            view.wait_for(is_playing)
            time.sleep(rng.uniform(0.2, 2.0))
            view.press("3")
            time.sleep(0.3 * WARNING_S)  # nothing is looked at while it matters
            view.wait_for(view.is_warning)
        view.wait_for(view.is_prompt)
        view.press("Escape")
        view.wait_for(view.is_page)
        view.press("y")
    process.wait(timeout=PATIENCE_S)
    found = evidence_of(engine)
    engine.dispose()
    shown = measured(found)
    return warnings(found), float(shown["n_frames_late"].sum() / shown["n_flips"].sum())


def evidence_of(engine: Engine) -> TimingEvidence:
    """Return what a store holds of all its sessions in a window."""
    with transaction(engine) as db:
        sessions = described(chosen(evidence.sessions(db)))
        ids = sessions["session_id"].tolist()
        return TimingEvidence(
            sessions,
            evidence.trials(db, ids),
            evidence.presentations(db, ids),
            evidence.key_presses(db, ids),
        )
