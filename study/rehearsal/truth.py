"""What is known about the clips of a rehearsal, as its simulated people need it."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from study.errors import ConfigError
from study.rehearsal.scene_table import COLUMNS, SCENES_NAME, Clip, SceneRow, read_rows
from study.vocabulary import Rating, Stimulus


def read_scenes(mit_root: Path) -> pd.DataFrame:
    """Read what is known about the clips of a rehearsal.

    Returns one row per clip, with the columns of `SceneRow`. Raises ConfigError if there is no
    `scenes.csv`, so that these are real clips, or it is not one.

    Parameters
    ----------
    mit_root : Path
        Folder with ``training/``, ``validation/`` and `scenes.csv`.
    """
    return pd.DataFrame([asdict(row) for row in _rows(mit_root)], columns=list(COLUMNS))


def truths(mit_root: Path) -> dict[Clip, Rating]:
    """Return what a perfect rater says of every clip of a rehearsal.

    Returns them by ``video_location`` and ``filename``. Raises ConfigError if there is no
    `scenes.csv`.

    Parameters
    ----------
    mit_root : Path
        Folder with `scenes.csv`.
    """
    return {row.clip: Rating(row.rating) for row in _rows(mit_root)}


def truth_of(mit_root: Path) -> Callable[[Stimulus], Rating]:
    """Return a function that says what a perfect rater says of a stimulus.

    Returns raises `ConfigError` for a clip that `scenes.csv` does not name. Raises ConfigError if
    there is no `scenes.csv`.

    Parameters
    ----------
    mit_root : Path
        Folder with `scenes.csv`.
    """
    known = truths(mit_root)

    def truth(stimulus: Stimulus) -> Rating:
        location, folder, name = stimulus.path.parts[-3:]
        rating = known.get((location, f"{folder}/{name}"))
        if rating is None:
            raise ConfigError(
                f"{stimulus.path} is not in {mit_root / SCENES_NAME}, so no simulated "
                f"person can rate it. Make the clips again: python -m study make-clips {mit_root}"
            )
        return rating

    return truth


def reasons(mit_root: Path) -> dict[Clip, str]:
    """Return why every clip of a rehearsal deserves its rating, one sentence each.

    Returns them by ``video_location`` and ``filename``. Raises ConfigError if there is no
    `scenes.csv`.

    Parameters
    ----------
    mit_root : Path
        Folder with `scenes.csv`.
    """
    return {row.clip: _reason(row) for row in _rows(mit_root)}


def _rows(mit_root: Path) -> list[SceneRow]:
    path = mit_root / SCENES_NAME
    if not path.is_file():
        raise ConfigError(
            f"no {SCENES_NAME} in {mit_root}: what its clips show is not known. "
            f"To rehearse, make clips first: python -m study make-clips {mit_root}"
        )
    return list(read_rows(path))


def _reason(row: SceneRow) -> str:
    label, other = row.avmit_label, row.other_event
    match row.event_seen, row.event_heard, row.prominent:
        case True, True, True if other:
            return f"There is {other} too, but {label} is longer, larger and louder."
        case True, True, True:
            return f"The {label} is seen and heard, and nothing else happens."
        case True, True, False:
            return f"The {label} is seen and heard, but {other} is longer, larger and louder."
        case True, False, _:
            return f"The {label} is seen but not heard."
        case False, True, _:
            return f"The {label} is heard but not seen."
    return f"There is no {label}, only {other}."
