"""Small studies that can be rated, with clips whose truth is known, for tests of the annotator."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from study.config.study import Study
from study.init import init_study
from study.rehearsal.odd import make_odd_clip
from study.rehearsal.scene_table import SceneRow, write_scenes
from study.store import Engine, open_store, transaction
from study.store.clips.candidates import Candidate, add_many
from study.store.people import participants
from study.store.people.participants import Consent
from study.store.plan import assignments, ground_truths
from study.tools.files import sha256_of
from study.vocabulary import ParticipantKind, Phase, Rating
from tests.worlds.machine import PATIENCE_S
from tests.worlds.studies import AT

PERSON, ROBOT, EXPERT = "P03", "S01", "EXPERT"
# A phase that is said is not announced on a page of its own.
RATES = ("--participant", PERSON, "--phase", "annotation")
SETTINGS = {
    "rehearsal": "true",
    "screen.width_px": "1280",
    "screen.height_px": "800",
    "screen.scale": "1.0",
    "screen.break_s": "0.0",
    "headphones.set_level": "false",
    "protocol.warning_s": "0.5",
    "protocol.trials_per_block": "4",
}


def ratable_study(
    folder: Path,
    *,
    kinds: Sequence[str] = ("short",) * 6,
    settings: dict[str, str] | None = None,
    n_ground_truths: int = 2,
    clip: Path | None = None,
) -> tuple[Study, Engine]:
    """Make a rehearsal with one candidate per kind of clip, all given to P03 and S01.

    The truth of candidate i is 1, 2, 3, 1, ...; the first ones are ground truths. A clip that is
    given stands for all of them, whatever their kinds are called.
    """
    mit_root = folder / "mit"
    lines = SETTINGS | {"mit_root": f'"{mit_root}"'} | (settings or {})
    study = init_study(folder / "study", [f"{k}={v}" for k, v in lines.items()], AT)
    names = [f"barking/{i}-{kind}.mp4" for i, kind in enumerate(kinds)]
    for name, kind in zip(names, kinds, strict=True):
        _make(kind, mit_root / "training" / name, clip)
    write_scenes([_scene(name, i) for i, name in enumerate(names)], mit_root / "scenes.csv")
    engine = open_store(study.store_url)
    with transaction(engine) as db:
        add_many(db, [_candidate(name, mit_root) for name in names], AT)
        _enrol(db)
        ids = range(1, len(names) + 1)
        ground_truths.add_sample(db, list(ids)[:n_ground_truths], AT)
        for i in list(ids)[:n_ground_truths]:
            ground_truths.add_version(db, candidate_id=i, rating=truth(i), given_by=EXPERT, at=AT)
        rows = [
            {"candidate_id": i, "slot": slot, "participant_id": who, "position": i}
            for i in ids
            for slot, who in ((1, PERSON), (2, ROBOT))
        ]
        assignments.add_many(db, pd.DataFrame(rows))
    return study, engine


def truth(candidate_id: int) -> Rating:
    """Return the rating that a candidate of `ratable_study` deserves."""
    return Rating((candidate_id - 1) % 3 + 1)


def annotate(
    study: Study, *arguments: str, station: dict[str, str] | None = None, timeout_s: float = 120
) -> subprocess.CompletedProcess:
    """Run the real command line in a process of its own."""
    return subprocess.run(
        annotate_command(study, *arguments),
        env=os.environ if station is None else station,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def annotate_command(study: Study, *arguments: str) -> list[str]:
    """Return the command line, for tests that do something while it runs."""
    return [sys.executable, "-m", "annotator", "--study", str(study.folder), *arguments]


def started(study: Study, station: dict[str, str], *arguments: str) -> subprocess.Popen:
    """Start the real command line for a person, who is pressed for by the test."""
    return subprocess.Popen(
        annotate_command(study, *(arguments or RATES)),
        env=station,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process: subprocess.Popen, timeout_s: float = PATIENCE_S) -> tuple[int, str, str]:
    """Wait for a started command line, or end it; return its exit code and what it said."""
    try:
        out, err = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
    return process.returncode, out, err


def table(engine: Engine, name: str) -> pd.DataFrame:
    """Return a whole table of a store."""
    with engine.connect() as connection:
        return pd.read_sql_table(name, connection)


def _make(kind: str, path: Path, clip: Path | None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if clip is not None:
        shutil.copy(clip, path)
        return
    if kind == "missing":
        return
    template = path.parent / f".{kind}.mp4"
    if not template.exists():
        make_odd_clip(kind, template)
    shutil.copy(template, path)


def _scene(name: str, i: int) -> SceneRow:
    rating = int(truth(i + 1))
    return SceneRow(
        "training", name, "barking", "barking", rating, "barking", rating > 1, rating > 1,
        rating > 2, "", "sound", 320, 240, 30.0, 3.0, 1, "0" * 64,
    )  # fmt: skip


def _candidate(name: str, mit_root: Path) -> Candidate:
    path = mit_root / "training" / name
    sha256 = sha256_of(path) if path.is_file() else "0" * 64
    return Candidate(name, "training", "barking", "barking", sha256, 3.0, 30.0, 320, 240, 0.5)


def _enrol(db) -> None:
    people = ((PERSON, "human"), (ROBOT, "simulated"), (EXPERT, "expert"))
    for participant_id, kind in people:
        participants.add(db, participant_id=participant_id, kind=ParticipantKind(kind), at=AT)
    participants.add_consent(db, PERSON, Consent("1.0", "ERN-18-1", "AB", "2026-01-05"))
    participants.clear(
        db, PERSON, phase=Phase.ANNOTATION, granted_by="test", reason="rehearsal", at=AT
    )
