"""What a filter asks of a rated clip and its table of ratings does not say."""

from pathlib import Path

import pandas as pd

from curation.selection.known_clips import as_in_store
from curation.tally import clip_keys
from study.config.protocol import Protocol
from study.deciding.pictures import picture_facts
from study.store import Db
from study.store.clips import candidates, vettings


def with_picture_facts(
    db: Db, clips: pd.DataFrame, source: Path, protocol: Protocol
) -> pd.DataFrame:
    """Return rated clips with what the filter asks of their pictures.

    Parameters
    ----------
    clips : DataFrame
        The rows of `video_ratings.csv`.
    protocol : Protocol
        Says which frame rate of a clip counts: the average, or the one that most frames have.

    Returns
    -------
    DataFrame
        With further columns ``candidate_id, frame_rate_hz, is_vfr, has_two_streams, is_excluded,
        is_vetted``.

    Raises
    ------
    TableError
        If a clip is not in the store, or is of another class there: the table is of another study.
    """
    known = candidates.frame(db)
    clips = as_in_store(clips, known, source)
    facts = known.set_index(clip_keys(known)).loc[clip_keys(clips)]
    ids = pd.Series(facts["candidate_id"].to_numpy(), index=clips.index)
    pictures = picture_facts(db, protocol).loc[ids]
    return clips.assign(
        candidate_id=ids,
        **{str(name): pictures[name].to_numpy() for name in pictures},
        is_excluded=ids.isin(vettings.excluded(db)).to_numpy(),
        is_vetted=ids.isin(vettings.vetted(db)).to_numpy(),
    )
