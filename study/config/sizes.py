"""How large things stand on a screen: pixels out of `study.toml`, and degrees of visual angle."""

import math
from dataclasses import dataclass

from study.config.screen import AUTO_HEIGHT_PX, Screen


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sizes on one screen.

    Parameters
    ----------
    max_clip_width_px, max_clip_height_px : int
        The box that clips fit into.
    clip_scale : float
        Pixels of the screen for each pixel of a clip that is smaller than the box; infinite where
        every clip fills the box.
    """

    margin_px: int
    max_clip_width_px: int
    max_clip_height_px: int
    text_height_px: int
    clip_scale: float

    def scale_of(self, width_px: float, height_px: float) -> float:
        """Return how many times its own size a clip is shown.

        Examples
        --------
        >>> Sizes(40, 640, 480, 40, 1.0).scale_of(1280, 720), Sizes(
        ...     80, 1280, 960, 80, 2.0
        ... ).scale_of(320, 240)
        (0.5, 2.0)
        """
        return min(
            self.clip_scale,
            self.max_clip_width_px / width_px,
            self.max_clip_height_px / height_px,
        )

    def as_json(self) -> dict[str, float | None]:
        """Return what decides how large clips are, as a session's rig keeps it.

        Where every clip fills its box the scale is None, because JSON has no infinity.
        """
        return {
            "max_clip_width_px": self.max_clip_width_px,
            "max_clip_height_px": self.max_clip_height_px,
            "clip_scale": self.clip_scale if math.isfinite(self.clip_scale) else None,
        }


def sizes_on(screen: Screen, height_px: int, monitor_width_px: int) -> Sizes:
    """Return the sizes that a study asks for.

    Parameters
    ----------
    height_px : int
        Height of the window, from which an automatic scale follows.
    monitor_width_px : int
        Width of the whole screen, which is ``width_cm`` wide.
    """
    if screen.units == "deg":
        px, distance_cm = px_per_cm(screen, monitor_width_px), screen.viewing_distance_cm or 0.0
        return Sizes(
            _whole(px * cm_of(screen.margin_deg, distance_cm)),
            _whole(px * cm_of(screen.max_clip_width_deg, distance_cm)),
            _whole(px * cm_of(screen.max_clip_height_deg, distance_cm)),
            _whole(px * cm_of(screen.text_height_deg, distance_cm)),
            clip_scale=math.inf,
        )
    scale = height_px / AUTO_HEIGHT_PX if screen.scale == "auto" else screen.scale
    return Sizes(
        _whole(scale * screen.margin_px),
        _whole(scale * screen.max_clip_width_px),
        _whole(scale * screen.max_clip_height_px),
        _whole(scale * screen.text_height_px),
        clip_scale=scale,
    )


def _whole(size_px: float) -> int:
    return max(1, round(size_px))


def px_per_cm(screen: Screen, monitor_width_px: int) -> float:
    """Return pixels per centimetre of a screen whose width is known; 0 where it is not."""
    return monitor_width_px / screen.width_cm if screen.width_cm else 0.0


def cm_of(size_deg: float, distance_cm: float) -> float:
    """Return how large something is that stands upright before the eye.

    Examples
    --------
    >>> round(cm_of(1.0, 57.3), 2)
    1.0
    """
    return 2 * distance_cm * math.tan(math.radians(size_deg) / 2)


def degrees_of(size_px: float, screen: Screen, monitor_width_px: int) -> float | None:
    """Return how large something is for the eye.

    Returns None where distance or width of the screen is not known.

    Examples
    --------
    >>> screen = Screen(viewing_distance_cm=57.0, width_cm=53.0)
    >>> round(degrees_of(640, screen, 1920), 1), degrees_of(640, Screen(), 1920)
    (17.6, None)
    """
    per_cm = px_per_cm(screen, monitor_width_px)
    if not per_cm or screen.viewing_distance_cm is None:
        return None
    return math.degrees(2 * math.atan(size_px / per_cm / 2 / screen.viewing_distance_cm))
