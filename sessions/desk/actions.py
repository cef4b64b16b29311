"""What the page sends: each change is one of the commands', with the same rules and audit log."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

import numpy as np
from fastapi import FastAPI
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from sessions.desk.opening import opened
from sessions.pay.paper import print_statement
from sessions.pay.statement import settle, statement
from sessions.people import demographics, remarks, roster
from sessions.running.open_sessions import end_crashed
from study.config.study import Study
from study.errors import StudyError
from study.processes.parents import is_annotator
from study.reports.web import PostedText
from study.store import Engine
from study.store.desk import Desk
from study.store.engine import clock
from study.store.people import participants
from study.tools.local_time import local_day
from study.tools.wording import counted
from study.vocabulary import FlagKind, ParticipantKind

Words = Annotated[PostedText, Field(max_length=1000)]
Id = Annotated[PostedText, Field(max_length=32)]


@dataclass(frozen=True, slots=True)
class Work:
    """Where the page's changes go.

    Parameters
    ----------
    by : str
        Initials of who works at the desk.
    now : callable
        Time stamps.
    """

    study: Study
    engine: Engine
    by: str
    now: Callable[[], datetime]

    def do(self, change: Callable[[Desk], str], *, go: str = "") -> Response:
        """Make a change; answer with what was done, or with why it was refused.

        `go`: the page to show next; empty for the one that asked.
        """
        try:
            with opened(self.engine, self.study, self.by, self.now()) as desk:
                said = change(desk)
        except StudyError as error:
            return PlainTextResponse(str(error), status_code=409)
        return JSONResponse({"said": said, "go": go})


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class ConsentIn(_Said):
    """A form that was signed on paper."""

    form_version: Words
    ethics_approval: Words
    experimenter: Id
    signed_on: Id | None = None


class EnrolIn(_Said):
    """Somebody new; without an id they get one at random, without a form their consent comes later.

    Parameters
    ----------
    is_expert : bool
        Whether it is the expert, who gives the ground truths.
    """

    participant_id: Id | None = None
    is_expert: bool = False
    consent: ConsentIn | None = None


class NoteIn(_Said):
    """A remark on a participant, or on a clip that they rated."""

    text: Words
    clip: Words | None = None


class FlagIn(_Said):
    """A rating that was a mis-key, or a trial that was disturbed."""

    clip: Words
    kind: Annotated[FlagKind, Field(strict=False)]


class ReasonIn(_Said):
    """Why a record is closed."""

    reason: Words


class AnswersIn(_Said):
    """What a participant said of themselves, by question; None where they do not want to say."""

    answers: Annotated[dict[str, bool | int | Words | None], Field(max_length=50)]


def add_actions(app: FastAPI, work: Work) -> None:
    """Add the routes by which the page changes the study."""

    @app.post("/enrol")
    def enrol(said: EnrolIn) -> Response:
        return work.do(lambda desk: _enrol(desk, said))

    @app.post("/people/{who}/consent")
    def consent(who: str, said: ConsentIn) -> Response:
        return work.do(lambda desk: _consent(desk, who, said))

    @app.post("/people/{who}/demographics")
    def answer(who: str, said: AnswersIn) -> Response:
        return work.do(lambda desk: _answer(desk, who, said.answers))

    @app.post("/people/{who}/note")
    def note(who: str, said: NoteIn) -> Response:
        return work.do(lambda desk: _note(desk, who, said))

    @app.post("/people/{who}/flag")
    def flag(who: str, said: FlagIn) -> Response:
        return work.do(lambda desk: _flag(desk, who, said))

    @app.post("/people/{who}/pay")
    def pay(who: str) -> Response:
        return work.do(lambda desk: _pay(desk, who))

    @app.post("/people/{who}/end-session")
    def end_session(who: str) -> Response:
        return work.do(lambda desk: _end(desk, who))

    @app.post("/people/{who}/close")
    def close(who: str, said: ReasonIn) -> Response:
        return work.do(lambda desk: _close(desk, who, said.reason))


def _enrol(desk: Desk, said: EnrolIn) -> str:
    who = said.participant_id
    if who is None:
        taken = {participant.id for participant in participants.listed(desk.db)}
        who = roster.random_id(taken, np.random.default_rng())
    kind = ParticipantKind.EXPERT if said.is_expert else ParticipantKind.HUMAN
    form = None if said.consent is None else _form(desk, said.consent)
    roster.enrol(desk, who, kind, consent=form)
    return f"Enrolled {who}."


def _consent(desk: Desk, who: str, said: ConsentIn) -> str:
    form = _form(desk, said)
    roster.give_consent(desk, who, form)
    return f"Consent of {who}: form {form.form_version}, signed {form.signed_on}."


def _form(desk: Desk, said: ConsentIn) -> participants.Consent:
    return roster.new_consent(
        said.form_version, said.ethics_approval, said.experimenter, said.signed_on,
        local_day(desk.at),
    )  # fmt: skip


def _answer(desk: Desk, who: str, answers: dict[str, Any]) -> str:
    demographics.record(desk, who, answers)
    return f"Recorded {', '.join(sorted(answers))} of {who}."


def _note(desk: Desk, who: str, said: NoteIn) -> str:
    remarks.write_note(desk, who, said.text, clip=said.clip)
    return f"Noted on {who}."


def _flag(desk: Desk, who: str, said: FlagIn) -> str:
    remarks.flag(desk, who, said.clip, said.kind)
    return f"Flagged the rating of {said.clip} by {who}; rating and bonus stay."


def _pay(desk: Desk, who: str) -> str:
    config = desk.study.config
    paid = settle(
        desk.db, who, config.protocol, paid_by=desk.by, at=desk.at, currency=config.currency
    )
    # What cannot be printed is not marked as paid either.
    path = print_statement(desk, statement(desk.db, who, config.protocol))
    return f"Paid {config.money(paid.total_pence)} to {who}. To sign: {path}"


def _end(desk: Desk, who: str) -> str:
    # Signs of life are judged by the database's clock.
    end_crashed(replace(desk, at=clock(desk.db)), who, is_running=is_annotator)
    return f"Ended the session of {who}; its ratings stay."


def _close(desk: Desk, who: str, reason: str) -> str:
    n_open = roster.close(desk, who, reason=reason)
    left = counted(n_open, "unrated clip")
    more = f" To give their {left} to the others: reassign {who}." if n_open else ""
    return f"Closed {who}.{more}"
