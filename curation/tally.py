"""From ratings to one tally per clip, and the rules by which a tally is prominent."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from study.config.protocol import PAPER
from study.reading.clip_keys import key_of, keys_of
from study.reading.list_faults import COUNTS as COUNTS
from study.reading.lists import with_our_names

Rule = Literal["strict", "at_least_two"]
KEY = ("video_location", "filename")
_CLIP_COLUMNS = ("filename", "avmit_label", "mit_label", "video_location")


@dataclass(frozen=True)
class Tally:
    """Tallies of the clips that were rated often enough, and the rest in numbers.

    Parameters
    ----------
    clips : DataFrame
        One row per clip: ``filename, r1, r2, r3, avmit_label, mit_label, video_location``,
        sorted by filename and location.
    n_left_out : int
        Clips with too few ratings.
    n_over_rated : int
        Clips with more ratings than asked for; they are kept.
    """

    clips: pd.DataFrame
    n_left_out: int
    n_left_out_ratings: int
    n_over_rated: int


def tally_ratings(
    ratings: pd.DataFrame, *, ratings_per_clip: int = PAPER.ratings_per_clip
) -> Tally:
    """Count the 1, 2 and 3 ratings of every clip.

    Parameters
    ----------
    ratings : DataFrame
        One row per rating, with ``filename, avmit_label, mit_label, video_location, rating``, also
        in the published spellings.
    ratings_per_clip : int
        How many ratings a clip needs; clips with fewer are left out and counted.

    Returns
    -------
    Tally
        ``clips`` is the frame of the paper's Table 2.

    Raises
    ------
    TableError
        If a column is lacking.

    Notes
    -----
    Paper: Data Description ("Videos rated less than 3 times were removed"), Table 2.
    """
    ratings = with_our_names(ratings, (*_CLIP_COLUMNS, "rating"))
    counts = (
        ratings.groupby([*_CLIP_COLUMNS, "rating"])
        .size()
        .unstack(fill_value=0)
        .reindex(columns=[1, 2, 3], fill_value=0)
        .set_axis(list(COUNTS), axis=1)
        .reset_index()
    )
    n_ratings = counts[list(COUNTS)].sum(axis=1)
    few = n_ratings < ratings_per_clip
    clips = counts.loc[n_ratings >= ratings_per_clip].sort_values(
        ["filename", "video_location"], ignore_index=True
    )
    return Tally(
        clips=clips[["filename", *COUNTS, "avmit_label", "mit_label", "video_location"]],
        n_left_out=int(few.sum()),
        n_left_out_ratings=int(n_ratings[few].sum()),
        n_over_rated=int((n_ratings > ratings_per_clip).sum()),
    )


def n_ratings(clips: pd.DataFrame) -> pd.Series:
    """Return how often each clip was rated.

    Parameters
    ----------
    clips : DataFrame
        With ``r1, r2, r3``.

    Returns
    -------
    Series of int
        ``r1 + r2 + r3``.
    """
    return clips[list(COUNTS)].sum(axis=1)


def is_prominent(clips: pd.DataFrame, rule: Rule = "strict") -> pd.Series:
    """Return which clips hold the labelled event as their most prominent feature.

    Parameters
    ----------
    clips : DataFrame
        With ``r1, r2, r3``; where a ``posterior`` is known, the likelier answer counts.
    rule : {"strict", "at_least_two"}
        ``strict``: more than half of the ratings are 3; ``at_least_two``: two ratings or more
        are 3, as in the released lists, whatever else the clip got.

    Notes
    -----
    Paper: Test Set ("a majority vote criteria").

    Examples
    --------
    >>> clips = pd.DataFrame({"r1": [0, 2], "r2": [1, 0], "r3": [2, 2]})
    >>> is_prominent(clips).tolist(), is_prominent(clips, "at_least_two").tolist()
    ([True, False], [True, True])
    """
    if "posterior" in clips:  # rated until certain: the likelier answer counts
        return clips["posterior"] > 0.5
    if rule == "strict":
        return clips["r3"] * 2 > n_ratings(clips)
    return clips["r3"] >= 2


def is_unanimous(clips: pd.DataFrame, n_wanted: int = 1) -> pd.Series:
    """Return which clips got a 3 from everyone who rated them.

    Parameters
    ----------
    clips : DataFrame
        With ``r1, r2, r3``.
    n_wanted : int
        How many ratings a clip of the study gets: one that was not asked is no agreement.

    Notes
    -----
    Paper: Test Set ("all participants must agree").
    """
    return clips["r3"] == n_ratings(clips).clip(lower=max(n_wanted, 1))  # nobody is not everyone


def yes_votes(clips: pd.DataFrame, question: Literal["present", "prominent"]) -> pd.Series:
    """Return how many raters said yes to one of the two questions.

    Parameters
    ----------
    clips : DataFrame
        With ``r1, r2, r3``.
    question : {"present", "prominent"}
        Whether the event was present (2 or 3), or the most prominent feature (3).

    Notes
    -----
    Paper: Figure 2.
    """
    return clips["r3"] if question == "prominent" else clips["r2"] + clips["r3"]


def clip_keys(clips: pd.DataFrame) -> pd.MultiIndex:
    """Return what tells clips apart: their location and filename, never the bare name.

    Parameters
    ----------
    clips : DataFrame
        With ``video_location, filename``.

    Returns
    -------
    MultiIndex
        One entry per row, the same for a name in whatever spelling of its accents.
    """
    return as_index(clips[[*KEY]].itertuples(index=False, name=None))


def as_index(keys: Iterable[tuple[str, str]]) -> pd.MultiIndex:
    """Return locations and filenames as an index to look clips up with.

    Returns
    -------
    MultiIndex
        One entry per clip, as `clip_keys` has it.
    """
    # Not from_tuples, which knows no levels where there are no clips.
    pairs = [key_of(*key) for key in keys]
    return pd.MultiIndex.from_arrays([[key[i] for key in pairs] for i in (0, 1)], names=None)


def shared_clips(one: pd.DataFrame, other: pd.DataFrame) -> list[str]:
    """Return the clips that stand in both lists.

    Parameters
    ----------
    one, other : DataFrame
        With ``filename``; locations are compared where both lists have them.
    """
    located = "video_location" in one and "video_location" in other
    first, second = (
        set(keys_of(rows["video_location"] if located else [""] * len(rows), rows["filename"]))
        for rows in (one, other)
    )
    return sorted(filename for _, filename in first & second)
