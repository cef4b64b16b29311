"""Tallies under a rule that does not ask for all ratings, and what they can and cannot say."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from curation.tally import COUNTS, Tally, clip_keys, n_ratings, tally_ratings
from study.config.protocol import Protocol
from study.config.study import Study
from study.deciding.belief import Belief, believe
from study.deciding.open_clips import open_questions
from study.deciding.pictures import has_test_picture
from study.deciding.questions import Flags, has_enough
from study.errors import TableError
from study.store import Db
from study.tools.wording import counted


def tally_of_study(ratings: pd.DataFrame, study: Study, belief: Belief | None = None) -> Tally:
    """Count the ratings of every clip, and leave out those that are still open.

    Parameters
    ----------
    ratings : DataFrame
        As `curation.tally.tally_ratings` takes them.
    study : Study
        Says how many ratings a clip gets, and by which rule.
    belief : Belief or None
        From `study.deciding.belief.believe`, where clips are rated until they are certain; the
        clips have their ``posterior`` then.

    Returns
    -------
    Tally
        Its clips have all their ratings, or as many as decide the study's questions. Whether raters
        of a prominent clip are unanimous is looked at when the test set is drawn.
    """
    protocol = study.config.protocol
    if not protocol.may_ask_fewer:
        return tally_ratings(ratings, ratings_per_clip=protocol.ratings_per_clip)
    every = tally_ratings(ratings, ratings_per_clip=1)
    is_open = ~has_enough(every.clips[list(COUNTS)], protocol)
    if belief is not None:
        known = belief.clips.assign(posterior=belief.yes, is_open=belief.is_open(study))
        found = known.set_index(clip_keys(known)).loc[clip_keys(every.clips)]
        every = replace(every, clips=every.clips.assign(posterior=found["posterior"].to_numpy()))
        is_open = found["is_open"].to_numpy(dtype=np.bool_)
    n = n_ratings(every.clips)
    return Tally(
        clips=every.clips[~is_open].reset_index(drop=True),
        n_left_out=int(is_open.sum()),
        n_left_out_ratings=int(n[is_open].sum()),
        n_over_rated=int((n[~is_open] > protocol.most_ratings).sum()),
    )


def belief_of(db: Db, study: Study) -> Belief | None:
    """Return what the ratings say of every clip, where the study is rated until it is certain."""
    is_certain = study.config.protocol.rating_rule == "until_certain"
    return believe(db, study) if is_certain else None


def fewest_ratings(protocol: Protocol) -> int:
    """Return how many ratings each row of a table has at least."""
    return 1 if protocol.may_ask_fewer else protocol.ratings_per_clip


def refuse_undecided(clips: pd.DataFrame, protocol: Protocol, source: Path) -> None:
    """Raise where the class filter would have to guess what a further rating says.

    Parameters
    ----------
    clips : DataFrame
        The rows of `video_ratings.csv`.

    Raises
    ------
    TableError
        If a clip may still become prominent, or not: its third rating was not asked.
    """
    if protocol.rating_rule == "until_decided" and protocol.may_ask_fewer:
        found = open_questions(clips[list(COUNTS)], protocol, may_be_tested=False)
        _refuse(clips, found["prominent"], "prominent", source, "")


def open_for_test(clips: pd.DataFrame, classes: tuple[str, ...], protocol: Protocol) -> Flags:
    """Return which clips the test set could use if more ratings were asked for.

    Parameters
    ----------
    clips : DataFrame
        With the facts of their pictures.
    classes : tuple of str
        Those that were accepted.
    """
    if protocol.rating_rule != "until_decided" or not protocol.may_ask_fewer:
        return np.zeros(len(clips), dtype=np.bool_)
    usable = clips["avmit_label"].isin(classes) & ~clips["is_excluded"].astype(bool)
    usable &= has_test_picture(clips, protocol)
    return open_questions(clips[list(COUNTS)], protocol, usable)["unanimous"]


def refuse_open_for_test(
    clips: pd.DataFrame, classes: tuple[str, ...], protocol: Protocol, source: Path
) -> None:
    """Raise where nobody has asked whether all raters of a clip agree, and the test set needs it.

    Parameters
    ----------
    clips, classes
        As `open_for_test` takes them.

    Raises
    ------
    TableError
        With such a clip, and what to do.
    """
    or_else = ". To draw the test set without them: --without-open"
    _refuse(clips, open_for_test(clips, classes, protocol), "unanimous", source, or_else)


def counts_under_rule(clips: pd.DataFrame, protocol: Protocol) -> Mapping[str, Any]:
    """Return how many clips have how many ratings, for a table's provenance.

    Returns
    -------
    dict
        Empty where all ratings are asked for.
    """
    if protocol.rating_rule == "all":
        return {}
    sizes = n_ratings(clips).value_counts().sort_index()
    return {"clips_by_ratings": {str(n): int(n_clips) for n, n_clips in sizes.items()}}


def _refuse(clips: pd.DataFrame, is_open: Flags, question: str, source: Path, or_else: str) -> None:
    if is_open.any():
        first = clips["filename"].to_numpy()[is_open][0]
        raise TableError(
            f"{source}: {counted(int(is_open.sum()), 'clip is', 'clips are')} open for "
            f"{question!r} under study.toml, "
            f"such as {first}; what was not asked is no agreement. Name {question!r} in "
            f"protocol.decide, ask (python -m sessions plan --further) and export again{or_else}"
        )
