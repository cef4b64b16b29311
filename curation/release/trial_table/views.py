"""Views of the recognition trials: for `lab compare`, and with the columns of model-vs-human."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pandas as pd

from curation.release.tables import Column, Schema, write_table
from curation.release.trial_table.columns import (
    ANSWER,
    CONFIDENCE,
    OF_STIMULUS,
    SQUARE_ROW,
    common,
    of,
    with_classes,
)
from curation.release.trial_table.table import Trials, provenance_of_trials
from study.config.study import Study
from study.store import Db
from study.tools.files import refuse_existing, written_atomically
from study.vocabulary import Phase

FILE_NAME = "recognition_trials.csv"
MODEL_VS_HUMAN_NAME = "model_vs_human.csv"
EXPERIMENT = "recognition"
_PERSON = "subject-"  # begins the names of the toolbox's people
_SESSION = 1

RECOGNITION = Schema(
    "One row per recognition trial whose answer counts, practice left out; a view of trials.csv",
    (
        of("row_id", "number of the row in trials.csv", "count"),
        common("participant"),
        Column("phase", "phase", "what the session was for", values=(str(Phase.RECOGNITION),)),
        SQUARE_ROW,
        common("position"),
        Column("filename", "stimulus", "the clip that was shown, within the folder of stimuli; "
               "stimulus in trials.csv"),
        *OF_STIMULUS,
        *ANSWER,
        common("rt_s"),
        CONFIDENCE,
        *(common(name) for name in
          ("interrupted_s", "n_interruptions", "n_early_presses", "n_presentations",
           "av_offset_s", "n_frames_shown", "n_frames_dropped", "n_frames_late", "bonus_pence",
           "simulated", "flags")),
    ),
    is_one_row_per_clip=False,
    key=("row_id",),
    refers={"trials.csv": ("row_id",)},
)  # fmt: skip
MODEL_VS_HUMAN = Schema(
    "One row per recognition trial that has a right answer, with the columns of the toolbox "
    "model-vs-human; a view of trials.csv",
    (
        of("subj", f"{_PERSON} and the pseudonym of who answered"),
        of("session", "always 1", "count"),
        of("trial", "position in trials.csv", "count"),
        of("rt", "rt_s in trials.csv", "seconds"),
        of("object_response", "the class that was answered; response in trials.csv"),
        of("category", "the right answer; label in trials.csv"),
        of("condition", "how the clip was manipulated"),
        of("imagename", "trial, experiment, subject, condition, class, 00 and the clip that it was "
           "made from, with _ between"),
    ),
    is_one_row_per_clip=False,
    key=("subj", "session", "trial"),
)  # fmt: skip


def view_schema(view: Schema, classes: Sequence[str]) -> Schema:
    """Return the schema of a view with what could be answered."""
    columns = view.columns
    for name in ("response", "object_response"):
        columns = with_classes(columns, name, classes)
    return replace(view, columns=columns)


def recognition_trials(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `recognition_trials.csv`, out of those of the table of trials."""
    own = rows[rows["phase"] == str(Phase.RECOGNITION)]
    return own[[column.inside for column in RECOGNITION.columns]].reset_index(drop=True)


def model_vs_human(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `model_vs_human.csv`, out of those of the table of trials.

    Trials without a right answer are left out, because the toolbox has no place for them.
    """
    own = rows[rows["phase"] == str(Phase.RECOGNITION)]
    own = own[own["label"].notna() & (own["label"] != "")].reset_index(drop=True)
    subject = _PERSON + own["participant"].astype(str)
    named = zip(own["position"], subject, own["condition"], own["label"], own["source"],
                strict=True)  # fmt: skip
    return pd.DataFrame(
        {
            "subj": subject,
            "session": _SESSION,
            "trial": own["position"],
            "rt": own["rt_s"],
            "object_response": own["response"],
            "category": own["label"],
            "condition": own["condition"],
            # Number, experiment, subject, condition, class, image: the toolbox's own scheme.
            "imagename": [
                f"{position:0>4}_{EXPERIMENT}_{who}_{condition}_{label}_00_{_plain(source)}"
                for position, who, condition, label, source in named
            ],
        }
    )


def pseudonym_of(subject: str) -> str:
    """Return the pseudonym of one of the toolbox's people."""
    return subject.removeprefix(_PERSON)


def write_recognition(
    db: Db, study: Study, found: Trials, path: Path, *, at: datetime, overwrite: bool
) -> pd.DataFrame:
    """Write `recognition_trials.csv` and its data dictionary; return its rows.

    Raises
    ------
    StudyError
        If one of the files exists and must not be replaced.
    """
    rows = recognition_trials(found.rows)
    provenance = provenance_of_trials(db, study, found, at)
    schema = view_schema(RECOGNITION, found.classes)
    write_table(rows, schema, path, provenance, overwrite=overwrite)
    return rows


def write_model_vs_human(rows: pd.DataFrame, folder: Path, *, overwrite: bool) -> int:
    """Write a file per participant with the columns of the toolbox model-vs-human.

    Returns how many files.

    Raises
    ------
    StudyError
        If one of the files exists and must not be replaced.
    """
    parts = {
        folder / f"{EXPERIMENT}_{subject}_session_{_SESSION}.csv": own
        for subject, own in model_vs_human(rows).groupby("subj")
    }
    for path in parts:
        refuse_existing(path, overwrite=overwrite)
    for path, part in parts.items():
        with written_atomically(path, overwrite=overwrite) as file:
            part.to_csv(file, index=False)
    return len(parts)


def _plain(source: str) -> str:
    return source.replace("/", "-").replace("_", "-")
