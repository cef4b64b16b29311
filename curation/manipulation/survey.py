"""Look at every clip once before anything is made: whether it can be decoded, and heard."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.signal import welch

from curation.manipulation.making.sound import FAINTEST_DB, RATE_HZ, Samples, Spectrum, level_db
from curation.manipulation.planning.sources import SourceClip
from study.clips.containers import MAX_PIXELS
from study.clips.display import PlayableClip, decode_for_display
from study.errors import ClipError, StudyError
from study.processes.pool import each
from study.processes.watchdog import HARD_LIMIT_S

_WHOLE = (MAX_PIXELS, MAX_PIXELS)  # a box that no picture has to be scaled down for
_SEGMENT = 4096


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What is known of a clip before stimuli are made of it.

    Parameters
    ----------
    reason, detail : str
        Why none can be made; empty where they can.
    level_db : float
        Of its sound between 50 Hz and 15 kHz, of full scale; minus infinity where it has none.
    spectrum : ndarray of float64 or None
        Power of its sound over frequency, 1 in all; None where it cannot be heard.
    """

    source: SourceClip
    sha256: str = ""
    reason: str = ""
    detail: str = ""
    level_db: float = float("-inf")
    spectrum: Spectrum | None = field(default=None, compare=False)

    @property
    def is_audible(self) -> bool:
        """Whether its sound is worth the name."""
        return self.level_db > FAINTEST_DB


def whole_clip(source: SourceClip, sha256: str | None = None) -> PlayableClip:
    """Decode a clip in its own size; one without sound is silent."""
    return decode_for_display(
        source.path, box_px=_WHOLE, sample_rate_hz=RATE_HZ, sha256=sha256, needs_sound=False
    )


def survey(sources: Sequence[SourceClip], n_processes: int | None) -> Iterator[Surveyed]:
    """Yield what is known of each clip, in their order."""
    yield from each(
        look_at,
        sources,
        n_processes=n_processes,
        limit_s=HARD_LIMIT_S,
        on_crash=_crashed,
        in_order=True,
        advice="Run the command again with --jobs 1",
    )


def look_at(source: SourceClip) -> Surveyed:
    """Decode a clip and measure its sound."""
    try:
        clip = whole_clip(source)
    except ClipError as error:
        return Surveyed(source, reason=error.reason, detail=str(error))
    except MemoryError:
        return Surveyed(source, reason="too_large", detail="it needs more memory than a clip may")
    level = level_db(clip.sound)
    spectrum = _spectrum(clip.sound) if level > FAINTEST_DB else None
    return Surveyed(source, clip.sha256, level_db=level, spectrum=spectrum)


def mean_spectrum(found: Iterable[Surveyed]) -> Spectrum:
    """Return the long-term spectrum of a set: the mean of its sounds, each as loud as the others.

    Raises StudyError if none can be heard.
    """
    known = [one.spectrum for one in found if one.spectrum is not None]
    if not known:
        raise StudyError("no clip of the set can be heard, so it has no spectrum. Name another set")
    return np.asarray(np.mean(known, axis=0))


def _spectrum(sound: Samples) -> Spectrum:
    segment = min(_SEGMENT, len(sound))
    _, power = welch(sound, RATE_HZ, nperseg=segment, nfft=_SEGMENT, axis=0)
    total = power.sum(axis=1, dtype=np.float64)
    return np.asarray(total / total.sum())


def _crashed(source: SourceClip) -> Surveyed:
    return Surveyed(source, reason="unreadable", detail=f"{source.path} ends the decoder, or hangs")
