"""Whether a clip is open: whether ratings that it could still get would change an answer.

Pure: tallies in, truth values out. It is asked for the plan, the tables and the forecast alike.
"""

from itertools import count, product

import numpy as np
import numpy.typing as npt

from study.config.protocol import OF_ALL_GIVEN, Protocol, Question

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def is_open(tallies: npt.ArrayLike, question: Question, protocol: Protocol) -> Flags:
    """Return which clips need a further rating before a question is answered.

    Parameters
    ----------
    tallies : array_like of int, shape (n_clips, 3)
        How often each clip was rated 1, 2 and 3.
    question : {"prominent", "present", "unanimous", "majority", "agreement"}
        What is asked. The first three are open while some completion to `ratings_per_clip` would
        change the answer; the last two while raters disagree and there may be more of them.
    protocol : Protocol
        Gives the majority rule and how many ratings a clip gets.

    Returns
    -------
    ndarray of bool, shape (n_clips,)
        False where no rating can change the answer any more, or none is left.

    Notes
    -----
    Paper: Test Set ("a majority vote criteria", "all participants must agree").

    Examples
    --------
    >>> tallies = [[0, 0, 2], [1, 0, 1], [1, 1, 0]]
    >>> is_open(tallies, "prominent", Protocol()).tolist()
    [False, True, False]
    >>> is_open(tallies, "unanimous", Protocol()).tolist()
    [True, False, False]
    """
    counts = np.asarray(tallies, dtype=np.int64).reshape(-1, 3)
    n_given = counts.sum(axis=1)
    if question in OF_ALL_GIVEN:
        return _disagree(counts, n_given, question, protocol)
    yes = counts[:, 1:].sum(axis=1) if question == "present" else counts[:, 2]
    n_needed = _n_needed(question, protocol)
    n_left = np.maximum(protocol.ratings_per_clip - n_given, 0)
    return np.asarray((yes < n_needed) & (yes + n_left >= n_needed) & (n_left > 0))


def is_unanswered(
    tallies: npt.ArrayLike, protocol: Protocol, may_be_tested: npt.ArrayLike = True
) -> Flags:
    """Return which clips are open for a question that the study asks.

    Parameters
    ----------
    may_be_tested : array_like of bool, shape (n_clips,)
        Which clips the test set can use: nobody asks whether raters of others are unanimous.

    Returns
    -------
    ndarray of bool, shape (n_clips,)
        True where a further rating is needed; with the rule that asks for all, while one of them
        is missing.
    """
    counts = np.asarray(tallies, dtype=np.int64).reshape(-1, 3)
    if not protocol.questions:
        return np.asarray(counts.sum(axis=1) < protocol.ratings_per_clip)
    if protocol.rating_rule == "until_certain":
        return np.asarray(counts.sum(axis=1) < 1)  # what follows is `study.deciding.belief`
    found = np.zeros(len(counts), dtype=np.bool_)
    for question in protocol.questions:
        matters = may_be_tested if question == "unanimous" else True
        found |= is_open(counts, question, protocol) & np.asarray(matters, dtype=np.bool_)
    return found


def has_enough(tallies: npt.ArrayLike, protocol: Protocol) -> Flags:
    """Return which clips have enough ratings for a table of rated clips.

    Returns
    -------
    ndarray of bool, shape (n_clips,)
        True with all ratings, or as many as decide what is prominent or present; whether raters are
        unanimous is looked at when the test set is drawn.
    """
    counts = np.asarray(tallies, dtype=np.int64).reshape(-1, 3)
    if not protocol.may_ask_fewer:
        return np.asarray(counts.sum(axis=1) >= protocol.ratings_per_clip)
    return ~is_unanswered(counts, protocol, "prominent" not in protocol.questions)


def is_answered_yes(tallies: npt.ArrayLike, question: Question, protocol: Protocol) -> Flags:
    """Return which clips have an answer that no further rating changes, and it is yes.

    Returns
    -------
    ndarray of bool, shape (n_clips,)
        False where the answer is no, or open; only the first three questions can be answered.
    """
    counts = np.asarray(tallies, dtype=np.int64).reshape(-1, 3)
    n_given = counts.sum(axis=1)
    yes = counts[:, 1:].sum(axis=1) if question == "present" else counts[:, 2]
    if question == "unanimous":
        says_yes = (yes == n_given) & (n_given > 0)
    elif protocol.majority == "at_least_two":
        says_yes = yes >= 2
    else:
        says_yes = 2 * yes > n_given
    return np.asarray(says_yes & ~is_open(counts, question, protocol))


def n_first(protocol: Protocol) -> int:
    """Return how many ratings every clip gets before anything can be decided.

    Returns the fewest with which no question that the study asks is open.

    Examples
    --------
    >>> n_first(Protocol()), n_first(Protocol(rating_rule="until_decided"))
    (3, 2)
    """
    return next(n for n in count(1) if not is_unanswered(every_tally(n), protocol).all())


def every_tally(n_ratings: int) -> Ints:
    """Return all tallies of so many ratings.

    Returns
    -------
    ndarray of int64, shape (n_tallies, 3)
        In ascending order.
    """
    found = [t for t in product(range(n_ratings + 1), repeat=3) if sum(t) == n_ratings]
    return np.array(found, dtype=np.int64)


def _n_needed(question: Question, protocol: Protocol) -> int:
    if question == "unanimous":
        return protocol.ratings_per_clip
    return 2 if protocol.majority == "at_least_two" else protocol.ratings_per_clip // 2 + 1


def _disagree(counts: Ints, n_given: Ints, question: Question, protocol: Protocol) -> Flags:
    most = counts.max(axis=1)
    disagree = 2 * most <= n_given if question == "majority" else most < n_given
    is_missing = n_given < protocol.ratings_per_clip
    return np.asarray(is_missing | (disagree & (n_given < protocol.most_ratings)))
