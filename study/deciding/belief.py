"""What a study believes of its clips: the certain rule on the ratings of a store."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from study import counting
from study.config.study import Study
from study.deciding.audited import in_audit
from study.deciding.certain import Audit, Replay, audit, class_is_certain, raised, replayed
from study.deciding.posterior import Answers, Fit, fit, says_yes
from study.deciding.prior import of_clips, read_prior, require_known
from study.store import Db
from study.store import audit as audit_log
from study.store.clips import candidates
from study.store.plan import exercises, ground_truths
from study.store.ratings.counted import ground_truths_that_count, judged
from study.tools.wording import counted

RAISED = "raise_certainty"  # in the audit log

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Belief:
    """What the ratings so far say of every clip.

    Parameters
    ----------
    clips : DataFrame
        Candidates that can be rated: ``candidate_id, filename, video_location, avmit_label``.
    raters : list of str
        In the order of the fit.
    yes : ndarray of float64, shape (n_clips,)
        How probable a yes is.
    counts : ndarray of int64, shape (n_clips, 3)
        Ratings of each clip that count.
    limit : float
        How certain a clip has to be; more than `certainty` where the audit asked for it.
    gets_all : ndarray of bool, shape (n_clips,)
        Ground truths and the audited share.
    class_ended : ndarray of bool, shape (n_clips,)
        Whether the class has its prominent clips for certain, or cannot have them.
    replay : Replay
        Where the rule would have ended the clips of the audit.
    found : Audit
        What the audit says of the rule.
    """

    clips: pd.DataFrame
    raters: list[str]
    answers: Answers
    fitted: Fit
    yes: Floats
    counts: Ints
    limit: float
    gets_all: Flags
    class_ended: Flags
    replay: Replay
    found: Audit

    @property
    def sure(self) -> Floats:
        """How probable the likelier answer is."""
        return np.maximum(self.yes, 1 - self.yes)

    def is_open(self, study: Study) -> Flags:
        """Return which clips need a further rating, or their first ones."""
        protocol, n = study.config.protocol, self.counts.sum(axis=1)
        least = np.where(self.gets_all, protocol.ratings_per_clip, 1)
        uncertain = (self.sure < self.limit) & ~self.class_ended & (n < protocol.most_ratings)
        return np.asarray((n < least) | uncertain, dtype=np.bool_)

    def stopped_by(self, study: Study) -> list[str]:
        """Return why each clip gets no further rating: `open` where it does."""
        n = self.counts.sum(axis=1)
        words = np.select(
            [self.is_open(study), self.gets_all & (n >= study.config.protocol.ratings_per_clip),
             self.sure >= self.limit, self.class_ended],
            ["open", "all_ratings", "certain", "class_ended"], "most_ratings",
        )  # fmt: skip
        return [str(word) for word in words]

    def in_words(self, study: Study) -> str:
        """Return what the rule promises, and what the audit measured."""
        promised = 1 - study.config.protocol.certainty
        said = f"certain from {self.limit:.4g} on"
        if waits_for_prior(study):
            said += (
                f"; without a classifier, because {study.config.protocol.prior} is not there yet "
                "(python -m models prior)"
            )
        if not self.found.n:
            return f"{said}; no clip of the audit has been ended by the rule yet"
        return (
            f"{said}; the audit measured {100 * self.found.error:.2f} % wrong answers of at most "
            f"{100 * promised:.3g} % (95 % interval {100 * self.found.low:.2f} to "
            f"{100 * self.found.high:.2f} %, {counted(self.found.n, 'clip')}; of "
            f"{self.found.n_other} most "
            "ratings say the opposite)"
        )


def believe(db: Db, study: Study, every: pd.DataFrame | None = None) -> Belief:
    """Return what the ratings that count say of every clip.

    Parameters
    ----------
    every : DataFrame or None
        From `study.store.ratings.counted.judged`, for who has it already.
    """
    protocol = study.config.protocol
    clips = _clips(db)
    answers, raters = _answers(db, study, clips, every)
    fitted = fit(answers)
    question = protocol.certain_question
    counts = answers.counts()
    yes = says_yes(fitted, counts, question)
    ids = clips["candidate_id"].to_numpy(np.int64)
    gets_all = np.isin(ids, ground_truths.sampled(db)) | in_audit(ids, study.config)
    ended = np.zeros(len(clips), dtype=np.bool_)
    if "class_list" in protocol.questions:
        least = protocol.class_min_prominent
        ended = class_is_certain(yes, answers.label, least, protocol.certainty)
    limit = limit_now(db, study)
    replay = replayed(answers, fitted, gets_all, limit, question, protocol.ratings_per_clip)
    found = audit(replay, yes, counts, question)
    return Belief(
        clips, raters, answers, fitted, yes, counts, limit, gets_all, ended, replay, found
    )


def waits_for_prior(study: Study) -> bool:
    """Return whether the study names a classifier's table that has not been written yet."""
    name = study.config.protocol.prior
    return name is not None and not (study.folder / name).exists()


def limit_now(db: Db, study: Study) -> float:
    """Return how certain a clip has to be: `certainty`, or what the audit has raised it to."""
    certainty = study.config.protocol.certainty
    raises = [
        float(event["threshold"])
        for event in audit_log.own(db, RAISED)
        if event.get("certainty") == certainty and isinstance(event.get("threshold"), float)
    ]
    return max([certainty, *raises])


def to_raise(belief: Belief, study: Study) -> dict[str, float | int] | None:
    """Return what the audit log should say of a threshold that has to rise; None where none does.

    Returns
    -------
    dict or None
        The new threshold, and what was measured.
    """
    certainty = study.config.protocol.certainty
    higher = raised(belief.limit, certainty, belief.found)
    if higher is None or higher <= belief.limit:
        return None
    found = belief.found
    return {
        "certainty": certainty, "threshold_before": belief.limit, "threshold": higher,
        "measured_error": round(found.error, 6), "low": round(found.low, 6),
        "high": round(found.high, 6), "n": found.n,
    }  # fmt: skip


def _clips(db: Db) -> pd.DataFrame:
    known = candidates.frame(db)[["candidate_id", "filename", "video_location", "avmit_label"]]
    taken = known["candidate_id"].isin(exercises.frame(db)["candidate_id"])
    return known[~taken].reset_index(drop=True)


def _answers(
    db: Db, study: Study, clips: pd.DataFrame, every: pd.DataFrame | None
) -> tuple[Answers, list[str]]:
    given = counting.counted(judged(db, study) if every is None else every).ratings
    given = given[given["candidate_id"].isin(clips["candidate_id"])].sort_values("trial_id")
    place = pd.Series(np.arange(len(clips)), index=clips["candidate_id"])
    rater, raters = pd.factorize(given["participant_id"], sort=True)
    label, _names = pd.factorize(clips["avmit_label"], sort=True)
    truths = ground_truths_that_count(db, study).by_clip()
    expert = np.array([truths.get(clip, 0) - 1 for clip in clips["candidate_id"]], dtype=np.int64)
    return Answers(
        np.asarray(place.reindex(given["candidate_id"]), dtype=np.int64),
        rater.astype(np.int64),
        np.asarray(given["rating"], dtype=np.int64) - 1,
        label.astype(np.int64),
        expert,
        _scores(study, clips),
        len(raters),
    ), [str(name) for name in raters]


def _scores(study: Study, clips: pd.DataFrame) -> Floats:
    name = study.config.protocol.prior
    # The first ratings are what a classifier learns from: until then there is none.
    if name is None or waits_for_prior(study):
        return np.full(len(clips), np.nan)
    found = of_clips(read_prior(study.folder / name), clips)
    require_known(found, study.folder / name)
    return np.asarray(found, dtype=np.float64)
