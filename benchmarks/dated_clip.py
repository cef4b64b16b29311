"""A clip of which every frame tells when it is due: the brightness of a corner grows with time."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from study.rehearsal.mp4 import Film, Picture, SceneSound, steady_times, write_clip

FIRST, LAST = 60, 240  # brightness of the corner in the first and in the last frame
CORNER_PX = 64
_RATE_HZ = Fraction(30)
_SAMPLE_RATE_HZ = 44_100


def write_dated_clip(path: Path, size_px: tuple[int, int], duration_s: float) -> Path:
    """Write the clip: moving noise, a corner that grows brighter, a tone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    times_s = steady_times(round(duration_s * _RATE_HZ), _RATE_HZ)
    film = Film(_pictures(times_s, size_px), size_px, times_s, _RATE_HZ)
    t_s = np.arange(round(duration_s * _SAMPLE_RATE_HZ)) / _SAMPLE_RATE_HZ
    tone = (0.3 * np.sin(2 * np.pi * 440 * t_s)).astype(np.float32)
    write_clip(path, film, [SceneSound(np.stack([tone, tone], axis=1), _SAMPLE_RATE_HZ, 0.0)])
    return path


def is_beginning(brightness: int) -> bool:
    """Return whether a corner of this brightness belongs to the first third of the clip."""
    return FIRST - 20 <= brightness < FIRST + (LAST - FIRST) / 3


def _pictures(times_s: tuple[float, ...], size_px: tuple[int, int]) -> Iterator[Picture]:
    width, height = size_px
    rng = np.random.default_rng(1)
    # Coarse noise that moves: as much to decode as a real clip.
    coarse = rng.integers(40, 200, (height // 8, width // 8, 3), dtype=np.uint8)
    field = coarse.repeat(8, axis=0).repeat(8, axis=1)
    for i, time_s in enumerate(times_s):
        picture = np.roll(field, 5 * i, axis=1)
        share = time_s / times_s[-1]
        picture[-CORNER_PX:, :CORNER_PX] = round(FIRST + share * (LAST - FIRST))
        yield picture
