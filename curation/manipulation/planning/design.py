"""A design: conditions that are listed or crossed, read from TOML."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from curation.manipulation.planning.conditions import Condition
from study.config.study import problems_of
from study.errors import ConfigError
from study.reading.text import read_toml
from study.tools.wording import counted

Format = Literal["h264", "lossless"]
_MOST_CONDITIONS = 1000
_LARGEST_SEED = 2**31 - 1


class Design(BaseModel):
    """What is to be made of a set of clips.

    Parameters
    ----------
    seed : int
        Every noise and every pair follows from it.
    format : {"h264", "lossless"}
        H.264 and AAC in MP4, or FFV1 and FLAC in Matroska.
    clips_per_class : int or None
        The first clips of each class; None for all.
    condition : tuple of Condition
        In the order of the file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    seed: int = Field(1, ge=0, le=_LARGEST_SEED)
    format: Format = "h264"
    clips_per_class: int | None = Field(None, ge=1, le=1_000_000)
    condition: tuple[Condition, ...] = Field((), strict=False)

    @property
    def suffix(self) -> str:
        """What names of its files end in."""
        return ".mp4" if self.format == "h264" else ".mkv"


def read_design(path: Path) -> Design:
    """Read a design.

    Raises ConfigError if it is not TOML, or asks for what cannot be made.

    `path`: with tables ``[[condition]]``, and ``[[cross]]`` whose keys may be lists.
    """
    content = read_toml(path)
    crossed = content.pop("cross", [])
    listed = content.get("condition", [])
    if not isinstance(crossed, list) or not isinstance(listed, list):
        raise ConfigError(
            f"{path} has conditions that are not tables. Write them as [[condition]] and [[cross]]"
        )
    content["condition"] = [*listed, *(one for table in crossed for one in _crossed(table, path))]
    if not 1 <= len(content["condition"]) <= _MOST_CONDITIONS:
        raise ConfigError(
            f"{path} has {counted(len(content['condition']), 'condition')}, expected 1 to "
            f"{_MOST_CONDITIONS}. "
            "Write a [[condition]] with a name for each"
        )
    try:
        design = Design.model_validate(content)
    except ValidationError as error:
        raise ConfigError(f"{path}: {problems_of(error)}. Correct it") from error
    twice = [name for name, n in Counter(_folded(design)).items() if n > 1]
    if twice:
        raise ConfigError(f"{path} has two conditions {twice[0]}. Give each a name of its own")
    return design


def _crossed(table: object, path: Path) -> Iterator[Mapping[str, Any]]:
    if not isinstance(table, dict):
        raise ConfigError(f"{path}: [[cross]] is not a table. Write keys with lists below it")
    keys = [key for key, value in table.items() if isinstance(value, list)]
    fixed = {key: value for key, value in table.items() if key not in keys}
    size = 1
    for key in keys:
        size *= len(table[key])
    if size > _MOST_CONDITIONS:
        raise ConfigError(f"{path}: a [[cross]] has {size} conditions. Shorten its lists")
    for values in product(*(table[key] for key in keys)):
        parts = [f"{key}_{_word(value)}" for key, value in zip(keys, values, strict=True)]
        name = "_".join([*([str(fixed["name"])] if "name" in fixed else []), *parts])
        yield {**fixed, **dict(zip(keys, values, strict=True)), "name": name}


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _folded(design: Design) -> list[str]:
    # Some file systems take two names that differ in capitals for one folder.
    return [each.name.casefold() for each in design.condition]
