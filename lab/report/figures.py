"""The figures of the report, drawn as narrow as a phone, so that they are read on one."""

from collections.abc import Iterator

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from annotator.timing.figures import plot_offsets, plot_waits
from curation.figures import QUESTIONS, plot_agreement, plot_votes
from lab.report.rating import Ratings
from sessions.monitor.figures import plot_days, plot_progress
from study.reports.figures import figure_of, figure_to_svg, new_axes

WIDTH_IN = 5.0
_ROW_IN = 0.2

Drawing = tuple[str, Markup]


def progress_figures(found: Ratings) -> list[Drawing]:
    """Return how far raters and classes are."""
    return [_drawn(title, ax) for title, ax in _progress(found)]


def rated_figures(found: Ratings) -> list[Drawing]:
    """Return Figure 2, panel by panel; empty where no clip was rated often enough."""
    if found.full is None:
        return []
    clips = found.full.clips
    n_classes = clips["avmit_label"].nunique()
    drawings = []
    for question, title in QUESTIONS.items():
        ax = plot_votes(clips, question, _axes(n_classes))
        ax.set_title("", loc="left")  # stands below, where lines break
        drawings.append(_drawn(_noted(title, found), ax))
    return drawings


def _noted(title: str, found: Ratings) -> str:
    return f"{title} ({found.note})" if found.note else title


def agreement_figures(found: Ratings) -> list[Drawing]:
    """Return agreement by class, with intervals."""
    if found.agreement is None:
        return []
    table = found.agreement
    ax = plot_agreement(table, _axes(table["avmit_label"].nunique()))
    title = 'Krippendorff\'s alpha of "most prominent?", 95 % intervals; the line is all classes'
    return [_drawn(_noted(title, found), ax)]


def timing_figures(found: Ratings) -> list[Drawing]:
    """Return offsets and waits; empty where nobody has rated in a window."""
    timing = found.rigs.timing
    if timing is None or timing.presentations.empty:
        return []
    drawn = {
        "Sound minus picture of every presentation": plot_offsets(timing.presentations),
        "Share of waits that are over after a time": plot_waits(timing.presentations),
    }
    for ax in drawn.values():
        figure_of(ax).set_size_inches(WIDTH_IN, 2.8)
    return [_drawn(title, ax) for title, ax in drawn.items()]


def _progress(found: Ratings) -> Iterator[tuple[str, Axes]]:
    progress = found.progress
    if len(progress.people):
        people = progress.people.assign(n_done=progress.people["n_rated"])
        people["n_slots"] = people["n_rated"] + people["n_left"]
        yield (
            "Rated and planned, by participant",
            plot_progress(people, "participant_id", _axes(len(people))),
        )
    if len(progress.days):
        yield "Ratings per day", plot_days(progress.days, new_axes(WIDTH_IN, 2.6))
    if len(progress.classes):
        classes = progress.classes
        yield (
            "Rated and planned, by class",
            plot_progress(classes, "avmit_label", _axes(len(classes))),
        )


def _axes(n_rows: int) -> Axes:
    return Figure(figsize=(WIDTH_IN, 1.3 + _ROW_IN * n_rows), layout="constrained").subplots()


def _drawn(title: str, ax: Axes) -> Drawing:
    return title, figure_to_svg(figure_of(ax), alt=title)
