"""Where tallies come from: a study's store, or a published table."""

from pathlib import Path

import pandas as pd

from curation.tables import VIDEO_RATINGS, read_table
from curation.tally import tally_ratings
from study.config import Study
from study.store import open_store, ratings, studies, transaction


def tally_of_study(study: Study) -> pd.DataFrame:
    """Return the tallies of a store's ratings.

    Parameters
    ----------
    study : Study
        Ratings of simulated people count in a rehearsal only.

    Returns
    -------
    DataFrame
        One row per clip that was rated often enough, as `curation.tally.tally_ratings` has it.
    """
    with transaction(open_store(study.store_url)) as db:
        studies.identity(db, study)
        found = ratings.frame(db, include_simulated=study.config.rehearsal)
    return tally_ratings(found, ratings_per_clip=study.config.protocol.ratings_per_clip).clips


def tally_of_table(path: Path) -> pd.DataFrame:
    """Return the tallies of a `video_ratings.csv`.

    Parameters
    ----------
    path : Path
        The table.

    Returns
    -------
    DataFrame
        One row per clip, with ``r1, r2, r3`` and the labels.
    """
    return read_table(path, VIDEO_RATINGS)
