"""A page to look at: a row per condition, with a picture and the spectrogram of some clips."""

import base64
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib import colormaps
from PIL import Image
from scipy.signal import spectrogram

from curation.manipulation.making.sound import RATE_HZ, Samples
from curation.manipulation.manifest import FinishedStimulus
from curation.manipulation.planning.conditions import Condition
from curation.manipulation.planning.design import Design
from curation.manipulation.planning.sources import SourceClip
from curation.manipulation.survey import whole_clip
from study.reports.html import render
from study.tools.files import written_atomically
from study.tools.progress_bars import track
from study.tools.wording import counted

_N_CLIPS = 3  # of each condition, the same ones in all
_PICTURE_PX = 160
_SPECTROGRAM_PX = (160, 90)
_RANGE_DB = 80.0
_HIGHEST_HZ = 8000.0
_SHOWN = {
    "modality": "{} only",
    "asynchrony_ms": "sound {:+g} ms",
    "edge": "{} at the edge",
    "incongruent": "sound of another class",
    "attend": "attend to the {}",
    "noise": "{} noise",
    "snr_db": "{:g} dB SNR",
    "contrast": "contrast {:g}",
    "pixel_noise": "pixel noise {:g}",
    "blur_px": "blur {:g} px",
    "low_pass_cpp": "low-pass {:g} cycles per picture",
    "high_pass_cpp": "high-pass {:g} cycles per picture",
}


@dataclass(frozen=True, slots=True)
class _Shown:
    # A clip of a condition, as the page shows it.
    name: str
    answer: str
    picture: str
    spectrogram: str


@dataclass(frozen=True, slots=True)
class _Line:
    # A condition, as the page shows it.
    name: str
    words: str
    n_clips: int
    measured: list[str]
    clips: list[_Shown]


def write_page(path: Path, rows: Sequence[FinishedStimulus], design: Design) -> None:
    """Write the page of a folder of stimuli.

    `rows`: what was made; the files lie beside the page.
    """
    lines = [
        _line(path.parent, condition, rows)
        for condition in track(design.condition, "drawing the page")
    ]
    text = render(
        "curation.manipulation",
        "contact_page.html",
        title="Manipulated clips",
        lines=lines,
        said=f"{counted(len(rows), 'clip')} of {counted(len(lines), 'condition')}, "
        f"{'lossless' if design.format == 'lossless' else 'H.264 and AAC'}, seed {design.seed}",
    )
    with written_atomically(path) as part:
        part.write_text(text, encoding="utf-8")


def _line(folder: Path, condition: Condition, rows: Sequence[FinishedStimulus]) -> _Line:
    own = [row for row in rows if row.condition == condition.name]
    return _Line(
        name=condition.name,
        words=words_of(condition),
        n_clips=len(own),
        measured=list(_measured(own)),
        clips=[_shown(folder, row) for row in _chosen(own)],
    )


def words_of(condition: Condition) -> str:
    """Return in words what a condition does.

    Examples
    --------
    >>> words_of(Condition(name="late", asynchrony_ms=200.0))
    'sound +200 ms, silence at the edge'
    """
    said = condition.model_dump(exclude_defaults=True, exclude={"name"})
    if condition.asynchrony_ms:
        said["edge"] = condition.edge
    words = [text.format(said[key]) for key, text in _SHOWN.items() if key in said]
    return ", ".join(words) or "as it is"


def _chosen(rows: Sequence[FinishedStimulus]) -> list[FinishedStimulus]:
    # One clip of each of the first classes.
    first: dict[str, FinishedStimulus] = {}
    for row in rows:
        first.setdefault(row.source.partition("/")[0], row)
    return [first[label] for label in sorted(first)][:_N_CLIPS]


def _measured(rows: Sequence[FinishedStimulus]) -> Iterator[str]:
    snr = [row.snr_measured_db for row in rows if row.snr_measured_db is not None]
    if snr:
        yield f"SNR {min(snr):.2f} to {max(snr):.2f} dB"
    late = [row.asynchrony_measured_ms for row in rows if row.asynchrony_measured_ms is not None]
    if late:
        yield f"sound {min(late):+.2f} to {max(late):+.2f} ms"
    n_unknown = sum(row.asynchrony_peak == "several peaks" for row in rows)
    if n_unknown:
        yield f"asynchrony not to be told in {counted(n_unknown, 'clip')}: several peaks"
    if rows:
        worst = max(row.picture_time_error_ms for row in rows)
        yield f"pictures within {worst:.2f} ms of their times"


def _shown(folder: Path, row: FinishedStimulus) -> _Shown:
    label, path = row.source.partition("/")[0], folder / row.filename
    clip = whole_clip(SourceClip(row.filename, label, "", path))
    answer = f"right: {row.label}" if row.label else "no answer is right"
    seen = f"picture {row.picture_label}" if row.picture_label else "black"
    heard = f"sound {row.sound_label}" if row.sound_label else "silent"
    return _Shown(
        name=row.source,
        answer=f"{seen}, {heard}; {answer}",
        picture=_data_uri(_small(clip.frames[len(clip.frames) // 2]), "JPEG"),
        spectrogram=_data_uri(spectrogram_image(clip.sound), "PNG"),
    )


def _small(picture: npt.NDArray[np.uint8]) -> Image.Image:
    image = Image.fromarray(picture)
    image.thumbnail((_PICTURE_PX, _PICTURE_PX))
    return image


def spectrogram_image(sound: Samples) -> Image.Image:
    """Draw a sound up to 8 kHz, low frequencies at the bottom, over 80 dB below full scale."""
    mono = sound.mean(axis=1)
    hertz, _, power = spectrogram(mono, RATE_HZ, nperseg=1024, noverlap=512, mode="psd")
    level = 10 * np.log10(power[hertz <= _HIGHEST_HZ][::-1] + 1e-12)
    share = np.clip((level + 40 + _RANGE_DB) / _RANGE_DB, 0, 1)
    image = Image.fromarray((colormaps["magma"](share)[..., :3] * 255).astype(np.uint8))
    return image.resize(_SPECTROGRAM_PX)


def _data_uri(image: Image.Image, kind: str) -> str:
    encoded = io.BytesIO()
    image.save(encoded, kind)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(encoded.getvalue()).decode()}"
