"""Remove ratings, or a person, from every table that mentions them."""

from collections.abc import Iterator

from sqlalchemy import Column, ColumnElement, Select, Table, delete, func, select, update

from study.store.engine import Db
from study.store.tables import (
    AnswerRow,
    Base,
    ConsentRow,
    ParticipantRow,
    PaymentRow,
    RatingRow,
    SessionRow,
    TrialRow,
)

Ids = Select[tuple[int]] | Select[tuple[str]]


def withdraw_consent(db: Db, participant_id: str, *, at: object) -> None:
    """Mark a participant's consents as withdrawn."""
    db.execute(
        update(ConsentRow)
        .where(ConsentRow.participant_id == participant_id, ConsentRow.withdrawn_at.is_(None))
        .values(withdrawn_at=at)
        .execution_options(synchronize_session=False)
    )


def remove_ratings(db: Db, participant_id: str) -> int:
    """Remove a participant's trials with all that belongs to them; sessions and pay stay.

    Returns how many ratings and answers, of all phases; trials without one go as well and are not
    counted.
    """
    n_ratings = sum(
        db.scalars(
            select(func.count()).select_from(table).where(table.participant_id == participant_id)
        ).one()
        for table in (RatingRow, AnswerRow)
    )
    sessions = select(SessionRow.id).where(SessionRow.participant_id == participant_id)
    trials = select(TrialRow.id).where(TrialRow.session_id.in_(sessions))
    for table, column in _columns_to("trial"):
        _delete(db, table, column.in_(trials))
    db.execute(delete(TrialRow).where(TrialRow.session_id.in_(sessions)))
    return n_ratings


def remove_person(db: Db, participant_id: str, *, payee: str) -> None:
    """Remove a participant from every table; what was paid stays under another name."""
    remove_ratings(db, participant_id)
    sessions = select(SessionRow.id).where(SessionRow.participant_id == participant_id)
    for table, column in _columns_to("session"):
        _delete(db, table, column.in_(sessions))
    for table, column in _columns_to("participant"):
        _delete(db, table, column == participant_id)
    _delete(db, Base.metadata.tables["participant"], ParticipantRow.id == participant_id)
    db.execute(
        update(PaymentRow)
        .where(PaymentRow.payee == participant_id)
        .values(payee=payee)
        .execution_options(synchronize_session=False)
    )
    db.expire_all()


def _columns_to(name: str) -> Iterator[tuple[Table, Column[object]]]:
    # Found in the schema, so that a table somebody adds later is not forgotten.
    for table in reversed(Base.metadata.sorted_tables):
        for column in table.columns:
            if any(key.column.table.name == name for key in column.foreign_keys):
                yield table, column


def _delete(db: Db, table: Table, condition: ColumnElement[bool]) -> None:
    db.execute(delete(table).where(condition))
