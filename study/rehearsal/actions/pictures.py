"""What an event looks like at a moment; every movement follows the event's beats."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from study.rehearsal.actions.beats import Beats

Canvas = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]

BLACK: Colour = (20, 20, 20)
WHITE: Colour = (245, 245, 245)
_FAINT = 0.25  # of a thing that is still


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event stands in the picture, and in which colours.

    Parameters
    ----------
    size_px : float
        Its height; it is about as wide.
    """

    x_px: float
    y_px: float
    size_px: float
    main: Colour
    second: Colour

    def at(self, right: float, down: float) -> tuple[int, int]:
        """Return a point, given in halves of the size from the centre."""
        half = self.size_px / 2
        return round(self.x_px + right * half), round(self.y_px + down * half)

    def px(self, share: float) -> int:
        """Return a length, given in halves of the size; at least one pixel."""
        return max(1, round(share * self.size_px / 2))


Draw = Callable[[Canvas, Place, Beats, float], None]


def _dog(canvas: Canvas, place: Place, beats: Beats, time_s: float) -> None:
    """Draw a dog's head that opens its mouth with every bark."""
    level = beats.level(time_s)
    lift = -0.12 * level
    for side in (-1, 1):
        _ellipse(canvas, place, (0.62 * side, lift - 0.35), (0.22, 0.5), place.second, 15 * side)
    _ellipse(canvas, place, (0, lift), (0.68, 0.72), place.main)
    for side in (-1, 1):
        _ellipse(canvas, place, (0.26 * side, lift - 0.22), (0.1, 0.12), WHITE)
        _ellipse(canvas, place, (0.26 * side, lift - 0.2), (0.05, 0.06), BLACK)
    _ellipse(canvas, place, (0, lift + 0.22), (0.4, 0.34), place.second)
    _ellipse(canvas, place, (0, lift + 0.08), (0.14, 0.1), BLACK)
    _ellipse(canvas, place, (0, lift + 0.4), (0.26, 0.03 + 0.3 * level), (120, 20, 30))


def _wolf(canvas: Canvas, place: Place, beats: Beats, time_s: float) -> None:
    """Draw a wolf before the moon that lifts its head while it howls."""
    level = beats.level(time_s)
    _ellipse(canvas, place, (-0.2, -0.3), (0.6, 0.6), WHITE)
    raised = -0.15 - 0.55 * level
    body = [(-0.1, 1), (0.1, 0.0), (0.45, -0.1), (0.8, 0.4), (0.9, 1)]
    head = [(0.5, 0.1), (0.35, -0.35), (-0.35, raised - 0.12), (-0.3, raised + 0.02), (0.1, 0.1)]
    jaw = [(0.2, 0.15), (-0.25, raised + 0.1 + 0.25 * level), (0.1, -0.02)]
    ear = [(0.32, -0.3), (0.55, -0.6), (0.55, -0.1)]
    for shape in (body, head, jaw, ear):
        _polygon(canvas, place, shape, place.main)


def _drum(canvas: Canvas, place: Place, beats: Beats, time_s: float) -> None:
    """Draw a drum whose skin lights up under two sticks that strike in turn."""
    level = beats.level(time_s)
    _polygon(canvas, place, [(-0.8, 0), (0.8, 0), (0.65, 0.9), (-0.65, 0.9)], place.main)
    _ellipse(canvas, place, (0, 0.9), (0.65, 0.12), place.main)
    skin = _mix(place.second, WHITE, level)
    _ellipse(canvas, place, (0, 0.05 * level), (0.8, 0.24), skin)
    number = int(np.searchsorted(beats.times_s, time_s))
    for side in (-1, 1):
        strikes = level if number % 2 == (side > 0) else 0.0
        tip = (0.25 * side, -0.55 + 0.55 * strikes)
        _line(canvas, place, (0.95 * side, -0.9), tip, (190, 150, 90), 0.07)
        _ellipse(canvas, place, tip, (0.09, 0.09), WHITE)


def _pan(canvas: Canvas, place: Place, beats: Beats, time_s: float) -> None:
    """Draw a pan of fat with a growing bubble for every crackle."""
    _line(canvas, place, (0.6, -0.4), (1.15, -0.85), BLACK, 0.16)
    _ellipse(canvas, place, (0, 0), (0.9, 0.78), BLACK)
    _ellipse(canvas, place, (0, 0), (0.78, 0.67), place.main)
    for i in beats.going_on(time_s):
        angle, radius = 2 * math.pi * beats.places[i, 0], 0.7 * math.sqrt(beats.places[i, 1])
        at = (radius * math.cos(angle), 0.84 * radius * math.sin(angle))
        size = 0.03 + 0.13 * beats.strengths[i] * beats.progress(i, time_s)
        _ellipse(canvas, place, at, (size, size), place.second)
        _ellipse(canvas, place, at, (size, size), WHITE, outline=True)


def _laughing_face(canvas: Canvas, place: Place, beats: Beats, time_s: float) -> None:
    """Draw a face that shakes and opens its mouth with every syllable of a giggle."""
    level = beats.level(time_s)
    lift = -0.1 * level
    _ellipse(canvas, place, (0, lift), (0.75, 0.85), place.main)
    _ellipse(canvas, place, (0, lift - 0.6), (0.72, 0.35), place.second)
    for side in (-1, 1):
        eye = place.at(0.3 * side, lift - 0.12)
        cv2.ellipse(
            canvas, eye, (place.px(0.14), place.px(0.1)), 0, 180, 360, BLACK, place.px(0.05)
        )
        _ellipse(canvas, place, (0.5 * side, lift + 0.15), (0.14, 0.1), (235, 130, 130))
    _ellipse(canvas, place, (0, lift + 0.38), (0.36, 0.05 + 0.26 * level), (130, 20, 40))
    _line(canvas, place, (-0.3, lift + 0.34), (0.3, lift + 0.34), WHITE, 0.06)


def _jug(canvas: Canvas, place: Place, beats: Beats, time_s: float) -> None:
    """Draw a jug from which every gulp runs down into a glass that fills."""
    _polygon(canvas, place, [(-1, -0.95), (-0.3, -1), (-0.1, -0.6), (-0.75, -0.35)], place.second)
    _polygon(canvas, place, [(-0.2, 0), (0.6, 0), (0.5, 1), (-0.1, 1)], (205, 215, 220))
    filled = float(np.mean(beats.times_s <= time_s))
    top = 0.95 - 0.85 * filled
    _polygon(canvas, place, [(-0.15, top), (0.55, top), (0.48, 0.96), (-0.08, 0.96)], place.main)
    for i in beats.going_on(time_s):
        fallen = beats.progress(i, time_s)
        at = (-0.1 + 0.25 * math.sqrt(fallen), -0.7 + fallen * (top + 0.7))
        _ellipse(canvas, place, at, (0.06 + 0.05 * beats.strengths[i], 0.14), place.main)


def _rain(canvas: Canvas, place: Place, beats: Beats, time_s: float) -> None:
    """Draw a cloud, a streak for every drop, and the ring that it leaves in a puddle."""
    _ellipse(canvas, place, (0, 0.88), (1.0, 0.12), place.main)
    for i in beats.going_on(time_s):
        fallen, right = beats.progress(i, time_s), 2 * beats.places[i, 0] - 1
        if fallen < 0.6:
            down = -0.7 + 1.5 * fallen / 0.6
            _line(canvas, place, (right, down - 0.22), (right - 0.05, down), WHITE, 0.03)
        else:
            ring = 0.25 * (fallen - 0.6)
            at = (0.9 * right, 0.82 + 0.14 * beats.places[i, 1])
            _ellipse(canvas, place, at, (ring, 0.4 * ring), WHITE, outline=True)
    for right, size in ((-0.5, 0.36), (0.0, 0.46), (0.5, 0.36)):
        _ellipse(canvas, place, (right, -0.75), (size, 0.24), place.second)


def _stick(canvas: Canvas, place: Place, beats: Beats, time_s: float) -> None:
    """Draw a stick that taps on a board, with sparks at every knock."""
    level = beats.level(time_s)
    _polygon(canvas, place, [(-1, 0.6), (1, 0.6), (0.85, 0.95), (-0.85, 0.95)], place.main)
    tip = (-0.1, 0.05 + 0.52 * level)
    _line(canvas, place, (0.8, -0.9), tip, place.second, 0.16)
    _ellipse(canvas, place, tip, (0.14, 0.14), place.second)
    for angle in np.linspace(math.pi * 1.1, math.pi * 1.9, 5) if level > 0.3 else ():
        far = (tip[0] + 0.45 * math.cos(angle), 0.58 + 0.45 * math.sin(angle))
        _line(canvas, place, (tip[0], 0.55), far, WHITE, 0.03)


def _kettle(canvas: Canvas, place: Place, beats: Beats, time_s: float) -> None:
    """Draw a kettle whose steam leaves the spout while it whistles."""
    _ellipse(canvas, place, (-0.2, 0.45), (0.62, 0.5), place.main)
    _polygon(canvas, place, [(0.25, 0.35), (0.72, -0.15), (0.8, -0.05), (0.38, 0.6)], place.main)
    _ellipse(canvas, place, (-0.2, 0.0), (0.2, 0.08), place.second)
    _ellipse(canvas, place, (-0.2, -0.1), (0.55, 0.42), place.second, outline=True)
    for i in beats.going_on(time_s):
        for step in range(5):
            far = (beats.progress(i, time_s) * 2 + step / 5) % 1
            size = 0.06 + 0.2 * far * beats.strengths[i]
            _ellipse(canvas, place, (0.8 + 0.2 * far, -0.15 - 0.8 * far), (size, size), WHITE)


def _balloon(canvas: Canvas, place: Place, beats: Beats, time_s: float) -> None:
    """Draw a balloon that grows with every breath blown into it."""
    blown = sum(
        beats.strengths[i] * min(1.0, max(0.0, beats.progress(i, time_s)))
        for i in range(len(beats.times_s))
    )
    size = 0.3 + 0.5 * blown / beats.strengths.sum()
    _polygon(canvas, place, [(-0.2, 1), (0.2, 1), (0.05, 0.6), (-0.05, 0.6)], place.second)
    _ellipse(canvas, place, (0, 0.7 - size), (0.85 * size, size), place.main)
    _ellipse(canvas, place, (-0.3 * size, 0.7 - 1.4 * size), (0.12, 0.18), WHITE)


def _lamp(canvas: Canvas, place: Place, beats: Beats, time_s: float) -> None:
    """Draw a warning lamp that flashes with every wail of its siren."""
    level = beats.level(time_s)
    colour = _mix(place.main, WHITE, 0.6 * level)
    if level > _FAINT:
        _ellipse(canvas, place, (0, 0), (0.5 + 0.5 * level, 0.5 + 0.5 * level), place.second)
    _ellipse(canvas, place, (0, 0.1), (0.45, 0.6), colour)
    _polygon(canvas, place, [(-0.7, 0.5), (0.7, 0.5), (0.8, 0.9), (-0.8, 0.9)], BLACK)


def _ball(canvas: Canvas, place: Place, beats: Beats, time_s: float) -> None:
    """Draw a ball that lies on the ground at every knock and in the air between two."""
    _line(canvas, place, (-1, 0.93), (1, 0.93), BLACK, 0.06)
    next_one = int(np.searchsorted(beats.times_s, time_s, side="right"))
    start = beats.times_s[next_one - 1] if next_one > 0 else time_s - 0.3
    end = beats.times_s[next_one] if next_one < len(beats.times_s) else start + 0.6
    share = min(1.0, (time_s - start) / max(end - start, 1e-3))
    height = 4 * share * (1 - share) if next_one > 0 else 1 - share
    _ellipse(canvas, place, (0, 0.6 - 1.2 * height), (0.3, 0.3), place.main)
    _ellipse(canvas, place, (-0.08, 0.52 - 1.2 * height), (0.08, 0.08), place.second)


def _bell(canvas: Canvas, place: Place, beats: Beats, time_s: float) -> None:
    """Draw a bell that swings out with every stroke."""
    level = beats.level(time_s)
    number = int(np.searchsorted(beats.times_s, time_s))
    sway = 0.35 * level * (1 if number % 2 else -1)
    outline = [(-0.15, -0.8), (0.15, -0.8), (0.5 + sway, 0.5), (-0.5 + sway, 0.5)]
    _ellipse(canvas, place, (1.4 * sway, 0.6), (0.13, 0.13), place.second)
    _polygon(canvas, place, outline, place.main)
    _ellipse(canvas, place, (sway, 0.5), (0.58, 0.12), place.main)


def _ellipse(
    canvas: Canvas,
    place: Place,
    at: tuple[float, float],
    radii: tuple[float, float],
    colour: Colour,
    angle: float = 0,
    *,
    outline: bool = False,
) -> None:
    axes = (place.px(radii[0]), place.px(radii[1]))
    thickness = place.px(0.03) if outline else cv2.FILLED
    centre = place.at(*at)
    cv2.ellipse(canvas, centre, axes, angle, 0, 360, colour, thickness, cv2.LINE_AA)


def _line(
    canvas: Canvas,
    place: Place,
    start: tuple[float, float],
    end: tuple[float, float],
    colour: Colour,
    width: float,
) -> None:
    thickness = place.px(width)
    cv2.line(canvas, place.at(*start), place.at(*end), colour, thickness, cv2.LINE_AA)


def _polygon(
    canvas: Canvas, place: Place, corners: list[tuple[float, float]], colour: Colour
) -> None:
    points: npt.NDArray[Any] = np.array([place.at(*corner) for corner in corners], dtype=np.int32)
    cv2.fillPoly(canvas, [points], colour, cv2.LINE_AA)


def _mix(colour: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + share * (b - a)) for a, b in zip(colour, other, strict=True))
    return red, green, blue


# Every drawing takes a canvas to draw on, a place, the beats and the time in seconds.
DRAWINGS: dict[str, Draw] = {
    "dog": _dog,
    "wolf": _wolf,
    "drum": _drum,
    "pan": _pan,
    "laughing_face": _laughing_face,
    "jug": _jug,
    "rain": _rain,
    "stick": _stick,
    "kettle": _kettle,
    "balloon": _balloon,
    "lamp": _lamp,
    "ball": _ball,
    "bell": _bell,
}
