"""True offset of picture and sound: photodiode and headphones on two channels of a line-in."""

import math
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from annotator.rig.grades import LIMITS, graded, robust_sd
from study.clips.containers import RECORDING_OPTIONS
from study.errors import StageError
from study.rehearsal.odd import FLASH_EVERY_S
from study.tools.wording import counted

_NEAR_S = FLASH_EVERY_S / 2  # a beep belongs to the flash that it is nearest to
_QUIET_S = 0.15  # a new event begins after so much rest; a flash lasts 0.1 s
_SHARE_OF_PEAK = 0.4
_PEAK_QUANTILE = 0.999  # a single click is not a peak
_MIN_PEAK = 0.005
_MIN_PAIRS, _MIN_PAIRED_SHARE = 3, 0.8


@dataclass(frozen=True, slots=True)
class TrueOffset:
    """What a recording says.

    Parameters
    ----------
    offsets_ms : ndarray of float64, shape (n_pairs,)
        Beep minus flash; negative where the sound leads.
    """

    offsets_ms: npt.NDArray[np.float64]
    n_flashes: int
    n_beeps: int

    @property
    def median_ms(self) -> float:
        """The offset to correct."""
        return float(np.median(self.offsets_ms))

    @property
    def spread_ms(self) -> float:
        """Its robust standard deviation."""
        return robust_sd(self.offsets_ms)


def true_offset(samples: npt.NDArray[np.float32], rate_hz: int) -> TrueOffset:
    """Compare flashes and beeps.

    Returns one offset for each flash that has a beep within half a second. Raises StageError if a
    channel holds no event, or too few of them belong together.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_samples, 2)
        Left the photodiode, right the sound.
    rate_hz : int
        Samples per second.
    """
    flashes_s = _onsets_s(samples[:, 0], rate_hz, "left channel (photodiode)")
    beeps_s = _onsets_s(samples[:, 1], rate_hz, "right channel (sound)")
    distances_s = np.abs(beeps_s[None, :] - flashes_s[:, None])
    beep_of, flash_of = distances_s.argmin(axis=1), distances_s.argmin(axis=0)
    # A flash and a beep are a pair if each is the other's nearest: noise has no such partner.
    paired = flash_of[beep_of] == np.arange(len(flashes_s))
    offsets_s = (beeps_s[beep_of] - flashes_s)[paired]
    offsets_s = offsets_s[np.abs(offsets_s) < _NEAR_S]
    _require_pairs(len(offsets_s), len(flashes_s), len(beeps_s))
    return TrueOffset(1000 * offsets_s, len(flashes_s), len(beeps_s))


def _require_pairs(n_pairs: int, n_flashes: int, n_beeps: int) -> None:
    if not n_pairs:
        raise StageError(
            "no flash has a beep within half a second. Check that left is the photodiode and right "
            "the sound, and that the recording is of the flash-and-beep clip"
        )
    if n_pairs < max(_MIN_PAIRS, _MIN_PAIRED_SHARE * max(n_flashes, n_beeps)):
        raise StageError(
            f"{n_flashes} flashes and {n_beeps} beeps were found, and only {n_pairs} of them "
            "belong together: noise or hum is taken for events, or some plays are missing. Raise "
            "the level of both channels, shield the photodiode, and record again"
        )


def _onsets_s(channel: npt.NDArray[np.float32], rate_hz: int, name: str) -> npt.NDArray[np.float64]:
    # A line-in passes changes only: a flash is a spike when it begins and one when it ends.
    level = np.abs(channel - np.median(channel))
    peak = float(np.quantile(level, _PEAK_QUANTILE))
    if peak < _MIN_PEAK:
        raise StageError(f"nothing is on the {name}. Check the cable and the level of the line-in")
    active = np.flatnonzero(level > _SHARE_OF_PEAK * peak)
    gaps = np.diff(active, prepend=-math.ceil(rate_hz))
    onsets: npt.NDArray[np.float64] = active[gaps > _QUIET_S * rate_hz] / rate_hz
    return onsets


def read_recording(path: Path) -> tuple[npt.NDArray[np.float32], int]:
    """Read a recording.

    Raises StageError if it cannot be read, or has not two channels.

    Parameters
    ----------
    path : Path
        A WAV, FLAC or other file with two channels.

    Returns
    -------
    samples : ndarray of float32, shape (n_samples, 2)
        Left and right.
    rate_hz : int
        Samples per second.
    """
    try:
        with av.open(f"file:{path}", container_options=RECORDING_OPTIONS) as container:
            if not container.streams.audio:
                raise StageError(f"{path} holds no sound. Record both channels of the line-in")
            stream = container.streams.audio[0]
            if stream.codec_context.channels != 2:
                raise StageError(
                    f"{path} has {stream.codec_context.channels} channel(s) and 2 are needed. "
                    "Record the photodiode left and the sound right"
                )
            resampler = av.AudioResampler(format="fltp", layout="stereo", rate=stream.rate)
            chunks = [
                part.to_ndarray()
                for frame in [*container.decode(stream), None]
                for part in resampler.resample(frame)
            ]
            rate_hz = int(stream.rate)
    except (av.error.FFmpegError, OSError) as error:
        raise StageError(f"{path} cannot be read: {error}. Give a WAV or FLAC file") from error
    if not chunks:
        raise StageError(f"{path} ends before its first sample. Record again")
    return np.concatenate(chunks, axis=1).T, rate_hz


def lines(found: TrueOffset) -> list[str]:
    """Return a result as lines of text.

    Returns counts, offset, spread, range, and the grade with what to change.
    """
    offset = graded("av_offset", abs(found.median_ms))
    told = [
        f"{counted(found.n_flashes, 'flash', 'flashes')}, {counted(found.n_beeps, 'beep')}, "
        f"{counted(len(found.offsets_ms), 'pair')}",
        f"sound minus picture: median {found.median_ms:+.2f} ms, "
        f"robust sd {found.spread_ms:.2f} ms",
        f"range {found.offsets_ms.min():+.2f} to {found.offsets_ms.max():+.2f} ms",
        f"grade {offset.grade} (A within {LIMITS['av_offset'].a:g} ms, B within "
        f"{LIMITS['av_offset'].b:g} ms)",
    ]
    return told + ([f"-> {offset.advice}"] if offset.advice else [])
