"""What a filter asks of a rated clip and its table of ratings does not say."""

from pathlib import Path

import numpy as np
import pandas as pd

from curation.selection.known_clips import as_in_store
from curation.tally import as_index, clip_keys
from study.config.protocol import Protocol
from study.store import Db
from study.store.clips import candidates, clip_audits, vettings


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
    flagged = clip_audits.flagged(db)
    ids = pd.Series(facts["candidate_id"].to_numpy(), index=clips.index)
    rates, is_vfr = facts["frame_rate_hz"], clip_keys(clips).isin(as_index(flagged["vfr"]))
    if protocol.test_max_odd_steps is not None:
        # Clips that were audited before steps were counted go on with what was found then.
        steps = clip_audits.steps(db).reindex(clip_keys(clips))
        is_odd = (steps["n_odd_steps"] > protocol.test_max_odd_steps).to_numpy()
        is_vfr = np.where(steps["n_odd_steps"].isna().to_numpy(), is_vfr, is_odd)
        rates = steps["usual_frame_rate_hz"].fillna(rates)
    return clips.assign(
        candidate_id=ids,
        frame_rate_hz=rates.to_numpy(),
        is_vfr=is_vfr,
        has_two_streams=clip_keys(clips).isin(as_index(flagged["two_video_streams"])),
        is_excluded=ids.isin(vettings.excluded(db)).to_numpy(),
        is_vetted=ids.isin(vettings.vetted(db)).to_numpy(),
    )
