"""What all ratings of all clips would have said, from a random sample that has them."""

from dataclasses import replace
from typing import Literal

import pandas as pd

from curation.figures import QUESTIONS, votes_by_class
from curation.release.tables import AVMIT_LABEL, FILENAME, LOCATION, R1, R2, R3, Column, Schema
from curation.tally import COUNTS, KEY, clip_keys
from study.config.study import Study
from study.deciding.audited import in_audit
from study.deciding.intervals import wilson
from study.store import Db
from study.store.plan import ground_truths

SAMPLE_NAME, FIGURE_2_NAME = "sample_ratings.csv", "figure_2_estimate.csv"
SAMPLE = Schema(
    "One row per clip of the random sample that got all its ratings whatever they said, with these "
    "alone; agreement and Figure 2 are estimated from it",
    (LOCATION, FILENAME, AVMIT_LABEL, R1, R2, R3),
    key=("video_location", "filename"),
)
FIGURE_2_ESTIMATE = Schema(
    "One row per question, class and number of yes votes: an estimate of Figure 2 for all clips",
    (
        Column("question", "question", "present: 2 or 3; prominent: 3", values=tuple(QUESTIONS)),
        AVMIT_LABEL,
        Column("votes", "votes", "yes votes of a clip's three ratings", "count"),
        Column("n_sample", "n_sample", "clips of the class in the sample", "count"),
        Column("estimate", "estimate", "clips of the class that would have so many", "number"),
        Column("low", "low", "lower limit of its 95 % interval", "number"),
        Column("high", "high", "upper limit of its 95 % interval", "number"),
    ),
    is_one_row_per_clip=False,
    key=("question", "AVMIT_label", "votes"),
)


def sample_of_all(
    db: Db, study: Study, clips: pd.DataFrame, ratings: pd.DataFrame
) -> pd.DataFrame | None:
    """Return ratings of the clips that get all whatever they say: a random sample of all clips.

    Further ratings, asked because people disagreed, are not in it: as many as a clip of the full
    design has, the first ones.

    Parameters
    ----------
    clips : DataFrame
        Tallies.
    ratings : DataFrame
        All ratings that count.

    Returns
    -------
    DataFrame or None
        Rows of `ratings`; None where every clip gets all its ratings.
    """
    protocol = study.config.protocol
    if not protocol.may_ask_fewer:
        return None
    ids = ratings["candidate_id"]
    drawn = ids.isin(ground_truths.sampled(db)) | in_audit(ids, study.config)
    is_told = clip_keys(ratings).isin(clip_keys(clips))
    own = ratings[drawn & is_told].sort_values("trial_id")
    own = own.groupby("candidate_id").head(protocol.ratings_per_clip)
    is_whole = own.groupby("candidate_id")["rating"].transform("size") == protocol.ratings_per_clip
    return own[is_whole].reset_index(drop=True)


def tallied_sample(clips: pd.DataFrame, sample: pd.DataFrame) -> pd.DataFrame:
    """Return the clips of a sample with the tallies of its ratings alone.

    Parameters
    ----------
    clips : DataFrame
        Tallies.
    sample : DataFrame
        From `sample_of_all`.
    """
    counts = sample.groupby([*KEY, "rating"]).size().unstack(fill_value=0)
    counts = counts.reindex(columns=[1, 2, 3], fill_value=0)
    own = clips[clip_keys(clips).isin(counts.index)].reset_index(drop=True)
    found = counts.loc[clip_keys(own)].to_numpy()
    return own.assign(**{name: found[:, place] for place, name in enumerate(COUNTS)})


def in_words(n_sample: int, n_clips: int) -> str:
    """Return in words what an estimate stands on."""
    return (
        f"{n_sample} of {n_clips} clips, drawn at random before the study, have all ratings and "
        "stand for the others"
    )


def votes_estimate(sample: pd.DataFrame, clips: pd.DataFrame) -> pd.DataFrame:
    """Return how many clips of each class would have got 0, 1, 2 and 3 yes votes.

    Parameters
    ----------
    sample : DataFrame
        Clips with all their ratings, drawn at random; with ``avmit_label, r1, r2, r3``.
    clips : DataFrame
        All rated clips.

    Returns
    -------
    DataFrame
        Columns ``question, avmit_label, votes, n_sample, estimate, low, high``: clips of all, with
        the 95 % interval of the share in the sample.

    Notes
    -----
    Paper: Figure 2.
    """
    sizes = clips["avmit_label"].value_counts()
    questions: tuple[Literal["present", "prominent"], ...] = tuple(QUESTIONS)
    rows = []
    for question in questions:
        for label, votes in votes_by_class(sample, question).sort_index().iterrows():
            n_sample, n_all = int(votes.sum()), int(sizes[str(label)])
            for n_votes, n in votes.items():
                low, high = wilson(int(n), n_sample)
                found = (n_all * int(n) / n_sample, n_all * low, n_all * high)
                rows.append((question, label, n_votes, n_sample, *found))
    columns = ["question", "avmit_label", "votes", "n_sample", "estimate", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def sample_tables(
    full: pd.DataFrame, clips: pd.DataFrame
) -> dict[str, tuple[Schema, pd.DataFrame, str, tuple[str, ...]]]:
    """Return the tables of a release that say from which sample others are estimated, by file.

    Parameters
    ----------
    full, clips
        Tallies of the sample and of all rated clips.

    Returns
    -------
    dict of str to tuple
        Schema, rows, the command that makes them, and the files that they are made from.
    """
    rated, key = "video_ratings.csv", ("video_location", "filename")
    refers = {"clips.csv": key, rated: key}
    votes = votes_estimate(full, clips).round(6)
    return {
        SAMPLE_NAME: (replace(SAMPLE, refers=refers), full, "curation export-ratings", (rated,)),
        FIGURE_2_NAME: (FIGURE_2_ESTIMATE, votes, "lab release", (rated, SAMPLE_NAME)),
    }
