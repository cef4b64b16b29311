"""What participants read and hear: Markdown texts, one folder per language.

Sheets, script and screens come from the same source, so that a number on paper and the number
on the screen cannot differ. A text names a number as ``{{ name }}``.
"""

import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path

from instructions import screens
from instructions.words import Words, read_words
from study.config.study import Study
from study.errors import ConfigError
from study.reading.text import read_text
from study.tools.suggesting import suggested

_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_BRACES = re.compile(r"\{\{[^\n]{0,30}|[^\n]{0,30}\}\}")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_LARGEST_BYTES = 100_000  # of a text; a screen holds two thousand letters
_TEXTS = Path(__file__).parent / "texts"
_REFERENCE_LANGUAGE = "en"  # has every text


def text(
    name: str, language: str, placeholders: Mapping[str, object], *, own: Path | None = None
) -> str:
    """Return a text with its placeholders filled in.

    Raises ConfigError if there is no such language or text, or a placeholder has no value.

    Parameters
    ----------
    name : str
        ``"sheet"``, ``"script"``, ``"consent"``, or a screen such as ``"warning"``: a file of
        `instructions/texts/en`.
    language : str
        A folder of `instructions/texts`.
    placeholders : mapping of str to object
        From `placeholders_of`; the screens of a session also know the words of `screens`.
    own : Path or None
        A folder with a study's own texts; one that is missing there is the shipped one.

    Examples
    --------
    >>> text("pause", "en", {"key_pause": "F10"}).splitlines()[0]
    '# Pause'
    """
    return filled(template(name, language, placeholders.keys(), own=own), placeholders)


def template(name: str, language: str, words: Collection[str], *, own: Path | None = None) -> str:
    """Return a text before its placeholders are filled in, all of which are known.

    Raises ConfigError if there is no such language or text, or it cannot be filled in.

    `name` and `language`: as `text` takes them.
    """
    path = _path(name, language, own)
    found = _read(path)
    missing = sorted(set(_PLACEHOLDER.findall(found)) - set(words))
    if missing:
        raise ConfigError(
            f"text {path} needs a value for {', '.join(missing)}. Correct the word, or add it to "
            "[placeholders] in study.toml"
        )
    rest = _PLACEHOLDER.sub("", found)
    single = "|".join(re.escape(word) for word in words)
    braces = _BRACES.search(rest) or re.search(rf"\{{\s*({single})\s*\}}", rest)
    if braces is not None:
        raise ConfigError(
            f"text {path} has {braces[0].strip()!r}, which is not a placeholder. Write it as "
            "{{ word }}, with one word of letters, digits and _"
        )
    return found


def filled(template: str, placeholders: Mapping[str, object]) -> str:
    """Return a template with its placeholders filled in.

    `template`: from `template`.
    """
    return _PLACEHOLDER.sub(lambda match: str(placeholders[match[1]]), template)


def as_far_as_known(
    name: str, language: str, placeholders: Mapping[str, object], *, own: Path | None = None
) -> str:
    """Return a text in which words without a value stand as they are, to look at.

    Raises ConfigError if there is no such language or text.

    `name`, `language` and `placeholders`: as `text` takes them.
    """
    found = _read(_path(name, language, own))
    return _PLACEHOLDER.sub(lambda match: str(placeholders.get(match[1], match[0])), found)


def placeholders_of(study: Study, n_classes: int) -> dict[str, object]:
    """Return the values that every text may name.

    Returns the protocol's numbers, the keys as they are called in the study's language and what is
    stored of a person, overridden by ``[placeholders]``.

    `study`: gives the protocol and the study's own words.
    """
    protocol, money = study.config.protocol, study.config.money
    words = words_of(study)
    return {
        "title": study.config.title,
        "n_classes": n_classes,
        "pass_mark": protocol.pass_mark(n_classes),
        "clip_s": f"{protocol.clip_s:g}",
        "bonus": money(protocol.bonus_pence),
        "hourly_rate": money(protocol.hourly_rate_pence),
        "trials_per_block": protocol.trials_per_block,
        "ratings_per_clip": protocol.ratings_per_clip,
        "demographics": words.listed(study.config.demographics),
        **words.named(study.config.keys),
    } | study.config.placeholders


def words_of(study: Study) -> Words:
    """Return the words of a study's language: its own, and else the shipped ones."""
    own, shipped = study.texts_path, _TEXTS / study.config.language
    folders = [] if own is None else [own]
    # A study whose language is not shipped has all texts of its own, and may have no words.
    known = shipped if shipped.is_dir() else _TEXTS / _REFERENCE_LANGUAGE
    return read_words([*folders, known])


def words_of_sheets(study: Study, n_classes: int) -> dict[str, object]:
    """Return the values that the sheets of paper may name: those of every text, and whole parts.

    Raises ConfigError if one of the parts cannot be read or filled in.

    `n_classes`: as `placeholders_of` takes it.
    """
    values, config = placeholders_of(study, n_classes), study.config
    parts = [
        text(name, config.language, values, own=study.texts_path).strip()
        for name in screens.of_sheet(config)
    ]
    return {"headphones": "\n\n".join(parts)} | values


def languages() -> tuple[str, ...]:
    """Return the languages that the texts are there in."""
    return tuple(sorted(folder.name for folder in _TEXTS.iterdir() if folder.is_dir()))


def _read(path: Path) -> str:
    found = read_text(
        path, missing="Correct the link, or remove it for the shipped text", largest=_LARGEST_BYTES
    )
    if not found.strip():
        raise ConfigError(f"text {path} is empty. Write it, or remove it for the shipped one")
    odd = _UNPRINTABLE.search(found)
    if odd is not None:
        raise ConfigError(
            f"text {path} has the character U+{ord(odd[0]):04X}, which cannot be shown. Remove it"
        )
    return found


def own_files(own: Path | None) -> list[Path]:
    """Return a study's own texts, in the order of their names."""
    if own is None:
        return []
    files = [path for path in own.iterdir() if path.suffix.lower() == ".md"]
    return sorted(path for path in files if path.stem.lower() != "readme")


def names() -> frozenset[str]:
    """Return the names of all texts that there are."""
    return frozenset(_names(_REFERENCE_LANGUAGE))


def no_folder(own: Path) -> str:
    """Return that the folder of a study's own texts is not there."""
    return f"the folder {own} of the study's own texts is not there. Correct `texts` in study.toml"


def no_language(language: str, wanted: str = "") -> str:
    """Return that there are no texts in a language."""
    return (
        f"no texts in language {language!r}{wanted}, there are {', '.join(languages())}. Correct "
        "`language` in study.toml, or name a folder with all of them as `texts`"
    )


def _path(name: str, language: str, own: Path | None) -> Path:
    if own is not None:
        if not own.is_dir():
            raise ConfigError(no_folder(own))
        if os.path.lexists(own / f"{name}.md"):
            return own / f"{name}.md"
    if language not in languages():
        raise ConfigError(no_language(language, f" for {name}.md"))
    path = _TEXTS / language / f"{name}.md"
    if not path.is_file():
        meant = suggested(name, _names(language))
        known = f"did you mean {meant}" if meant else f"there are {', '.join(_names(language))}"
        raise ConfigError(
            f"no text {name!r} in language {language!r}; {known}. Choose one of them, or add "
            f"{name}.md to its folder"
        )
    return path


def _names(language: str) -> list[str]:
    return sorted(path.stem for path in (_TEXTS / language).glob("*.md"))
