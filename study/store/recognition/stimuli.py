"""Stimuli of the recognition experiment: the clips, and what each shows and sounds like."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import pandas as pd
from sqlalchemy import insert, select

from study.config.recognition import Recognition
from study.store.dataframes import as_frame
from study.store.engine import Db
from study.store.tables import StimulusRow

UNCHANGED = "unchanged"  # the condition of clips without a manifest
COLUMNS = (
    "filename", "sha256", "condition", "source", "sound_source", "label", "picture_label",
    "sound_label", "modality", "asynchrony_ms", "attend",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NewStimulus:
    """A clip to be recognised.

    Parameters
    ----------
    filename : str
        Within the folder of stimuli.
    condition : str
        How it was manipulated.
    source, sound_source : str
        The clips that its picture and its sound are of; empty where there is no such.
    label : str
        The right answer; empty where none is.
    picture_label, sound_label : str
        Classes of picture and sound; empty where there is no such.
    modality : {"audiovisual", "audio", "visual"}
        What is left of the clip.
    asynchrony_ms : float or None
        By how much the sound is late.
    attend : {"picture", "sound", "both"}
        What is asked.
    """

    filename: str
    sha256: str
    condition: str
    source: str
    sound_source: str
    label: str
    picture_label: str
    sound_label: str
    modality: str = "audiovisual"
    asynchrony_ms: float | None = None
    attend: str = "both"

    @property
    def sources(self) -> frozenset[str]:
        """The clips that it was made of."""
        return frozenset({self.source, self.sound_source} - {""})


def classes_of(recognition: Recognition, stimuli: Iterable[NewStimulus]) -> tuple[str, ...]:
    """Return what can be answered: the study's own classes, or those of the stimuli."""
    if recognition.classes:
        return recognition.classes
    labels = {label for s in stimuli for label in (s.label, s.picture_label, s.sound_label)}
    return tuple(sorted(labels - {""}))


def add_many(db: Db, stimuli: Sequence[NewStimulus], at: datetime) -> None:
    """Add stimuli."""
    rows = [asdict(stimulus) | {"added_at": at} for stimulus in stimuli]
    if rows:
        db.execute(insert(StimulusRow), rows)


def listed(db: Db) -> dict[int, NewStimulus]:
    """Return all stimuli by their number."""
    rows = db.scalars(select(StimulusRow).order_by(StimulusRow.id))
    return {row.id: NewStimulus(**{name: getattr(row, name) for name in COLUMNS}) for row in rows}


def frame(db: Db) -> pd.DataFrame:
    """Return all stimuli: ``stimulus_id`` and `COLUMNS`."""
    columns = [getattr(StimulusRow, name) for name in COLUMNS]
    query = select(StimulusRow.id.label("stimulus_id"), *columns).order_by(StimulusRow.id)
    return as_frame(db.execute(query))
