"""Sets of clips to make stimuli of: small, of odd kinds, with sounds that can be told in time."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from study.rehearsal.mp4 import Film, SceneSound, steady_times, write_clip


@dataclass(frozen=True)
class Kind:
    """How a clip is stored."""

    size_px: tuple[int, int] = (64, 48)
    rate_hz: Fraction = Fraction(25)
    is_vfr: bool = False
    pixel_format: str = "yuv420p"
    pixel_aspect: Fraction = Fraction(1)
    sample_rate_hz: int = 48_000
    n_channels: int = 2
    sound_start_s: float = 0.0
    sound_s: float = 1.5
    picture_s: float = 1.5


KINDS = {
    "plain": Kind(),
    "vfr": Kind(is_vfr=True),
    "ntsc": Kind(rate_hz=Fraction(30_000, 1001)),
    "fps60": Kind(rate_hz=Fraction(60)),
    "mono": Kind(n_channels=1),
    "surround": Kind(n_channels=6),
    "rate_22k": Kind(sample_rate_hz=22_050),
    "rate_8k_mono": Kind(sample_rate_hz=8_000, n_channels=1),
    "uneven": Kind(size_px=(67, 51), pixel_format="yuv444p"),
    "anamorphic": Kind(pixel_aspect=Fraction(4, 3)),
    "sound_late": Kind(sound_start_s=0.2),
    "sound_short": Kind(sound_s=1.0, rate_hz=Fraction(24)),
}


def write_source(path, kind=KINDS["plain"], *, seed=1, peak=0.5):
    """Write a clip with moving stripes and bursts of noise."""
    rng = np.random.default_rng(seed)
    times_s = steady_times(round(kind.picture_s * kind.rate_hz), kind.rate_hz)
    if kind.is_vfr:
        times_s = tuple(t for place, t in enumerate(times_s) if place % 5)
        times_s = tuple(t - times_s[0] for t in times_s)
    pictures = _stripes(times_s, kind.size_px, rng)
    film = Film(pictures, kind.size_px, times_s, kind.rate_hz, kind.pixel_format, kind.pixel_aspect)
    sound = SceneSound(_bursts(kind, rng, peak), kind.sample_rate_hz, kind.sound_start_s)
    write_clip(path, film, [] if peak is None else [sound])
    return path


def _stripes(times_s, size_px, rng):
    width, height = size_px
    across, down = np.meshgrid(np.arange(width), np.arange(height))
    wave_px, slope = rng.uniform(8, 20), rng.uniform(-1, 1)
    for time_s in times_s:
        level = 128 + 90 * np.sin(2 * np.pi * (across + slope * down + 30 * time_s) / wave_px)
        yield np.stack([level, level * 0.8, 255 - level], axis=2).astype(np.uint8)


def _bursts(kind, rng, peak):
    n_samples = round(kind.sound_s * kind.sample_rate_hz)
    level = 0.15 + (np.sin(np.arange(n_samples) / kind.sample_rate_hz * 9) > 0.3)
    noise = rng.standard_normal(n_samples) * level
    sound = (peak or 0) * noise / np.abs(noise).max()
    return np.repeat(sound[:, None], kind.n_channels, axis=1).astype(np.float32)


def make_set(folder, *, classes=("barking", "diving", "raining"), kinds=("plain",) * 2):
    """Write ``<class>/<clip>.mp4`` of all kinds, and return the folder."""
    for number, label in enumerate(classes):
        for place, kind in enumerate(kinds):
            path = folder / label / f"{label}-{kind}-{place}_1.mp4"
            write_source(path, KINDS[kind], seed=100 * number + place)
    return folder


def write_design(path, text):
    """Write a design."""
    path.write_text(text, encoding="utf-8")
    return path
