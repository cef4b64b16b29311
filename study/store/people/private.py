"""What a store knows that must not leave it: ids, machines, and what people wrote."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from study.store.engine import Db
from study.store.tables import (
    AuditEventRow,
    ClearanceRow,
    ConsentRow,
    ExerciseClipRow,
    FlagRow,
    GroundTruthVersionRow,
    NoteRow,
    ParticipantRow,
    PaymentRow,
    RejectRow,
    RigAcceptanceRow,
    RigCheckRow,
    SessionRow,
    TrialRow,
    VettingRow,
)
from study.tools.local_time import local_day

_WRITTEN: tuple[InstrumentedAttribute[Any], ...] = (
    ParticipantRow.close_reason, ClearanceRow.reason, ExerciseClipRow.reasoning,
    GroundTruthVersionRow.reason, RigAcceptanceRow.reason, TrialRow.failure, VettingRow.note,
    RejectRow.detail, NoteRow.text,
)  # fmt: skip
_WHO: tuple[InstrumentedAttribute[Any], ...] = (
    ConsentRow.experimenter, ClearanceRow.granted_by,
    GroundTruthVersionRow.given_by, PaymentRow.paid_by, PaymentRow.payee,
    RigAcceptanceRow.accepted_by, VettingRow.curator, NoteRow.written_by, FlagRow.flagged_by,
)  # fmt: skip
# Keys of what a session says of its machine that tell one machine from another.
_OF_MACHINE = ("host", "serial", "user", "process", "edid", "uuid", "mac_address")
_NUMBERED = re.compile(r"\d{4}")  # a device whose name has a serial number in it


@dataclass(frozen=True, slots=True)
class Private:
    """Words that must not be found in a release.

    Parameters
    ----------
    ids : frozenset of str
        Participants, and who worked at the desk.
    machines : frozenset of str
        Hosts, and devices with their serial numbers.
    remarks : frozenset of str
        What people wrote.
    days : frozenset of date
        On which somebody rated, by UTC and by the lab's clock.
    """

    ids: frozenset[str]
    machines: frozenset[str]
    remarks: frozenset[str]
    days: frozenset[date] = frozenset()


def private_words(db: Db) -> Private:
    """Return what a store knows that must not leave it."""
    ids = set(db.scalars(select(ParticipantRow.id)))
    for column in _WHO:
        ids |= _texts(db, column)
    machines = _texts(db, SessionRow.host) | _texts(db, RigCheckRow.host)
    for column in (SessionRow.rig, RigCheckRow.rig):
        for (rig,) in db.execute(select(column)):
            machines |= set(_told(rig))
    remarks: set[str] = set()
    for column in _WRITTEN:
        remarks |= _texts(db, column)
    for (detail,) in db.execute(select(AuditEventRow.detail)):
        remarks |= {text for key, text in _leaves(detail) if key in ("reason", "note")}
    began = list(db.scalars(select(SessionRow.started_at).distinct()))
    days = {day for at in began for day in (local_day(at, UTC), local_day(at))}
    return Private(frozenset(ids), frozenset(machines), frozenset(remarks), frozenset(days))


def _texts(db: Db, column: InstrumentedAttribute[Any]) -> set[str]:
    return {text for text in db.scalars(select(column).distinct()) if text}


def _told(rig: object) -> Iterator[str]:
    for key, text in _leaves(rig):
        if any(part in key for part in _OF_MACHINE) or ("device" in key and _NUMBERED.search(text)):
            yield text


def _leaves(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    match value:
        case str() if value:
            yield key, value
        case dict():
            for name, below in value.items():
                yield from _leaves(below, str(name).lower())
        case list():
            for below in value:
                yield from _leaves(below, key)
