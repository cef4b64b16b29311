"""Where ratings and tallies come from: a study's store, a table, or published lists."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pandas as pd

from curation.analysis.estimates import in_words, sample_of_all, tallied_sample
from curation.decided import belief_of, tally_of_study
from curation.release.export import ratings_that_count, rules_of
from curation.release.list_check import refuse_breaking
from curation.release.published import (
    TRAIN_AND_VALIDATION,
    rating_lists,
    read_list,
    read_release,
    tally_of_release,
)
from curation.release.tables import VIDEO_RATINGS, Provenance, read_table
from curation.selection.picture_facts import with_picture_facts
from curation.tally import clip_keys, n_ratings
from study.config.study import Study
from study.counting import Counted, Truths
from study.deciding.audited import are_further
from study.errors import TableError
from study.store import store_snapshot, studies
from study.store.ratings.counted import ground_truths_that_count

TEST_SET_NAME = "test_set"
FULL_DESIGN = 3  # Paper: Annotation Procedure
_ENOUGH_TO_TELL = 100  # so many prominent clips in a row are not chance


@dataclass(frozen=True)
class Rated:
    """Tallies, and the ratings behind them where they are known.

    Parameters
    ----------
    clips : DataFrame
        One row per clip, with ``r1, r2, r3`` and the labels.
    origin : str
        Where they come from, for messages.
    ratings : DataFrame or None
        One row per rating with ``candidate_id`` and ``participant_id``; None where the source
        does not say who rated.
    truths : Truths or None
        What the expert says, and what of it does not count; None where there is no store.
    is_selected : bool
        Whether only prominent clips are in it.
    without_test : bool
        Whether the test set had been taken out of it.
    n_unrated : int
        Rows without any rating, which are left out.
    rehearsal : bool
        Whether simulated ratings may be in it.
    counted : Counted or None
        Which ratings of a store count, and why others do not; None where there is no store.
    provenance : Provenance or None
        For what is made of them; None where there is no store.
    sample : DataFrame or None
        Ratings of the clips that get all whatever they say; None where every clip does.
    """

    clips: pd.DataFrame
    origin: str
    ratings: pd.DataFrame | None = None
    truths: Truths | None = None
    is_selected: bool = False
    without_test: bool = False
    n_unrated: int = 0
    rehearsal: bool = False
    counted: Counted | None = None
    provenance: Provenance | None = None
    sample: pd.DataFrame | None = None

    def lines(self) -> list[str]:
        """Return in words which ratings do not count, for whoever reads the result."""
        return [] if self.counted is None else self.counted.lines()

    def ground_truths(self) -> pd.DataFrame:
        """Return the ground truths that count, as ``candidate_id`` and ``rating``."""
        if self.truths is None:
            return pd.DataFrame({"candidate_id": [], "rating": []})
        return self.truths.rows

    def with_raters(self) -> pd.DataFrame:
        """Return the ratings with who gave them.

        Raises
        ------
        TableError
            If the source does not say.
        """
        if self.ratings is None:
            raise TableError(
                f"{self.origin} has no rater column: agreement of pairs, Dawid-Skene and raters' "
                "pages need to know who rated. Use a store, or a raw_video_ratings.csv exported "
                "with --with-participant"
            )
        return self.ratings

    def rated_clips(self) -> pd.DataFrame:
        """Return the tallies.

        Raises
        ------
        TableError
            If no clip was rated often enough.
        """
        if self.clips.empty:
            raise TableError(
                f"{self.origin} has no clip with enough ratings yet "
                "(protocol.ratings_per_clip). Rate more clips: python -m annotator"
            )
        return self.clips

    def all_clips(self) -> pd.DataFrame:
        """Return the tallies of all rated clips.

        Raises
        ------
        TableError
            If the source holds prominent clips only, or none.
        """
        if self.is_selected:
            raise TableError(
                f"{self.origin} holds prominent clips only, so nothing can be said of how many "
                "were not. Use a store, or a video_ratings.csv with all rated clips"
            )
        return self.rated_clips()


def of_all_ratings(rated: Rated) -> tuple[Rated, str]:
    """Return what stands for a full design where a rating rule asked for fewer ratings.

    Returns
    -------
    rated : Rated
        As it was where every clip gets all its ratings, else the clips that always do: they were
        drawn at random before the study.
    note : str
        That what is made of them is an estimate; empty where it is not.

    Raises
    ------
    TableError
        If none of these clips has all its ratings yet, or a table does not say which they are.
    """
    clips = rated.clips
    if rated.sample is None:
        _refuse_fewer(rated)
        return rated, ""
    sample = tallied_sample(clips, rated.sample)
    if sample.empty:
        raise TableError(
            "the rating rule asks for fewer ratings where they decide, and none of the ground "
            "truths, which get all, has them yet. Rate more clips: python -m annotator"
        )
    note = "estimate: the rating rule asked for fewer ratings where they decided; "
    note += in_words(len(sample), len(clips))
    return replace(rated, clips=sample, ratings=rated.sample), note


def refuse_estimate(rated: Rated, what: str) -> None:
    """Raise where something needs all ratings of all clips, and a rule asked for fewer.

    Raises
    ------
    TableError
        If so.
    """
    if rated.sample is not None:
        raise TableError(
            f"{what} needs all ratings of all clips, and this study's rating_rule asked for fewer "
            "where they decided its own questions. It can be shown of a study with rating_rule = "
            '"all"'
        )
    _refuse_fewer(rated)


def _refuse_fewer(rated: Rated) -> None:
    # A table of prominent clips, or one with a fourth rating here and there, has three at least.
    n = n_ratings(rated.clips)
    if len(n) and n.min() < min(n.max(), FULL_DESIGN):
        raise TableError(
            f"{rated.origin} has clips with {n.min()} and others with {n.max()} ratings: they were "
            "rated until they were decided, so this cannot be counted from the table. Use the "
            "study, which shows an estimate: --study"
        )


def rated_in_study(study: Study, at: datetime) -> Rated:
    """Return the ratings of a store.

    Parameters
    ----------
    study : Study
        What it leaves out, and whether it is a rehearsal.

    Returns
    -------
    Rated
        Clips that were rated often enough, and all ratings that count.

    Raises
    ------
    TableError
        If there is no rating.
    """
    with store_snapshot(study.store_url) as db:
        store = studies.identity(db, study)
        found = ratings_that_count(db, study)
        truths = ground_truths_that_count(db, study)
        protocol = study.config.protocol
        tally = tally_of_study(found.ratings, study, belief_of(db, study))
        clips = with_picture_facts(db, tally.clips, study.folder, protocol)
        sample = sample_of_all(db, study, clips, found.ratings)
        given = found.ratings.assign(is_further=are_further(db, study, found.ratings))
    return Rated(
        clips,
        "the store",
        given,
        truths,
        rehearsal=study.config.rehearsal,
        counted=found,
        sample=sample,
        provenance=Provenance(
            rehearsal=study.config.rehearsal,
            store_id=store.store_id,
            store_revision=store.revision,
            made_at=at.isoformat(timespec="seconds"),
            settings=rules_of(study),
            counts={**found.as_counts(), "ground_truths_not_used": truths.as_counts()},
        ),
    )


def rated_in_table(path: Path) -> Rated:
    """Return the tallies of a `video_ratings.csv`."""
    return _rated(read_table(path, VIDEO_RATINGS), str(path))


def rated_in_release(folder: Path) -> Rated:
    """Return what published lists say of ratings.

    Parameters
    ----------
    folder : Path
        With lists as `curation.release.published.read_release` takes them.

    Returns
    -------
    Rated
        With raters only where a raw table has a column for them.

    Raises
    ------
    TableError
        If no list has ratings, or something in the folder breaks a run.
    """
    release = read_release(folder)
    refuse_breaking(release)
    clips, is_selected = tally_of_release(release)
    raw = release.lists.get("raw_video_ratings")
    found = None
    if raw is not None and "participant_id" in raw:
        found = raw.assign(
            rating=raw["rating"].astype(int), candidate_id=_names(raw), rt_s=float("nan")
        )
        clips = clips.assign(candidate_id=_names(clips))
    return _rated(
        clips,
        str(folder),
        found,
        is_selected=is_selected,
        without_test=set(rating_lists(release)) <= set(TRAIN_AND_VALIDATION),
    )


def rated_from(
    study: Study | None, *, ratings: Path | None, release: Path | None, at: datetime
) -> Rated:
    """Return the tallies of the first source that is given: lists, a table, a store.

    Parameters
    ----------
    study : Study or None
        Needed where neither of the others is given.
    ratings, release : Path or None
        A `video_ratings.csv`; a folder with published lists.

    Returns
    -------
    Rated
        As `rated_in_release`, `rated_in_table` or `rated_in_study` returns it.

    Raises
    ------
    ValueError
        If none is given.
    """
    if release is not None:
        return rated_in_release(release)
    if ratings is not None:
        return rated_in_table(ratings)
    if study is None:
        raise ValueError("no source of ratings")
    return rated_in_study(study, at)


def test_clips(folder: Path, *, needed: bool, published: bool) -> pd.DataFrame | None:
    """Return the test set of a folder, ours or published.

    Parameters
    ----------
    folder : Path
        With or without ``test_set.csv``.
    published : bool
        Whether the folder holds published lists, of which none may break a run.

    Returns
    -------
    DataFrame or None
        With ``avmit_label, mit_label``; None where there is none.

    Raises
    ------
    TableError
        If it is needed and missing, or cannot be read.
    """
    if published:
        refuse_breaking(read_release(folder))
    path = folder / f"{TEST_SET_NAME}.csv"
    return read_list(path) if needed or path.exists() else None


def _rated(
    clips: pd.DataFrame,
    origin: str,
    ratings: pd.DataFrame | None = None,
    *,
    is_selected: bool = False,
    without_test: bool = False,
) -> Rated:
    rated = n_ratings(clips) > 0
    kept = clips.loc[rated].reset_index(drop=True)
    return Rated(
        kept,
        origin,
        ratings,
        is_selected=is_selected or _looks_selected(kept),
        without_test=without_test,
        n_unrated=int((~rated).sum()),
    )


def _names(rows: pd.DataFrame) -> list[str]:
    return ["/".join(key) for key in clip_keys(rows)]


def _looks_selected(clips: pd.DataFrame) -> bool:
    return len(clips) >= _ENOUGH_TO_TELL and bool((clips["r3"] >= 2).all())
