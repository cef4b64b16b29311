"""How probable it is that a clip is prominent, by its embeddings: for a rule, and for no rater.

A logistic classifier on the means of embeddings over time, and on the class. Every probability is
out of fold: the clips of a source video are told by a classifier that has seen none of them.
"""

import hashlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit

from features.embedding_set import EmbeddingSet
from models.data import labelled_clips
from models.data.dataset import load_dataset
from study.errors import TableError
from study.naming import source_of
from study.reading.clip_keys import keys_of
from study.reading.list_faults import ClipList
from study.reading.lists import read_list
from study.tools.files import refuse_existing, written_atomically
from study.tools.wording import counted

N_FOLDS = 5
LEAST = 20  # rated clips of either answer, to learn from
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_COUNTS = ("r1", "r2", "r3")
_LOCATED = ("filename", "avmit_label", "video_location")


COLUMNS = {  # of `prior_table`, and what each means
    "filename": "MIT class subdirectory/video name",
    "video_location": "training or validation",
    "probability": "how probable it is that the clip is prominent, learnt from other sources",
    "fold": "the part of the sources, from 0, that it was not learnt from",
}


def prior_table(
    ratings: Path,
    clips: Path,
    embeddings: Path,
    embedding_set: EmbeddingSet,
    *,
    cache: Path | None = None,
    penalty: float = 1.0,
) -> pd.DataFrame:
    """Return how probable it is that each clip of a list is prominent.

    Parameters
    ----------
    ratings : Path
        `video_ratings.csv`: what is learnt from; a clip is prominent if more than half of its
        ratings are 3.
    clips : Path
        The list of clips to tell, with locations and records.
    embeddings : Path
        Folder of the embedding set.
    penalty : float
        Weight of the squared coefficients, against one clip.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`.

    Raises
    ------
    TableError
        If too few clips of either answer were rated.
    """
    told = read_list(clips, _LOCATED, with_records=True)
    labelled = labelled_clips.read_list(clips)
    rated = read_list(ratings, (*_LOCATED, *_COUNTS), with_records=True)
    answers = _answers(rated)
    keys = keys_of(told.columns["video_location"], told.columns["filename"])
    yes = np.array([answers.get(key, np.nan) for key in keys])
    fold = folds([source_of(name) for name in told.columns["filename"]])
    for number in np.unique(fold):
        _require_enough(yes[fold != number], ratings, clips)
    found = load_dataset(labelled, embeddings, embedding_set, labelled.classes, cache=cache)
    features = _features(np.asarray(found.rows), told.columns["avmit_label"])
    return pd.DataFrame(
        {
            "filename": told.columns["filename"],
            "video_location": told.columns["video_location"],
            "probability": out_of_fold(features, yes, fold, penalty).round(6),
            "fold": fold,
        }
    )


def write_prior(table: pd.DataFrame, path: Path, *, overwrite: bool) -> None:
    """Write `prior.csv`; the same rows give the same bytes."""
    refuse_existing(path, overwrite=overwrite)
    with written_atomically(path, overwrite=overwrite) as part:
        table.to_csv(part, index=False, lineterminator="\n")


def folds(sources: list[str]) -> Ints:
    """Return the fold of each source video, the same whatever else is in a list."""
    digests = [hashlib.sha256(source.encode()).digest() for source in sources]
    return np.array([digest[0] % N_FOLDS for digest in digests], dtype=np.int64)


def out_of_fold(features: Floats, yes: Floats, fold: Ints, penalty: float) -> Floats:
    """Return the probability of a yes for every clip, by a classifier without its fold.

    Parameters
    ----------
    features : ndarray of float64, shape (n_clips, n_features)
        Of mean 0 and spread 1.
    yes : ndarray of float64, shape (n_clips,)
        1 and 0; NaN where nobody has rated.
    fold : ndarray of int64, shape (n_clips,)
        Which clips are told together.
    """
    found = np.empty(len(yes), dtype=np.float64)
    for number in np.unique(fold):
        known = (fold != number) & ~np.isnan(yes)
        weights = _fit(features[known], yes[known], penalty)
        own = fold == number
        found[own] = expit(features[own] @ weights[1:] + weights[0])
    return found


def auc(probability: Floats, yes: Floats) -> float:
    """Return the area under the curve of the clips whose answer is known."""
    known = ~np.isnan(yes)
    ranks = pd.Series(probability[known]).rank().to_numpy()
    is_yes = yes[known] > 0
    n_yes, n_no = int(is_yes.sum()), int((~is_yes).sum())
    return float((ranks[is_yes].sum() - n_yes * (n_yes + 1) / 2) / (n_yes * n_no))


def _answers(rated: ClipList) -> dict[tuple[str, str], float]:
    counts = np.array([[int(n) for n in rated.columns[name]] for name in _COUNTS])
    keys = keys_of(rated.columns["video_location"], rated.columns["filename"])
    yes = np.where(counts.sum(axis=0) > 0, 2 * counts[2] > counts.sum(axis=0), np.nan)
    return {key: float(one) for key, one in zip(keys, yes, strict=True) if not np.isnan(one)}


def _require_enough(yes: Floats, ratings: Path, clips: Path) -> None:
    n_yes, n_no = int((yes == 1).sum()), int((yes == 0).sum())
    if min(n_yes, n_no) < LEAST:
        raise TableError(
            f"outside of one fold {ratings} has {counted(n_yes, 'prominent clip')} of {clips} and "
            f"{n_no} others; {LEAST} of either, of several source videos, are needed to learn "
            "from. Rate more clips, export again"
        )


def _features(rows: npt.NDArray[np.float32], labels: list[str]) -> Floats:
    """Return means over the timesteps that a clip has, and its class, of one spread."""
    there = (rows != 0).any(axis=2)
    means = rows.sum(axis=1) / np.maximum(there.sum(axis=1), 1)[:, None]
    classes = pd.get_dummies(pd.Series(labels)).to_numpy(dtype=np.float64)
    found = np.column_stack([means.astype(np.float64), classes])
    spread = found.std(axis=0)
    return np.asarray((found - found.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def _fit(features: Floats, yes: Floats, penalty: float) -> Floats:
    def loss(weights: Floats) -> tuple[float, Floats]:
        score = features @ weights[1:] + weights[0]
        wrong = expit(score) - yes
        value = np.logaddexp(0, score).sum() - yes @ score
        value += 0.5 * penalty * weights[1:] @ weights[1:]
        gradient = np.concatenate([[wrong.sum()], features.T @ wrong + penalty * weights[1:]])
        return float(value), gradient

    start = np.zeros(features.shape[1] + 1)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 300})
    return np.asarray(found.x, dtype=np.float64)
