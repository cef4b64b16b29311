"""Trials in which an action was recognised."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from curation.release.trial_table.columns import OF_STIMULUS
from curation.release.trial_table.common_cells import common_cells
from study import counting
from study.config.study import Study
from study.counting import Counted
from study.store import Db
from study.store.recognition.counted import judged
from study.vocabulary import Phase


@dataclass(frozen=True)
class CountedAnswers:
    """The answers that count, why others do not, and how many were practice."""

    counted: Counted
    n_practice: int


def counted_answers(db: Db, study: Study) -> CountedAnswers:
    """Return the answers that count, practice left out."""
    found = judged(db, study)
    is_practice = found["is_practice"].astype(bool)
    counted = counting.counted(found[~is_practice].reset_index(drop=True))
    return CountedAnswers(counted, int(is_practice.sum()))


def rows_of_answers(db: Db, study: Study, found: Counted, names: Mapping[str, str]) -> pd.DataFrame:
    """Return the rows of the phase in which people recognise."""
    answers = found.ratings.sort_values("trial_id", ignore_index=True)
    is_right = (answers["answer"] == answers["label"]).astype("boolean")
    return pd.DataFrame(
        {
            **common_cells(db, study, str(Phase.RECOGNITION), answers, names),
            "square_row": answers["square_row"].astype(int) + 1,
            **stimulus_cells(answers),
            "response": answers["answer"],
            "correct": is_right.mask(answers["label"] == ""),
            "confidence": answers["confidence"].astype("Int64"),
        }
    )


def stimulus_cells(found: pd.DataFrame) -> dict[str, pd.Series]:
    """Return what is known of stimuli; what there is not stays empty.

    `found`: has the columns of `study.store.recognition.stimuli`.
    """
    texts = [column for column in OF_STIMULUS if column.kind == "text"]
    return {
        "stimulus": found["filename"],
        **{
            column.name: found[column.name].astype(object).where(found[column.name] != "", None)
            for column in texts
        },
        "asynchrony_ms": found["asynchrony_ms"].astype(float),
    }
