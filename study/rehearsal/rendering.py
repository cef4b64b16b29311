"""Render a scene: its pictures one by one, and its sound."""

import zlib
from collections.abc import Iterator

import cv2
import numpy as np

from study.rehearsal.actions import ACTIONS
from study.rehearsal.actions.beats import Beats, Floats
from study.rehearsal.actions.pictures import Canvas, Colour, Place
from study.rehearsal.actions.voices import SAMPLE_RATE_HZ, sound_of
from study.rehearsal.mp4 import Film, SceneSound, Sound, steady_times
from study.rehearsal.scenes import Event, Scene, Source
from study.tools.seeding import generator

_COLOUR_SPREAD = 14.0
_ROOM = 0.004  # peak of the noise of a quiet room, as a share of full scale
_LIMIT = 0.98


def film_of(scene: Scene) -> Film:
    """Return the pictures of a scene.

    Its pictures are drawn while they are taken.
    """
    rate = scene.source.frame_rate_hz
    times_s = steady_times(round(scene.duration_s * rate), rate)
    size_px = (scene.source.width_px, scene.source.height_px)
    return Film(_draw(scene, times_s), size_px, times_s, rate)


def track_of(scene: Scene) -> SceneSound | None:
    """Return the sound of a scene.

    Returns None for a clip without a sound stream.
    """
    if scene.audio == "none":
        return None
    n_samples = round(scene.duration_s * SAMPLE_RATE_HZ)
    samples = np.zeros((n_samples, scene.source.n_channels))
    if scene.audio == "sound":
        samples += _room(scene.source, n_samples)
        for event in scene.events:
            if event.heard:
                samples += _heard(event, n_samples) * _balance(event, scene.source)
    mixed: Sound = np.clip(samples, -_LIMIT, _LIMIT).astype(np.float32)
    return SceneSound(mixed, SAMPLE_RATE_HZ)


def _draw(scene: Scene, times_s: tuple[float, ...]) -> Iterator[Canvas]:
    background = _background(scene.source)
    shown = [(event, _beats(event), _place(event, scene)) for event in scene.events if event.seen]
    half_frame_s = float(0.5 / scene.source.frame_rate_hz)
    for shown_at_s in times_s:
        time_s = shown_at_s + half_frame_s  # the middle of the time that the frame stands for
        canvas = background.copy()
        for event, beats, place in shown:
            if event.start_s <= time_s < event.end_s:
                ACTIONS[event.action].draw(canvas, place, beats, time_s)
        yield canvas


def _beats(event: Event) -> Beats:
    # Picture and sound ask for the same seed and so get the same beats.
    rng = np.random.default_rng(event.seed)
    return ACTIONS[event.action].rhythm(rng, event.start_s, event.end_s)


def _place(event: Event, scene: Scene) -> Place:
    rng = generator(event.seed, 1)
    action = ACTIONS[event.action]
    width_px, height_px = scene.source.width_px, scene.source.height_px
    size_px = event.size * min(width_px, height_px)
    return Place(
        x_px=float(np.clip(event.right * width_px, size_px / 2, width_px - size_px / 2)),
        y_px=float(rng.uniform(size_px / 2, height_px - size_px / 2)),
        size_px=size_px,
        main=_varied(action.main, rng),
        second=_varied(action.second, rng),
    )


def _heard(event: Event, n_samples: int) -> Floats:
    rng = generator(event.seed, 2)
    voice = ACTIONS[event.action].voice
    return event.loudness * sound_of(_beats(event), voice, rng, n_samples)[:, None]


def _balance(event: Event, source: Source) -> Floats:
    if source.n_channels == 1:
        return np.ones(1)
    left = np.array([1 - event.right, event.right])
    return np.asarray(0.5 + 0.5 * left / left.max())


def _room(source: Source, n_samples: int) -> Floats:
    rng = generator(source.seed, zlib.crc32(b"room"))
    return np.asarray(_ROOM * rng.uniform(-1, 1, size=(n_samples, source.n_channels)))


def _background(source: Source) -> Canvas:
    rng = np.random.default_rng(source.seed)
    top, bottom = (rng.uniform(60, 180) + rng.normal(0, 18, 3) for _ in range(2))
    down = np.linspace(0, 1, source.height_px)[:, None, None]
    field = np.broadcast_to(
        (1 - down) * top + down * bottom, (source.height_px, source.width_px, 3)
    )
    patches = rng.normal(0, 14, (5, 7)).astype(np.float32)
    size_px = (source.width_px, source.height_px)
    texture = cv2.resize(patches, size_px, interpolation=cv2.INTER_CUBIC)[:, :, None]
    canvas: Canvas = np.clip(field + texture, 0, 255).astype(np.uint8)
    return np.ascontiguousarray(canvas)


def _varied(colour: Colour, rng: np.random.Generator) -> Colour:
    shifted = np.clip(np.array(colour) + rng.normal(0, _COLOUR_SPREAD, 3), 0, 255)
    red, green, blue = (int(value) for value in shifted)
    return red, green, blue
