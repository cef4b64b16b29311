"""`scenes.csv`: a row per clip of a rehearsal, written and read in one place."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

from study.errors import ConfigError
from study.reading.clip_keys import Key, key_of, location_of
from study.reading.rows import csv_rows
from study.rehearsal.scenes import Event, Scene
from study.tools.files import written_atomically
from study.vocabulary import VIDEO_LOCATIONS, Rating

SCENES_NAME = "scenes.csv"

Clip = tuple[str, str]  # video_location and filename


@dataclass(frozen=True, slots=True)
class SceneRow:
    """One row of `scenes.csv`: a clip and what a rater should say of it, in plain words.

    Parameters
    ----------
    video_location, filename, mit_label, avmit_label : str
        Which clip, and the classes it came from and is rated under.
    rating : int
        What a rater should say.
    event : str
        The action of the class where it is in the scene, else empty.
    event_seen, event_heard, prominent : bool
        Whether the event is in the picture, in the sound, and the most prominent one.
    other_event : str
        Another action in the scene, else empty.
    audio : {"sound", "silent", "none"}
        What the sound stream holds, if there is one.
    width_px, height_px : int
        Size of the picture.
    frame_rate_hz, duration_s : float
        Frames a second, and the length of the clip.
    seed : int
        The seed of the tree.
    sha256 : str
        Digest of the file; empty before it has been made.
    """

    video_location: str
    filename: str
    mit_label: str
    avmit_label: str
    rating: int
    event: str
    event_seen: bool
    event_heard: bool
    prominent: bool
    other_event: str
    audio: str
    width_px: int
    height_px: int
    frame_rate_hz: float
    duration_s: float
    seed: int
    sha256: str = ""

    @property
    def clip(self) -> Clip:
        """What the row is about."""
        return self.video_location, self.filename


COLUMNS = tuple(field.name for field in fields(SceneRow))


def row_of(scene: Scene, sha256: str = "") -> SceneRow:
    """Return the row of a scene."""
    return SceneRow(
        video_location=scene.video_location,
        filename=scene.filename,
        mit_label=scene.mit_label,
        avmit_label=scene.avmit_label,
        rating=int(scene.rating),
        event=_action_of(scene.event),
        event_seen=scene.event is not None and scene.event.seen,
        event_heard=scene.event is not None and scene.event.heard and scene.audio == "sound",
        prominent=scene.is_prominent,
        other_event=_action_of(scene.other),
        audio=scene.audio,
        width_px=scene.source.width_px,
        height_px=scene.source.height_px,
        frame_rate_hz=round(float(scene.source.frame_rate_hz), 3),
        duration_s=scene.duration_s,
        seed=scene.seed,
        sha256=sha256,
    )


def write_scenes(rows: Iterable[SceneRow], path: Path) -> None:
    """Write `scenes.csv`.

    Parameters
    ----------
    rows : iterable of SceneRow
        The clips, in any order; they are written in the order of their names.
    """
    ordered = sorted(rows, key=lambda row: row.clip)
    with written_atomically(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(astuple(row) for row in ordered)


def read_rows(path: Path, *, skip_broken: bool = False) -> Iterator[SceneRow]:
    """Read `scenes.csv` row by row.

    Returns the rows in the order of the file. Raises ConfigError if the file is not a table, a
    column is missing, or a row that must not be skipped is broken or names a clip again.

    Parameters
    ----------
    skip_broken : bool
        Whether to pass over a row that is cut short or holds what it must not.
    """
    return _whole_rows(path) if skip_broken else _all_rows(path)


def row_from_journal(line: str) -> SceneRow | None:
    """Return the row that a line of JSON states, None where the line is cut short."""
    try:
        entry = json.loads(line)
    except json.JSONDecodeError:
        return None
    return _row_from_text({name: str(value) for name, value in entry.items()})


def _all_rows(path: Path) -> Iterator[SceneRow]:
    missing = "Make the clips first: python -m study make-clips"
    seen: set[Key] = set()
    for line, cells in csv_rows(path, COLUMNS, error=ConfigError, missing=missing):
        row = _row_from_text(dict(cells))
        if row is None:
            raise ConfigError(
                f"{path}, line {line}, is not the row of a scene: expected the columns "
                f"{', '.join(COLUMNS)} and a rating of 1, 2 or 3. Make the clips again"
            )
        if key_of(*row.clip) in seen:
            raise ConfigError(
                f"{path}, line {line}: {row.filename} stands in the table already. Make the clips "
                "again"
            )
        seen.add(key_of(*row.clip))
        yield row


def _whole_rows(path: Path) -> Iterator[SceneRow]:
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        reader = csv.DictReader(file)
        while True:
            try:
                text = next(reader, None)
            except csv.Error:
                continue
            if text is None:
                return
            row = _row_from_text(text)
            if row is not None:
                yield row


def _row_from_text(text: dict[str, str | None]) -> SceneRow | None:
    try:
        values: dict[str, Any] = {name: parse(text[name]) for name, parse in _PARSERS.items()}
    except (KeyError, TypeError, ValueError):
        return None
    row = SceneRow(**values)
    is_whole = (
        row.rating in set(Rating)
        and row.video_location in VIDEO_LOCATIONS
        and len(row.sha256) == _SHA256_DIGITS
    )
    return row if is_whole else None


def _text(text: str | None) -> str:
    if text is None:
        raise ValueError("the row is cut short")
    return text


def _truth_value(text: str | None) -> bool:
    return {"True": True, "False": False}[_text(text)]


_SHA256_DIGITS = 64
_PARSER_OF: dict[Any, Callable[[Any], Any]] = {
    str: _text,
    bool: _truth_value,
    int: int,
    float: float,
}
_PARSERS = {field.name: _PARSER_OF[field.type] for field in fields(SceneRow)} | {
    "video_location": lambda text: location_of(_text(text))
}


def _action_of(event: Event | None) -> str:
    return "" if event is None else event.action
