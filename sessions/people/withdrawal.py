"""People who withdraw, and people whose data are erased."""

from dataclasses import dataclass

import numpy as np

from sessions.laptops.away import require_all_here
from sessions.pay.statement import statement
from sessions.plan import further_ratings
from sessions.plan.planning import able_raters, n_changes
from sessions.plan.slots import fill_missing, raters_wanted
from sessions.running.open_sessions import require_none_open
from sessions.streams import Stream
from study.config.study import Study
from study.errors import StudyError
from study.store import Db, audit
from study.store.desk import Desk
from study.store.people import participants, removals
from study.store.plan import assignments
from study.tools.seeding import generator
from study.vocabulary import ParticipantKind

WITHDREW = "withdrew"  # why a record was closed


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What a withdrawal did.

    Parameters
    ----------
    n_ratings_removed : int
        Ratings that were removed, those of training and screening included.
    n_reopened : int
        Slots that lost their rater.
    n_unfilled : int
        Slots that nobody else can take yet.
    """

    n_ratings_removed: int
    n_reopened: int
    n_unfilled: int


def withdraw(desk: Desk, participant_id: str, *, keep_ratings: bool) -> Withdrawal:
    """Withdraw a participant's consent; nobody asks them why.

    Returns what became of their clips: the others rate them. Raises StudyError if the participant
    is rating or has withdrawn already, or ratings are to go that have not been paid yet.

    `keep_ratings`: what they chose to be done with what they have rated.
    """
    db, study = desk.db, desk.study
    participant = participants.get(db, participant_id)
    _require_person(participant_id, participant.kind)
    has_withdrawn = participants.consent_of(db, participant_id) is None
    if keep_ratings and has_withdrawn and participant.close_reason == WITHDREW:
        raise StudyError(f"participant {participant_id} has withdrawn already. Nothing was changed")
    require_none_open(db, [participant_id], "withdrawing")
    if not keep_ratings:
        _require_settled(db, study, participant_id)
    if participant.closed_at is None:
        participants.close(db, participant_id, reason=WITHDREW, at=desk.at)
    removals.withdraw_consent(db, participant_id, at=desk.at)
    n_removed = 0 if keep_ratings else removals.remove_ratings(db, participant_id)
    n_reopened, n_unfilled = _reopen(db, study, participant_id, rated_too=not keep_ratings)
    done = Withdrawal(n_removed, n_reopened, n_unfilled)
    _log(desk, "withdraw", participant_id, done, keep_ratings=keep_ratings)
    return done


def erase(desk: Desk, participant_id: str, *, rng: np.random.Generator) -> Withdrawal:
    """Remove a person from the store; what was paid stays under a random number.

    The audit log keeps its events under the same number, so that the sums still add up and nothing
    leads back to the person.

    Raises StudyError if the participant is rating, or something has not been paid yet.

    `rng`: source of the random number; not the study's seed.
    """
    db, study = desk.db, desk.study
    _require_person(participant_id, participants.get(db, participant_id).kind)
    require_none_open(db, [participant_id], "erasing")
    _require_settled(db, study, participant_id)
    n_removed = removals.remove_ratings(db, participant_id)
    n_reopened, n_unfilled = _reopen(db, study, participant_id, rated_too=True)
    number = f"erased-{rng.integers(10**9):09d}"
    removals.remove_person(db, participant_id, payee=number)
    audit.rename(db, participant_id, number)
    done = Withdrawal(n_removed, n_reopened, n_unfilled)
    _log(desk, "erase", number, done)
    return done


def _reopen(db: Db, study: Study, participant_id: str, *, rated_too: bool) -> tuple[int, int]:
    require_all_here(db, [participant_id])
    planned = assignments.candidate_ids(db)
    n_reopened = assignments.remove(db, participant_id, rated_too=rated_too)
    further_ratings.drop_needless(db, study)
    people = [person for person in able_raters(db, study) if person != participant_id]
    rng = generator(study.config.seed, Stream.REASSIGN, n_changes(db))
    fill_missing(db, study, planned, people, rng, strict=False)
    plan = assignments.frame(db)
    n_raters = plan["candidate_id"].value_counts().reindex(planned, fill_value=0).to_numpy()
    n_missing = np.maximum(raters_wanted(db, study, planned) - n_raters, 0)
    return n_reopened, int(n_missing.sum())


def _require_person(participant_id: str, kind: ParticipantKind) -> None:
    if kind is ParticipantKind.EXPERT:
        raise StudyError(
            f"participant {participant_id} is the expert, on whose ratings bonuses were paid. "
            f"To end their part: python -m sessions close {participant_id} --reason WHY"
        )


def _require_settled(db: Db, study: Study, participant_id: str) -> None:
    owed = statement(db, participant_id, study.config.protocol, unpaid_only=True)
    if owed.total_pence:
        raise StudyError(
            f"participant {participant_id} has not been paid "
            f"{study.config.money(owed.total_pence)}, and the "
            "sum cannot be worked out once the ratings are gone. First run: python -m sessions "
            f"pay {participant_id} --settle"
        )


def _log(desk: Desk, action: str, participant_id: str, done: Withdrawal, **detail: object) -> None:
    counts = {
        "n_ratings_removed": done.n_ratings_removed,
        "n_reopened": done.n_reopened,
        "n_unfilled": done.n_unfilled,
    }
    desk.log(action, participant_id, {**counts, **detail})
    desk.db.flush()
