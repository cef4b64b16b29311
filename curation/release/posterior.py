"""What is published of a study that was rated until it was certain: answers and raters."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from curation.figures import save_figure
from curation.release.tables import (
    LABEL_POSTERIOR,
    Provenance,
    write_report,
    write_table,
)
from curation.tally import clip_keys
from study.config.protocol import Protocol
from study.config.study import Study
from study.deciding.belief import Belief
from study.deciding.certain import intervals
from study.errors import TableError
from study.reading.clip_keys import keys_of, require_apart
from study.reading.rows import csv_rows
from study.tools.access import Readers
from study.tools.seeding import generator

NAME = "label_posterior.csv"


def posterior_table(belief: Belief, study: Study) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return how probable each answer is, and how each rater rates, with intervals.

    Parameters
    ----------
    belief : Belief
        From `study.deciding.belief.believe`.

    Returns
    -------
    clips : DataFrame
        The rows of `label_posterior.csv`: rated clips.
    raters : DataFrame
        Columns ``participant_id, truth, rating, probability, low, high``.
    """
    question = study.config.protocol.certain_question
    rng = generator(study.config.seed, "posterior")
    yes, confusion, hard = intervals(belief.answers, belief.fitted, question, rng)
    table = belief.clips.assign(
        posterior=belief.yes.round(6),
        low=yes[0].round(6),
        high=yes[1].round(6),
        n_ratings=belief.counts.sum(axis=1),
        stopped_by=belief.stopped_by(study),
        is_yes=np.where(belief.yes > 0.5, "yes", "no"),
        difficulty=belief.fitted.hard.round(6),
        difficulty_low=hard[0].round(6),
        difficulty_high=hard[1].round(6),
    )
    table = table[table["n_ratings"] > 0].sort_values(
        ["filename", "video_location"], ignore_index=True
    )
    rows = [
        (rater, truth + 1, rating + 1, belief.fitted.confusion[i, truth, rating],
         confusion[0, i, truth, rating], confusion[1, i, truth, rating])
        for i, rater in enumerate(belief.raters)
        for truth in range(3)
        for rating in range(3)
    ]  # fmt: skip
    columns = ["participant_id", "truth", "rating", "probability", "low", "high"]
    return table, pd.DataFrame(rows, columns=columns)


def audit_of(belief: Belief, study: Study) -> dict[str, Any]:
    """Return what the rule promised and what the audit measured, for a table's provenance."""
    found = belief.found
    return {
        "promised_error": round(1 - study.config.protocol.certainty, 6),
        "threshold": belief.limit,
        "measured_error": None if not found.n else round(found.error, 6),
        "interval": None if not found.n else [round(found.low, 6), round(found.high, 6)],
        "n_audited": found.n,
        "n_majority_says_otherwise": found.n_other,
    }


def write_posterior(
    belief: Belief, study: Study, folder: Path, provenance: Provenance, *, overwrite: bool
) -> list[Path]:
    """Write `label_posterior.csv`, `rater_confusion.csv` and the plot of their calibration.

    Returns
    -------
    list of Path
        The tables.
    """
    clips, raters = posterior_table(belief, study)
    paths = [folder / NAME, folder / "rater_confusion.csv"]
    write_table(clips, LABEL_POSTERIOR, paths[0], provenance, overwrite=overwrite)
    write_report(
        raters, paths[1], overwrite=overwrite, readers=Readers.OWNER, provenance=provenance
    )
    save_figure(plot_calibration(calibration(belief, study)), folder, "calibration",
                overwrite=overwrite)  # fmt: skip
    return paths


def calibration(belief: Belief, study: Study) -> pd.DataFrame:
    """Return what became of answers by how probable a yes was: the majority of all ratings.

    Returns
    -------
    DataFrame
        Columns ``posterior, share_yes, n`` of clips that get all ratings, in tenths.
    """
    enough = belief.counts.sum(axis=1) >= study.config.protocol.ratings_per_clip
    kept = belief.gets_all & enough
    first = 1 if study.config.protocol.certain_question == "present" else 2
    counts = belief.counts[kept]
    most = 2 * counts[:, first:].sum(axis=1) > counts.sum(axis=1)
    tenths = np.minimum((belief.yes[kept] * 10).astype(int), 9)
    found = pd.DataFrame({"tenth": tenths, "posterior": belief.yes[kept], "share_yes": most})
    found = found.groupby("tenth").agg(
        posterior=("posterior", "mean"), share_yes=("share_yes", "mean"), n=("share_yes", "size")
    )
    return found.reset_index(drop=True)


def plot_calibration(table: pd.DataFrame) -> Figure:
    """Draw how often most raters said yes against how probable a yes was."""
    figure = Figure(figsize=(4.5, 4.5), layout="constrained")
    ax = figure.subplots()
    ax.plot([0, 1], [0, 1], color="#9e9e9e", linewidth=1)
    ax.scatter(table["posterior"], table["share_yes"], s=10 + 2 * np.sqrt(table["n"]),
               color="#08306b")  # fmt: skip
    ax.set(xlabel="how probable a yes is", ylabel="share with a majority of all ratings for yes",
           xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))  # fmt: skip
    ax.grid(linewidth=0.4, alpha=0.6)
    return figure


def with_posterior(clips: pd.DataFrame, protocol: Protocol, source: Path) -> pd.DataFrame:
    """Return rated clips with how probable a yes is, where the study is rated until certain.

    Parameters
    ----------
    clips : DataFrame
        The rows of `video_ratings.csv`.
    source : Path
        That file, beside which `label_posterior.csv` lies.

    Raises
    ------
    TableError
        If it is missing, or is of other clips or ratings.
    """
    if protocol.rating_rule != "until_certain":
        return clips
    table = _read(source.parent / NAME)
    found = table.set_index(clip_keys(table)).reindex(clip_keys(clips))
    counts = clips[["r1", "r2", "r3"]].sum(axis=1).to_numpy()
    if (found["n_ratings"].fillna(-1).to_numpy() != counts).any():
        raise TableError(
            f"{source.parent / NAME} is of other clips or ratings than {source}. Export both "
            "again: python -m curation export-ratings --overwrite"
        )
    return clips.assign(posterior=found["posterior"].astype(float).to_numpy())


def _read(path: Path) -> pd.DataFrame:
    rows = []
    columns = ("filename", "video_location", "posterior", "n_ratings")
    for line, row in csv_rows(path, columns, missing="Write it first: curation export-ratings"):
        try:
            posterior, n_ratings = float(row["posterior"]), int(row["n_ratings"])
        except ValueError:
            posterior, n_ratings = float("nan"), 0
        if not 0 <= posterior <= 1:
            raise TableError(
                f"{path}, line {line}: the posterior is expected to be from 0 to 1 and n_ratings a "
                "whole number. Export it again: curation export-ratings --overwrite"
            )
        rows.append((row["filename"], row["video_location"], posterior, n_ratings))
    found = pd.DataFrame(rows, columns=list(columns))
    require_apart({path.name: keys_of(found["video_location"], found["filename"])})
    return found
