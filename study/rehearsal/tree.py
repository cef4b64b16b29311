"""Make a tree of clips like Moments in Time, in as many processes as there are cores."""

import csv
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import cv2

from study.classes import COLUMNS as CLASS_COLUMNS
from study.errors import ConfigError
from study.processes.pool import each, n_cores
from study.rehearsal.actions import CLASSES, DEFAULT_CLASSES
from study.rehearsal.describing import describe, feeding_classes
from study.rehearsal.mp4 import write_clip
from study.rehearsal.rendering import film_of, track_of
from study.rehearsal.scene_table import (
    SCENES_NAME,
    Clip,
    SceneRow,
    read_rows,
    row_from_journal,
    row_of,
    write_scenes,
)
from study.rehearsal.scenes import Scene
from study.tools.files import sha256_of, written_atomically
from study.tools.journal import Journal, read_journal
from study.tools.progress_bars import track
from study.vocabulary import VIDEO_LOCATIONS

CLASSES_NAME = "classes.csv"
JOURNAL_NAME = ".scenes.partial.jsonl"  # what has been made so far; gone when scenes.csv is written


def make_clips(
    root: Path,
    *,
    seed: int,
    n_per_class: int,
    classes: Sequence[str] = DEFAULT_CLASSES,
    n_processes: int | None = None,
    overwrite: bool = False,
) -> int:
    """Make ``training/<class>/<clip>.mp4``, ``validation/...``, `scenes.csv` and `classes.csv`.

    `classes.csv` names the classes of the tree, for a study that wants no others.

    What was made before, by this seed, is kept; clips of further classes and further clips of
    the same classes are added.

    Returns how many clips had to be made. Raises ConfigError if a class is not known, or the folder
    holds other clips.

    Parameters
    ----------
    root : Path
        The folder of the tree.
    seed : int
        The same seed makes the same clips.
    n_per_class : int
        How many clips of each class.
    classes : sequence of str
        AVMIT labels; see `study.rehearsal.actions.CLASSES`.
    n_processes : int or None
        How many clips are made at a time; None for one per core.
    overwrite : bool
        Whether to make every clip anew, whatever is there.
    """
    classes = list(dict.fromkeys(classes))  # a class named twice is not made twice
    _check(root, classes, n_per_class)
    scenes = [describe(seed, label, i) for label in classes for i in range(n_per_class)]
    made_before = _made_before(root)
    _check_seed(root, seed, made_before)
    kept = {} if overwrite else _kept(root, scenes, made_before)
    todo = [scene for scene in scenes if row_of(scene).clip not in kept]
    root.mkdir(parents=True, exist_ok=True)
    _sweep(root)
    rows = {**made_before, **kept}
    with (
        Journal(root / JOURNAL_NAME) as journal,
        closing(_make_all(root, todo, n_processes)) as all_made,
    ):
        for row in track(all_made, "making clips", total=len(todo)):
            journal.add(asdict(row))
            rows[row.clip] = row
    _write_classes(root, {row.avmit_label for row in rows.values()})
    write_scenes(rows.values(), root / SCENES_NAME)
    (root / JOURNAL_NAME).unlink()
    return len(todo)


def make_clip(root: Path, scene: Scene) -> SceneRow:
    """Make the clip of one scene.

    Returns what is known about the clip, its digest included.
    """
    path = root / scene.video_location / scene.filename
    sound = track_of(scene)
    write_clip(path, film_of(scene), [] if sound is None else [sound])
    return row_of(scene, sha256_of(path))


def _check(root: Path, classes: Sequence[str], n_per_class: int) -> None:
    unknown = [label for label in classes if label not in CLASSES]
    if unknown:
        raise ConfigError(f"no scenes for {unknown}. Known classes: {', '.join(CLASSES)}")
    if root.exists() and not root.is_dir():
        raise ConfigError(f"{root} is a file, not a folder. Choose another place for the clips")
    if not classes or n_per_class < 1:
        raise ConfigError("there is no clip to make. Name a class and ask for one clip at least")
    is_ours = (root / SCENES_NAME).exists() or (root / JOURNAL_NAME).exists()
    if not is_ours and any((root / part).exists() for part in VIDEO_LOCATIONS):
        raise ConfigError(
            f"{root} holds clips but no {SCENES_NAME}; they may be the real Moments in Time. "
            "Choose another folder"
        )


def _check_seed(root: Path, seed: int, rows: dict[Clip, SceneRow]) -> None:
    others = {row.seed for row in rows.values()} - {seed}
    if others:
        raise ConfigError(
            f"{root} holds clips of seed {min(others)}, not {seed}. Choose another folder, or "
            f"pass --seed {min(others)}"
        )


def _made_before(root: Path) -> dict[Clip, SceneRow]:
    rows: dict[Clip, SceneRow] = {}
    if (root / SCENES_NAME).exists():
        rows |= {row.clip: row for row in read_rows(root / SCENES_NAME, skip_broken=True)}
    for line in read_journal(root / JOURNAL_NAME):
        # A line that a crash cut short is a clip that has to be made again.
        row = row_from_journal(line)
        if row is not None:
            rows[row.clip] = row
    return rows


def _kept(
    root: Path, scenes: Sequence[Scene], made_before: dict[Clip, SceneRow]
) -> dict[Clip, SceneRow]:
    kept: dict[Clip, SceneRow] = {}
    for row in map(row_of, scenes):
        before = made_before.get(row.clip)
        path = root / row.video_location / row.filename
        if before is None or replace(before, sha256="") != row or not path.is_file():
            continue
        if sha256_of(path) == before.sha256:
            kept[row.clip] = before
    return kept


def _write_classes(root: Path, labels: Iterable[str]) -> None:
    fed = ((label, mit_label) for label in sorted(labels) for mit_label in feeding_classes(label))
    with written_atomically(root / CLASSES_NAME) as part, part.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(CLASS_COLUMNS)
        writer.writerows((label, mit_label, "rehearsal") for label, mit_label in fed)


def _sweep(root: Path) -> None:
    # What a killed run was writing; complete clips never begin with a dot.
    for part in root.glob("*/*/.*.part.mp4"):
        part.unlink()


def _make_all(
    root: Path, scenes: Sequence[Scene], n_processes: int | None
) -> Generator[SceneRow, None, None]:
    n_processes = min(n_processes or n_cores(), max(1, len(scenes)))
    if n_processes == 1:
        yield from (make_clip(root, scene) for scene in scenes)
        return
    yield from each(
        partial(make_clip, root), scenes, n_processes=n_processes, start=_keep_to_one_thread
    )


def _keep_to_one_thread() -> None:
    cv2.setNumThreads(1)
