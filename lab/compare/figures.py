"""The figures of the comparison, as narrow as a phone."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lab.compare.measures.confusions import smoothed_rows
from lab.compare.measures.integration_window import gaussian
from lab.compare.numbers import Comparison, asynchronies
from lab.compare.responses import PEOPLE
from study.reports.figures import figure_of, figure_to_svg, new_axes

_WIDTH_IN = 5.0
_ROW_IN = 0.45
_MOST_MATRICES = 24
_LONGEST_NAME = 24
Drawing = tuple[str, Markup]


def drawings(compared: Comparison) -> Iterator[Drawing]:
    """Return every figure with its caption."""
    numbers = compared.numbers
    chance = 1 / len(compared.responses.classes)
    yield from _by_condition(numbers, "accuracy", "right answers", chance)
    yield from _by_condition(numbers, "d prime", "d prime, mean over classes", 0.0)
    yield from _consistency(numbers)
    yield from _benefit(numbers)
    yield from _window(compared)
    yield from _confusions(compared)


def _by_condition(
    numbers: pd.DataFrame, measure: str, label: str, chance: float
) -> Iterator[Drawing]:
    part = numbers[numbers["measure"] == measure]
    if part.empty:
        return
    ax = _rows_of(list(part["condition"].unique()))
    _dots(ax, part, list(part["condition"].unique()))
    ax.axvline(chance, color="grey", linewidth=0.8, linestyle=":")
    ax.set_xlabel(f"{label}, 95 % intervals; dotted: chance")
    yield _drawn(f"{measure.capitalize()} by condition", ax)


def _consistency(numbers: pd.DataFrame) -> Iterator[Drawing]:
    part = numbers[numbers["measure"].isin(["error consistency with people", "noise ceiling"])]
    if part["value"].notna().sum() == 0:
        return
    conditions = list(part["condition"].unique())
    ax = _rows_of(conditions)
    ceiling = part["measure"] == "noise ceiling"
    shown = part.assign(observer=part["observer"].mask(ceiling, "people with one another"))
    _dots(ax, shown, conditions)
    ax.axvline(0, color="grey", linewidth=0.8, linestyle=":")
    ax.set_xlabel("error consistency, 95 % intervals; dotted: chance")
    yield _drawn("Error consistency with people, and the noise ceiling", ax)


def _benefit(numbers: pd.DataFrame) -> Iterator[Drawing]:
    part = numbers[numbers["measure"].str.startswith("observed less ")]
    if part.empty:
        return
    part = part.assign(condition=part["measure"].str.removeprefix("observed less "))
    conditions = list(part["condition"].unique())
    ax = _rows_of(conditions)
    _dots(ax, part, conditions)
    ax.axvline(0, color="grey", linewidth=0.8, linestyle=":")
    ax.set_xlabel("right with both, less what is expected")
    yield _drawn("Observed with sound and picture, less each prediction", ax)


def _dots(ax: Axes, part: pd.DataFrame, conditions: Sequence[str]) -> None:
    names = sorted(part["observer"].unique(), key=lambda name: (not name.startswith(PEOPLE), name))
    places = {condition: i for i, condition in enumerate(conditions)}
    colours = _colours(part["observer"])
    for i, name in enumerate(names):
        one = part[part["observer"] == name].dropna(subset="value")
        y = one["condition"].map(places) + (i - (len(names) - 1) / 2) * 0.7 / len(names)
        is_person = name.startswith(PEOPLE)
        # An interval of a measure with a bound may lie beside what was measured.
        left = (one["value"] - one["low"]).clip(lower=0).fillna(0)
        right = (one["high"] - one["value"]).clip(lower=0).fillna(0)
        ax.errorbar(
            one["value"], y, xerr=[left, right], fmt="o" if is_person else "s",
            color=colours[name], markersize=4, label=_short(name), linewidth=1,
        )  # fmt: skip
    ax.set_yticks(range(len(conditions)), [_short(name) for name in conditions])
    ax.invert_yaxis()
    figure_of(ax).legend(fontsize="small", loc="outside upper left", ncols=3)


def _colours(observers: Iterable[str]) -> dict[str, str]:
    networks = sorted({name for name in observers if not name.startswith(PEOPLE)})
    return defaultdict(lambda: "black", {name: f"C{i % 10}" for i, name in enumerate(networks)})


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 3]}..."


def _rows_of(conditions: Sequence[str]) -> Axes:
    return new_axes(_WIDTH_IN, 1.6 + _ROW_IN * len(conditions))


def _window(compared: Comparison) -> Iterator[Drawing]:
    numbers = compared.numbers
    step = pd.Series(asynchronies(compared.responses), dtype=float)
    part = numbers[(numbers["measure"] == "accuracy") & numbers["condition"].isin(step.index)]
    if step.nunique() < 3 or part.empty:
        return
    ax = new_axes(_WIDTH_IN, 3.0)
    fine = np.linspace(step.min(), step.max(), 200)
    colours = _colours(part["observer"])
    for name, one in part.groupby("observer"):
        colour = colours[str(name)]
        ax.plot(
            one["condition"].map(step), one["value"], "o", color=colour, label=_short(str(name))
        )
        is_window = numbers["measure"].str.startswith("time window, ")
        fitted = numbers[is_window & (numbers["observer"] == name)]
        if len(fitted) == 4:
            ax.plot(fine, gaussian(fine, *fitted["value"]), color=colour, linewidth=1)
    ax.set(xlabel="sound later than picture, ms", ylabel="right answers")
    ax.legend(fontsize="small")
    yield _drawn("Right answers by asynchrony; a curve where a time window is identified", ax)


def _confusions(compared: Comparison) -> Iterator[Drawing]:
    classes = [_short(name) for name in compared.responses.classes]
    conditions = sorted({condition for _, _, condition in compared.confusions})
    takers = list(dict.fromkeys((group, name) for group, name, _ in compared.confusions))
    shown = conditions[: max(1, _MOST_MATRICES // max(len(takers), 1))]
    for condition in shown:
        figure = Figure(
            figsize=(_WIDTH_IN, _WIDTH_IN / min(len(takers), 2) * -(-len(takers) // 2) + 0.8),
            layout="constrained",
        )
        axes = figure.subplots(-(-len(takers) // 2), min(len(takers), 2), squeeze=False).ravel()
        for ax in axes:
            ax.set_axis_off()
        for ax, (group, name) in zip(axes, takers, strict=False):
            one = compared.confusions.get((group, name, condition))
            if one is None:
                continue
            ax.set_axis_on()
            ax.imshow(smoothed_rows(one.counts), vmin=0, vmax=1, cmap="viridis")
            ax.set_title(_short(name), fontsize="small")
            ax.set_xticks(range(len(classes)), classes, rotation=90, fontsize=4)
            ax.set_yticks(range(len(classes)), classes, fontsize=4)
        left_out = f"; the first {len(shown)} conditions" if len(shown) < len(conditions) else ""
        title = f"Answers (across) by true class (down), {condition}{left_out}"
        yield title, figure_to_svg(figure, alt=title)


def _drawn(title: str, ax: Axes) -> Drawing:
    return title, figure_to_svg(figure_of(ax), alt=title)
