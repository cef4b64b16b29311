"""The test set: the same number of clips from each accepted class, under new names."""

from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np
import pandas as pd

from study.config.protocol import PAPER
from study.errors import StudyError
from study.naming import new_filename
from study.reading.lists import with_our_names


def draw_test_set(
    pool: pd.DataFrame,
    classes: Sequence[str] | None = None,
    *,
    size_per_class: int = PAPER.test_size_per_class,
    rng: np.random.Generator,
    allow_fewer: bool = False,
) -> pd.DataFrame:
    """Draw clips uniformly from each class and number them.

    Parameters
    ----------
    pool : DataFrame
        Clips that passed all filters, with ``avmit_label, video_location, filename``.
    classes : sequence of str or None
        The classes to draw from; None for those of the pool.
    size_per_class : int
        Clips of each class.
    rng : Generator
        Draws them.
    allow_fewer : bool
        Whether a class with fewer clips gives all it has instead of stopping the run.

    Returns
    -------
    DataFrame
        The rows drawn, class by class, with a column ``new_filename``.

    Raises
    ------
    StudyError
        If a class has too few clips and that is not allowed; names classes and numbers.

    Notes
    -----
    Paper: Test Set ("60 videos were uniformly sampled from each class").
    """
    pool = with_our_names(pool, ("avmit_label", "video_location", "filename"))
    if classes is None:
        classes = sorted(pool["avmit_label"].unique())
    by_class = {
        label: pool.loc[pool["avmit_label"] == label].sort_values(["filename", "video_location"])
        for label in sorted(classes)
    }
    too_small = {k: len(v) for k, v in by_class.items() if len(v) < size_per_class}
    if too_small and (not allow_fewer or 0 in too_small.values()):
        listed = ", ".join(f"{label} {n_clips}" for label, n_clips in too_small.items())
        raise StudyError(
            f"too few clips for {size_per_class} per class: {listed}. Rate more clips, widen "
            "protocol.test_frame_rates_hz (or protocol.test_certainty, where clips were rated "
            "until they were certain), or pass --allow-fewer (no class may be empty)"
        )
    drawn = [_draw(clips, size_per_class, rng) for clips in by_class.values()]
    return pd.concat(drawn, ignore_index=True)


def _draw(clips: pd.DataFrame, size: int, rng: np.random.Generator) -> pd.DataFrame:
    places = rng.choice(len(clips), size=min(size, len(clips)), replace=False)
    drawn = clips.iloc[places]
    names = [
        new_filename(label, number, PurePosixPath(name).suffix)
        for number, (label, name) in enumerate(
            zip(drawn["avmit_label"], drawn["filename"], strict=True), start=1
        )
    ]
    return drawn.assign(new_filename=names)
