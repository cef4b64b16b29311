"""The two stages of the test set: which classes, and which of their clips."""

from collections.abc import Sequence

import pandas as pd

from curation.tally import COUNTS, Rule, is_prominent, is_unanimous
from study.config.protocol import PAPER, Protocol
from study.deciding.pictures import has_frame_rate
from study.reading.lists import with_our_names

_FILTERED_BY = (
    *COUNTS,
    "avmit_label",
    "frame_rate_hz",
    "is_vfr",
    "has_two_streams",
    "is_excluded",
)


def prominent_by_class(clips: pd.DataFrame, rule: Rule) -> pd.Series:
    """Count the prominent clips of each class.

    Parameters
    ----------
    clips : DataFrame
        With ``r1, r2, r3, avmit_label``.
    rule : {"strict", "at_least_two"}
        The majority rule.

    Returns
    -------
    Series of int
        Clips by ``avmit_label``, in alphabetical order; a class without any counts 0.
    """
    return is_prominent(clips, rule).groupby(clips["avmit_label"]).sum().astype(int).sort_index()


def accepted_classes(
    clips: pd.DataFrame,
    rule: Rule = PAPER.majority,
    min_prominent: int = PAPER.class_min_prominent,
) -> tuple[str, ...]:
    """Return the classes with enough prominent clips.

    Parameters
    ----------
    clips : DataFrame
        With ``r1, r2, r3, avmit_label``.
    rule : {"strict", "at_least_two"}
        The majority rule.
    min_prominent : int
        How many prominent clips make a class accepted.

    Returns
    -------
    tuple of str
        AVMIT labels in alphabetical order, which is the label index of the networks.

    Notes
    -----
    Paper: Test Set, class filtering (500 or more).
    """
    counts = prominent_by_class(with_our_names(clips, (*COUNTS, "avmit_label")), rule)
    return tuple(str(label) for label in counts.index[counts >= min_prominent])


def filter_clips(
    clips: pd.DataFrame,
    classes: Sequence[str] | None = None,
    protocol: Protocol = PAPER,
    *,
    vetted_only: bool = False,
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the clips from which a test set may be drawn, and why the others left.

    Parameters
    ----------
    clips : DataFrame
        With ``r1, r2, r3, avmit_label, frame_rate_hz, is_vfr, has_two_streams, is_excluded``.
    classes : sequence of str or None
        The accepted classes; None for those with enough prominent clips.
    protocol : Protocol
        Gives the accepted frame rates, and what makes a class accepted; the paper's by default.
    vetted_only : bool
        Whether clips that no curator has judged (``is_vetted``) leave.

    Returns
    -------
    clips : DataFrame
        The rows that remain.
    left : dict of str to int
        Clips that left at each step, in the order of the steps.

    Raises
    ------
    TableError
        If a column is lacking.

    Notes
    -----
    Paper: Test Set, video filtering.
    """
    clips = with_our_names(clips, (*_FILTERED_BY, *(["is_vetted"] if vetted_only else [])))
    if classes is None:
        classes = accepted_classes(clips, protocol.majority, protocol.class_min_prominent)
    steps = {
        "class not accepted": clips["avmit_label"].isin(classes),
        **_agreed(clips, protocol),
        "variable frame rate": _not(clips["is_vfr"]),
        "frame rate": has_frame_rate(
            clips["frame_rate_hz"],
            protocol.test_frame_rates_hz,
            protocol.test_frame_rate_tolerance_hz,
        ),
        "two video streams": _not(clips["has_two_streams"]),
        "excluded by vetting": _not(clips["is_excluded"]),
    }
    if vetted_only:
        steps["not vetted"] = clips["is_vetted"].astype(bool)
    kept = pd.Series(True, index=clips.index)
    left = {}
    for reason, passes in steps.items():
        stays = kept & passes
        left[reason] = int(kept.sum() - stays.sum())
        kept = stays
    return clips.loc[kept], left


def _not(flags: pd.Series) -> pd.Series:
    return pd.Series(~flags.to_numpy(dtype=bool), index=flags.index)


def _agreed(clips: pd.DataFrame, protocol: Protocol) -> dict[str, pd.Series]:
    """Return which clips are beyond doubt: unanimous ones, or those above a stated posterior."""
    if "posterior" in clips:
        reason = f"posterior below {protocol.test_certainty:g}"
        return {reason: clips["posterior"] >= protocol.test_certainty}
    return {"not unanimous": is_unanimous(clips, protocol.ratings_per_clip)}
