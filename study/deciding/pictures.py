"""Which clips have a picture that the test set accepts."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from study.config.protocol import Protocol
from study.reading.clip_keys import key_of
from study.store import Db
from study.store.clips import candidates, clip_audits


def picture_facts(db: Db, protocol: Protocol) -> pd.DataFrame:
    """Return what the filter of the test set asks of pictures, of every candidate.

    Parameters
    ----------
    protocol : Protocol
        Says which frame rate of a clip counts: the average, or the one that most frames have.

    Returns
    -------
    DataFrame
        Columns ``frame_rate_hz, is_vfr, has_two_streams`` by ``candidate_id``.
    """
    known = candidates.frame(db)
    pairs = zip(known["video_location"], known["filename"], strict=True)
    keys = [key_of(*pair) for pair in pairs]
    flagged = clip_audits.flagged(db)
    vfr, two = (_keys(flagged[flag]) for flag in ("vfr", "two_video_streams"))
    rates = known["frame_rate_hz"].to_numpy(dtype=float)
    is_vfr = np.array([key in vfr for key in keys], dtype=bool)
    if protocol.test_max_odd_steps is not None:
        # Clips that were audited before steps were counted go on with what was found then.
        steps = clip_audits.steps(db)
        steps.index = pd.Index([key_of(*pair) for pair in steps.index], tupleize_cols=False)
        steps = steps[~steps.index.duplicated()].reindex(pd.Index(keys, tupleize_cols=False))
        is_odd = (steps["n_odd_steps"] > protocol.test_max_odd_steps).to_numpy()
        is_vfr = np.where(steps["n_odd_steps"].isna().to_numpy(), is_vfr, is_odd)
        usual = steps["usual_frame_rate_hz"].to_numpy(dtype=float)
        rates = np.where(np.isnan(usual), rates, usual)
    return pd.DataFrame(
        {
            "frame_rate_hz": rates,
            "is_vfr": is_vfr,
            "has_two_streams": [key in two for key in keys],
        },
        index=pd.Index(known["candidate_id"], name="candidate_id"),
    )


def has_test_picture(facts: pd.DataFrame, protocol: Protocol) -> pd.Series:
    """Return which clips the filter of the test set lets through by their pictures.

    Parameters
    ----------
    facts : DataFrame
        From `picture_facts`.
    """
    rates = has_frame_rate(
        facts["frame_rate_hz"], protocol.test_frame_rates_hz, protocol.test_frame_rate_tolerance_hz
    )
    return rates & ~facts["is_vfr"].astype(bool) & ~facts["has_two_streams"].astype(bool)


def has_frame_rate(
    frame_rates_hz: pd.Series, accepted_hz: Sequence[float], tolerance_hz: float
) -> pd.Series:
    """Return which clips have one of the accepted frame rates.

    Parameters
    ----------
    frame_rates_hz : Series of float
        Frame rate per clip; unknown ones are not accepted.
    accepted_hz : sequence of float
        Such as 29.97 and 30.
    tolerance_hz : float
        How far from one of these a rate may be, such as `Protocol.test_frame_rate_tolerance_hz`.

    Notes
    -----
    Paper: Test Set, video filtering ("a visual frame rate of 30fps").
    """
    rates = frame_rates_hz.to_numpy(dtype=float)[:, None]
    near = np.abs(rates - np.asarray(accepted_hz, dtype=float)[None, :]) <= tolerance_hz
    return pd.Series(near.any(axis=1), index=frame_rates_hz.index)


def _keys(pairs: set[tuple[str, str]]) -> set[tuple[str, str]]:
    return {key_of(*pair) for pair in pairs}
