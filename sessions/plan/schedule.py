"""Make the plan of a study, and add candidates that come late."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from sessions.exercises.choosing import EXERCISES
from sessions.plan import assignment
from sessions.plan.ordering import codes, flags, in_order
from sessions.plan.planning import Change, able_raters, audited, n_changes
from sessions.plan.slots import fill_missing
from sessions.streams import Stream
from study.config.study import Study
from study.deciding.audited import first_wanted
from study.deciding.prior import of_clips, read_prior, require_known
from study.errors import StudyError
from study.store import Db
from study.store.clips import candidates
from study.store.desk import Desk
from study.store.people import participants
from study.store.plan import assignments, exercises, ground_truths
from study.tools.files import sha256_of
from study.tools.seeding import generator
from study.vocabulary import ParticipantKind, Phase


def require_ready(db: Db, study: Study, ids: list[str] | None) -> None:
    """Raise where a plan would take the clips that have to be chosen before it.

    Raises StudyError if ground truths have not been sampled, or somebody has to be trained or
    screened with clips that nobody has chosen.

    Parameters
    ----------
    ids : list of str or None
        Who rates; None for everybody who can.

    Notes
    -----
    Paper: Quality Control ("uniformly sampled [...] prior to the annotation task").
    """
    if not ground_truths.sampled(db):
        raise StudyError(
            "no candidates have been sampled for ground truths, which the plan spreads over "
            "everybody's trials. Run: python -m curation sample-ground-truths"
        )
    missing = [p.value for p in EXERCISES if not exercises.set_sizes(db, p)]
    to_train = [
        rater
        for rater in able_raters(db, study, ids)
        if participants.get(db, rater).kind is ParticipantKind.HUMAN
        and not participants.is_cleared(db, rater, Phase.ANNOTATION)
    ]
    if missing and to_train:
        raise StudyError(
            f"no clips have been chosen for {' and '.join(missing)}, and after the plan none are "
            f"free: {', '.join(to_train)} could not start. Run: python -m sessions set-exercise "
            "--sample"
        )


@dataclass(frozen=True, slots=True)
class FirstLikely:
    """An order by how probable it is that clips are prominent; who rates what stays the same.

    Parameters
    ----------
    path : Path
        `prior.csv`, as `python -m models prior` writes it.
    exploration : float
        Share of the clips that come at places by chance all the same.
    """

    path: Path
    exploration: float = 0.2

    def detail(self) -> dict[str, object]:
        """Return what the audit log and tables say of the order."""
        return {
            "order": "first_likely",
            "exploration": self.exploration,
            "prior_sha256": sha256_of(self.path),
        }


def make_plan(
    desk: Desk, *, ids: list[str] | None, first_likely: FirstLikely | None = None
) -> Change:
    """Give every candidate that is not an exercise clip its raters, and everybody an order.

    Raises StudyError if there is a plan, or there are no candidates or too few participants.

    Parameters
    ----------
    ids : list of str or None
        Who rates; None for everybody who is enrolled, not closed and not the expert.
    first_likely : FirstLikely or None
        Which clips come first; None for chance alone.

    Notes
    -----
    Paper: Annotation Procedure, Quality Control.
    """
    db, study = desk.db, desk.study
    if assignments.exist(db):
        raise StudyError(
            "the study has a plan already, and ratings may depend on it. For people who leave or "
            "join run: python -m sessions reassign or extend; for candidates that came later: "
            "python -m sessions plan --late-candidates"
        )
    found = _unplanned(db)
    if found.empty:
        raise StudyError("there are no candidates to plan. Run: python -m curation candidates")
    people = able_raters(db, study, ids)
    rng = generator(study.config.seed, Stream.PLAN, 0)
    strata = (codes(found["avmit_label"]), flags(found["is_ground_truth"]))
    n_slots = first_wanted(db, study, found["candidate_id"])
    raters = assignment.plan_raters(strata, len(people), n_slots, rng)
    rows = _slot_rows(found, raters, people)
    if first_likely is None:
        assignments.add_many(db, in_order(rows, {}, rng))
        return audited(desk, "plan", rows, people)
    known = candidates.frame(db).set_index("candidate_id")
    likely = of_clips(read_prior(first_likely.path), known)
    require_known(likely, first_likely.path)
    rows = rows.assign(likely=likely.reindex(rows["candidate_id"]).to_numpy())
    assignments.add_many(db, in_order(rows, {}, rng, first_likely.exploration))
    return audited(desk, "plan", rows, people, **first_likely.detail())


def plan_late_candidates(desk: Desk) -> Change:
    """Give candidates that were admitted after the plan their raters.

    Returns what was planned; the clips come after those that people have already. Raises StudyError
    if there is no plan, or no late candidates, or too few participants.
    """
    db, study = desk.db, desk.study
    if not assignments.exist(db):
        raise StudyError("there is no plan to add to. Run: python -m sessions plan")
    found = _unplanned(db)
    if found.empty:
        raise StudyError("all candidates are planned already. Nothing was changed")
    people = able_raters(db, study)
    rng = generator(study.config.seed, Stream.PLAN, n_changes(db))
    late = found["candidate_id"].to_numpy(np.int64)
    rows = fill_missing(db, study, late, people, rng, strict=True)
    return audited(desk, "plan_late_candidates", rows, people)


def _unplanned(db: Db) -> pd.DataFrame:
    found = candidates.frame(db)[["candidate_id", "avmit_label"]]
    taken = {
        *exercises.frame(db)["candidate_id"].tolist(),
        *assignments.candidate_ids(db).tolist(),
    }
    found = found[~found["candidate_id"].isin(taken)].reset_index(drop=True)
    return found.assign(is_ground_truth=found["candidate_id"].isin(ground_truths.sampled(db)))


def _slot_rows(found: pd.DataFrame, raters: assignment.Ints, people: list[str]) -> pd.DataFrame:
    clips, slots = np.nonzero(~assignment.is_open(raters))
    return pd.DataFrame(
        {
            "candidate_id": found["candidate_id"].to_numpy(np.int64)[clips],
            "slot": slots + 1,
            "participant_id": np.array(people, dtype=object)[raters[clips, slots]],
            "is_ground_truth": found["is_ground_truth"].to_numpy(bool)[clips],
        }
    )
