"""Embeddings of clips: ``features.read(path)`` and ``features.dataset(paths, set)``."""

from features.reading import dataset, read

__all__ = ["dataset", "read"]
