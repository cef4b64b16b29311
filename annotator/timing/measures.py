"""The timing of sessions: offsets, dropped frames, waits, from the evidence in the store.

Pure: tidy frames in, tidy frames out. All times are the software's own: a flip counts when the
graphics driver returned from it, a sound when the sound driver says that it began.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from annotator.rig.grades import LIMITS, UNGRADED, robust_sd
from annotator.timing.columns import SUMMARY, WARNINGS
from study.errors import StoreError

OFFSET_LIMIT_MS = LIMITS["av_offset"].b
# What half of all people notice, sound leading or following (ITU-R BT.1359-1).
NOTICED_MS = (-45.0, 125.0)
WAIT_MEDIAN_LIMIT_MS, WAIT_P95_LIMIT_MS = 100.0, 250.0
WARNING_LIMIT_FRAMES = 2.0
SHORT_ID = 8
NEXT_CLIP, REPLAY = "next clip", "replay"
_ASSUMED_PERIOD_S = 1 / 60  # where a session does not say its refresh


@dataclass(frozen=True, slots=True)
class TimingEvidence:
    """The stored evidence of some sessions.

    Parameters
    ----------
    sessions : DataFrame
        From `study.store.ratings.evidence.sessions`, with the columns of `described`.
    trials, presentations, presses : DataFrame
        From the functions of the same names in `study.store.ratings.evidence`.
    """

    sessions: pd.DataFrame
    trials: pd.DataFrame
    presentations: pd.DataFrame
    presses: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Timing:
    """What was found.

    Parameters
    ----------
    overall : dict of str to float
        `SUMMARY` over all sessions.
    sessions : DataFrame
        The described sessions, each with its `SUMMARY`.
    rigs : DataFrame
        Column ``host`` and `SUMMARY`, one row per machine.
    presentations : DataFrame
        What was played, with the columns of `measured`.
    warnings : DataFrame
        Early presses with ``session_id, host, delay_frames``.
    failures : DataFrame
        Trials whose clip could not be shown.
    """

    overall: Mapping[str, float]
    sessions: pd.DataFrame
    rigs: pd.DataFrame
    presentations: pd.DataFrame
    warnings: pd.DataFrame
    failures: pd.DataFrame


def described(sessions: pd.DataFrame) -> pd.DataFrame:
    """Add what is needed to read a session's times.

    Returns sessions with ``period_s`` (of the screen's refresh), ``grade`` (of the rig; empty for
    none) and ``flags`` (what makes the times worth less; empty for none).

    Parameters
    ----------
    sessions : DataFrame
        From `study.store.ratings.evidence.sessions`.
    """
    rigs = [rig or {} for rig in sessions["rig"]]
    screens = [rig.get("screen") or {} for rig in rigs]
    profiles = sessions["simulated_profile"].fillna("")
    return sessions.assign(
        period_s=[screen.get("period_s") or _ASSUMED_PERIOD_S for screen in screens],
        grade=[rig.get("grade") or "" for rig in rigs],
        flags=[
            ", ".join(_flags(profile, rig, screen))
            for profile, rig, screen in zip(profiles, rigs, screens, strict=True)
        ],
    )


def _flags(profile: str, rig: Mapping[str, Any], screen: Mapping[str, Any]) -> list[str]:
    found = {
        f"simulated person ({profile})": bool(profile),
        "virtual screen": bool(screen.get("is_virtual")),
        "ungraded rig": rig.get("grade") == UNGRADED,
    }
    return [flag for flag, is_set in found.items() if is_set]


def chosen(
    sessions: pd.DataFrame, prefixes: Sequence[str] = (), participant_id: str | None = None
) -> pd.DataFrame:
    """Return the sessions that were asked for, and whose clips were shown in a window.

    Raises StoreError if there are none, or a beginning fits no session or more than one.

    Parameters
    ----------
    sessions : DataFrame
        From `study.store.ratings.evidence.sessions`.
    prefixes : sequence of str
        Beginnings of session ids; none for all sessions.
    participant_id : str or None
        Whose sessions; None for everybody's.
    """
    windows = sessions[sessions["stage"] == "window"]
    if windows.empty:
        raise StoreError(
            "no session has been run in a window yet, so there are no times to report. Run one: "
            "python -m annotator --participant P03"
        )
    if participant_id is not None:
        windows = windows[windows["participant_id"] == participant_id]
        if windows.empty:
            raise StoreError(
                f"participant {participant_id} has no session in a window. "
                "See who has: python -m annotator timing-report"
            )
    if prefixes:
        windows = windows[windows["session_id"].isin([_only(windows, p) for p in prefixes])]
    return windows.reset_index(drop=True)


def _only(sessions: pd.DataFrame, prefix: str) -> str:
    found = sessions.loc[sessions["session_id"].str.startswith(prefix), "session_id"].tolist()
    if len(found) == 1:
        return str(found[0])
    if not found:
        known = ", ".join(sessions["session_id"].str[:SHORT_ID].tail(5))
        raise StoreError(f"no session begins with {prefix}. The last ones are {known}")
    raise StoreError(f"{len(found)} sessions begin with {prefix}. Give more of the id")


def timing(evidence: TimingEvidence) -> Timing:
    """Calculate the timing of sessions."""
    shown = measured(evidence)
    warned = warnings(evidence)
    hosts = evidence.sessions[["session_id", "host"]]
    trials = evidence.trials.merge(hosts, on="session_id")
    sessions = summaries(shown, warned, trials, "session_id")
    rigs = summaries(shown, warned, trials, "host")
    return Timing(
        overall=_summary(shown, warned, trials),
        # A session whose welcome was the last thing to be seen has no trials, but is told.
        sessions=evidence.sessions.merge(sessions, on="session_id", how="left"),
        rigs=rigs,
        presentations=shown,
        warnings=warned,
        failures=trials[trials["outcome"] == "failed"].reset_index(drop=True),
    )


def measured(evidence: TimingEvidence) -> pd.DataFrame:
    """Add to every presentation the measures that are summarised.

    Returns the presentations with ``host``, ``offset_ms`` (sound minus picture; missing where the
    sound's start is not known, or was why playing broke off), ``asked_by`` ("next clip" after a
    rating, "replay" after space), ``wait_ms`` (from that key to the first frame) and ``n_flips``
    (that fit into the time of playing).
    """
    shown = evidence.presentations.merge(
        evidence.sessions[["session_id", "host", "period_s"]], on="session_id"
    )
    disturbed = shown["disturbed"].fillna(value=False).astype(bool)
    asked = shown["asked_s"].notna()
    playing_s = shown["offset_s"].astype(float) - shown["onset_s"].astype(float)
    return shown.assign(
        disturbed=disturbed,
        offset_ms=1000 * shown["av_offset_s"].astype(float).mask(disturbed),
        asked_by=np.where(~asked, "", np.where(shown["number"] == 1, NEXT_CLIP, REPLAY)),
        wait_ms=1000 * (shown["onset_s"].astype(float) - shown["asked_s"].astype(float)),
        n_flips=np.maximum(1, np.round(playing_s / shown["period_s"])),
    )


def warnings(evidence: TimingEvidence) -> pd.DataFrame:
    """Return the presses that came too early, and how long their warnings took.

    Returns columns `WARNINGS`; missing where the warning never came to the screen.
    """
    early = evidence.presses[evidence.presses["early"].astype(bool)].merge(
        evidence.sessions[["session_id", "host", "period_s"]], on="session_id"
    )
    delay_s = early["warned_s"].astype(float) - early["t_s"].astype(float)
    found = early.assign(delay_ms=1000 * delay_s, delay_frames=delay_s / early["period_s"])
    return found[list(WARNINGS)]


def summaries(
    shown: pd.DataFrame, warned: pd.DataFrame, trials: pd.DataFrame, by: str
) -> pd.DataFrame:
    """Summarise, one row per session or rig that has trials.

    Returns column `by` and `SUMMARY`.

    Parameters
    ----------
    shown : DataFrame
        From `measured`.
    warned : DataFrame
        From `warnings`.
    by : {"session_id", "host"}
        What a row stands for.
    """
    keys = list(dict.fromkeys(trials[by]))
    rows = [
        {by: key, **_summary(*(each[each[by] == key] for each in (shown, warned, trials)))}
        for key in keys
    ]
    return pd.DataFrame(rows, columns=[by, *SUMMARY])


def _summary(shown: pd.DataFrame, warned: pd.DataFrame, trials: pd.DataFrame) -> dict[str, float]:
    offsets_ms = shown["offset_ms"].dropna()
    next_ms = shown.loc[shown["asked_by"] == NEXT_CLIP, "wait_ms"]
    replay_ms = shown.loc[shown["asked_by"] == REPLAY, "wait_ms"]
    n_shown, n_dropped = shown["n_frames_shown"].sum(), shown["n_frames_dropped"].sum()
    return {
        "n_trials": len(trials),
        "n_presentations": len(shown),
        "offset_median_ms": offsets_ms.median(),
        "offset_spread_ms": robust_sd(offsets_ms),
        "offset_outside_percent": _percent((offsets_ms.abs() > OFFSET_LIMIT_MS).mean()),
        "offset_noticed_percent": _percent((~offsets_ms.between(*NOTICED_MS)).mean()),
        "n_frames_shown": int(n_shown),
        "n_frames_dropped": int(n_dropped),
        "dropped_percent": _percent(_ratio(n_dropped, n_shown + n_dropped)),
        "n_flips_late": int(shown["n_frames_late"].sum()),
        "late_percent": _percent(_ratio(shown["n_frames_late"].sum(), shown["n_flips"].sum())),
        "n_xruns": int(shown["n_xruns"].sum()),
        "n_restarts": int(shown["disturbed"].sum()),
        "n_next_clip": len(next_ms),
        "next_clip_median_ms": next_ms.median(),
        "next_clip_p95_ms": float(next_ms.quantile(0.95)),
        "n_replay": len(replay_ms),
        "replay_median_ms": replay_ms.median(),
        "replay_p95_ms": float(replay_ms.quantile(0.95)),
        "n_early_presses": len(warned),
        "warning_median_frames": warned["delay_frames"].median(),
        "warning_p95_frames": float(warned["delay_frames"].quantile(0.95)),
        "n_failures": int((trials["outcome"] == "failed").sum()),
    }


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def _percent(share: float) -> float:
    return 100 * share
