"""Results of training and screening."""

from dataclasses import dataclass

import pandas as pd

from study.config.protocol import Protocol
from study.errors import NotClearedError
from study.store import Db
from study.store.people import participants
from study.store.plan import exercises
from study.tools.wording import counted
from study.vocabulary import Phase

TRAINING_SET = 1


@dataclass(frozen=True, slots=True)
class Attempt:
    """One go at an exercise.

    Parameters
    ----------
    number : int
        From 1.
    n_rated : int
        How many of them are rated.
    n_right : int
        How many were rated as the expert did.
    """

    number: int
    n_clips: int
    n_rated: int
    n_right: int

    @property
    def finished(self) -> bool:
        """Whether every clip has been rated."""
        return self.n_rated >= self.n_clips


def attempts(db: Db, participant_id: str, phase: Phase) -> list[Attempt]:
    """Return a participant's attempts at an exercise.

    Returns them in order; the last one may be unfinished.
    """
    sizes = exercises.set_sizes(db, phase)
    answers = exercises.answers(db, participant_id, phase)
    return [
        _attempt(number, sizes.get(set_of(phase, number), 0), answers)
        for number in sorted(set(answers["attempt"].tolist()))
    ]


def _attempt(number: int, n_clips: int, answers: pd.DataFrame) -> Attempt:
    own = answers[answers["attempt"] == number]
    return Attempt(number, n_clips, len(own), int((own["rating"] == own["expert_rating"]).sum()))


def set_of(phase: Phase, attempt: int) -> int:
    """Return which set of clips an attempt uses.

    Returns training repeats its clips; a repeated screening takes fresh ones.

    `attempt`: from 1.
    """
    return attempt if phase is Phase.SCREENING else TRAINING_SET


def next_attempt(found: list[Attempt]) -> int:
    """Return the number of the attempt that a session would continue.

    `found`: from `attempts`.
    """
    if not found:
        return 1
    return found[-1].number + found[-1].finished


def is_passed(screening: Attempt, protocol: Protocol) -> bool:
    """Return whether a finished screening was passed (Paper: Quality Control)."""
    return screening.n_right >= protocol.pass_mark(screening.n_clips)


def finished_screening(db: Db, participant_id: str) -> Attempt | None:
    """Return a participant's last screening; None while it is unfinished."""
    found = attempts(db, participant_id, Phase.SCREENING)
    return found[-1] if found and found[-1].finished else None


def verdict(db: Db, protocol: Protocol, participant_id: str) -> str:
    """Return whether the last screening was passed, to end a sentence with.

    Returns text such as ``": passed, 39 of 41 right (38 needed)"``; empty while it is unfinished.
    """
    last = finished_screening(db, participant_id)
    if last is None:
        return ""
    words = "passed" if is_passed(last, protocol) else "not passed"
    needed = protocol.pass_mark(last.n_clips)
    return f": {words}, {last.n_right} of {last.n_clips} right ({needed} needed)"


def confusion(answers: pd.DataFrame) -> pd.DataFrame:
    """Return how often each expert rating met each rating of the participant.

    `answers`: with ``rating`` and ``expert_rating``.

    Returns
    -------
    DataFrame of int64, shape (3, 3)
        Rows: the expert's rating; columns: the participant's.
    """
    table = pd.crosstab(answers["expert_rating"], answers["rating"])
    return table.reindex(index=[1, 2, 3], columns=[1, 2, 3], fill_value=0).rename_axis(
        index="expert", columns="participant"
    )


def screening_report(db: Db, protocol: Protocol, participant_id: str) -> list[str]:
    """Return how a participant did in their last screening, for the talk about it.

    Returns the result, the confusion matrix, and the missed clips with the expert's reasoning.
    Raises NotClearedError if there has been no screening.
    """
    participants.get(db, participant_id)
    found = attempts(db, participant_id, Phase.SCREENING)
    if not found:
        raise NotClearedError(
            f"participant {participant_id} has not been screened. "
            f"Run: python -m annotator --participant {participant_id}"
        )
    last = found[-1]
    answers = exercises.answers(db, participant_id, Phase.SCREENING)
    answers = answers[answers["attempt"] == last.number]
    table = confusion(answers).to_string().splitlines()
    return [_verdict(participant_id, last, protocol), "", *table, "", *_missed(answers)]


def _verdict(participant_id: str, attempt: Attempt, protocol: Protocol) -> str:
    needed = protocol.pass_mark(attempt.n_clips)
    title = f"{participant_id}, screening {attempt.number}:"
    if attempt.finished:
        state = "passed" if is_passed(attempt, protocol) else "failed"
        return f"{title} {state}, {attempt.n_right} of {attempt.n_clips} right, {needed} needed"
    return (
        f"{title} unfinished, {attempt.n_rated} of {counted(attempt.n_clips, 'clip')} rated, "
        f"{attempt.n_right} of these {attempt.n_rated} right so far, {needed} needed in the end"
    )


def _missed(answers: pd.DataFrame) -> list[str]:
    missed = answers[answers["rating"] != answers["expert_rating"]]
    return [
        f"{row['avmit_label']}: rated {row['rating']}, expert {row['expert_rating']}. "
        f"{row['reasoning']} ({row['filename']})"
        for row in missed.to_dict("records")
    ] or ["no clip was missed"]
