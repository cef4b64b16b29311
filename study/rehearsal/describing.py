"""Describe scenes at random: pure functions of the seed, the class and the clip's index."""

import string
import zlib
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np

from study.rehearsal.actions import ACTIONS
from study.rehearsal.scenes import Audio, Event, Scene, Source
from study.tools.seeding import generator
from study.vocabulary import Rating

CLIP_S = 3.0

# Moments-in-Time classes that feed a class, as often as they stand here (Paper: Table 1).
_FED_BY: dict[str, tuple[str, ...]] = {
    "frying": ("frying", "frying", "cooking", "boiling"),
    "giggling": ("giggling", "giggling", "laughing"),
    "inflating": ("inflating", "inflating", "blowing"),
    "pouring": ("pouring", "pouring", "spilling", "filling"),
    "raining": ("raining", "raining", "dripping"),
}
_SIZES_PX = ((256, 256), (320, 240), (340, 256), (240, 320), (426, 240))
# More than half are kept by the test set, which wants 30 frames a second (Paper: Test Set).
_RATES_HZ = (
    *(Fraction(30),) * 11,
    *(Fraction(30_000, 1001),) * 3,
    *(Fraction(25),) * 3,
    *(Fraction(24),) * 3,
)
_PREFIXES = ("yt",) * 8 + ("flickr", "vine")
_ID_LETTERS = string.ascii_letters + string.digits + "-"
_VALIDATION_SHARE = 0.1

_CLIPS_OF_SOURCES = (1, 3, 2, 1, 2, 3)  # how many clips were cut from each source, again and again
_RATINGS_OF_TEN = (3, 3, 3, 3, 3, 3, 2, 2, 1, 1)  # in an order that is drawn for every ten clips
_AUDIO_OF_SIXTEEN: dict[int, Audio] = {3: "none", 11: "silent"}

UncleanKind = Literal["seen_only", "heard_only", "another"]
_UNCLEAN_KINDS: tuple[UncleanKind, ...] = ("seen_only", "heard_only", "another")


@dataclass(frozen=True, slots=True)
class _Part:
    """Which of two roles an event plays, as ranges to draw from."""

    duration_s: tuple[float, float]
    size: tuple[float, float]
    loudness: tuple[float, float]


_LEADING = _Part((2.4, 3.0), (0.62, 0.95), (0.40, 0.80))
_PASSING = _Part((0.9, 1.7), (0.26, 0.42), (0.06, 0.16))


def feeding_classes(avmit_label: str) -> tuple[str, ...]:
    """Return the Moments-in-Time classes whose clips are rated under a class.

    In alphabetical order; often the class alone.

    Notes
    -----
    Paper: Selection of MIT Videos, Table 1.
    """
    return tuple(sorted(set(_FED_BY.get(avmit_label, (avmit_label,)))))


def describe(seed: int, avmit_label: str, index: int) -> Scene:
    """Describe the scene of one clip.

    Parameters
    ----------
    avmit_label : str
        The class under which the clip will be rated.
    index : int
        Which clip of the class, from 0.

    Returns
    -------
    Scene
        The same for the same arguments, whatever other clips there are.
    """
    number, position = _source_of_index(index)
    rng = _rng(seed, avmit_label, "source", number)
    mit_labels = _FED_BY.get(avmit_label, (avmit_label,))
    mit_label = mit_labels[(number + _shift(avmit_label)) % len(mit_labels)]
    source = _describe_source(rng)
    name = "".join(rng.choice(list(_ID_LETTERS), 11))
    stem = f"{rng.choice(_PREFIXES)}-{name}_{int(rng.integers(1, 60)) + 4 * position}"
    location = "validation" if rng.random() < _VALIDATION_SHARE else "training"
    event, other = _describe_events(seed, avmit_label, index)
    return Scene(
        video_location=location,
        filename=f"{mit_label}/{stem}.mp4",
        mit_label=mit_label,
        avmit_label=avmit_label,
        event=event,
        other=other,
        audio=_AUDIO_OF_SIXTEEN.get((index + _shift(avmit_label)) % 16, "sound"),
        source=source,
        duration_s=CLIP_S,
        seed=seed,
    )


def _describe_source(rng: np.random.Generator) -> Source:
    width_px, height_px = _SIZES_PX[rng.integers(len(_SIZES_PX))]
    return Source(
        width_px=width_px,
        height_px=height_px,
        frame_rate_hz=_RATES_HZ[rng.integers(len(_RATES_HZ))],
        n_channels=int(rng.choice((1, 2, 2))),
        seed=int(rng.integers(2**31)),
    )


def _describe_events(seed: int, avmit_label: str, index: int) -> tuple[Event | None, Event | None]:
    rng = _rng(seed, avmit_label, "events", index)
    others = [action for action in ACTIONS if action != avmit_label]
    another = str(rng.choice(others))
    side = float(rng.uniform(0.12, 0.3))
    sides = (side, 1 - side) if rng.random() < 0.5 else (1 - side, side)
    middle = float(rng.uniform(0.4, 0.6))
    match _rating_of_index(seed, avmit_label, index):
        case Rating.VERY_CLEAN if rng.random() < 0.6:
            return _event(rng, avmit_label, _LEADING, middle), None
        case Rating.VERY_CLEAN:
            event = _event(rng, avmit_label, _LEADING, middle)
            return event, _event(rng, another, _PASSING, sides[1])
        case Rating.MODERATELY_CLEAN:
            event = _event(rng, avmit_label, _PASSING, sides[0])
            return event, _event(rng, another, _LEADING, sides[1])
    return _describe_unclean(rng, avmit_label, another, middle)


def _describe_unclean(
    rng: np.random.Generator, avmit_label: str, another: str, middle: float
) -> tuple[Event | None, Event | None]:
    match _UNCLEAN_KINDS[rng.integers(len(_UNCLEAN_KINDS))]:
        case "seen_only":
            event = _event(rng, avmit_label, _LEADING, middle, heard=False)
            return event, _event(rng, another, _LEADING, middle, seen=False)
        case "heard_only":
            event = _event(rng, avmit_label, _LEADING, middle, seen=False)
            return event, _event(rng, another, _LEADING, middle, heard=False)
        case "another":
            return None, _event(rng, another, _LEADING, middle)


def _event(
    rng: np.random.Generator,
    action: str,
    part: _Part,
    right: float,
    *,
    seen: bool = True,
    heard: bool = True,
) -> Event:
    duration_s = float(rng.uniform(*part.duration_s))
    start_s = float(rng.uniform(0, CLIP_S - duration_s))
    return Event(
        action=action,
        start_s=start_s,
        end_s=start_s + duration_s,
        size=float(rng.uniform(*part.size)),
        loudness=float(rng.uniform(*part.loudness)),
        seen=seen,
        heard=heard,
        right=right,
        seed=int(rng.integers(2**31)),
    )


def _rating_of_index(seed: int, avmit_label: str, index: int) -> Rating:
    order = _rng(seed, avmit_label, "ratings", index // 10).permutation(_RATINGS_OF_TEN)
    return Rating(int(order[index % 10]))


def _source_of_index(index: int) -> tuple[int, int]:
    # Number of the source, and the place of the clip among those that were cut from it.
    rounds, left = divmod(index, sum(_CLIPS_OF_SOURCES))
    number = rounds * len(_CLIPS_OF_SOURCES)
    for n_clips in _CLIPS_OF_SOURCES:
        if left < n_clips:
            break
        left -= n_clips
        number += 1
    return number, left


def _shift(text: str) -> int:
    return zlib.crc32(text.encode())


def _rng(seed: int, avmit_label: str, what: str, number: int) -> np.random.Generator:
    return generator(seed, _shift(avmit_label), _shift(what), number)
