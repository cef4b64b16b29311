"""What a network said of each clip, as a table that anybody can read."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.data.labelled_clips import LabelledClips
from models.evaluation.results import Modality
from models.saving.card import Card
from study.reading.rows import csv_table
from study.tools.files import written_atomically

PROBABILITY = "p_"  # begins the columns of probabilities
COLUMNS = {  # what each means; those of a list are there where the list has them
    "network": "the model: training set, embedding set and recurrent layer",
    "filename": "the clip",
    "condition": "how it was manipulated",
    "source": "the clip that its picture is of",
    "sound_source": "the clip that its sound is of",
    "label": "the right answer; empty where none is",
    "modality": "what the network perceived: audiovisual, audio or visual",
    "picture_label": "class of the picture, where sounds were exchanged",
    "sound_label": "class of the sound, where sounds were exchanged",
    "asynchrony_ms": "by how much the sound comes late, ms; negative where it comes early",
    "attend": "what was asked about: picture, sound or both",
    "predicted": "the class with the highest probability",
    "p_‹class›": "probability of the class, a column for each",
    "loss": "minus the logarithm of the label's probability, nats; empty where no answer is right",
}
_OF_A_LIST = ("condition", "source")  # columns of a list that its predictions keep
_MODALITIES = {"both": "audiovisual", "audio": "audio", "visual": "visual"}


def network_name(card: Card) -> str:
    """Return the name of a network as an observer: each seed is one."""
    who = "imported" if card.seed is None else f"seed {card.seed}"
    return f"{card.training_set} {card.cell.name} {who}"


def predictions(
    network: str,
    classes: Sequence[str],
    logarithms: npt.NDArray[np.float64],
    clips: pd.DataFrame,
) -> pd.DataFrame:
    """Return a row per clip: what it is, what the network said, and how sure it was.

    Parameters
    ----------
    network : str
        Names the observer.
    logarithms : ndarray of float64, shape (n_clips, n_classes)
        Natural logarithms of the probabilities.
    clips : DataFrame
        With ``filename`` and ``label``, which is empty where no answer is right, and more.

    Returns
    -------
    DataFrame
        ``network``, the columns of `clips`, ``predicted``, ``p_<class>`` of every class, and
        ``loss`` in nats, which is missing where the label is none of the classes.
    """
    shares = pd.DataFrame(np.exp(logarithms), columns=[PROBABILITY + name for name in classes])
    index_of = {label: place for place, label in enumerate(classes)}
    places = np.array([index_of.get(label, -1) for label in clips["label"]])
    own = logarithms[np.arange(len(places)), places]
    found = clips.reset_index(drop=True).copy()
    found.insert(0, "network", network)
    found["predicted"] = [classes[place] for place in logarithms.argmax(axis=1)]
    return found.join(shares).assign(loss=np.where(places >= 0, -own, np.nan))


def clips_of_list(
    path: Path,
    clips: LabelledClips,
    modality: Modality,
    sound_from: npt.NDArray[np.intp] | None,
) -> pd.DataFrame:
    """Return the clips of a list as `predictions` takes them.

    Parameters
    ----------
    path : Path
        The list, whose columns ``condition`` and ``source`` are kept where it has them.
    sound_from : ndarray of int or None, shape (n_clips,)
        Whose sound each clip got.
    """
    heading, rows = csv_table(path)
    kept = [name for name in _OF_A_LIST if name in heading]
    cells = [[row[heading.index(name)] for name in kept] for _, row in rows]
    found = pd.DataFrame({"filename": clips.filenames})
    found[kept] = pd.DataFrame(cells, columns=kept, dtype=object)
    labels = np.array(clips.labels, dtype=object)
    found["label"] = labels
    found["modality"] = _MODALITIES[modality]
    if sound_from is not None:
        found["picture_label"], found["sound_label"] = labels, labels[sound_from]
    return found


def write_predictions(table: pd.DataFrame, path: Path) -> None:
    """Write predictions as CSV, and as Parquet beside it.

    `path`: ends in ``.csv``.
    """
    with written_atomically(path) as part:
        table.to_csv(part, index=False)
    with written_atomically(path.with_suffix(".parquet")) as part:
        table.to_parquet(part, index=False)
