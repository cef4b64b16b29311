"""Which clips get all ratings whatever they say, so that a rule's error is measured."""

import numpy as np
import numpy.typing as npt

from study.config.study import StudyConfig

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
