"""The pages of the desk: everybody, one person, and how the study goes."""

import shlex
import shutil
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path
from threading import Lock

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from sessions.desk.actions import Work, add_actions
from sessions.desk.people import Person, people, person
from sessions.exercises.verdicts import screening_report
from sessions.laptops import away
from sessions.monitor import dashboard
from sessions.monitor.progress import Progress, progress, sentence
from sessions.monitor.show import facts
from sessions.people.remarks import of_participant
from study.config.study import Study
from study.errors import NotClearedError
from study.reports.guard import Site
from study.reports.html import render
from study.reports.web import file_response, new_web_app
from study.store import Db, open_store, snapshot
from study.store.people import participants
from study.tools.local_time import local_day, local_time

# Alarms read all ratings, which takes seconds at the paper's size.
FRESH = timedelta(seconds=60)
_ANSWERED = ("age", "sex", "hearing_normal", "vision_normal")  # questions with a field of their own


def desk_app(study: Study, by: str, site: Site, now: Callable[[], datetime]) -> FastAPI:
    """Return the web application of the desk.

    Parameters
    ----------
    by : str
        Initials of who works there, for the audit log.
    """
    app = new_web_app("desk", site)
    work = Work(study, open_store(study.store_url), by, now)
    goes = _Goes(work)

    def with_store(made: Callable[[Db], str]) -> Response:
        with snapshot(work.engine) as db:
            return HTMLResponse(made(db))

    @app.get("/")
    def everybody() -> Response:
        return with_store(lambda db: _everybody(db, work))

    @app.get("/people")
    def listed() -> Response:
        return with_store(lambda db: _part("people.html", work, rows=people(db, study, now())))

    @app.get("/alarms")
    def alarms() -> Response:
        found = goes.now()
        return HTMLResponse(
            _part("alarms.html", work, sentence=sentence(found, now()),
                  alarms=dashboard.alarm_rows(found))
        )  # fmt: skip

    @app.get("/progress")
    def plots() -> Response:
        with goes.lock:  # matplotlib does not draw in two threads
            return HTMLResponse(dashboard.page(goes.found(), study, now()))

    @app.get("/people/{who}")
    def one(who: str) -> Response:
        try:
            return with_store(lambda db: _one(db, work, who))
        except NotClearedError as error:
            return PlainTextResponse(str(error), status_code=404)

    @app.get("/pay/{name}")
    def paper(name: str) -> Response:
        return file_response(study.folder / "pay", name)

    @app.get("/desk.js")
    def script() -> Response:
        text = (resources.files("sessions.desk") / "desk.js").read_text(encoding="utf-8")
        return Response(text, media_type="text/javascript")

    add_actions(app, work)
    return app


class _Goes:
    """How the study goes, worked out once a minute at most."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._found: Progress | None = None
        self._at: datetime | None = None
        self.lock = Lock()

    def now(self) -> Progress:
        with self.lock:
            return self.found()

    def found(self) -> Progress:
        """Return it; whoever asks holds the lock."""
        at = self._work.now()
        if self._found is None or self._at is None or at - self._at > FRESH:
            with snapshot(self._work.engine) as db:
                self._found, self._at = progress(db, self._work.study), at
        return self._found


def _everybody(db: Db, work: Work) -> str:
    return _page(
        "desk.html",
        work,
        title=work.study.config.title,
        rows=people(db, work.study, work.now()),
        laptops=away.in_words(db),
        consent=_consent_words(work),
    )


def _one(db: Db, work: Work, who: str) -> str:
    study = work.study
    participant = participants.get(db, who)
    pay = study.folder / "pay"
    return _page(
        "person.html",
        work,
        title=who,
        row=person(db, study, participant, work.now()),
        told=facts(db, study, who),
        remarks=of_participant(db, who),
        screening=_screening(db, study, who),
        questions=[q for q in study.config.demographics if q not in _ANSWERED],
        asked=study.config.demographics,
        consent=_consent_words(work),
        papers=sorted(path.name for path in pay.glob(f"{who}-*.pdf")) if pay.is_dir() else [],
    )


def _screening(db: Db, study: Study, who: str) -> list[str]:
    try:
        return screening_report(db, study.config.protocol, who)
    except NotClearedError:
        return []


def _consent_words(work: Work) -> dict[str, str]:
    said = work.study.config.placeholders
    return {
        "form_version": said.get("consent_version", ""),
        "ethics_approval": said.get("ethics_approval", ""),
        "experimenter": work.by if work.by.isupper() else "",
        "signed_on": local_day(work.now()).isoformat(),
    }


def _page(template: str, work: Work, **values: object) -> str:
    given = {
        "stamp": "rehearsal" if work.study.config.rehearsal else "",
        "by": work.by,
        "now": local_time(work.now()),
    }
    return _part(template, work, **given, **values)


def _part(template: str, work: Work, **values: object) -> str:
    words = {"money": work.study.config.money, "start_line": start_line(work.study)}
    return render("sessions.desk", template, **{"title": "", **words, **values})  # type: ignore[arg-type]


def start_line(study: Study) -> Callable[[Person], str]:
    """Return what makes the line that starts a participant's session, from any folder."""
    python = "python" if shutil.which("python") == sys.executable else sys.executable
    folder = shlex.quote(str(Path(study.folder).resolve()))

    def line(row: Person) -> str:
        command = row.next.command.replace("python", shlex.quote(python), 1)
        return f"{command} --study {folder}" if command else ""

    return line
