"""The local page on which a curator keeps or excludes clips."""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from importlib import resources
from typing import Annotated, Any, Literal

import pandas as pd
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from curation.vetting.queue import vetting_queue
from study.clips.thumbnails import contact_sheet
from study.config.study import Study
from study.errors import ClipError
from study.reports.guard import Site
from study.reports.html import render
from study.reports.web import PostedText, file_response, new_web_app, path_inside
from study.store import Db, open_store, snapshot, transaction
from study.store.clips import vettings

_N_SHEETS_KEPT = 64
Reason = Literal["supernatural", "time_lapse", "writing", "two_streams", "not_naturalistic"]


class VerdictIn(BaseModel):
    """What the page sends for one clip.

    Parameters
    ----------
    verdict : {"keep", "exclude", "undo", "note"}
        What the curator says.
    known : int
        How many rows of this curator on this clip the page knew of: another tab may have added
        one since.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    candidate_id: int
    verdict: Literal["keep", "exclude", "undo", "note"]
    reasons: Annotated[list[Reason], Field(max_length=5)] = []
    note: Annotated[PostedText, Field(max_length=500)] = ""
    known: int = 0


def vetting_app(study: Study, curator: str, site: Site, now: Callable[[], datetime]) -> FastAPI:
    """Return the page's application.

    The application is served by `study.reports.web.serve`.
    """
    app = new_web_app("vetting", site)
    engine = open_store(study.store_url)
    with snapshot(engine) as db:
        queue = vetting_queue(db, study)
    places = {
        int(row["candidate_id"]): f"{row['video_location']}/{row['filename']}"
        for row in _records(queue)
    }
    sheet_of = lru_cache(_N_SHEETS_KEPT)(
        lambda relative: contact_sheet(path_inside(study.mit_root, relative))
    )

    @app.get("/")
    def page() -> Response:
        stamp = "rehearsal" if study.config.rehearsal else ""
        return HTMLResponse(render("curation.vetting", "vet.html", title="Vetting", stamp=stamp))

    @app.get("/vet.js")
    def script() -> Response:
        return Response(_asset("vet.js"), media_type="text/javascript")

    @app.get("/queue")
    def get_queue() -> Response:
        with snapshot(engine) as db:
            state = state_of(db, curator)
        clips = queue.rename(columns={"candidate_id": "id"}).to_dict("records")
        return JSONResponse(
            {
                "curator": curator,
                "reasons": vettings.REASONS,
                "clips": [clip | state.get(clip["id"], _UNTOUCHED) for clip in clips],
            }
        )

    @app.get("/clips/{candidate_id}")
    def clip(candidate_id: int) -> Response:
        if candidate_id not in places:
            return PlainTextResponse("This clip is not in the queue.", status_code=404)
        return file_response(study.mit_root, places[candidate_id])

    @app.get("/sheets/{candidate_id}")
    def sheet(candidate_id: int) -> Response:
        if candidate_id not in places:
            return PlainTextResponse("This clip is not in the queue.", status_code=404)
        try:
            return Response(sheet_of(places[candidate_id]), media_type="image/jpeg")
        except ClipError as error:
            return PlainTextResponse(str(error), status_code=404)

    @app.post("/verdicts")
    def verdict(said: VerdictIn) -> Response:
        if said.candidate_id not in places:
            return PlainTextResponse("This clip is not in the queue.", status_code=404)
        if (said.verdict == "exclude") != bool(said.reasons):
            return PlainTextResponse("An exclusion needs a reason, and only it.", status_code=422)
        with transaction(engine) as db:
            before = state_of(db, curator).get(said.candidate_id, _UNTOUCHED)
            if before["known"] != said.known:
                return JSONResponse(before, status_code=409)
            vettings.add(
                db,
                candidate_id=said.candidate_id,
                curator=curator,
                verdict=said.verdict,
                reasons=said.reasons,
                note=said.note,
                at=now(),
            )
            db.flush()
            after = state_of(db, curator).get(said.candidate_id, _UNTOUCHED)
        return JSONResponse(after)

    return app


_UNTOUCHED: dict[str, Any] = {"verdict": "", "reasons": [], "note": "", "known": 0, "others": []}


def state_of(db: Db, curator: str) -> dict[int, dict[str, Any]]:
    """Return what a curator has said of each clip, and what others have.

    Returns, by candidate: ``verdict, reasons, note, known`` (rows of this curator), ``others``
    (verdicts of other curators).
    """
    rows = vettings.history(db)
    state: dict[int, dict[str, Any]] = {}
    for row in _records(rows):
        clip = state.setdefault(row["candidate_id"], {**_UNTOUCHED, "others": []})
        if row["curator"] != curator:
            continue
        clip["known"] += 1
        if row["verdict"] == "note":
            clip["note"] = row["note"]
        else:
            undone = row["verdict"] == "undo"
            clip["verdict"] = "" if undone else row["verdict"]
            clip["reasons"] = [r for r in row["reasons"].split(",") if r and not undone]
            clip["note"] = row["note"] or clip["note"]
    for row in _latest_of_others(rows, curator):
        state[row["candidate_id"]]["others"].append(row["verdict"])
    return state


def _latest_of_others(rows: pd.DataFrame, curator: str) -> list[dict[str, Any]]:
    others = rows.loc[(rows["curator"] != curator) & (rows["verdict"] != "note")]
    last = others.drop_duplicates(["candidate_id", "curator"], keep="last")
    return [
        {"candidate_id": int(row["candidate_id"]), "verdict": row["verdict"]}
        for row in last.loc[last["verdict"] != "undo"].to_dict("records")
    ]


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]


def _asset(name: str) -> str:
    return (resources.files("curation.vetting") / name).read_text(encoding="utf-8")
