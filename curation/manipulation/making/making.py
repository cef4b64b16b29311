"""Make one stimulus, and refuse it where the finished file misses what was asked for."""

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from curation.manipulation.making import measuring
from curation.manipulation.making.encoding import ENCODINGS, Encoding, write_stimulus
from curation.manipulation.making.measuring import PictureFigures, SoundFigures
from curation.manipulation.making.picture import StimulusPictures, after_cut, film_of
from curation.manipulation.making.sound import (
    FAINTEST_DB,
    RATE_HZ,
    Noise,
    Samples,
    Shift,
    Spectrum,
    Track,
    level_db,
    mixed,
    shift_of,
)
from curation.manipulation.manifest import FinishedStimulus, RefusedStimulus, asked_for
from curation.manipulation.planning.design import Design
from curation.manipulation.planning.sources import SourceClip
from curation.manipulation.planning.stimuli import PlannedStimulus
from curation.manipulation.survey import whole_clip
from study.clips.display import PlayableClip
from study.errors import ClipError
from study.tools.files import sha256_of
from study.tools.seeding import generator

SNR_TOLERANCE_DB = {True: 0.1, False: 0.3}  # by whether the encoding is lossless
SAMPLES_TOLERANCE = 1.0
_LEAST_PSNR_DB = 25.0
_PICTURE_TOLERANCE = 0.1  # share of contrast or noise, or
_STEP = 1 / 255  # one step of brightness


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """A stimulus to be made, with all that a process needs for it.

    Parameters
    ----------
    folder : Path
        Where the stimuli go.
    digests : dict of str to str
        Of the clips that it is made of, by name.
    spectrum : ndarray of float64 or None
        Of the set, for noise that has it.
    """

    stimulus: PlannedStimulus
    design: Design
    folder: Path
    digests: dict[str, str]
    spectrum: Spectrum | None = None

    @property
    def encoding(self) -> Encoding:
        """How it is stored."""
        return ENCODINGS[self.design.format]

    @property
    def path(self) -> Path:
        """Where it goes."""
        return self.folder / self.stimulus.filename

    def generator(self, what: str) -> np.random.Generator:
        """Return its own generator of something."""
        names = self.stimulus.condition.name, self.stimulus.source.name
        return generator(self.design.seed, what, *names)


def make(order: Order) -> FinishedStimulus | RefusedStimulus:
    """Make a stimulus, measure it, and keep it if it is what was asked for."""
    try:
        return _made(order)
    except ClipError as error:
        order.path.unlink(missing_ok=True)
        return refused(order.stimulus, error.reason, str(error))
    except MemoryError:
        return refused(order.stimulus, "too_large", "it needs more memory than a clip may take")


def refused(stimulus: PlannedStimulus, reason: str, detail: str) -> RefusedStimulus:
    """Return a stimulus that was not made."""
    name = stimulus.condition.name
    return RefusedStimulus(stimulus.filename, name, stimulus.source.name, reason, detail)


def _made(order: Order) -> FinishedStimulus:
    condition = order.stimulus.condition
    picture = _decoded(order.stimulus.source, order.digests[order.stimulus.source.name])
    n_total = round(picture.duration_s * RATE_HZ)
    n_late = round(condition.asynchrony_ms / 1000 * RATE_HZ)
    shift = shift_of(n_total, n_late, condition.edge)
    track = _track(order, n_total, shift)
    begin_s = shift.picture_first / RATE_HZ
    end_s = begin_s + shift.length / RATE_HZ
    pictures, times_s = after_cut(picture.frames, picture.times_s, begin_s, end_s)
    film = film_of(pictures, times_s, end_s - begin_s, condition, order.generator("pixels"))
    write_stimulus(order.path, film, track.samples, order.encoding)
    finished = whole_clip(replace(order.stimulus.source, path=order.path))
    return _checked(order, track, film, begin_s, finished)


@lru_cache(maxsize=2)  # the conditions of a clip come one after another
def _decoded(source: SourceClip, sha256: str) -> PlayableClip:
    return whole_clip(source, sha256)


def _track(order: Order, n_total: int, shift: Shift) -> Track:
    condition = order.stimulus.condition
    sound: Samples = np.zeros((n_total, 2), np.float32)
    if condition.modality != "visual":
        heard = _decoded(order.stimulus.sound, order.digests[order.stimulus.sound.name]).sound
        sound[: len(heard)] = heard[:n_total]
        level = level_db(sound)
        if condition.needs_audible and level <= FAINTEST_DB:
            raise ClipError(
                f"{order.stimulus.sound.path} has a sound of {level:.0f} dB of full scale, and "
                f"this condition needs more than {FAINTEST_DB:.0f}. Leave it out",
                "silent",
            )
    noise = None
    if condition.noise is not None and condition.snr_db is not None:
        colour = order.spectrum if condition.noise == "set" else condition.noise
        if colour is None:
            raise ValueError("the spectrum of the set is not known")
        noise = Noise(colour, condition.snr_db)
    return mixed(sound, shift, noise=noise, rng=order.generator("noise"))


def _checked(
    order: Order, track: Track, film: StimulusPictures, begin_s: float, finished: PlayableClip
) -> FinishedStimulus:
    heard = measuring.sound_figures(track, finished.sound)
    late = _require_sound(order, heard, film, begin_s, finished)
    time_error_ms = _require_times(order, film, finished)
    planned, seen, psnr_db = _require_pictures(order, film, finished)
    condition = order.stimulus.condition
    measured: dict[str, Any] = {
        "gain_db": round(track.gain_db, 4),
        "n_pictures": finished.n_frames,
        "width_px": finished.width_px,
        "height_px": finished.height_px,
        "duration_s": round(finished.duration_s, 6),
        "sha256": sha256_of(order.path),
        "snr_measured_db": None if heard.snr_db is None else round(heard.snr_db, 4),
        "asynchrony_measured_ms": None if late is None else round(late / RATE_HZ * 1000, 4) + 0.0,
        "asynchrony_peak": heard.peaks if condition.modality == "audiovisual" else "",
        "picture_time_error_ms": round(time_error_ms, 4),
        "contrast_measured": None if seen.contrast is None else round(seen.contrast, 4),
        "pixel_noise_measured": round(seen.noise, 4) if planned.noise else 0.0,
        "picture_psnr_db": None if psnr_db is None else round(psnr_db, 2),
        "peak": round(heard.peak, 4),
    }
    return FinishedStimulus(**asked_for(order.stimulus, order.design, order.digests), **measured)


def _require_sound(
    order: Order,
    heard: SoundFigures,
    film: StimulusPictures,
    begin_s: float,
    finished: PlayableClip,
) -> float | None:
    condition = order.stimulus.condition
    if heard.peak > 1:
        raise _missed(order, "largest sample", "1 at most", f"{heard.peak:.3f}")
    tolerance_db = SNR_TOLERANCE_DB[order.encoding.is_lossless]
    asked_db, got_db = condition.snr_db, heard.snr_db
    if asked_db is not None and got_db is not None and abs(got_db - asked_db) > tolerance_db:
        raise _missed(order, "SNR", f"{asked_db:g} dB", f"{got_db:.2f} dB")
    if heard.lag is None or condition.modality == "visual":
        return None
    origin_s = measuring.picture_origin_s(film.times_s + begin_s, finished)
    late = measuring.asynchrony_samples(heard.lag, origin_s)
    asked = round(condition.asynchrony_ms / 1000 * RATE_HZ)
    # Time stamps of pictures are rounded, samples are not.
    allowed = SAMPLES_TOLERANCE + 0.5 * RATE_HZ / order.encoding.ticks_hz
    if abs(late - asked) > allowed or abs(heard.lag - _lag_asked(order, asked)) > SAMPLES_TOLERANCE:
        raise _missed(order, "asynchrony", f"{asked} samples", f"{late:.1f}")
    return late if condition.modality == "audiovisual" else None


def _lag_asked(order: Order, asked: int) -> int:
    # Where pictures are cut at the beginning, the sound begins with the file.
    return min(asked, 0) if order.stimulus.condition.edge == "cut" else asked


def _require_times(order: Order, film: StimulusPictures, finished: PlayableClip) -> float:
    error_ms = measuring.time_error_ms(film.times_s, finished)
    allowed_ms = 0.5 * 1000 / order.encoding.ticks_hz + 0.05
    if error_ms > allowed_ms:
        raise _missed(order, "time of a picture", f"within {allowed_ms:.2f} ms", f"{error_ms:.2f}")
    return error_ms


def _require_pictures(
    order: Order, film: StimulusPictures, finished: PlayableClip
) -> tuple[PictureFigures, PictureFigures, float | None]:
    height, width = film.pictures.shape[1:3]
    found = finished.frames[:, :height, :width]
    if order.encoding.is_lossless and not np.array_equal(found, film.pictures):
        raise _missed(order, "pictures", "the planned ones", "others")
    chosen = list(film.sampled)
    planned = measuring.picture_figures(film, film.pictures[chosen])
    seen = measuring.picture_figures(film, found[chosen])
    psnr_db = measuring.psnr_db(film.pictures[chosen], found[chosen])
    if psnr_db is not None and psnr_db < _LEAST_PSNR_DB:
        raise _missed(order, "PSNR", f"{_LEAST_PSNR_DB:g} dB at least", f"{psnr_db:.1f} dB")
    pairs = [("contrast", planned.contrast, seen.contrast)]
    if order.stimulus.condition.pixel_noise:
        pairs.append(("pixel noise", planned.noise, seen.noise))
    for what, asked, got in pairs:
        if asked is None or got is None:
            continue
        if abs(got - asked) > max(_PICTURE_TOLERANCE * abs(asked), _STEP):
            raise _missed(order, what, f"{asked:.3f}", f"{got:.3f}")
    return planned, seen, psnr_db


def _missed(order: Order, what: str, asked: str, got: str) -> ClipError:
    return ClipError(
        f"{order.stimulus.filename}: {what} is {got} in the finished file, expected {asked}. "
        "Leave the clip out, or use the lossless format",
        "missed_target",
    )
