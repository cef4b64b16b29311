"""What observers answered, person or network, as one table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from study.errors import TableError

PEOPLE = "people"
NETWORKS = "networks"
GROUPS = (PEOPLE, NETWORKS)
# What every row says, and what it may say of its stimulus.
NEEDED = ("observer", "condition", "clip", "label", "response")
OF_A_STIMULUS = ("modality", "asynchrony_ms", "sound_label", "picture_label")
KEY = ["group", "observer", "condition", "clip"]
AUDIOVISUAL, AUDIO, VISUAL = "audiovisual", "audio", "visual"
MODALITIES = (AUDIOVISUAL, AUDIO, VISUAL)
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Responses:
    """One row per stimulus that an observer answered.

    Parameters
    ----------
    rows : DataFrame
        Text columns ``group`` ("people" or "networks") and those of `NEEDED`, and ``modality``,
        ``asynchrony_ms`` (float, positive where the sound is late), ``sound_label`` and
        ``picture_label``, which may be empty. No answer is an empty ``response``; where no answer
        is right, ``label`` is empty.
    classes : tuple of str
        What could be answered.
    probabilities : ndarray of float64, shape (n_rows, n_classes)
        What a network gave to each class; NaN in rows without.
    """

    rows: pd.DataFrame
    classes: tuple[str, ...]
    probabilities: Numbers = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse a stimulus that one observer answered twice."""
        twice = self.rows[self.rows.duplicated(KEY)]
        if len(twice):
            row = twice.iloc[0]
            raise TableError(
                f"{row['observer']} answered {row['clip']} twice in the condition "
                f"{row['condition']}. Give each answer once, or observers names of their own"
            )

    @cached_property
    def conditions(self) -> list[str]:
        """Return the conditions in which somebody could be right, in order."""
        return sorted(self.rows.loc[self.rows["label"] != "", "condition"].unique())

    @property
    def chance(self) -> float:
        """Return how often who guesses is right."""
        return 1 / len(self.classes)

    def of(self, group: str) -> "Responses":
        """Return what one group answered."""
        return self.where((self.rows["group"] == group).to_numpy())

    def answerable(self) -> "Responses":
        """Return the rows in which an answer is right."""
        return self.where((self.rows["label"] != "").to_numpy())

    def where(self, wanted: npt.NDArray[np.bool_]) -> "Responses":
        """Return some rows."""
        rows = self.rows[wanted].reset_index(drop=True)
        return Responses(rows, self.classes, self.probabilities[wanted])

    @property
    def is_correct(self) -> Numbers:
        """Return 1.0 for right and 0.0 for wrong answers, a missed one among them."""
        return np.asarray(self.rows["response"] == self.rows["label"], np.float64)

    def codes(self, column: str) -> npt.NDArray[np.intp]:
        """Return the number of the class in a column of labels; -1 for none."""
        places: Mapping[str, int] = {name: i for i, name in enumerate(self.classes)}
        return np.asarray(self.rows[column].map(places).fillna(-1), np.intp)


def together(people: Responses, networks: Responses) -> Responses:
    """Return the answers of both groups, whose classes must be the same.

    Raises TableError if a clip has another label for people than for networks.
    """
    rows = pd.concat([people.rows, networks.rows], ignore_index=True)
    labels = rows.groupby(["condition", "clip"])["label"].nunique()
    if (labels > 1).any():
        condition, clip = labels[labels > 1].index[0]
        raise TableError(
            f"{clip} has several labels in the condition {condition}. "
            "Give people and networks the same test set"
        )
    return Responses(
        rows, people.classes, np.vstack([people.probabilities, networks.probabilities])
    )
