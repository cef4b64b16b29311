"""Embedding sets that other packages bring (docs/adr/0043)."""

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points

from features.embedding_set import EMBEDDING_SETS, SET_NAME, AudioStream, EmbeddingSet, VisualStream
from study.errors import ConfigError

GROUP = "avmit_lab.embedding_sets"
_FOLDER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_MOST_VALUES = 65_536  # of an embedding; those of the paper have up to 1,280


@dataclass(frozen=True, slots=True)
class PluggedSet:
    """An embedding set and the package that brings it, such as ``"my-sets 1.2"``."""

    embedding_set: EmbeddingSet
    package: str


@lru_cache(maxsize=1)
def plugged_sets() -> tuple[PluggedSet, ...]:
    """Return the sets that installed packages bring, in the order of their names.

    Raises ConfigError with the package's name if one cannot be loaded or is not a set.
    """
    points = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    found = tuple(_loaded(point) for point in points)
    taken = {name: "the paper" for each in EMBEDDING_SETS.values() for name in _names(each)}
    for each in found:
        for name in _names(each.embedding_set):
            if name in taken:
                raise ConfigError(
                    f"{each.package} and {taken[name]} both bring an embedding set {name!r}. "
                    "Uninstall one"
                )
            taken[name] = each.package
    return found


def package_of(name: str) -> str | None:
    """Return the package that brings a set; None for the paper's."""
    if name in EMBEDDING_SETS:
        return None
    return next((each.package for each in plugged_sets() if each.embedding_set.name == name), None)


def _names(embedding_set: EmbeddingSet) -> set[str]:
    return {embedding_set.name, embedding_set.folder}


def _loaded(point: EntryPoint) -> PluggedSet:
    package = f"{point.dist.name} {point.dist.version}" if point.dist else point.value
    try:
        found = point.load()
    except Exception as error:  # a package of others may fail in any way
        reason = str(error).partition("\n")[0][:300]
        raise ConfigError(
            f"the embedding set {point.name!r} of {package} cannot be loaded: "
            f"{type(error).__name__}: {reason}. Mend or uninstall the package"
        ) from error
    fault = _fault_of(found)
    if fault is not None:
        raise ConfigError(
            f"the embedding set {point.name!r} of {package} cannot be used: {fault}. Mend or "
            "uninstall the package"
        )
    return PluggedSet(found, package)


def _fault_of(found: object) -> str | None:
    if not isinstance(found, EmbeddingSet):
        return f"it is a {type(found).__name__}, expected a features.embedding_set.EmbeddingSet"
    if not re.fullmatch(SET_NAME, found.name):
        return f"its name is {found.name!r}, expected small letters, digits and _"
    if not _FOLDER.fullmatch(found.folder):
        return f"its folder is {found.folder!r}, expected letters, digits and _"
    return _fault_of_stream(found.audio) or _fault_of_stream(found.visual)


def _fault_of_stream(stream: AudioStream | VisualStream) -> str | None:
    if type(stream.size) is not int or not 1 <= stream.size <= _MOST_VALUES:
        return f"{stream.network} has the size {stream.size}, expected 1 to {_MOST_VALUES}"
    least_s = 0.0 if isinstance(stream, VisualStream) else 1e-3
    if not 1e-3 <= stream.stride_s < math.inf or not least_s <= stream.window_s < math.inf:
        return f"{stream.network} has a window of {stream.window_s} s every {stream.stride_s} s"
    if not callable(stream.load):
        return f"{stream.network} has no function to load it"
    missing = [path for path in stream.weights if not path.is_file()]
    return f"{missing[0]} of {stream.network} is missing" if missing else None
