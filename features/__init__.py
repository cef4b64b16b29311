"""Embeddings of clips: ``features.read(path)`` and ``features.dataset(paths)``."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from features.records.read import dataset, read

__all__ = ["dataset", "read"]


if not TYPE_CHECKING:  # a type checker would take it for a promise of any name

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        # At the first use: the command line answers --help where records cannot be read.
        from features.records import read as reading

        return getattr(reading, name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
