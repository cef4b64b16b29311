"""Look at embeddings: which clips lie where, which look mislabelled, which are near-duplicates."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from features.embedding_set import EmbeddingSet
from features.networks.layers import Floats
from features.records.identity import other_clip
from features.records.records import read_record
from study.errors import RecordError

N_NEIGHBOURS = 10
DUPLICATE_SIMILARITY = 0.995
_SPREAD_FLOOR = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Clips:
    """One vector per clip and modality: the mean over its timesteps.

    Parameters
    ----------
    about : DataFrame
        Columns ``filename``, ``label``, ``tfrecord_filename``.
    audio, visual : ndarray of float32, shape (n_clips, size)
        The means, standardised over clips and scaled to length 1.
    """

    about: pd.DataFrame
    audio: Floats
    visual: Floats

    @property
    def joint(self) -> Floats:
        """Both modalities with equal weight, shape (n_clips, audio_size + visual_size)."""
        both = np.concatenate([self.audio, self.visual], axis=1)
        halved: Floats = (both / np.sqrt(2)).astype(np.float32)
        return halved


def read_clips(
    folder: Path,
    paths: Iterable[Path],
    embedding_set: EmbeddingSet,
    filenames: Mapping[str, str],
) -> Clips:
    """Read the mean embeddings of records.

    Parameters
    ----------
    filenames : mapping of str to str
        The clip of each record, where a manifest states it.
    """
    rows, audio, visual = [], [], []
    for path in paths:
        record = read_record(path, embedding_set)
        name = path.relative_to(folder).as_posix()
        if detail := other_clip(record.filename, name, filenames.get(name)):
            raise RecordError(f"{path} cannot be used: {detail}. Extract the clip again")
        rows.append({"filename": record.filename, "label": record.label, "tfrecord_filename": name})
        audio.append(record.audio.mean(axis=0, dtype=np.float64))
        visual.append(record.visual.mean(axis=0, dtype=np.float64))
    return Clips(pd.DataFrame(rows), unit_vectors(np.stack(audio)), unit_vectors(np.stack(visual)))


def unit_vectors(means: npt.NDArray[np.floating]) -> Floats:
    """Standardise each dimension over the clips, then scale each clip's vector to length 1.

    Returns
    -------
    ndarray of float32, shape (n_clips, size)
        Their dot products are cosine similarities.
    """
    centred = (means - means.mean(axis=0)) / np.maximum(means.std(axis=0), _SPREAD_FLOOR)
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    units: Floats = (centred / np.maximum(lengths, _SPREAD_FLOOR)).astype(np.float32)
    return units


def nearest(vectors: Floats, n_neighbours: int) -> npt.NDArray[np.intp]:
    """Return the nearest other clips of each clip.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n_clips, size)
        From `unit_vectors`.
    n_neighbours : int
        How many; fewer where there are not so many clips.

    Returns
    -------
    ndarray of int, shape (n_clips, n_neighbours)
        Indices, nearest first.
    """
    n_neighbours = min(n_neighbours, len(vectors) - 1)
    found = np.empty((len(vectors), n_neighbours), np.intp)
    for begin in range(0, len(vectors), 1024):  # similarities of some clips with all at a time
        similarity = vectors[begin : begin + 1024] @ vectors.T
        rows = np.arange(len(similarity))
        similarity[rows, begin + rows] = -np.inf
        found[begin : begin + 1024] = np.argsort(-similarity, axis=1)[:, :n_neighbours]
    return found


def neighbourhoods(clips: Clips, n_neighbours: int = N_NEIGHBOURS) -> pd.DataFrame:
    """Compare each clip's label with those of its neighbours, and what it sounds and looks like.

    Returns
    -------
    DataFrame
        ``clips.about`` with ``agreement`` (share of neighbours with the clip's label),
        ``suggested_label`` (the most frequent among them), and ``correspondence`` (share of
        the clips that sound nearest among those that look nearest), ``isolation`` (mean cosine
        distance to the neighbours: outliers have the largest).
    """
    labels, vectors = clips.about["label"].to_numpy(), clips.joint
    neighbours = nearest(vectors, n_neighbours)
    joint = labels[neighbours]
    sounds, looks = nearest(clips.audio, n_neighbours), nearest(clips.visual, n_neighbours)
    shared = [len(np.intersect1d(one, other)) for one, other in zip(sounds, looks, strict=True)]
    return clips.about.assign(
        agreement=(joint == labels[:, None]).mean(axis=1),
        suggested_label=[pd.Series(row).mode().iloc[0] for row in joint],
        correspondence=np.array(shared) / sounds.shape[1],
        isolation=[
            1 - float((vectors[row] @ vector).mean())
            for row, vector in zip(neighbours, vectors, strict=True)
        ],
    )


def near_duplicates(clips: Clips, similarity: float = DUPLICATE_SIMILARITY) -> pd.DataFrame:
    """Return pairs of clips that both sound and look the same.

    Returns
    -------
    DataFrame
        One row per pair: ``first`` and ``second`` (record names), ``similarity`` (the smaller
        one), ``same_label``; most similar first.
    """
    names = clips.about["tfrecord_filename"].to_numpy()
    labels = clips.about["label"].to_numpy()
    pairs = []
    for begin in range(0, len(names), 1024):
        block = slice(begin, begin + 1024)
        both = np.minimum(clips.audio[block] @ clips.audio.T, clips.visual[block] @ clips.visual.T)
        for row, second in np.argwhere(both >= similarity):
            first = begin + int(row)
            if first < second:
                pairs.append(
                    {
                        "first": names[first],
                        "second": names[second],
                        "similarity": float(both[row, second]),
                        "same_label": bool(labels[first] == labels[second]),
                    }
                )
    columns = ["first", "second", "similarity", "same_label"]
    return pd.DataFrame(pairs, columns=columns).sort_values(
        "similarity", ascending=False, ignore_index=True
    )


def project(vectors: Floats, seed: int) -> npt.NDArray[np.float64]:
    """Lay clips out on a plane so that neighbours stay neighbours (t-SNE).

    Parameters
    ----------
    vectors : ndarray of float32, shape (n_clips, size)
        At least three clips.

    Returns
    -------
    ndarray of float64, shape (n_clips, 2)
        Places between 0 and 1.
    """
    n_components = min(50, *vectors.shape)
    reduced = PCA(n_components, random_state=seed).fit_transform(vectors)
    perplexity = min(30.0, (len(vectors) - 1) / 3)
    plane = TSNE(2, perplexity=perplexity, init="pca", random_state=seed).fit_transform(reduced)
    low, high = plane.min(axis=0), plane.max(axis=0)
    places: npt.NDArray[np.float64] = (plane - low) / np.maximum(high - low, _SPREAD_FLOOR)
    return places
