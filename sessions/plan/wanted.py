"""How many ratings clips get before a rule asks for more."""

import numpy as np
import numpy.typing as npt

from study.config.study import Study
from study.deciding.audited import in_audit
from study.deciding.questions import n_first
from study.store import Db
from study.store.plan import ground_truths

Ints = npt.NDArray[np.int64]


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
