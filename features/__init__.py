"""Embeddings of clips: ``embed`` one clip, ``read`` one record, a ``dataset`` of many."""

from typing import TYPE_CHECKING

from study.tools.faces import lazy_faces

if TYPE_CHECKING:
    from features.extraction.embed import embed
    from features.records.dataset import dataset
    from features.records.read import read

__all__ = ["dataset", "embed", "read"]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_faces(
        __name__,
        {
            "dataset": "features.records.dataset:dataset",
            "embed": "features.extraction.embed:embed",
            "read": "features.records.read:read",
        },
    )
