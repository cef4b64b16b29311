"""Where sound belongs: its time stamps tell gaps, and are rounded."""

from collections.abc import Sequence
from dataclasses import dataclass

# Below this a stamp is taken for one that a device or a muxer was not exact with.
_SLACK_S = 0.00025
_COARSEST_S = 0.0005  # half of the coarsest rounding of a usual container, 1 ms in Matroska
_N_THAT_AGREE = 3  # one frame with a wrong stamp moves nothing


@dataclass(frozen=True, slots=True)
class Stretch:
    """Sound without a gap.

    Parameters
    ----------
    first : int
        Its first frame.
    begin_s : float
        When that is due, on the file's clock.
    """

    first: int
    begin_s: float


def stretches(
    times_s: Sequence[float | None], lengths_s: Sequence[float], tick_s: float
) -> list[Stretch]:
    """Cut a row of frames where their time stamps leave a gap or jump back.

    What follows a frame without a gap is due when that frame is over. A stamp agrees with this if
    it is no farther away than rounding to the container's clock explains; where it and the next
    ones are farther away, all to one side, a new stretch begins.

    There is at least one if there is a frame, the first from frame 0 on; each begins in the middle
    of what its stamps allow.

    Parameters
    ----------
    times_s : sequence of float or None
        The stamp of each frame; None for one that has none and follows the frame before.
    lengths_s : sequence of float
        How long each frame sounds.
    """
    slack_s = min(tick_s / 2, _COARSEST_S) + _SLACK_S
    found: list[Stretch] = []
    first, elapsed_s, low_s, high_s = 0, 0.0, float("-inf"), float("inf")
    for place, (time_s, length_s) in enumerate(zip(times_s, lengths_s, strict=True)):
        if time_s is not None:
            begin_s = time_s - elapsed_s  # of this stretch, by this stamp
            side = _side(begin_s, low_s - slack_s, high_s + slack_s)
            if side == 0:
                low_s, high_s = max(low_s, begin_s - slack_s), min(high_s, begin_s + slack_s)
            elif _next_agree(
                times_s, lengths_s, place, elapsed_s, low_s - slack_s, high_s + slack_s, side
            ):
                found.append(Stretch(first, (low_s + high_s) / 2))
                first, elapsed_s = place, 0.0
                low_s, high_s = time_s - slack_s, time_s + slack_s
        elapsed_s += length_s
    if times_s:
        found.append(Stretch(first, (low_s + high_s) / 2 if high_s < float("inf") else 0.0))
    return found


def _next_agree(
    times_s: Sequence[float | None],
    lengths_s: Sequence[float],
    place: int,
    elapsed_s: float,
    low_s: float,
    high_s: float,
    side: int,
) -> bool:
    for ahead in range(place, min(place + _N_THAT_AGREE, len(times_s))):
        time_s = times_s[ahead]
        if time_s is not None and _side(time_s - elapsed_s, low_s, high_s) != side:
            return False
        elapsed_s += lengths_s[ahead]
    return True


def _side(value: float, low: float, high: float) -> int:
    return int(value > high) - int(value < low)
