"""Who is to recognise which stimuli, and in which order."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, insert, select

from study.store.engine import Db
from study.store.recognition.stimuli import NewStimulus, listed
from study.store.tables import (
    AnswerRow,
    MetSourceRow,
    ParticipantRow,
    RecognitionSlotRow,
    StimulusRow,
)


@dataclass(frozen=True, slots=True)
class Slot:
    """A stimulus that a participant is to recognise.

    Parameters
    ----------
    square_row : int
        Row of the balanced square, from 0; people of one row share stimuli.
    position : int
        From 0; practice comes first.
    """

    participant_id: str
    stimulus_id: int
    square_row: int
    position: int
    is_practice: bool


@dataclass(frozen=True, slots=True)
class ToCome:
    """A slot that has no answer yet."""

    stimulus_id: int
    stimulus: NewStimulus
    position: int
    is_practice: bool


@dataclass(frozen=True, slots=True)
class AnswerCount:
    """How many stimuli a participant has, practice included, and has answered."""

    n_planned: int
    n_done: int

    @property
    def n_left(self) -> int:
        """Stimuli that are not answered yet."""
        return self.n_planned - self.n_done


def add_many(db: Db, slots: Sequence[Slot], stimuli: dict[int, NewStimulus]) -> None:
    """Add slots, and what their participants meet thereby.

    Raises IntegrityError if somebody would meet a source twice.

    `stimuli`: from `study.store.recognition.stimuli.listed`.
    """
    rows = [
        {
            "participant_id": slot.participant_id,
            "stimulus_id": slot.stimulus_id,
            "square_row": slot.square_row,
            "position": slot.position,
            "is_practice": slot.is_practice,
        }
        for slot in slots
    ]
    met = [
        {"participant_id": slot.participant_id, "source": source, "stimulus_id": slot.stimulus_id}
        for slot in slots
        for source in sorted(stimuli[slot.stimulus_id].sources)
    ]
    if rows:
        db.execute(insert(RecognitionSlotRow), rows)
        db.execute(insert(MetSourceRow), met)


def rows_of_people(db: Db) -> dict[str, int]:
    """Return the row of the square of everybody who has one."""
    query = select(RecognitionSlotRow.participant_id, RecognitionSlotRow.square_row).distinct()
    return {row[0]: row[1] for row in db.execute(query)}


def items_of_rows(db: Db) -> dict[int, frozenset[int]]:
    """Return which stimuli people of each row meet, practice left out."""
    query = select(RecognitionSlotRow.square_row, RecognitionSlotRow.stimulus_id).where(
        RecognitionSlotRow.is_practice.is_(False)
    )
    found: dict[int, set[int]] = {}
    for row, stimulus_id in db.execute(query):
        found.setdefault(row, set()).add(stimulus_id)
    return {row: frozenset(ids) for row, ids in found.items()}


def remaining(db: Db, participant_id: str) -> list[ToCome]:
    """Return what a participant has still to recognise, in order."""
    slot = RecognitionSlotRow
    answered = select(AnswerRow.stimulus_id).where(AnswerRow.participant_id == participant_id)
    query = (
        select(slot.stimulus_id, slot.position, slot.is_practice)
        .where(slot.participant_id == participant_id, slot.stimulus_id.not_in(answered))
        .order_by(slot.position)
    )
    known = listed(db)
    return [ToCome(i, known[i], position, practice) for i, position, practice in db.execute(query)]


def count(db: Db, participant_id: str) -> AnswerCount:
    """Return how many stimuli a participant has and has answered."""
    n_planned, n_done = (
        db.scalars(
            select(func.count()).select_from(table).where(table.participant_id == participant_id)
        ).one()
        for table in (RecognitionSlotRow, AnswerRow)
    )
    return AnswerCount(n_planned, n_done)


def n_waiting(db: Db) -> tuple[int, int]:
    """Return how many people have stimuli left to answer, and how many have a place.

    Whoever is closed is waited for no longer.
    """
    slot = RecognitionSlotRow
    query = (
        select(slot.participant_id, func.count(), func.count(AnswerRow.trial_id))
        .join(ParticipantRow, ParticipantRow.id == slot.participant_id)
        .outerjoin(
            AnswerRow,
            (AnswerRow.participant_id == slot.participant_id)
            & (AnswerRow.stimulus_id == slot.stimulus_id),
        )
        .where(ParticipantRow.closed_at.is_(None))
        .group_by(slot.participant_id)
    )
    counts = [(n_planned, n_done) for _, n_planned, n_done in db.execute(query)]
    return sum(n_done < n_planned for n_planned, n_done in counts), len(counts)


def label_of(db: Db, stimulus_id: int) -> str:
    """Return the right answer to a stimulus; empty where none is."""
    return db.scalars(select(StimulusRow.label).where(StimulusRow.id == stimulus_id)).one()


def is_practice(db: Db, participant_id: str, stimulus_id: int) -> bool:
    """Return whether a stimulus is practice for a participant."""
    query = select(RecognitionSlotRow.is_practice).where(
        RecognitionSlotRow.participant_id == participant_id,
        RecognitionSlotRow.stimulus_id == stimulus_id,
    )
    return bool(db.scalars(query).one_or_none())
