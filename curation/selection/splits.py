"""Training lists: balanced over classes, apart from the test set, split for validation."""

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pandas as pd

from curation.selection.leakage import kin
from study.errors import StudyError

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class DrawnLists:
    """What a network is trained on and validated with; the same columns as the pool."""

    train: pd.DataFrame
    validation: pd.DataFrame


def draw_lists(
    pool: pd.DataFrame,
    test: pd.DataFrame,
    *,
    validation_share: float,
    rng: np.random.Generator,
    source_disjoint: bool = False,
    duplicates: pd.Series | None = None,
) -> DrawnLists:
    """Draw as many clips of every class as the smallest one allows, apart from the test set.

    Parameters
    ----------
    pool : DataFrame
        Clips that may be trained on, with ``avmit_label, video_location, filename``.
    test : DataFrame
        The test set, with the same columns; its classes are wanted.
    validation_share : float
        Share of each class for validation, rounded up to whole clips: 46 of 456.
    source_disjoint : bool
        Whether no source video may have clips on two sides.
    duplicates : Series of int or None
        Group of near-duplicates, indexed by location and filename; they never stand on two sides.

    Raises
    ------
    StudyError
        If a class has too few clips for one on each side.

    Notes
    -----
    Paper: Train Sets ("removed from both train sets", "balanced by sampling the maximum possible
    number").
    """
    classes = sorted(test["avmit_label"].unique())
    pool = pool.loc[pool["avmit_label"].isin(classes)]
    pool = pool.sort_values(["avmit_label", "filename", "video_location"])
    families = kin(pd.concat([pool, test]), by_source=source_disjoint, duplicates=duplicates)
    of_pool, of_test = families[: len(pool)], families[len(pool) :]
    free = ~np.isin(of_pool, of_test)
    pool, of_pool = pool.loc[free], of_pool[free]
    size = _smallest_class(pool, classes)
    n_validation = math.ceil(size * Fraction(str(validation_share)))  # a tenth of 50 is 5
    labels = pd.Categorical(pool["avmit_label"], categories=classes).codes.astype(np.int64)
    aside = _choose_families(labels, of_pool, n_validation, len(classes), rng)
    validation = _balanced(pool.loc[aside], classes, n_validation, rng)
    train = _balanced(pool.loc[~aside], classes, size - n_validation, rng)
    return DrawnLists(train, validation)


def _smallest_class(pool: pd.DataFrame, classes: list[str]) -> int:
    sizes = pool["avmit_label"].value_counts().reindex(classes, fill_value=0)
    if not len(sizes) or sizes.min() < 2:
        short = ", ".join(f"{label} {n}" for label, n in sizes.items() if n < 2) or "no class"
        raise StudyError(
            f"too few clips to train on beside the test set: {short}; at least 2 per class are "
            "needed. Rate more clips, or make the test set smaller"
        )
    return int(sizes.min())


def _choose_families(
    labels: Ints, families: Ints, n_wanted: int, n_classes: int, rng: np.random.Generator
) -> npt.NDArray[np.bool_]:
    # Families in random order move to validation as long as no class gets more than it needs.
    ranks = rng.permutation(families.max() + 1)[families]
    order = ranks.argsort(kind="stable")
    starts = np.unique(ranks[order], return_index=True)[1]
    chosen = np.zeros(len(families), dtype=bool)
    taken = np.zeros(n_classes, dtype=np.int64)
    for members in np.split(order, starts):  # and nobody before the first
        wanted = taken + np.bincount(labels[members], minlength=n_classes)
        if (wanted <= n_wanted).all():
            chosen[members] = True
            taken = wanted
    return chosen


def _balanced(
    clips: pd.DataFrame, classes: list[str], n_wanted: int, rng: np.random.Generator
) -> pd.DataFrame:
    sizes = clips["avmit_label"].value_counts().reindex(classes, fill_value=0)
    n_each = min(n_wanted, int(sizes.min()))
    if n_each < 1:
        raise StudyError(
            f"the clips of {sizes.idxmin()} cannot be split: sources or near-duplicates hold them "
            "together. Rate more clips, or leave out --source-disjoint"
        )
    parts = []
    for label in classes:
        part = clips.loc[clips["avmit_label"] == label]
        parts.append(part.iloc[np.sort(rng.choice(len(part), size=n_each, replace=False))])
    return pd.concat(parts, ignore_index=True)
