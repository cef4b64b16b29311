"""Where the study stands: one row a participant, one line for the whole."""

import math
from dataclasses import dataclass

import pandas as pd
from rich.table import Table

from sessions.exercises import headphones, verdicts
from sessions.expert.ground_truths import corrections
from sessions.expert.reratings import Reliability, reliability
from sessions.pay import bonus
from sessions.pay.receipt import SETTLED_ELSEWHERE
from sessions.pay.statement import is_settled_here
from sessions.plan import again, further_ratings
from study.config.money import Money
from study.config.study import Study
from study.store import Db
from study.store.people import headphone_checks, participants
from study.store.people.participants import Participant
from study.store.plan import assignments
from study.vocabulary import Phase


@dataclass(frozen=True, slots=True)
class ParticipantStatus:
    """How far a participant is.

    Parameters
    ----------
    has_consent : bool
        Whether there is a consent that stands.
    """

    participant: Participant
    has_consent: bool
    headphones: str
    training: str
    screening: str
    n_assigned: int
    n_done: int
    bonus_pence: int


@dataclass(frozen=True, slots=True)
class StudyStatus:
    """How far the study is.

    Parameters
    ----------
    participants : tuple of ParticipantStatus
        In the order of ids.
    n_clips, n_complete : int
        Planned clips, and those that have all their ratings, which count.
    n_ratings, n_wanted : int
        Ratings given, and wanted; those that nobody is asked for yet are wanted as well.
    n_truths, n_sampled, n_corrections : int
        Ground truths rated, sampled, and how often one was corrected.
    reliability : Reliability
        How well the expert agrees with the expert.
    """

    participants: tuple[ParticipantStatus, ...]
    n_clips: int
    n_complete: int
    n_ratings: int
    n_wanted: int
    n_truths: int
    n_sampled: int
    n_corrections: int
    reliability: Reliability


def study_status(db: Db, study: Study, every: pd.DataFrame | None = None) -> StudyStatus:
    """Return how far the study is.

    Parameters
    ----------
    every : DataFrame or None
        From `study.store.ratings.counted.judged`, for who has it already.
    """
    counts = assignments.counts(db)
    people = tuple(
        _participant_status(db, study, participant, counts.get(participant.id))
        for participant in participants.listed(db)
    )
    clips, is_whole = again.standing(again.judged_slots(db, study, every)), is_settled_here(db)
    n_waiting = len(further_ratings.waiting(db, study, every))
    n_sampled = assignments.n_sampled(db)
    return StudyStatus(
        people,
        len(clips),
        again.n_complete(clips, is_whole=is_whole) - n_waiting,
        n_ratings=sum(count.n_done for count in counts.values()),
        n_wanted=sum(count.n_assigned for count in counts.values())
        + again.n_without_rater(clips, is_whole=is_whole),
        n_truths=n_sampled - len(assignments.expert_remaining(db)),
        n_sampled=n_sampled,
        n_corrections=len(corrections(db)),
        reliability=reliability(db, study),
    )


def status_table(status: StudyStatus, money: Money) -> Table:
    """Return the participants as a table for the terminal.

    `status`: from `study_status`.
    """
    table = Table()
    for heading in ("participant", "kind", "consent", "headphones", "training", "screening"):
        table.add_column(heading)
    for heading in ("rated", "of", "%", "bonus"):
        table.add_column(heading, justify="right")
    for row in status.participants:
        closed = " (closed)" if row.participant.closed_at else ""
        share = f"{100 * row.n_done / row.n_assigned:.1f}" if row.n_assigned else ""
        table.add_row(
            row.participant.id + closed, row.participant.kind.value,
            "yes" if row.has_consent else "-", row.headphones, row.training, row.screening,
            str(row.n_done), str(row.n_assigned), share, money(row.bonus_pence),
        )  # fmt: skip
    return table


def agreement_table(people: pd.DataFrame, money: Money) -> Table:
    """Return how well people agree, and how they work, as a table for the terminal.

    `people`: from `monitor.progress.progress`.
    """
    table = Table()
    for heading in ("participant", "ground truths", "peers", "response", "trials with replays",
                    "trials with early presses", "failures", "owed"):  # fmt: skip
        table.add_column(heading, justify="left" if heading == "participant" else "right")
    for row in people.to_dict("records"):
        table.add_row(
            row["participant_id"], _filled("{:.1%}", row["truth_agreement"]),
            _filled("{:.1%}", row["peer_agreement"]), _filled("{:.2f} s", row["median_rt_s"]),
            _filled("{:.1%}", row["replayed_share"]), _filled("{:.1%}", row["early_press_share"]),
            str(row["n_failures"]), owed_in_words(row["owed_pence"], money),
        )  # fmt: skip
    return table


def owed_in_words(owed_pence: float | None, money: Money) -> str:
    """Return what is owed to somebody.

    Returns an amount, or that only the desk knows it.

    `owed_pence`: from `monitor.progress.progress`; missing on a laptop.
    """
    if owed_pence is None or math.isnan(owed_pence):
        return SETTLED_ELSEWHERE
    return money(int(owed_pence))


def _filled(form: str, value: float | None) -> str:
    return "-" if value is None or math.isnan(value) else form.format(value)


def _participant_status(
    db: Db, study: Study, participant: Participant, count: assignments.Count | None
) -> ParticipantStatus:
    return ParticipantStatus(
        participant,
        has_consent=participants.consent_of(db, participant.id) is not None,
        headphones=headphones.in_words(headphone_checks.listed(db, participant.id)),
        training=_in_words(db, study, participant, Phase.TRAINING),
        screening=_in_words(db, study, participant, Phase.SCREENING),
        n_assigned=count.n_assigned if count else 0,
        n_done=count.n_done if count else 0,
        bonus_pence=bonus.total_pence(db, participant.id),
    )


def _in_words(db: Db, study: Study, participant: Participant, phase: Phase) -> str:
    found = verdicts.attempts(db, participant.id, phase)
    if not found:
        return "cleared" if participants.is_cleared(db, participant.id, phase) else "-"
    last = found[-1]
    if not last.finished:
        return f"{last.n_rated} of {last.n_clips} rated"
    if phase is Phase.TRAINING:
        return "done"
    passed = last.n_right >= study.config.protocol.pass_mark(last.n_clips)
    return f"{'passed' if passed else 'failed'} {last.n_right}/{last.n_clips}"
