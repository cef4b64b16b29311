"""Grades of a rig: measurements and limits."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from study.errors import StageError
from study.store.ratings.rig_checks import VALID_FOR, RigCheck
from study.tools.local_time import local_day

GRADES = ("A", "B", "C")
UNGRADED = "ungraded"
_SD_OF_MAD = 1.4826  # makes the median deviation comparable to a standard deviation


@dataclass(frozen=True, slots=True)
class Limit:
    """The limits of a measurement for each grade.

    Parameters
    ----------
    a, b : float
        At most this for an A, for a B; anything worse is a C.
    advice : str
        What to change for a better grade.
    """

    name: str
    unit: str
    a: float
    b: float
    advice: str


# Better than what people notice (45 ms of leading sound, ITU-R BT.1359) by a wide margin.
LIMITS = {
    limit.name: limit
    for limit in (
        Limit(
            "flip_jitter",
            "ms",
            0.5,
            2.0,
            "Switch the compositor off, fill the screen, use the graphics card's own driver.",
        ),
        Limit(
            "late_flips",
            "% of flips",
            0.5,
            2.0,
            "Close other programs; use the graphics card's own driver.",
        ),
        Limit(
            "upload",
            "% of a refresh",
            25.0,
            60.0,
            "Make screen.max_clip_width_px and max_clip_height_px smaller.",
        ),
        Limit(
            "sound_start_error",
            "ms",
            1.0,
            5.0,
            "Give the annotator real-time priority, or use another sound device.",
        ),
        Limit(
            "sound_start_spread",
            "ms",
            1.0,
            3.0,
            "Close other programs that play sound; use wired headphones, not Bluetooth.",
        ),
        Limit(
            "av_offset",
            "ms",
            10.0,
            20.0,
            "Use another sound device, and switch off the picture processing of the screen.",
        ),
        Limit(
            "keyboard_path",
            "ms",
            5.0,
            15.0,
            "Close other programs; use a desktop without input methods and accessibility keys.",
        ),
        Limit("disk", "GB short of 1", 0.0, 0.9, "Free some space on the disk of the store."),
    )
}


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measured value with its grade.

    Parameters
    ----------
    name : str
        As in `LIMITS`, or a plain observation.
    value : float, str or None
        What was found; None where it could not be measured.
    grade : str
        ``"A"``, ``"B"``, ``"C"``, or ``"not applicable"``.
    advice : str
        What to change; empty for an A.
    """

    name: str
    value: float | str | None
    unit: str
    grade: str
    advice: str


NOT_APPLICABLE = "not applicable"


def graded(name: str, value: float, *, applicable: bool = True) -> Measurement:
    """Grade a value.

    Parameters
    ----------
    name : str
        A key of `LIMITS`.
    applicable : bool
        False where the rig cannot have such a property, such as the refresh of a virtual screen.

    Examples
    --------
    >>> graded("late_flips", 1.0).grade
    'B'
    """
    limit = LIMITS[name]
    if not applicable:
        return Measurement(name, round(value, 3), limit.unit, NOT_APPLICABLE, "")
    grade = "A" if value <= limit.a else "B" if value <= limit.b else "C"
    advice = "" if grade == "A" else limit.advice
    return Measurement(name, round(value, 3), limit.unit, grade, advice)


def observed(name: str, value: str | None, *, advice: str = "") -> Measurement:
    """Return something that is reported but not graded."""
    return Measurement(name, value, "", NOT_APPLICABLE, advice)


def overall(measurements: Sequence[Measurement], *, is_virtual: bool) -> str:
    """Return the grade of a rig: the worst of all that apply.

    Parameters
    ----------
    measurements : sequence of Measurement
        From `graded` and `observed`.
    is_virtual : bool
        Whether nobody can see the screen; such a rig has no grade.
    """
    if is_virtual:
        return NOT_APPLICABLE
    return max((m.grade for m in measurements if m.grade in GRADES), default="C")


def as_table(measurements: Sequence[Measurement]) -> dict[str, Any]:
    """Return measurements by name, ready for JSON."""
    return {m.name: asdict(m) for m in measurements}


def require_grade(
    check: RigCheck | None, *, host: str, at: datetime, ungraded_allowed: bool
) -> str:
    """Return the grade to store with a session, or refuse to start one.

    Returns ``"A"``, ``"B"`` or ``"ungraded"``. Raises StageError if the rig was never checked, too
    long ago, or was found too poor.

    Parameters
    ----------
    ungraded_allowed : bool
        Whether a session may start all the same; its data are then flagged.
    """
    if check is None:
        problem = f"the rig {host} has not been checked"
    elif at - check.checked_at > VALID_FOR:
        problem = (
            f"the rig {host} was checked on {local_day(check.checked_at)}, and a check is valid "
            f"for {VALID_FOR.days} days"
        )
    elif check.grade == NOT_APPLICABLE:
        why = check.rig.get("screen", {}).get("virtual_because")
        problem = _on_virtual_screen(host, why)
    elif check.grade == "C":
        problem = (
            f"the rig {host} got grade C on {local_day(check.checked_at)} and A or B is needed"
        )
    else:
        return check.grade
    return _ungraded(problem, allowed=ungraded_allowed)


def require_real_screen(
    grade: str, screen: Mapping[str, Any], *, host: str, ungraded_allowed: bool
) -> str:
    """Return the grade of a session whose window is open, or refuse to go on.

    Returns ``"A"``, ``"B"`` or ``"ungraded"``; the last on every virtual screen. Raises StageError
    if the screen is virtual.

    Parameters
    ----------
    grade : str
        From `require_grade`: of the rig's last check, which may have been on another screen.
    ungraded_allowed : bool
        Whether a session may go on all the same; its data are then flagged.
    """
    if not screen.get("is_virtual"):
        return grade
    problem = _on_virtual_screen(host, screen.get("virtual_because"))
    return _ungraded(problem, allowed=ungraded_allowed)


def _on_virtual_screen(host: str, why: str | None) -> str:
    because = f" ({why})" if why else ""
    return f"the rig {host} has a virtual screen{because}, which cannot be seen or graded"


def _ungraded(problem: str, *, allowed: bool) -> str:
    if allowed:
        return UNGRADED
    raise StageError(
        f"{problem}. Run: python -m annotator check-rig; or start with --ungraded, and the "
        "session's data are flagged"
    )


def robust_sd(values: ArrayLike) -> float:
    """Return a standard deviation that single outliers do not move.

    Returns
    -------
    float
        1.4826 times the median distance from the median; NaN is left out, and comes of no values.

    Examples
    --------
    >>> round(robust_sd([1.0, 2.0, 3.0, 4.0, 900.0]), 4)
    1.4826
    """
    known = np.asarray(values, dtype=float)
    known = known[~np.isnan(known)]
    if not len(known):
        return float("nan")
    return float(_SD_OF_MAD * np.median(np.abs(known - np.median(known))))
