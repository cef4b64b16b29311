"""The figures of the comparison, as narrow as a phone."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from textwrap import fill

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lab.compare.measures.confusions import smoothed_rows
from lab.compare.measures.integration_window import gaussian
from lab.compare.numbers import Comparison, asynchronies
from lab.compare.responses import PEOPLE
from study.reports.figures import default_style, figure_of, new_axes

_WIDTH_IN = 4.4
_ROW_IN = 0.45
_MOST_MATRICES = 24
_LONGEST_NAME = 24  # letters beside an axis
_LEGEND_LETTERS = 56  # in a line of a legend, as wide as the figure
_LEGEND_ROW_IN = 0.19
_TITLE_LETTERS = 22  # in a line above a matrix, of which two stand side by side
_MARK_LETTERS = 5  # what a mark and the gap behind it are as wide as
_TOGETHER = "people with one another"
_OF_PEOPLE = (PEOPLE, _TOGETHER)
_MARKERS = "sD^vP"  # one after another where there are more networks than colours
Drawing = tuple[str, Figure]


def drawings(compared: Comparison) -> list[Drawing]:
    """Return every figure with its caption."""
    # A dollar in a name is a dollar.
    with default_style(), mpl.rc_context({"text.parse_math": False}):
        return list(_drawings(compared))


def _drawings(compared: Comparison) -> Iterator[Drawing]:
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
    ax = _dots(part, f"{label}, 95 % intervals; dotted: chance")
    ax.axvline(chance, color="grey", linewidth=0.8, linestyle=":")
    yield (f"{measure.capitalize()} by condition", figure_of(ax))


def _consistency(numbers: pd.DataFrame) -> Iterator[Drawing]:
    part = numbers[numbers["measure"].isin(["error consistency with people", "noise ceiling"])]
    if part["value"].notna().sum() == 0:
        return
    ceiling = part["measure"] == "noise ceiling"
    shown = part.assign(observer=part["observer"].mask(ceiling, _TOGETHER))
    ax = _dots(shown, "error consistency, 95 % intervals; dotted: chance")
    ax.axvline(0, color="grey", linewidth=0.8, linestyle=":")
    yield ("Error consistency with people, and the noise ceiling", figure_of(ax))


def _benefit(numbers: pd.DataFrame) -> Iterator[Drawing]:
    part = numbers[numbers["measure"].str.startswith("observed less ")]
    if part.empty:
        return
    part = part.assign(condition=part["measure"].str.removeprefix("observed less "))
    ax = _dots(part, "right with both, less what is expected")
    ax.axvline(0, color="grey", linewidth=0.8, linestyle=":")
    yield ("Observed with sound and picture, less each prediction", figure_of(ax))


def _dots(part: pd.DataFrame, label: str) -> Axes:
    conditions = list(part["condition"].unique())
    names = sorted(part["observer"].unique(), key=lambda name: (name not in _OF_PEOPLE, name))
    n_columns = _columns_for(names)
    n_lines = -(-len(names) // n_columns)
    height_in = 1.1 + _ROW_IN * len(conditions) + _LEGEND_ROW_IN * n_lines
    ax = new_axes(_WIDTH_IN, height_in)
    places = {condition: i for i, condition in enumerate(conditions)}
    styles, shown = _styles(names), shortened(names, _LEGEND_LETTERS - _MARK_LETTERS)
    for i, name in enumerate(names):
        one = part[part["observer"] == name].dropna(subset="value")
        y = one["condition"].map(places).astype(float) + (i - (len(names) - 1) / 2) * 0.7 / len(
            names
        )
        # An interval of a measure with a bound may lie beside what was measured.
        left = (one["value"] - one["low"]).clip(lower=0).fillna(0)
        right = (one["high"] - one["value"]).clip(lower=0).fillna(0)
        ax.errorbar(
            one["value"], y, xerr=[left, right], fmt=styles[name][1], color=styles[name][0],
            markersize=4, label=shown[name], linewidth=1,
        )  # fmt: skip
    ax.set_yticks(range(len(conditions)), list(shortened(conditions, _LONGEST_NAME).values()))
    ax.invert_yaxis()
    figure_of(ax).legend(fontsize="small", loc="outside upper left", ncols=n_columns)
    # In the middle of the figure: in the middle of the axes it would leave it on the right.
    figure_of(ax).supxlabel(label, fontsize="medium")
    return ax


def _columns_for(names: Sequence[str]) -> int:
    widest = max(map(len, names)) + _MARK_LETTERS
    return max(1, min(len(names), _LEGEND_LETTERS // widest))


def _styles(observers: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return colour and marker of each observer; people are black dots."""
    networks = sorted({name for name in observers if name not in _OF_PEOPLE})
    return defaultdict(
        lambda: ("black", "o"),
        {
            name: (f"C{i % 10}", _MARKERS[i // 10 % len(_MARKERS)])
            for i, name in enumerate(networks)
        },
    )


def shortened(names: Iterable[str], longest: int) -> dict[str, str]:
    """Return names of so many letters at most, in their order, no two of them the same.

    What is left out is in the middle: names of networks differ at their ends.

    Examples
    --------
    >>> shortened(["clean clips GRU seed 1", "clean clips GRU seed 2"], 15).values()
    dict_values(['clean ...seed 1', 'clean ...seed 2'])
    """
    found: dict[str, str] = {}
    for name in names:
        short, n = _elided(name, longest), 1
        while short in found.values() and name not in found:
            n += 1
            short = f"{_elided(name, longest - len(str(n)) - 3)} ({n})"
        found.setdefault(name, short)
    return found


def _elided(name: str, longest: int) -> str:
    if len(name) <= longest:
        return name
    n_end = (longest - 2) // 2
    return f"{name[: longest - 3 - n_end]}...{name[-n_end:]}"


def _window(compared: Comparison) -> Iterator[Drawing]:
    numbers = compared.numbers
    step = pd.Series(asynchronies(compared.responses), dtype=float)
    part = numbers[(numbers["measure"] == "accuracy") & numbers["condition"].isin(step.index)]
    if step.nunique() < 3 or part.empty:
        return
    names = sorted(map(str, part["observer"].unique()))
    n_columns = _columns_for(names)
    ax = new_axes(_WIDTH_IN, 2.8 + _LEGEND_ROW_IN * -(-len(names) // n_columns))
    fine = np.linspace(step.min(), step.max(), 200)
    styles, shown = _styles(names), shortened(names, _LEGEND_LETTERS - _MARK_LETTERS)
    for name in names:
        one = part[part["observer"] == name]
        colour, marker = styles[name]
        ax.plot(one["condition"].map(step), one["value"], marker, color=colour, label=shown[name])
        is_window = numbers["measure"].str.startswith("time window, ")
        fitted = numbers[is_window & (numbers["observer"] == name)]
        if len(fitted) == 4:
            ax.plot(fine, gaussian(fine, *fitted["value"]), color=colour, linewidth=1)
    ax.set(xlabel="sound later than picture, ms", ylabel="right answers")
    figure_of(ax).legend(fontsize="small", loc="outside upper left", ncols=n_columns)
    yield ("Right answers by asynchrony; a curve where a time window is identified", figure_of(ax))


def _confusions(compared: Comparison) -> Iterator[Drawing]:
    classes = list(shortened(compared.responses.classes, _LONGEST_NAME).values())
    titles = shortened((name for _, name, _ in compared.confusions), 4 * _TITLE_LETTERS)
    letters = min(8, max(4, 64 // len(classes)))
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
            ax.set_title(fill(titles[name], _TITLE_LETTERS), fontsize="small")
            ax.set_xticks(range(len(classes)), classes, rotation=90, fontsize=letters)
            ax.set_yticks(range(len(classes)), classes, fontsize=letters)
        left_out = f"; the first {len(shown)} conditions" if len(shown) < len(conditions) else ""
        title = f"Answers (across) by true class (down), {condition}{left_out}"
        yield title, figure
