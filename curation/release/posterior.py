"""What is published of a study that was rated until it was certain: answers and raters."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from curation.analysis.calibration import calibration, plot_calibration
from curation.figures import save_figure
from curation.release.tables import (
    AVMIT_LABEL,
    FILENAME,
    LOCATION,
    Column,
    Provenance,
    Schema,
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
CONFUSION_NAME, AUDIT_NAME = "rater_confusion.csv", "label_audit.csv"
DIGITS = 9  # so many, so that posteriors can be worked out again
_CLIP = ("video_location", "filename")


def _number(name: str, means: str) -> Column:
    return Column(name, name, means, "number")


LABEL_POSTERIOR = Schema(
    "One row per rated clip with how probable its answer is",
    (
        FILENAME,
        AVMIT_LABEL,
        LOCATION,
        _number("posterior", "probability that most people would say yes"),
        _number("low", "lower limit of its 95 % interval"),
        _number("high", "upper limit of its 95 % interval"),
        Column("n_ratings", "n_ratings", "ratings that it rests on", "count"),
        Column(
            "stopped_by",
            "stopped_by",
            "why no further rating was asked: the answer is certain, the clip has as many ratings "
            "as it may have, its class is ended, or it is a clip that gets all ratings whatever "
            "they say; open where one would have been",
            values=("certain", "most_ratings", "class_ended", "all_ratings", "open"),
        ),
        Column("answer", "is_yes", "the likelier answer", values=("yes", "no")),
        _number("difficulty", "probability that people differ about it"),
        _number("difficulty_low", "lower limit of its 95 % interval"),
        _number("difficulty_high", "upper limit of its 95 % interval"),
        *(
            _number(f"prior_{n}", f"probability of a true rating of {n} before people rated the "
                    "clip, if they do not differ about it: from its class, and a classifier if "
                    "there was one")
            for n in (1, 2, 3)
        ),
        Column("expert_rating", "expert_rating", "the expert's rating, which counts as well; empty "
               "where there is none", "count", optional=True, values=("1", "2", "3")),
        Column("audit_n_ratings", "audit_n_ratings", "of clips of the audit: after how many "
               "ratings the rule would have ended it; empty for others", "count", optional=True),
        Column("audit_answer", "audit_answer", "the likelier answer then; empty for others",
               optional=True, values=("yes", "no")),
    ),
)  # fmt: skip
RATER_CONFUSION = Schema(
    "One row per rater, true rating and rating",
    (
        Column("participant", "participant_id", "pseudonym of who rated"),
        Column("truth", "truth", "true rating of a clip about which people do not differ", "count",
               values=("1", "2", "3")),
        Column("rating", "rating", "rating that is given", "count", values=("1", "2", "3")),
        _number("probability", "how probable the rating is, given the true one"),
        _number("low", "lower limit of its 95 % interval"),
        _number("high", "upper limit of its 95 % interval"),
    ),
    is_one_row_per_clip=False,
    key=("participant", "truth", "rating"),
)  # fmt: skip
LABEL_AUDIT = Schema(
    "One row per number of the rule that ended ratings when an answer was certain",
    (
        Column("measure", "measure", "name of the number"),
        Column("value", "value", "the number; empty where there is none", "number", True),
        Column("low", "low", "lower limit of its 95 % interval; empty where it has none",
               "number", True),
        Column("high", "high", "upper limit of its 95 % interval; empty where it has none",
               "number", True),
        Column("means", "means", "what it is"),
    ),
    is_one_row_per_clip=False,
    key=("measure",),
)  # fmt: skip


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
        low=np.minimum(yes[0], belief.yes).round(6),
        high=np.maximum(yes[1], belief.yes).round(6),
        n_ratings=belief.counts.sum(axis=1),
        stopped_by=belief.stopped_by(study),
        is_yes=np.where(belief.yes > 0.5, "yes", "no"),
        difficulty=belief.fitted.hard.round(6),
        difficulty_low=np.minimum(hard[0], belief.fitted.hard).round(6),
        difficulty_high=np.maximum(hard[1], belief.fitted.hard).round(6),
        **{f"prior_{n + 1}": belief.fitted.prior[:, n].round(DIGITS) for n in range(3)},
        expert_rating=pd.array(belief.answers.expert + 1, dtype="Int64"),
        audit_n_ratings=pd.array(belief.replay.ended_after, dtype="Int64"),
        audit_answer=np.where(belief.replay.is_yes, "yes", "no"),
    )
    is_audited = belief.replay.ended_after > 0
    table.loc[belief.answers.expert < 0, "expert_rating"] = pd.NA
    table.loc[~is_audited, ["audit_n_ratings", "audit_answer"]] = pd.NA
    table = table[table["n_ratings"] > 0].sort_values(
        ["filename", "video_location"], ignore_index=True
    )
    known = belief.fitted.confusion
    confusion = np.stack([np.minimum(confusion[0], known), np.maximum(confusion[1], known)])
    rows = [
        (rater, truth + 1, rating + 1, round(float(known[i, truth, rating]), DIGITS),
         *confusion[:, i, truth, rating].round(6).tolist())
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


def audit_table(belief: Belief, study: Study) -> pd.DataFrame:
    """Return the rule's numbers: what was promised, measured, and needed to work answers out again.

    Returns
    -------
    DataFrame
        The rows of `label_audit.csv`.
    """
    protocol, found = study.config.protocol, belief.found
    question = f"whether a clip is {protocol.certain_question}"
    measured = (found.error, found.low, found.high) if found.n else (None, None, None)
    rows = [
        ("certainty", protocol.certainty, None, None, f"how certain it has to be {question}"),
        ("threshold", belief.limit, None, None, "the same in the end; the audit may raise it"),
        ("promised_error", 1 - protocol.certainty, None, None,
         "share of the answers ended by the rule that may be wrong"),
        ("measured_error", *measured, "share that is wrong, on clips that got all ratings "
         "whatever they said"),
        ("n_audited", found.n, None, None, "clips that this is measured on"),
        ("n_most_say_otherwise", found.n_other, None, None,
         "of how many of them most of all ratings say the opposite"),
        ("hard_share", belief.fitted.hard_share, None, None,
         "share of clips about which people differ"),
        ("least_yes_rating", 2 if protocol.certain_question == "present" else 3, None, None,
         "a rating of so much or more is a yes"),
        ("ratings_at_most", protocol.most_ratings, None, None, "ratings of a clip at most"),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["measure", "value", "low", "high", "means"])
    numbers = ["value", "low", "high"]
    return table.astype(dict.fromkeys(numbers, "float64")).round(dict.fromkeys(numbers, DIGITS))


def released_posterior(
    belief: Belief, study: Study, names: Mapping[str, str]
) -> dict[str, tuple[Schema, pd.DataFrame]]:
    """Return the tables of a release that say how probable answers are, by their file.

    Parameters
    ----------
    names : dict of str to str
        What releases call everybody who rated.

    Raises
    ------
    TableError
        If somebody who rated has no name, so that their ratings are not released either.
    """
    clips, raters = posterior_table(belief, study)
    told = raters["participant_id"].map(names)
    if told.isna().any():
        raise TableError(
            "somebody whose ratings make answers probable is not in the table of trials, because "
            "fewer than three people rated. Have more people rate: python -m sessions extend"
        )
    raters = raters.assign(participant_id=told).sort_values(
        ["participant_id", "truth", "rating"], ignore_index=True
    )
    refers = {"clips.csv": _CLIP, "video_ratings.csv": _CLIP}
    of_clips = replace(LABEL_POSTERIOR, key=_CLIP, refers=refers)
    return {
        NAME: (of_clips, clips),
        CONFUSION_NAME: (RATER_CONFUSION, raters),
        AUDIT_NAME: (LABEL_AUDIT, audit_table(belief, study)),
    }


def write_posterior(
    belief: Belief, study: Study, folder: Path, provenance: Provenance, *, overwrite: bool
) -> list[Path]:
    """Write `label_posterior.csv`, `rater_confusion.csv`, `label_audit.csv` and a plot.

    Returns
    -------
    list of Path
        The tables.
    """
    clips, raters = posterior_table(belief, study)
    paths = [folder / NAME, folder / CONFUSION_NAME, folder / AUDIT_NAME]
    write_table(clips, LABEL_POSTERIOR, paths[0], provenance, overwrite=overwrite)
    write_report(
        raters, paths[1], overwrite=overwrite, readers=Readers.OWNER, provenance=provenance
    )
    write_table(audit_table(belief, study), LABEL_AUDIT, paths[2], provenance, overwrite=overwrite)
    save_figure(plot_calibration(calibration(belief, study)), folder, "calibration",
                overwrite=overwrite)  # fmt: skip
    return paths


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
    for line, row in csv_rows(
        path, columns, missing="Write it first: python -m curation export-ratings"
    ):
        try:
            posterior, n_ratings = float(row["posterior"]), int(row["n_ratings"])
        except ValueError:
            posterior, n_ratings = float("nan"), 0
        if not 0 <= posterior <= 1:
            raise TableError(
                f"{path}, line {line}: the posterior is expected to be from 0 to 1 and n_ratings a "
                "whole number. Export it again: python -m curation export-ratings --overwrite"
            )
        rows.append((row["filename"], row["video_location"], posterior, n_ratings))
    found = pd.DataFrame(rows, columns=list(columns))
    require_apart({path.name: keys_of(found["video_location"], found["filename"])})
    return found
