"""Embeddings of clips: ``features.read(path)`` and ``features.dataset(paths)``."""

from features.reading import dataset, read

__all__ = ["dataset", "read"]
