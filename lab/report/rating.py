"""What the store says of ratings, raters and rigs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from annotator.timing.measures import Timing, TimingEvidence, described, timing
from curation.analysis.aggregation import dawid_skene
from curation.analysis.agreement import measure_agreement
from curation.analysis.raters import rater_table
from curation.analysis.rating_sources import Rated, of_all_ratings, rated_in_study
from curation.analysis.sensitivity import prominence_by_rule, sensitivity_table
from sessions.monitor.progress import Progress, progress
from sessions.monitor.status import StudyStatus, study_status
from study.config.study import Study
from study.deciding.belief import believe
from study.errors import TableError
from study.store import Db, store_snapshot
from study.store.clips import candidates
from study.store.ratings import evidence as kept
from study.store.ratings import rig_checks
from study.store.ratings.rig_checks import RigCheck
from study.tools.seeding import generator


@dataclass(frozen=True, slots=True)
class Rigs:
    """How well the machines kept time.

    Parameters
    ----------
    timing : Timing or None
        None where nobody has rated in a window.
    checks : dict of str to RigCheck or None
        The last check of each machine.
    n_elsewhere : int
        Sessions on the stage that costs no time, which say nothing of a rig.
    """

    timing: Timing | None
    checks: Mapping[str, RigCheck | None]
    n_elsewhere: int


@dataclass(frozen=True, slots=True)
class Ratings:
    """All that a report says of ratings.

    Parameters
    ----------
    counts : DataFrame
        Clips by class and by what became of them.
    rated : Rated or None
        None where no rating counts yet.
    why_none : str
        Why there is none.
    agreement, raters, sensitivity : DataFrame or None
        From `curation.analysis`; None where no clip was rated often enough.
    full : Rated or None
        The clips that get all ratings whatever they say, of which agreement and Figure 2 are
        counted.
    note : str
        That these are estimates; empty where they are not.
    certainty : str
        What the certain rule promises and the audit measured; empty under another rule.
    """

    counts: pd.DataFrame
    progress: Progress
    status: StudyStatus
    rigs: Rigs
    rated: Rated | None
    why_none: str = ""
    agreement: pd.DataFrame | None = None
    raters: pd.DataFrame | None = None
    sensitivity: pd.DataFrame | None = None
    full: Rated | None = None
    note: str = ""
    certainty: str = ""


def ratings_of(study: Study, at: datetime, *, n_resamples: int) -> Ratings:
    """Return what the store says.

    Parameters
    ----------
    at : datetime
        Now.
    n_resamples : int
        For each interval of agreement.
    """
    with store_snapshot(study.store_url) as db:
        counts = candidates.counts(db)
        found = progress(db, study)
        status = study_status(db, study)
        rigs = _rigs(db)
    try:
        rated = rated_in_study(study, at)
    except TableError as error:
        return Ratings(counts, found, status, rigs, None, str(error))
    if rated.clips.empty:
        return Ratings(counts, found, status, rigs, rated, "no clip has all its ratings yet")
    rng = generator(study.config.seed, "report")
    full, note = _full(rated)
    certainty = ""
    if study.config.protocol.rating_rule == "until_certain":
        with store_snapshot(study.store_url) as db:
            certainty = believe(db, study).in_words(study)
    return Ratings(
        counts,
        found,
        status,
        rigs,
        rated,
        agreement=None
        if full is None
        else measure_agreement(full.clips, rng, n_resamples=n_resamples),
        raters=rater_table(rated.with_raters(), rated.ground_truths()),
        # What other rules would change needs ratings that nobody was asked for.
        sensitivity=_sensitivity(rated, study) if rated.sample is None else None,
        full=full,
        note=note,
        certainty=certainty,
    )


def _full(rated: Rated) -> tuple[Rated | None, str]:
    try:
        return of_all_ratings(rated)
    except TableError as error:
        return None, str(error)


def _sensitivity(rated: Rated, study: Study) -> pd.DataFrame:
    posterior = dawid_skene(rated.with_raters()).posterior["p3"]
    rules = prominence_by_rule(rated.clips, rated.clips["candidate_id"].map(posterior))
    return sensitivity_table(rated.clips, rules, study.config.protocol)


def _rigs(db: Db) -> Rigs:
    everything = kept.sessions(db)
    in_window = everything[everything["stage"] == "window"]
    n_elsewhere = len(everything) - len(in_window)
    if in_window.empty:
        return Rigs(None, {}, n_elsewhere)
    sessions = described(in_window)
    ids = sessions["session_id"].tolist()
    found = timing(
        TimingEvidence(
            sessions, kept.trials(db, ids), kept.presentations(db, ids), kept.key_presses(db, ids)
        )
    )
    checks = {host: rig_checks.latest(db, host) for host in sessions["host"].unique()}
    return Rigs(found, checks, n_elsewhere)
