"""What trials of all phases have in common: who, when, on which rig, how the clip was played."""

from collections.abc import Mapping

import pandas as pd

from study.config.study import Study
from study.store import Db, studies
from study.store.ratings import playings


def common_cells(
    db: Db, study: Study, phase: str, trials: pd.DataFrame, names: Mapping[str, str]
) -> dict[str, "pd.Series | str"]:
    """Return the cells that every trial has.

    Parameters
    ----------
    trials : DataFrame
        One row per rating or answer with its evidence, in the order in which they were given.
    names : mapping of str to str
        Pseudonyms by participant.

    Raises
    ------
    ValueError
        If somebody has none.
    """
    people = trials["participant_id"].map(names)
    if people.isna().any():
        raise ValueError("a participant has no pseudonym")
    return {
        "participant": people,
        "phase": phase,
        "attempt": trials["attempt"].astype("Int64"),
        "day": _days(db, study, trials["started_at"]),
        "session": _sessions(trials),
        "trial_number": trials["trial_number"].astype(int),
        "position": trials.groupby("participant_id").cumcount() + 1,
        **_times(trials),
        **_played(trials),
        "n_early_presses": trials["n_early_presses"].astype(int),
        "bonus_pence": trials["bonus_pence"].astype(int),
        "rig_grade": trials["grade"].where(trials["grade"].isin(["A", "B", "C"]), "ungraded"),
        "simulated": trials["is_simulated"].astype(bool),
        "flags": trials["doubts"].map(";".join).replace("", None),
    }


def _times(trials: pd.DataFrame) -> dict[str, pd.Series]:
    rt_s = trials["rt_s"].astype(float).round(6)
    interrupted_s = trials["interrupted_s"].astype("Float64").astype(float).round(6)
    return {
        "rt_s": rt_s,
        "rt_with_interruptions_s": (rt_s + interrupted_s).round(6),
        "interrupted_s": interrupted_s,
        "n_interruptions": trials["n_interruptions"].astype("Int64"),
    }


def _played(trials: pd.DataFrame) -> dict[str, pd.Series]:
    names = {"n_frames_shown": "n_frames_shown", "n_frames_dropped": "n_frames_dropped",
             "n_xruns": "n_sound_gaps"}  # fmt: skip
    counts = {new: trials[old].astype("Int64") for old, new in names.items()}
    everything = {
        name: trials[name].fillna(0).astype(int) for name in ("n_presentations", "n_frames_late")
    }
    return {"av_offset_s": trials["av_offset_s"].astype(float).round(6), **counts, **everything}


def _days(db: Db, study: Study, started: pd.Series) -> pd.Series:
    # By UTC, which is the same on every machine that makes the release.
    first = pd.Timestamp(studies.identity(db, study).created_at).tz_convert("UTC")
    began = playings.first_start(db)
    if began is not None:
        first = min(first, began.tz_convert("UTC"))
    days = pd.to_datetime(started, utc=True).dt.floor("D")
    return (days - first.floor("D")).dt.days.astype("Int64")


def _sessions(trials: pd.DataFrame) -> pd.Series:
    sessions = trials[["participant_id", "session_id", "started_at"]].drop_duplicates("session_id")
    sessions = sessions.sort_values(["participant_id", "started_at", "session_id"])
    number = sessions.groupby("participant_id").cumcount() + 1
    of_session = dict(zip(sessions["session_id"], number, strict=True))
    return trials["session_id"].map(of_session).astype("Int64")
