"""The people of a study as the desk shows them: what is next for each, and what they are owed."""

from dataclasses import dataclass
from datetime import datetime

from sessions.laptops.away import on_laptops
from sessions.pay.statement import is_settled_here, statement
from sessions.running import rest
from sessions.running.next_step import NextStep, next_step
from study.config.study import Study
from study.store import Db
from study.store.people import demographics, participants
from study.store.people.participants import Participant
from study.store.ratings import sessions
from study.store.ratings.sessions import OpenSession
from study.tools.local_time import local_time
from study.vocabulary import ParticipantKind

# A program that has not shown a sign of life for so long has crashed, or its machine sleeps.
_SILENT = sessions.SILENCE


@dataclass(frozen=True, slots=True)
class Person:
    """A participant, with what the experimenter does next with them.

    Parameters
    ----------
    rating : str
        Where and since when they are rating, in words; empty while they are not.
    is_silent : bool
        Whether the program in which they rate has shown no sign of life.
    laptop : str
        The laptop on which they rate; empty where they rate here.
    lacks : tuple of str
        What is not recorded of them yet.
    cautions : tuple of str
        What the experimenter should know before another session today.
    owed_pence : int or None
        None where the desk alone knows it.
    """

    participant: Participant
    next: NextStep
    rating: str
    is_silent: bool
    laptop: str
    lacks: tuple[str, ...]
    cautions: tuple[str, ...]
    owed_pence: int | None

    @property
    def can_start(self) -> bool:
        """Whether a session can be started for them now."""
        return self.next.step is not None and not self.rating


def people(db: Db, study: Study, now: datetime) -> list[Person]:
    """Return everybody who is enrolled, in the order of their ids."""
    return [person(db, study, each, now) for each in participants.listed(db)]


def person(db: Db, study: Study, participant: Participant, now: datetime) -> Person:
    """Return one participant as the desk shows them."""
    who = participant.id
    going = next((s for s in sessions.open_sessions(db) if s.participant_id == who), None)
    owed = statement(db, who, study.config.protocol, unpaid_only=True).owed.total_pence
    return Person(
        participant,
        next_step(db, study, who),
        "" if going is None else _in_words(going),
        going is not None and now - going.heartbeat_at > _SILENT,
        on_laptops(db).get(who, ""),
        tuple(_lacking(db, study, participant)),
        tuple(_cautions(db, study, who, now)),
        owed if is_settled_here(db) else None,
    )


def _in_words(going: OpenSession) -> str:
    return f"on {going.host} since {local_time(going.started_at)}"


def _lacking(db: Db, study: Study, participant: Participant) -> list[str]:
    if participant.kind is not ParticipantKind.HUMAN:
        return []
    lacks = [] if participants.consent_of(db, participant.id) else ["consent"]
    said = demographics.answers(db).get(participant.id, {})
    if any(question not in said for question in study.config.demographics):
        lacks.append("demographics")
    return lacks


def _cautions(db: Db, study: Study, who: str, now: datetime) -> list[str]:
    # In English, as the page is; a session's first screen has them in the study's language.
    return [_CAUTIONS[note.text].format(**note.words) for note in rest.notes(db, study, who, now)]


_CAUTIONS = {
    "note_sessions": "would be session {n_sessions} of today ({n_planned} planned)",
    "note_rest": "{lasted} since the last session ({planned} planned)",
}
