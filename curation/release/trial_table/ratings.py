"""Trials in which a clip was rated."""

from collections.abc import Mapping

import pandas as pd

from curation.release.trial_table.common_cells import common_cells
from study.config.study import Study
from study.counting import Counted
from study.store import Db
from study.store.plan import exercises, ground_truths
from study.store.ratings import playings
from study.vocabulary import Phase

_EXERCISES = (Phase.TRAINING, Phase.SCREENING)
_AS_STORED = ("filename", "video_location", "avmit_label", "mit_label", "rating")


def rows_of_ratings(
    db: Db, study: Study, phase: str, found: Counted, names: Mapping[str, str]
) -> pd.DataFrame:
    """Return the rows of a phase in which people rate."""
    ratings = found.ratings.merge(playings.frame(db, phase), on="trial_id", how="left")
    ratings = ratings.sort_values("trial_id", ignore_index=True)
    return pd.DataFrame(
        {
            **common_cells(db, study, phase, ratings, names),
            **{name: ratings[name] for name in _AS_STORED},
            "n_replays": ratings["n_replays"].astype(int),
            "ground_truth": _truths(db, phase, ratings),
        }
    )


def _truths(db: Db, phase: str, ratings: pd.DataFrame) -> pd.Series:
    if phase == Phase.GROUND_TRUTH:
        return pd.Series(pd.NA, index=ratings.index, dtype="Int64")
    if phase in _EXERCISES:
        said = exercises.frame(db, Phase(phase)).set_index("candidate_id")["expert_rating"]
    else:
        said = ground_truths.frame(db).set_index("candidate_id")["rating"]
    return ratings["candidate_id"].map(said).astype("Int64")
