"""Ratings that do not count: other clips, ungraded rigs, clips that failed."""

from collections.abc import Iterator, Sequence

import pandas as pd

from study.config.study import Study
from study.counting import IN_WORDS, SHOWN_WRONG, Reason
from study.store import Db
from study.store.plan import assignments
from study.store.ratings.counted import ground_truths_that_count, judged
from study.store.ratings.evidence import failures
from study.vocabulary import Phase

MOST_NAMED = 20  # clips in one line
_AGAIN = "have them rated again: python -m sessions plan --again"
_ADVICE = {
    Reason.UNGRADED_RIG: f"Accept the rig (python -m annotator accept-rig HOST), or {_AGAIN}",
    Reason.OTHER_CLIP: f"Put the admitted clips back (see: check --hashes), and {_AGAIN}",
    Reason.SIMULATED: "They are left out of every table",
}


def evidence_findings(db: Db, study: Study, given: pd.DataFrame) -> Iterator[str]:
    """Yield which ratings do not count and why, one sentence each.

    Yields which ratings it concerns and what to do; nothing of ratings in whose place others were
    given.

    `given`: the ratings of the annotation, from `study.store.ratings.counted.judged`.
    """
    standing = given[~given["is_replaced"].astype(bool)]
    for reason in Reason:
        lost = standing[standing["reason"] == reason.value]
        if len(lost):
            advice = _ADVICE.get(reason, _AGAIN[0].upper() + _AGAIN[1:])
            yield f"{_concerned(lost, reason)}. {advice}"
    yield from _ground_truth_findings(db, study)
    for phase in (Phase.TRAINING, Phase.SCREENING):
        yield from _exercise_findings(judged(db, study, phase), phase)
    yield from _failure_findings(db)


def _ground_truth_findings(db: Db, study: Study) -> Iterator[str]:
    wrong = ground_truths_that_count(db, study).left_out
    for reason, lost in wrong.groupby("reason", sort=True):
        yield (
            f"ground truths: {_concerned(lost, Reason(str(reason)))}. Look at the clips, then: "
            "python -m sessions correct-ground-truth"
        )


def _exercise_findings(found: pd.DataFrame, phase: Phase) -> Iterator[str]:
    # An attempt that was made again says nothing any more.
    last = found["attempt"].eq(found.groupby("participant_id")["attempt"].transform("max"))
    wrong = found[last & found["reason"].isin(SHOWN_WRONG)]
    for reason, lost in wrong.groupby("reason", sort=True):
        yield (
            f"{phase.value}: {_concerned(lost, Reason(str(reason)))}. Put the admitted "
            "clips back, and judge the result with this in mind"
        )


def _concerned(lost: pd.DataFrame, reason: Reason) -> str:
    said = f"{len(lost)} rating{'s' * (len(lost) != 1)} {IN_WORDS[reason]}"
    if reason is Reason.UNGRADED_RIG:
        return f"{said}: {_listed(_by(lost, 'host'))}"
    clips = lost["video_location"] + "/" + lost["filename"]
    return f"{said}: {_listed(_by(lost.assign(clip=clips), 'clip'))}"


def _by(lost: pd.DataFrame, column: str) -> list[str]:
    people = lost.groupby(column, sort=True)["participant_id"].unique()
    return [f"{name} ({', '.join(sorted(who))})" for name, who in people.items()]


def _listed(named: Sequence[str]) -> str:
    more = len(named) - MOST_NAMED
    return "; ".join(named[:MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")


def _failure_findings(db: Db) -> Iterator[str]:
    failed = failures(db).drop_duplicates(["participant_id", "candidate_id"], keep="last")
    plan = assignments.frame(db)
    waiting = plan.loc[~plan["done"].astype(bool), ["candidate_id", "participant_id"]]
    for (clip, why), own in failed.merge(waiting).groupby(["filename", "failure"], sort=True):
        yield (
            f"clip {clip} could not be shown to {', '.join(sorted(own['participant_id']))} "
            f"({why}) and is still to be rated. Look at the file: python -m sessions check --hashes"
        )
