"""What a filter asks of a rated clip and its table of ratings does not say."""

from pathlib import Path

import pandas as pd

from curation.tally import clip_keys
from study.errors import TableError
from study.store import Db
from study.store.clips import candidates, clip_audits, vettings


def with_picture_facts(db: Db, clips: pd.DataFrame, source: Path) -> pd.DataFrame:
    """Return rated clips with what the filter asks of their pictures.

    Parameters
    ----------
    db : Session
        An open transaction.
    clips : DataFrame
        The rows of `video_ratings.csv`.
    source : Path
        Where they come from, for the message.

    Returns
    -------
    DataFrame
        With further columns ``candidate_id, frame_rate_hz, is_vfr, has_two_streams, is_excluded,
        is_vetted``.

    Raises
    ------
    TableError
        If a clip is not in the store: the table is of another study.
    """
    known = candidates.frame(db)
    rates = known.set_index(clip_keys(known))["frame_rate_hz"].reindex(clip_keys(clips))
    if rates.isna().any():
        n_unknown = int(rates.isna().sum())
        first = clips["filename"].iloc[int(rates.isna().to_numpy().argmax())]
        raise TableError(
            f"{source}: {n_unknown} of {len(clips)} clips are no candidates of this store, such as "
            f"{first}; their frame rates are not known. Use the store that the table came from, "
            "or admit the clips: curation candidates"
        )
    flagged = clip_audits.flagged(db)
    ids = known.set_index(clip_keys(known))["candidate_id"].reindex(clip_keys(clips))
    return clips.assign(
        candidate_id=ids.to_numpy(),
        frame_rate_hz=rates.to_numpy(),
        is_vfr=clip_keys(clips).isin(list(flagged["vfr"])),
        has_two_streams=clip_keys(clips).isin(list(flagged["two_video_streams"])),
        is_excluded=ids.isin(vettings.excluded(db)).to_numpy(),
        is_vetted=ids.isin(vettings.vetted(db)).to_numpy(),
    )
