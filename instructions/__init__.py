"""What participants read and hear: Markdown texts, one folder per language.

Sheets, script and screens come from the same source, so that a number on paper and the number
on the screen cannot differ. A text names a number as ``{{ name }}``.
"""

import re
from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from study.config.study import Study
from study.errors import ConfigError

_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_TEXTS = resources.files("instructions") / "texts"


def text(
    name: str, language: str, placeholders: Mapping[str, object], *, own: Path | None = None
) -> str:
    """Return a text with its placeholders filled in.

    Parameters
    ----------
    name : str
        ``"sheet"``, ``"script"``, ``"consent"``, or a screen such as ``"warning"``: a file of
        `instructions/texts/en`.
    language : str
        A folder of `instructions/texts`.
    placeholders : mapping of str to object
        From `placeholders_of`; the screens of a session also know ``n_done`` and ``n_total``.
    own : Path or None
        A folder with a study's own texts; one that is missing there is the shipped one.

    Returns
    -------
    str
        Markdown.

    Raises
    ------
    ConfigError
        If there is no such language or text, or a placeholder has no value.

    Examples
    --------
    >>> text("break", "en", {"n_done": 100, "n_total": 250}).splitlines()[0]
    '# Time for a break'
    """
    template = _template(name, language, own)
    missing = sorted(set(_PLACEHOLDER.findall(template)) - set(placeholders))
    if missing:
        raise ConfigError(
            f"text {name!r} ({language}) needs a value for {', '.join(missing)}. "
            "Add it to [placeholders] in study.toml"
        )
    return _PLACEHOLDER.sub(lambda match: str(placeholders[match[1]]), template)


def placeholders_of(study: Study, n_classes: int) -> dict[str, object]:
    """Return the values that every text may name.

    Parameters
    ----------
    study : Study
        Gives the protocol and the study's own words.
    n_classes : int
        Classes of the study.

    Returns
    -------
    dict of str to object
        The protocol's numbers and the keys as a participant reads them, overridden by
        ``[placeholders]``.
    """
    protocol = study.config.protocol
    return {
        "title": study.config.title,
        "n_classes": n_classes,
        "pass_mark": protocol.pass_mark(n_classes),
        "clip_s": f"{protocol.clip_s:g}",
        "bonus": pence(protocol.bonus_pence),
        "hourly_rate": pence(protocol.hourly_rate_pence),
        "trials_per_block": protocol.trials_per_block,
        "ratings_per_clip": protocol.ratings_per_clip,
        **study.config.keys.named(),
    } | study.config.placeholders


def pence(amount_pence: int) -> str:
    """Return an amount of money as a participant reads it.

    Parameters
    ----------
    amount_pence : int
        Whole pence.

    Returns
    -------
    str
        Pence below a pound, else pounds.

    Examples
    --------
    >>> pence(10), pence(600)
    ('10p', '£6.00')
    """
    return f"{amount_pence}p" if amount_pence < 100 else f"£{amount_pence / 100:,.2f}"


def languages() -> tuple[str, ...]:
    """Return the languages that the texts are there in.

    Returns
    -------
    tuple of str
        Folder names in alphabetical order.
    """
    return tuple(sorted(folder.name for folder in _TEXTS.iterdir() if folder.is_dir()))


def _template(name: str, language: str, own: Path | None) -> str:
    path = _path(name, language, own)
    try:
        template = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"text {path} is not written in UTF-8. Save it as UTF-8") from error
    if not template.strip():
        raise ConfigError(f"text {path} is empty. Write it, or remove it for the shipped one")
    return template


def _path(name: str, language: str, own: Path | None) -> Traversable:
    if own is not None:
        if not own.is_dir():
            raise ConfigError(
                f"the folder {own} of the study's own texts is not there. Correct `texts` in "
                "study.toml"
            )
        if (own / f"{name}.md").is_file():
            return own / f"{name}.md"
    if language not in languages():
        raise ConfigError(
            f"no texts in language {language!r}, there are {', '.join(languages())}. Correct "
            "`language` in study.toml, or name a folder with all of them as `texts`"
        )
    path = _TEXTS / language / f"{name}.md"
    if not path.is_file():
        raise ConfigError(
            f"no text {name!r} in language {language!r}; there are {', '.join(_names(language))}. "
            f"Choose one of them, or add {name}.md to its folder"
        )
    return path


def _names(language: str) -> list[str]:
    return sorted(path.name.removesuffix(".md") for path in (_TEXTS / language).iterdir())
