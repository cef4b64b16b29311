"""How many ratings clips get whatever these say, and which of them are the further ones."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from study.config.study import Study, StudyConfig
from study.deciding.questions import n_first
from study.store import Db
from study.store.plan import ground_truths

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def in_audit(candidate_ids: npt.ArrayLike, config: StudyConfig) -> Flags:
    """Return which clips the seed has drawn for the audit: the same ones whatever comes later.

    Returns
    -------
    ndarray of bool, shape (n_candidates,)
        False for all unless the study is rated until it is certain.
    """
    ids = np.asarray(candidate_ids, dtype=np.uint64)
    if config.protocol.rating_rule != "until_certain":
        return np.zeros(len(ids), dtype=np.bool_)
    # A number of each clip alone (splitmix64): late candidates change nobody's.
    seeds = np.full(len(ids), config.seed, dtype=np.uint64)
    mixed = ids + seeds * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return np.asarray(mixed / 2.0**64 < config.protocol.audit_share, dtype=np.bool_)


def first_wanted(db: Db, study: Study, candidate_ids: npt.ArrayLike) -> Ints:
    """Return how many ratings each clip gets whatever its ratings say.

    Ground truths always get all: bonuses, the rate of catch trials and alarms rest on them. So do
    clips of the audit.

    Parameters
    ----------
    candidate_ids : array_like of int, shape (n_candidates,)
        Which clips.

    Returns
    -------
    ndarray of int64, shape (n_candidates,)
        Ratings of each.
    """
    ids = np.asarray(candidate_ids, dtype=np.int64)
    protocol = study.config.protocol
    fewest = n_first(protocol)
    if fewest == protocol.ratings_per_clip:
        return np.full(len(ids), fewest, dtype=np.int64)
    gets_all = np.isin(ids, ground_truths.sampled(db)) | in_audit(ids, study.config)
    return np.where(gets_all, protocol.ratings_per_clip, fewest).astype(np.int64)


def are_further(db: Db, study: Study, ratings: pd.DataFrame) -> "pd.Series[bool]":
    """Return which ratings were asked because of what others had said before.

    They are of clips about which people disagree, so that no agreement can be counted from them.

    Parameters
    ----------
    ratings : DataFrame
        With ``candidate_id``, in the order in which they were given.
    """
    if study.config.protocol.rating_rule == "all":
        return pd.Series(data=False, index=ratings.index)
    rank = ratings.groupby("candidate_id").cumcount()
    least = first_wanted(db, study, ratings["candidate_id"])
    return pd.Series(rank.to_numpy() >= least, index=ratings.index, dtype=bool)
