"""A page per rater, to be read beside the store's own alarms."""

import pandas as pd

from curation.analysis.raters import confusion_with_truth, over_time
from curation.figures import plot_over_time
from study.reports.figures import figure_of, figure_to_svg
from study.reports.html import render

_SHOWN = (
    ("n_ratings", "ratings"),
    ("share_1", "share of 1"),
    ("share_2", "share of 2"),
    ("share_3", "share of 3"),
    ("n_catch", "catch trials"),
    ("accuracy", "accuracy"),
    ("bias", "bias (rating minus ground truth)"),
    ("agreement_with_others", "agreement with the others"),
    ("drift", "drift (last fifth minus first)"),
)


def rater_page(person: str, compared: pd.DataFrame, table: pd.DataFrame, *, stamp: str = "") -> str:
    """Return the page of one rater.

    Parameters
    ----------
    compared : DataFrame
        The rater's rows of `curation.analysis.raters.with_references`.
    table : DataFrame
        From `curation.analysis.raters.rater_table`: the rater stands beside the others' median.
    stamp : str
        Such as ``"rehearsal"``.
    """
    own = table.loc[table["participant_id"] == person].iloc[0].to_dict()
    rest = table.loc[table["participant_id"] != person]
    rows = [
        (name, _shown(own[column]), _shown(rest[column].median()) if len(rest) else None)
        for column, name in _SHOWN
    ]
    counts = confusion_with_truth(compared)
    confusion = [(f"ground truth {i + 1}", *map(int, counts[i])) for i in range(3)]
    parts = over_time(compared)
    drawing = figure_to_svg(
        figure_of(plot_over_time(parts)),
        alt="agreement with the others and accuracy over the trials",
    )
    by_class = (
        compared.groupby("avmit_label")["agreement"].agg(["size", "mean"]).sort_values("mean")
    )
    return render(
        "curation.analysis",
        "rater.html",
        title=f"Rater {person}",
        stamp=stamp,
        person=person,
        summary=rows,
        drawing=drawing,
        parts_of_time=[[_shown(value) for value in row] for row in parts.itertuples(index=False)],
        confusion=confusion,
        classes=[(label, int(r["size"]), _shown(r["mean"])) for label, r in by_class.iterrows()],
    )


def _shown(value: float) -> float | int | None:
    if value != value:  # NaN: there was nothing to compare with
        return None
    return int(value) if float(value).is_integer() and abs(value) > 1 else round(float(value), 3)
