"""The manifest of a folder of stimuli: every parameter, every digest, and what was measured."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import pandas as pd

from curation.manipulation.planning.design import Design
from curation.manipulation.planning.stimuli import PlannedStimulus
from study.tools.files import written_atomically
from study.tools.versions import versions

MANIFEST_NAME = "manifest.csv"
JSON_NAME = "manifest.json"
REJECTS_NAME = "rejects.csv"


@dataclass(frozen=True, slots=True)
class FinishedStimulus:
    """A finished stimulus: what was asked for, then what was measured in the file.

    Parameters
    ----------
    filename : str
        ``<condition>/<label>/<clip>``, within the folder.
    condition : str
        Name of the condition, as the design has it.
    source, sound_source : str
        The clips that picture and sound are of; of a black picture, the clip of the sound.
    label : str
        The right answer; empty where none is.
    picture_label, sound_label : str
        Class of the picture and of the sound; empty where there is none.
    modality : str
        What is left of the clip: ``audiovisual``, ``audio`` or ``visual``.
    asynchrony_ms : float or None
        By how much the sound is late; None where there is only one of the two.
    attend : str
        What people are asked for: ``both``, ``picture`` or ``sound``.
    edge : str
        What becomes of the time without sound or picture: ``silence`` or ``cut``.
    incongruent : bool
        Whether the sound is that of a clip of another class.
    noise : str
        Kind of the noise in the sound.
    snr_db : float or None
        Sound against noise, as asked for; None without noise.
    contrast, pixel_noise, blur_px : float
        Of the picture, as asked for.
    low_pass_cpp, high_pass_cpp : float or None
        Limits of the picture's spatial frequencies, cycles per its height; None without a filter.
    seed : int
        What its noise was drawn from.
    format : str
        Container and codecs.
    source_sha256, sound_sha256 : str
        Digests of the clips that picture and sound are of.
    gain_db : float
        By how much the sound is louder or softer than in its clip.
    n_pictures, width_px, height_px : int
        Pictures of the finished clip, and their size.
    duration_s : float
        Its length.
    sha256 : str
        Of the finished file.
    snr_measured_db : float or None
        By projection of the finished sound onto the clip's sound and the noise.
    asynchrony_measured_ms : float or None
        By cross-correlation of the finished sound with the mixture, and the time stamps.
    asynchrony_peak : str
        Whether the peak of the cross-correlation is the only one.
    picture_time_error_ms : float
        By how much a picture is shown at another time than it should be, at most.
    contrast_measured, pixel_noise_measured : float or None
        In the finished pictures.
    picture_psnr_db : float or None
        Of five finished pictures against the planned ones, luminance; None where they are the same.
    peak : float
        Largest sample of the finished sound, of full scale.
    """

    filename: str
    condition: str
    source: str
    sound_source: str
    label: str
    picture_label: str
    sound_label: str
    modality: str
    asynchrony_ms: float | None
    attend: str
    edge: str
    incongruent: bool
    noise: str
    snr_db: float | None
    contrast: float
    pixel_noise: float
    blur_px: float
    low_pass_cpp: float | None
    high_pass_cpp: float | None
    seed: int
    format: str
    source_sha256: str
    sound_sha256: str
    gain_db: float
    n_pictures: int
    width_px: int
    height_px: int
    duration_s: float
    sha256: str
    snr_measured_db: float | None
    asynchrony_measured_ms: float | None
    asynchrony_peak: str
    picture_time_error_ms: float
    contrast_measured: float | None
    pixel_noise_measured: float
    picture_psnr_db: float | None
    peak: float


@dataclass(frozen=True, slots=True)
class RefusedStimulus:
    """A stimulus that was not made, and why.

    Parameters
    ----------
    filename, condition, source : str
        As of a finished one.
    reason : str
        In a word.
    detail : str
        In a sentence.
    """

    filename: str
    condition: str
    source: str
    reason: str
    detail: str


COLUMNS = tuple(field.name for field in fields(FinishedStimulus))


def asked_for(
    stimulus: PlannedStimulus, design: Design, sha256_of: Mapping[str, str]
) -> dict[str, Any]:
    """Return the part of a row that the design decides, by which a finished clip is known again.

    `sha256_of`: digests of the clips by name.
    """
    condition, source, sound = stimulus.condition, stimulus.source, stimulus.sound
    is_heard = condition.modality != "visual"
    given = condition.model_dump(exclude={"name", "attend", "asynchrony_ms", "noise"})
    return {
        "filename": stimulus.filename,
        "condition": condition.name,
        "source": source.name,
        "sound_source": sound.name if is_heard else "",
        "label": stimulus.label,
        "picture_label": stimulus.picture_label,
        "sound_label": stimulus.sound_label,
        "asynchrony_ms": (
            float(condition.asynchrony_ms) if condition.modality == "audiovisual" else None
        ),
        "attend": condition.attended,
        "noise": condition.noise or "",
        **given,
        "seed": design.seed,
        "format": design.format,
        "source_sha256": sha256_of[source.name],
        "sound_sha256": sha256_of[sound.name] if is_heard else "",
    }


def write_manifest(folder: Path, rows: Iterable[FinishedStimulus], design: Design) -> None:
    """Write the manifest as CSV and as JSON."""
    found = [asdict(row) for row in rows]
    with written_atomically(folder / MANIFEST_NAME) as part:
        pd.DataFrame(found, columns=list(COLUMNS)).to_csv(part, index=False)
    content = {
        "design": design.model_dump(mode="json"),
        "software": versions("av", "numpy", "scipy"),
        "clips": found,
    }
    with written_atomically(folder / JSON_NAME) as part:
        part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def write_rejects(folder: Path, rejects: Iterable[RefusedStimulus]) -> None:
    """Write which stimuli were not made; no file where all were."""
    found = [asdict(reject) for reject in rejects]
    path = folder / REJECTS_NAME
    if not found:
        path.unlink(missing_ok=True)
        return
    with written_atomically(path) as part:
        pd.DataFrame(found).to_csv(part, index=False)


def row_of(content: object) -> FinishedStimulus | None:
    """Return a row from a manifest or a journal; None where it is not one."""
    if not isinstance(content, dict) or set(content) != set(COLUMNS):
        return None
    return FinishedStimulus(**content)
