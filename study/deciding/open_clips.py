"""Which clips of a store are open, and for which question."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from study.config.protocol import Protocol
from study.deciding.pictures import has_test_picture, picture_facts
from study.deciding.questions import Flags, is_answered_yes, is_open, is_unanswered
from study.store import Db
from study.store.clips import candidates
from study.vocabulary import Rating


def tallies_of(ratings: pd.DataFrame) -> pd.DataFrame:
    """Count the ratings of every clip.

    Parameters
    ----------
    ratings : DataFrame
        Those that count, with ``candidate_id, rating``.

    Returns
    -------
    DataFrame
        Columns 1, 2 and 3 by ``candidate_id``, in ascending order.
    """
    counts = ratings.groupby(["candidate_id", "rating"]).size().unstack(fill_value=0)
    return counts.reindex(columns=[int(rating) for rating in Rating], fill_value=0)


def are_open(db: Db, tallies: pd.DataFrame, protocol: Protocol) -> Flags:
    """Return which clips need a further rating under the study's rule.

    Parameters
    ----------
    tallies : DataFrame
        Of all clips that were rated, from `tallies_of`: they say which classes are accepted.

    Returns
    -------
    ndarray of bool, shape (n_clips,)
        As `study.deciding.questions.is_unanswered` has them.
    """
    testable: npt.ArrayLike = True
    if "unanimous" in protocol.questions and len(tallies):
        testable = may_be_tested(db, tallies, protocol)
    return is_unanswered(tallies.to_numpy(), protocol, testable)


def may_be_tested(db: Db, tallies: pd.DataFrame, protocol: Protocol) -> Flags:
    """Return which clips the test set can use, so that their raters have to be unanimous.

    A class counts once it has its prominent clips: only then its clips are asked for more.

    Returns
    -------
    ndarray of bool, shape (n_clips,)
        True for clips with a picture that the test set accepts, of accepted classes where the
        study asks what is prominent.
    """
    facts = picture_facts(db, protocol)
    known = candidates.frame(db).set_index("candidate_id")
    labels = known["avmit_label"].reindex(tallies.index)
    has_picture = has_test_picture(facts, protocol).reindex(tallies.index, fill_value=False)
    found = has_picture.to_numpy(dtype=np.bool_)
    if "prominent" in protocol.questions:
        found = found & accepted_so_far(tallies.to_numpy(), labels, protocol)
    return np.asarray(found, dtype=np.bool_)


def accepted_so_far(tallies: npt.ArrayLike, labels: pd.Series, protocol: Protocol) -> Flags:
    """Return which clips are of a class that has enough prominent clips already.

    Parameters
    ----------
    labels : Series of str, shape (n_clips,)
        The class of each clip.

    Returns
    -------
    ndarray of bool, shape (n_clips,)
        One per clip.
    """
    yes = pd.Series(is_answered_yes(tallies, "prominent", protocol), index=labels.index)
    n_prominent = yes.groupby(labels).transform("sum")
    return np.asarray(n_prominent >= protocol.class_min_prominent, dtype=np.bool_)


def open_questions(
    tallies: pd.DataFrame, protocol: Protocol, may_be_tested: npt.ArrayLike
) -> dict[str, Flags]:
    """Return which clips are open for each question of the class filter and the test set.

    Parameters
    ----------
    tallies : DataFrame
        With ``r1, r2, r3``.

    Returns
    -------
    dict of str to ndarray of bool, shape (n_clips,)
        ``prominent`` and ``unanimous``, whether the study asks them or not.
    """
    counts = tallies.to_numpy()
    testable = np.asarray(may_be_tested, dtype=np.bool_)
    return {
        "prominent": is_open(counts, "prominent", protocol),
        "unanimous": is_open(counts, "unanimous", protocol) & testable,
    }
