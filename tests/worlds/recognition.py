"""Small recognition experiments: stimuli in a folder, a study, and people who are simulated."""

import csv
import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path

from study.config.study import Study
from study.init import init_study
from study.store import Engine, open_store, transaction
from study.store.people import participants
from study.vocabulary import ParticipantKind
from tests.worlds.studies import AT

CLASSES = ("barking", "diving", "frying", "pouring")
CONDITIONS = ("plain", "late", "foreign", "black")
_COLUMNS = (
    "filename", "condition", "source", "sound_source", "label", "picture_label", "sound_label",
    "modality", "asynchrony_ms", "attend",
)  # fmt: skip
SETTINGS = {
    "rehearsal": "true",
    "screen.width_px": "1366",
    "screen.height_px": "768",
    "screen.break_s": "0.0",
    "headphones.set_level": "false",
    "recognition.alone": "true",
    "recognition.trials_per_block": "8",
}


def stimuli_folder(
    folder: Path,
    *,
    classes: Sequence[str] = CLASSES,
    n_per_class: int = 5,
    conditions: Sequence[str] = CONDITIONS,
    clips: Mapping[str, Path] | None = None,
) -> Path:
    """Make a folder of stimuli as `curation manipulate` does; without clips, not playable ones.

    Foreign sounds are of the next class. All clips differ in their bytes.

    `clips`: what the clips of each condition show.
    """
    rows = []
    for (c, label), k, condition in itertools.product(
        enumerate(classes), range(n_per_class), conditions
    ):
        row = _row(classes, c, k, condition)
        path = folder / row["filename"]
        path.parent.mkdir(parents=True, exist_ok=True)
        # What follows the last box of a file is not read.
        content = b"" if clips is None else clips[condition].read_bytes()
        path.write_bytes(content + f"{condition}/{label}/{k}".encode())
        rows.append(row)
    write_manifest(folder, rows)
    return folder


def write_manifest(folder: Path, rows: Sequence[dict[str, str]]) -> None:
    """Write the manifest of some stimuli."""
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, _COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def _row(classes: Sequence[str], c: int, k: int, condition: str) -> dict[str, str]:
    label, other = classes[c], classes[(c + 1) % len(classes)]
    source = f"{label}/{k}.mp4"
    is_foreign, is_black, is_silent = (condition == name for name in ("foreign", "black", "silent"))
    return {
        "filename": f"{condition}/{label}/{k}.mp4",
        "condition": condition,
        "source": source,
        "sound_source": f"{other}/{k}.mp4" if is_foreign else source,
        "label": "" if is_foreign else label,
        "picture_label": "" if is_black else label,
        "sound_label": "" if is_silent else (other if is_foreign else label),
        "modality": "audio" if is_black else ("visual" if is_silent else "audiovisual"),
        "asynchrony_ms": "400" if condition == "late" else ("" if is_black or is_silent else "0"),
        "attend": {"black": "sound", "silent": "picture"}.get(condition, "both"),
    }


def recognition_study(
    folder: Path,
    *,
    n_people: int = 10,
    settings: dict[str, str] | None = None,
    stimuli: Path | None = None,
    kind: ParticipantKind = ParticipantKind.SIMULATED,
) -> tuple[Study, Engine]:
    """Make a study that is a recognition experiment alone, with people S01, S02, ..."""
    stimuli = stimuli_folder(folder / "stimuli") if stimuli is None else stimuli
    lines = SETTINGS | {"recognition.stimuli": f'"{stimuli}"'} | (settings or {})
    study = init_study(folder / "study", [f"{k}={v}" for k, v in lines.items()], AT)
    engine = open_store(study.store_url)
    with transaction(engine) as db:
        for i in range(1, n_people + 1):
            participants.add(db, participant_id=f"S{i:02}", kind=kind, at=AT)
    return study, engine
