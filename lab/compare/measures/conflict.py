"""Sound and picture that disagree: which one people and networks follow."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lab.compare.measures.confusions import Taker
from lab.compare.resampling import Resamples
from lab.compare.responses import AUDIOVISUAL, Numbers, Responses


@dataclass(frozen=True, slots=True)
class Conflict:
    """Shares of answers to incongruent clips, as they are and then in each resample.

    Parameters
    ----------
    picture, sound : ndarray of float64, shape (1 + n_resamples,)
        Answers that name what was seen, and what was heard; the others name neither.
    n : int
    """

    picture: Numbers
    sound: Numbers
    n: int

    def measures(self) -> Iterator[tuple[str, Numbers]]:
        """Return the shares by name, and by how much the picture's is greater."""
        yield "answers that follow the picture", self.picture
        yield "answers that follow the sound", self.sound
        yield "picture less sound", self.picture - self.sound


def is_incongruent(responses: Responses) -> npt.NDArray[np.bool_]:
    """Return which rows have a sound of another class than their picture."""
    sound, picture = responses.rows["sound_label"], responses.rows["picture_label"]
    return np.asarray((sound != "") & (picture != "") & (sound != picture), np.bool_)


def conflict(responses: Responses, taker: Taker, draws: Resamples) -> Conflict | None:
    """Count the answers of a taker to incongruent clips; None where there is none."""
    rows = taker.within(is_incongruent(responses)).rows
    if not len(rows):
        return None
    table = responses.rows.iloc[rows]
    picture, sound = (
        np.asarray(table["response"] == table[name], np.float64)
        for name in ("picture_label", "sound_label")
    )
    return Conflict(share(picture, rows, draws), share(sound, rows, draws), len(rows))


def congruence_effect(responses: Responses, taker: Taker, draws: Resamples) -> Numbers | None:
    """Return by how much more often an answer is right where sound and picture agree.

    Compares clips with both sounds and pictures that have a right answer; None where one kind is
    missing.
    """
    differs = is_incongruent(responses)
    rows = responses.rows
    is_together = rows["asynchrony_ms"].fillna(0) == 0
    asked = ((rows["label"] != "") & (rows["modality"] == AUDIOVISUAL) & is_together).to_numpy()
    incongruent = taker.within(asked & differs).rows
    congruent = taker.within(asked & ~differs).rows
    if not (len(incongruent) and len(congruent)):
        return None
    right = responses.is_correct
    return share(right[congruent], congruent, draws) - share(right[incongruent], incongruent, draws)


def share(values: Numbers, rows: npt.NDArray[np.intp], draws: Resamples) -> Numbers:
    """Return the mean of values of rows, as it is and then in each resample."""
    parts = [np.array([values.mean()])]
    for chunk in draws.chunks():
        weights = draws.trial_weights(rows, chunk)
        with np.errstate(invalid="ignore", divide="ignore"):
            parts.append(values @ weights / weights.sum(axis=0))
    return np.concatenate(parts)
