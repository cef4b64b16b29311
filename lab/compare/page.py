"""The comparison as a page, and as a table of every number."""

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from markupsafe import Markup

from lab.compare.figures import drawings
from lab.compare.measures.consistency import FEWEST_FOR_INTERVAL
from lab.compare.numbers import OF_PAIRS, Comparison
from lab.compare.responses import NETWORKS, PEOPLE, Responses
from lab.state import COMPARISON_NUMBERS as NUMBERS_NAME
from study.reports.figures import figure_to_svg
from study.reports.html import render
from study.tools.files import refuse_existing, written_atomically
from study.tools.wording import counted

PAGE_NAME = "comparison.html"


def write_comparison(compared: Comparison, folder: Path, *, overwrite: bool = False) -> Path:
    """Write the page and the table of numbers into a folder; return the page.

    Raises StudyError if one of them is there and must not be replaced.
    """
    page, numbers = folder / PAGE_NAME, folder / NUMBERS_NAME
    for path in (page, numbers):
        refuse_existing(path, overwrite=overwrite)
    text = comparison_page(compared)
    folder.mkdir(parents=True, exist_ok=True)
    with written_atomically(numbers, overwrite=overwrite) as part:
        compared.numbers.to_csv(part, index=False, lineterminator="\n")
    with written_atomically(page, overwrite=overwrite) as part:
        part.write_text(text, encoding="utf-8")
    return page


def comparison_page(compared: Comparison) -> str:
    """Return the page as HTML that needs no other file."""
    numbers = compared.numbers
    shown = numbers[numbers["measure"] != OF_PAIRS]
    return render(
        "lab",
        "comparison.html",
        title="People against networks",
        glance=_glance(compared),
        warnings=_warnings(compared),
        drawings=list(_drawn(compared)),
        header=["measure", "who", "condition", "value", "95 % interval", "n", "note"],
        tables=[(name, _cells(part)) for name, part in shown.groupby("measure", sort=False)],
        n_pairs=int((numbers["measure"] == OF_PAIRS).sum()),
        numbers_name=NUMBERS_NAME,
    )


def _drawn(compared: Comparison) -> Iterator[tuple[str, Markup]]:
    with warnings.catch_warnings():
        # Letters that the font of drawings lacks are boxes there, and themselves in the tables.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        for title, figure in drawings(compared):
            yield title, figure_to_svg(figure, alt=title)


def _glance(compared: Comparison) -> list[tuple[str, str]]:
    rows = compared.responses.rows
    people, networks = (rows[rows["group"] == group] for group in (PEOPLE, NETWORKS))
    return [
        ("people", f"{people['observer'].nunique()} ({counted(len(people), 'answer')})"),
        ("networks", f"{networks['observer'].nunique()} ({counted(len(networks), 'answer')})"),
        ("conditions", str(rows["condition"].nunique())),
        ("clips", str(rows["clip"].nunique())),
        ("classes", str(len(compared.responses.classes))),
        ("intervals", f"95 %, {counted(compared.n_resamples, 'resample')}, seed {compared.seed}"),
    ]


def _warnings(compared: Comparison) -> list[str]:
    found = []
    pairs = compared.pairs
    if len(pairs):
        few = pairs["n_clips"].min()
        if few < FEWEST_FOR_INTERVAL:
            found.append(
                f"Pairs of observers share as few as {counted(few, 'clip')}: under "
                f"{FEWEST_FOR_INTERVAL}, "
                "intervals of error consistency may hold the true value less often than 95 %."
            )
        without = int(pairs["value"].isna().sum())
        if without:
            found.append(
                f"{without} of {counted(len(pairs), 'pair has', 'pairs have')} no error "
                "consistency, because both are "
                "always right, or both always wrong."
            )
    else:
        found.append("No two observers share a clip, so there is no error consistency.")
    found += _apart(compared.responses)
    n_people = compared.responses.of(PEOPLE).rows["observer"].nunique()
    if 0 < n_people < 5:
        found.append(
            f"Only {counted(n_people, 'participant')}: intervals over participants say little."
            if n_people > 1
            else "Only one participant: intervals say nothing of other people."
        )
    return found


def _apart(responses: Responses) -> list[str]:
    stimuli = [
        set(map(tuple, part.rows[["condition", "clip"]].drop_duplicates().to_numpy()))
        for part in (responses.of(PEOPLE), responses.of(NETWORKS))
    ]
    if not all(stimuli) or stimuli[0] & stimuli[1]:
        return []
    return [
        "People and networks answered no clip of the same name in the same condition, so that "
        "nothing compares them clip by clip. Compare the names in both tables."
    ]


def _cells(part: pd.DataFrame) -> list[list[object]]:
    return [
        [
            row["measure"],
            row["observer"] or "people with one another",
            row["condition"],
            None if np.isnan(row["value"]) else float(row["value"]),
            "" if np.isnan(row["low"]) else f"{row['low']:.3f} to {row['high']:.3f}",
            int(row["n"]),
            row["note"],
        ]
        for row in part.to_dict("records")
    ]
