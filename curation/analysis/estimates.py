"""What Figure 2 would count of all clips, from those that get all ratings whatever they say."""

from typing import Literal

import pandas as pd

from curation.figures import QUESTIONS, votes_by_class
from study.deciding.intervals import wilson


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
