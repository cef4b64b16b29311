"""The page of `study.toml`: every key, from the models that read it."""

import json
import re
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from handbook.docstrings import first_lines, meanings
from handbook.markdown import code, page, plain, table
from study.config.study import StudyConfig
from study.init import NEW_STUDIES
from study.store.studies import INCIDENTAL

_UNITS = {
    "_s": "seconds", "_px": "pixels", "_deg": "degrees of visual angle", "_cm": "cm", "_hz": "Hz",
    "_db": "dB", "_pence": "smallest unit of `currency`", "_minutes": "minutes",
    "_share": "a share",
}  # fmt: skip
_TYPES = {str: "text", int: "whole number", float: "number", bool: "`true` or `false`"}
_AT_ANY_TIME = "at any time"
# A sentence a line, as in all pages.
_INTRODUCTION = """\
Every key that `study.toml` may have; one that is left out has its default.
Where "not set" stands, leave the key out.
*Frozen* keys cannot be changed after `python -m study freeze`, but by an amendment that is recorded (`--amend --reason WHY`); the others can, at any time.
How a study lies on disk, and how to make one: [a study on disk](../guides/study.md)."""


def keys_page() -> str:
    """Return the page, a table for each table of the file."""
    tops = {name: field for name, field in StudyConfig.model_fields.items() if not _below(field)}
    parts = [_section("", StudyConfig, tops)]
    for name, field in StudyConfig.model_fields.items():
        model = _below(field)
        if model:
            parts.append(f"## [{name}]\n\n{plain(first_lines(model))}")
            parts.append(_section(name, model, model.model_fields))
    return page("Keys of study.toml", _INTRODUCTION, *parts)


def undescribed() -> list[str]:
    """Return the keys whose model does not say what they mean."""
    models = {"": StudyConfig} | {
        name: model
        for name, field in StudyConfig.model_fields.items()
        if (model := _below(field)) is not None
    }
    return [
        f"{name}.{key}".lstrip(".")
        for name, model in models.items()
        for key in model.model_fields
        if not meanings(model).get(key)
    ]


def _below(field: FieldInfo) -> type[BaseModel] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _section(name: str, model: type[BaseModel], fields: dict[str, FieldInfo]) -> str:
    said = meanings(model)
    rows = [
        (
            code(key),
            ", ".join(filter(None, [_kind(field), _unit(key)])),
            _default(f"{name}.{key}".lstrip("."), field),
            plain(said.get(key, "")),
            "no" if (name or key) in INCIDENTAL else "yes",
        )
        for key, field in fields.items()
    ]
    return table(["key", "type and unit", "default", "meaning", "frozen"], rows)


def _kind(field: FieldInfo) -> str:
    words = _words(field.annotation)
    bounds = [_bound(one) for one in field.metadata]
    return ", ".join([words, *filter(None, bounds)])


def _words(kind: Any) -> str:  # noqa: ANN401
    origin, inside = get_origin(kind), [one for one in get_args(kind) if one is not type(None)]
    if kind in _TYPES:
        return _TYPES[kind]
    if origin is Literal:
        return ", ".join(code(_toml(value)) for value in inside)
    if origin is tuple:
        return f"list of {_words(inside[0])}"
    if origin is dict:
        return "table of texts"
    if origin is not None and hasattr(kind, "__metadata__"):  # Annotated, such as PositiveInt
        return ", ".join([_words(inside[0]), *filter(None, map(_bound, kind.__metadata__))])
    return " or ".join(_words(one) for one in inside)


def _bound(one: Any) -> str:  # noqa: ANN401
    match one:
        case Gt(gt=limit):
            return f"above {limit:g}"
        case Ge(ge=limit):
            return f"{limit:g} or more"
        case Lt(lt=limit):
            return f"below {limit:g}"
        case Le(le=limit):
            return f"at most {limit:,}".replace(",", " ")
    return ""


def _default(key: str, field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    words = "not set" if value is None else code(_toml(value))
    new = NEW_STUDIES.get(key)
    return f"{words}; `study init` writes {code(new)}" if new else words


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "empty"
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


def _unit(key: str) -> str:
    return next((unit for ending, unit in _UNITS.items() if re.search(f"{ending}$", key)), "")
