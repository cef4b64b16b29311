"""The overview of the study, as a page of the local web server."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from threading import Lock
from typing import Any

import pandas as pd
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from matplotlib.axes import Axes

from sessions.expert.reratings import in_words
from sessions.monitor import figures
from sessions.monitor.alarms import KINDS
from sessions.monitor.progress import Progress, progress, sentence
from sessions.monitor.running_agreement import GROUND_TRUTH, PEER
from sessions.monitor.status import owed_in_words
from study.config.money import Money
from study.config.study import Study
from study.reports.figures import figure_of, figure_to_svg
from study.reports.guard import Site
from study.reports.html import render
from study.reports.web import new_web_app
from study.store import open_to_read, snapshot
from study.tools.local_time import local_time

REFRESH_S = 60
MOST_FAILURES = 20


def dashboard_app(study: Study, site: Site, now: Callable[[], datetime]) -> FastAPI:
    """Return the web application of the dashboard.

    Returns one page, made anew at every request, which the browser loads again every minute.
    """
    app = new_web_app("dashboard", site)
    engine = open_to_read(study.store_url)
    one_at_a_time = Lock()  # matplotlib does not draw in two threads

    @app.get("/")
    def overview() -> HTMLResponse:
        with one_at_a_time:
            with snapshot(engine) as db:
                found = progress(db, study)
            made = page(found, study, now())
        return HTMLResponse(made, headers={"Refresh": str(REFRESH_S)})

    return app


def page(found: Progress, study: Study, now: datetime) -> str:
    """Return the dashboard as one self-contained page.

    `found`: from `progress`.
    """
    n_slots = int(found.classes["n_slots"].sum()) if len(found.classes) else 0
    n_done, n_slots = n_slots - found.n_left, n_slots + found.n_without_rater
    share = 100 * n_done / n_slots if n_slots else 0
    has_expert = found.reliability.n or found.reliability.n_to_come
    return render(
        "sessions.monitor",
        "dashboard.html",
        title=study.config.title,
        stamp="rehearsal" if study.config.rehearsal else "",
        n_done=n_done,
        n_slots=n_slots,
        share=share,
        sentence=sentence(found, now),
        now=local_time(now),
        alarms=alarm_rows(found),
        headings=_HEADINGS,
        people=[_person(row, study.config.money) for row in found.people.to_dict("records")],
        expert=in_words(found.reliability) if has_expert else "",
        plots=[_drawn(plot) for plot in _plots(found)],
        n_failures=len(found.failures),
        n_failed_clips=found.failures["filename"].nunique(),
        failures=_failures(found),
    )


_SOURCES = {
    GROUND_TRUTH: "Agreement with ground truths",
    PEER: "Agreement with earlier ratings of the same clips",
}
_HEADINGS = (
    "participant", "rated", "left", "ground truths", "peers", "median response",
    "trials with replays", "trials with early presses", "failures", "bonus", "owed",
)  # fmt: skip


_NO_PLAN = "Nobody is in the plan yet."
_NO_RATING = "Nobody has rated a clip of the plan yet."
_TOO_FEW = (
    f"Nothing to draw yet: a line begins with the {figures.FEWEST}th such trial of a participant."
)


@dataclass(frozen=True, slots=True)
class _Plot:
    """A plot of the page, or why there is none.

    Parameters
    ----------
    draw : callable or None
        Returns the plot; None where there is nothing to draw.
    """

    title: str
    draw: Callable[[], Axes] | None
    why_not: str = ""


def _drawn(plot: _Plot) -> tuple[str, str, str]:
    if plot.draw is None:
        return plot.title, "", plot.why_not
    return plot.title, figure_to_svg(figure_of(plot.draw()), alt=plot.title), ""


def _plots(found: Progress) -> Iterator[_Plot]:
    people = found.people.assign(n_done=found.people["n_rated"])
    people["n_slots"] = people["n_rated"] + people["n_left"]
    of_people = partial(figures.plot_progress, people, "participant_id")
    yield _plot("Progress of the participants", of_people, len(people), _NO_PLAN)
    days = partial(figures.plot_days, found.days)
    yield _plot("Ratings per day", days, len(found.days), _NO_RATING)
    if len(found.days):
        yield from _over_trials(found)
    of_classes = partial(figures.plot_progress, found.classes, "avmit_label")
    yield _plot("Progress of the classes", of_classes, len(found.classes), _NO_PLAN)


def _over_trials(found: Progress) -> Iterator[_Plot]:
    careless = {alarm.participant_id for alarm in found.alarms}
    given, evidence = found.ratings, found.evidence
    for source, title in _SOURCES.items():
        own = evidence[evidence["source"] == source]
        if len(own):
            draw = partial(figures.plot_agreement, evidence, careless, source=source)
            yield _plot(title, draw, figures.has_line(own), _TOO_FEW)
    has_line = figures.has_line(given)
    times = partial(figures.plot_response_times, given, careless)
    yield _plot("Response times", times, has_line, _TOO_FEW)
    for title, column in (("Replays", "n_replays"), ("Early presses", "n_early_presses")):
        draw = partial(figures.plot_per_100, given, column, careless)
        yield _plot(title, draw, has_line, _TOO_FEW)


def _plot(title: str, draw: Callable[[], Axes], is_any: object, why_not: str) -> _Plot:
    return _Plot(title, draw if is_any else None, why_not)


def _person(row: Mapping[Hashable, Any], money: Money) -> list[object]:
    return [
        row["participant_id"], row["n_rated"], row["n_left"],
        _share(row["truth_agreement"]), _share(row["peer_agreement"]),
        _number(row["median_rt_s"], "{:.2f}\u00a0s"), _share(row["replayed_share"]),
        _share(row["early_press_share"]), row["n_failures"],
        money(int(str(row["bonus_pence"]))), owed_in_words(row["owed_pence"], money),
    ]  # fmt: skip


def _share(value: object) -> str | None:
    return None if pd.isna(value) else f"{100 * float(str(value)):.1f}\u00a0%"  # type: ignore[call-overload]


def _number(value: object, form: str) -> str | None:
    return None if pd.isna(value) else form.format(float(str(value)))  # type: ignore[call-overload]


def alarm_rows(found: Progress) -> list[tuple[object, ...]]:
    """Return the alarms as rows: participant, what, at which trial, detail."""
    return [
        (alarm.participant_id, KINDS[alarm.kind], alarm.n_trial, alarm.detail)
        for alarm in found.alarms
    ]


def _failures(found: Progress) -> list[tuple[object, ...]]:
    return [
        (local_time(row["recorded_at"]), row["participant_id"], row["filename"],
         row["failure"])
        for row in found.failures.tail(MOST_FAILURES).to_dict("records")
    ]  # fmt: skip
