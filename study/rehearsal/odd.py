"""Odd clips: what a curator meets in ten thousand downloads, one of each kind.

Every clip shows a grey field that flashes white while a beep sounds, at 0.5 s, 1.5 s, and so on, so
that sound and picture can be compared as well.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from study.errors import ConfigError
from study.rehearsal.mp4 import Film, Picture, SceneSound, Sound, steady_times, write_clip
from study.tools.files import written_atomically

FLASH_S = 0.1
FIRST_FLASH_S = 0.5
FLASH_EVERY_S = 1.0
BEEP_HZ = 1000.0
_RATE_HZ = Fraction(30)
_QUARTER_TURN = (0, 1, 0, -1, 0, 0, 0, 0, 1)  # a clip that was filmed upright


def is_flash(time_s: float) -> bool:
    """Return whether the field is white and the beep sounds.

    Parameters
    ----------
    time_s : float
        Seconds from the start of the clip.
    """
    since_first_s = round(time_s - FIRST_FLASH_S, 6)
    return since_first_s >= 0 and round(since_first_s % FLASH_EVERY_S, 6) < FLASH_S


def make_odd_clip(kind: str, path: Path) -> Path:
    """Make one odd clip.

    Raises ConfigError if the kind is not known.

    Parameters
    ----------
    kind : str
        One of `ODD_KINDS`.
    """
    if kind not in ODD_KINDS:
        raise ConfigError(f"no odd clip of kind {kind!r}. Known: {', '.join(ODD_KINDS)}")
    _MAKERS[kind](path)
    return path


def _film(
    duration_s: float = 3.0,
    rate: Fraction = _RATE_HZ,
    size: tuple[int, int] = (256, 256),
    times_s: tuple[float, ...] | None = None,
    pixel_format: str = "yuv420p",
    pixel_aspect: Fraction = Fraction(1),
) -> Film:
    times_s = times_s or steady_times(max(1, round(duration_s * rate)), rate)
    return Film(_pictures(times_s, size), size, times_s, rate, pixel_format, pixel_aspect)


def _pictures(times_s: tuple[float, ...], size: tuple[int, int]) -> Iterator[Picture]:
    width, height = size
    ramp = np.linspace(40, 110, width).astype(np.uint8)  # so that up and left can be told
    field = np.repeat(np.tile(ramp, (height, 1))[:, :, None], 3, axis=2)
    field[: height // 8, : width // 8] = (200, 40, 40)
    for time_s in times_s:
        yield np.full_like(field, 255) if is_flash(time_s) else field.copy()


def _track(
    duration_s: float = 3.0,
    n_channels: int = 2,
    sample_rate_hz: int = 44_100,
    peak: float = 0.5,
    start_s: float = 0.0,
) -> SceneSound:
    time_s = np.arange(round(duration_s * sample_rate_hz)) / sample_rate_hz
    since = np.mod(time_s - FIRST_FLASH_S, FLASH_EVERY_S)
    on = (time_s >= FIRST_FLASH_S) & (since < FLASH_S)
    beep = peak * on * np.sin(2 * np.pi * BEEP_HZ * time_s)
    samples: Sound = np.repeat(beep[:, None], n_channels, axis=1).astype(np.float32)
    return SceneSound(samples, sample_rate_hz, start_s)


def _one_channel_of_two() -> SceneSound:
    track = _track()
    track.samples[:, 0] = 0
    return track


def _varying_times(duration_s: float = 3.0) -> tuple[float, ...]:
    # Every third frame of the second half is left out, as a phone does in the dark.
    steady = steady_times(round(duration_s * _RATE_HZ), _RATE_HZ)
    half = len(steady) // 2
    return tuple(t for i, t in enumerate(steady) if i < half or i % 3)


def _rotated(path: Path) -> None:
    write_clip(path, _film(size=(320, 240)), [_track()])
    content = bytearray(path.read_bytes())
    matrix = _matrix_offset(content)
    units = (65536, 65536, 1 << 30) * 3  # 16.16 fixed point, the last column 2.30
    for i, (value, unit) in enumerate(zip(_QUARTER_TURN, units, strict=True)):
        place = slice(matrix + 4 * i, matrix + 4 * i + 4)
        content[place] = (value * unit).to_bytes(4, "big", signed=True)
    _write(path, bytes(content))


def _matrix_offset(content: bytearray) -> int:
    # The first track header is the film's; the matrix stands 40 bytes after its version.
    return content.index(b"tkhd") + 4 + 40


def _truncated(path: Path) -> None:
    write_clip(path, _film(), [_track()])
    content = path.read_bytes()
    _write(path, content[: len(content) // 2])


def _write(path: Path, content: bytes) -> None:
    with written_atomically(path) as part:
        part.write_bytes(content)


_MAKERS: dict[str, Callable[[Path], None]] = {
    "plain": lambda path: write_clip(path, _film(), [_track()]),
    "vfr": lambda path: write_clip(path, _film(times_s=_varying_times()), [_track()]),
    "rotated": _rotated,
    "odd_size": lambda path: write_clip(path, _film(size=(250, 186)), [_track()]),
    "uneven_size": lambda path: write_clip(
        path, _film(size=(251, 187), pixel_format="yuv444p"), [_track()]
    ),
    "anamorphic": lambda path: write_clip(path, _film(pixel_aspect=Fraction(4, 3)), [_track()]),
    "fps60": lambda path: write_clip(path, _film(rate=Fraction(60)), [_track()]),
    "ntsc": lambda path: write_clip(path, _film(rate=Fraction(30_000, 1001)), [_track()]),
    "one_frame": lambda path: write_clip(path, _film(duration_s=0), [_track()]),
    "no_audio": lambda path: write_clip(path, _film()),
    "audio_only": lambda path: write_clip(path, None, [_track()]),
    "silent": lambda path: write_clip(path, _film(), [_track(peak=0)]),
    "faint": lambda path: write_clip(path, _film(), [_track(peak=0.002)]),
    "mono": lambda path: write_clip(path, _film(), [_track(n_channels=1)]),
    "surround": lambda path: write_clip(path, _film(), [_track(n_channels=6)]),
    "right_only": lambda path: write_clip(path, _film(), [_one_channel_of_two()]),
    "low_sample_rate": lambda path: write_clip(path, _film(), [_track(sample_rate_hz=8_000)]),
    "two_tracks": lambda path: write_clip(path, _film(), [_track(), _track(peak=0)]),
    "sound_late": lambda path: write_clip(path, _film(), [_track(start_s=0.4)]),
    "picture_late": lambda path: write_clip(
        path, _film(times_s=tuple(t + 0.4 for t in steady_times(90, _RATE_HZ))), [_track()]
    ),
    "sound_short": lambda path: write_clip(path, _film(), [_track(duration_s=1.8)]),
    "sound_long": lambda path: write_clip(path, _film(), [_track(duration_s=4.5)]),
    "short": lambda path: write_clip(path, _film(duration_s=0.6), [_track(duration_s=0.6)]),
    "long": lambda path: write_clip(path, _film(duration_s=10), [_track(duration_s=10)]),
    "truncated": _truncated,
    "empty": lambda path: _write(path, b""),
    "not_media": lambda path: _write(path, b"this is a note, not a clip\n" * 40),
}
ODD_KINDS = tuple(_MAKERS)
