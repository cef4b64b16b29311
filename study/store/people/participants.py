"""Participants, their consent and their clearances; never a name."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from study.errors import NotClearedError, StoreError
from study.store.engine import Db
from study.store.tables import ClearanceRow, ConsentRow, ParticipantRow
from study.tools.suggesting import suggested
from study.vocabulary import ParticipantKind, Phase


@dataclass(frozen=True, slots=True)
class Participant:
    """A participant as the store has them.

    Parameters
    ----------
    id : str
        Short, and saying nothing about the person.
    closed_at : datetime or None
        Since when they may not start a session any more.
    """

    id: str
    kind: ParticipantKind
    enrolled_at: datetime
    closed_at: datetime | None = None
    close_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent form that a participant signed on paper.

    Parameters
    ----------
    form_version, ethics_approval : str
        Which form, approved under which number.
    experimenter : str
        Initials of who took it.
    """

    form_version: str
    ethics_approval: str
    experimenter: str
    signed_on: str


def add(db: Db, *, participant_id: str, kind: ParticipantKind, at: datetime) -> None:
    """Add a participant.

    Raises StoreError if the id is taken.
    """
    if db.get(ParticipantRow, participant_id) is not None:
        raise StoreError(f"participant {participant_id} is enrolled already. Choose another id")
    db.add(ParticipantRow(id=participant_id, kind=kind.value, enrolled_at=at))
    db.flush()


def lock(db: Db, participant_ids: Collection[str]) -> None:
    """Lock some participants against other changes until this transaction ends.

    `db`: an open transaction; on SQLite it has the whole store for itself already.
    """
    query = select(ParticipantRow.id).where(ParticipantRow.id.in_(participant_ids))
    db.execute(query.order_by(ParticipantRow.id).with_for_update(key_share=True)).all()


def get(db: Db, participant_id: str) -> Participant:
    """Return a participant.

    Raises NotClearedError if nobody is enrolled under this id.
    """
    row = db.get(ParticipantRow, participant_id)
    if row is None:
        meant = suggested(participant_id, db.scalars(select(ParticipantRow.id)))
        did = f"Did you mean {meant}? " if meant else ""
        raise NotClearedError(
            f"participant {participant_id} is not enrolled in this study. {did}Check the id, or "
            f"run: python -m sessions enrol {participant_id}"
        )
    return _participant(row)


def listed(db: Db) -> list[Participant]:
    """Return all participants, in the order of their ids."""
    rows = db.scalars(select(ParticipantRow).order_by(ParticipantRow.id))
    return [_participant(row) for row in rows]


def close(db: Db, participant_id: str, *, reason: str, at: datetime) -> None:
    """Close a participant's record, so that no further session can start.

    Raises StoreError if it is closed already.
    """
    if get(db, participant_id).closed_at is not None:
        raise StoreError(f"participant {participant_id} is closed already. Nothing was changed")
    row = db.get_one(ParticipantRow, participant_id)
    row.closed_at, row.close_reason = at, reason
    db.flush()


def add_consent(db: Db, participant_id: str, consent: Consent) -> None:
    """Add a consent form."""
    get(db, participant_id)
    db.add(
        ConsentRow(
            participant_id=participant_id,
            form_version=consent.form_version,
            ethics_approval=consent.ethics_approval,
            experimenter=consent.experimenter,
            signed_on=consent.signed_on,
        )
    )
    db.flush()


def consent_of(db: Db, participant_id: str) -> Consent | None:
    """Return the latest consent that has not been withdrawn."""
    row = db.scalars(
        select(ConsentRow)
        .where(ConsentRow.participant_id == participant_id, ConsentRow.withdrawn_at.is_(None))
        .order_by(ConsentRow.id.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    return Consent(row.form_version, row.ethics_approval, row.experimenter, row.signed_on)


def signed_days(db: Db) -> dict[str, str]:
    """Return by participant the day on which the consent that holds is said to be signed."""
    query = (
        select(ConsentRow.participant_id, ConsentRow.signed_on)
        .where(ConsentRow.withdrawn_at.is_(None))
        .order_by(ConsentRow.id)
    )
    return {str(who): str(day) for who, day in db.execute(query)}


def has_consented(db: Db, participant_id: str) -> bool:
    """Return whether a participant ever gave consent, withdrawn since or not."""
    query = select(ConsentRow.id).where(ConsentRow.participant_id == participant_id).limit(1)
    return db.scalars(query).first() is not None


def clear(
    db: Db, participant_id: str, phase: Phase, *, granted_by: str, reason: str, at: datetime
) -> None:
    """Let a participant start a phase because an experimenter says so."""
    if not is_cleared(db, participant_id, phase):
        db.add(
            ClearanceRow(
                participant_id=participant_id,
                phase=phase.value,
                granted_at=at,
                granted_by=granted_by,
                reason=reason,
            )
        )
        db.flush()


def is_cleared(db: Db, participant_id: str, phase: Phase) -> bool:
    """Return whether an experimenter has cleared a participant for a phase."""
    found = db.scalars(
        select(ClearanceRow.id).where(
            ClearanceRow.participant_id == participant_id, ClearanceRow.phase == phase.value
        )
    ).first()
    return found is not None


def _participant(row: ParticipantRow) -> Participant:
    return Participant(
        row.id, ParticipantKind(row.kind), row.enrolled_at, row.closed_at, row.close_reason
    )
