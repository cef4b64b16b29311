"""How long before its start a sound has to be scheduled: found by check-rig, used by sessions."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from annotator.window.sound.paths import rig_clock
from study.store.ratings.rig_checks import VALID_FOR, RigCheck

if TYPE_CHECKING:
    from annotator.window.sound.paths import SoundPath

MEASUREMENT = "sound_lead"
TRIED_S = (0.004, 0.006, 0.008, 0.01, 0.0125, 0.015, 0.0175, 0.02, 0.025, 0.03, 0.04, 0.06, 0.1)
N_STARTS = 15  # all of them on time
TOLERANCE_S = 0.001
SMALLEST_MARGIN_S = 0.002
_PATIENCE_S = 1.0
_DEVICE = ("path", "device", "sample_rate_hz")


@dataclass(frozen=True, slots=True)
class SafeLead:
    """A lead that was found safe for one device.

    Parameters
    ----------
    lead_s : float
        How long before its start a sound is scheduled.
    device : dict
        Path, device and rate for which it was found.
    """

    lead_s: float
    device: Mapping[str, Any]

    def holds_for(self, facts: Mapping[str, Any]) -> bool:
        """Return whether a session's sound device is the one that was measured."""
        return all(self.device.get(key) == facts.get(key) for key in _DEVICE)


def safe_lead_s(sound: "SoundPath", sample_rate_hz: int) -> float | None:
    """Find the shortest lead with which all of many sounds begin on time, and add a margin.

    Returns seconds, with a margin of one buffer of the driver; None where none of a tenth of a
    second or less is safe.
    """
    silence = np.zeros((sample_rate_hz // 50, 2), dtype=np.float32)
    buffer_s = float(sound.facts()["buffer_size"]) / sample_rate_hz
    margin_s = max(SMALLEST_MARGIN_S, buffer_s)
    for lead_s in TRIED_S:
        if all(_is_on_time(sound, silence, lead_s) for _ in range(N_STARTS)):
            return lead_s + margin_s
    return None


def lead_of(check: RigCheck | None, *, at: datetime) -> SafeLead | None:
    """Return the lead that a machine's last check found safe.

    Returns None where there is none, or the check is no longer valid.
    """
    if check is None or at - check.checked_at > VALID_FOR:
        return None
    value_ms = check.measurements.get(MEASUREMENT, {}).get("value")
    if not isinstance(value_ms, int | float):
        return None  # a check of an older version
    return SafeLead(value_ms / 1000, check.rig.get("sound", {}))


def _is_on_time(sound: "SoundPath", silence: Any, lead_s: float) -> bool:  # noqa: ANN401
    now = rig_clock()
    sound.load(silence)
    time.sleep(lead_s)  # whatever loading has begun, is over
    requested_s = now() + lead_s
    sound.start_at(requested_s)
    give_up_s = time.monotonic() + _PATIENCE_S
    while (started_s := sound.started_s()) is None and time.monotonic() < give_up_s:
        time.sleep(0.002)
    time.sleep(len(silence) / sound.facts()["sample_rate_hz"])
    sound.stop()
    return started_s is not None and abs(started_s - requested_s) < TOLERANCE_S
