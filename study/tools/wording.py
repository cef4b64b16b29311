"""Words of messages, of reasons and remarks, which name nobody, of tables, and of store URLs.

A store URL is shown and kept without its password.
"""

import re

from study.errors import ConfigError

_LONGEST = 200
_MINUTE_S = 60
_NBSP = "\N{NO-BREAK SPACE}"
_LONGEST_REMARK = 1000
# What a spreadsheet takes for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
MASK = "***"  # in place of a password
_USER = r"(?!sqlite)[\w+.-]+:/+[^:/?#@\s]*"
# Up to the last @: a password may hold one, and blanks where nothing but the URL is there. The mask
# of the database's own library stops at the first @, and knows no passwords in parameters.
_WHOLE = re.compile(rf"^(?P<before>{_USER}):.*@", re.DOTALL)
_QUOTED = re.compile(rf"(?P<before>(?<![\w+.-]){_USER}|^[^\s:/@]+(?=:(?!/))):\S*@")
_PARAMETER = re.compile(r"(?P<before>[?&;\s](?:ssl)?pass(?:word|wd)?=)[^&;\s\"']*", re.IGNORECASE)


def counted(n: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun, in the plural unless it is one.

    `plural`: of the noun, where it is not formed with an s.

    Examples
    --------
    >>> counted(1, "session"), counted(2, "session"), counted(2, "class", "classes")
    ('1 session', '2 sessions', '2 classes')
    """
    return f"{n} {noun if n == 1 else plural or noun + 's'}"


def lasted(seconds: float) -> str:
    """Return how long something lasted, in signs that all languages write alike.

    Examples
    --------
    >>> [lasted(seconds).replace(_NBSP, " ") for seconds in (0.0, 0.4, 25.0, 640.0, 7260.0)]
    ['0 s', '1 s', '25 s', '11 min', '2 h 1 min']
    """
    if round(seconds) < _MINUTE_S:
        return f"{max(round(seconds), seconds > 0):d}{_NBSP}s"
    hours, minutes = divmod(round(seconds / _MINUTE_S), 60)
    if not hours:
        return f"{minutes}{_NBSP}min"
    return f"{hours}{_NBSP}h" + (f" {minutes}{_NBSP}min" if minutes else "")


def on_the_clock(seconds: float) -> str:
    """Return a time in hours, minutes and seconds.

    Examples
    --------
    >>> on_the_clock(25.2), on_the_clock(45_296.0)
    ('0:00:25', '12:34:56')
    """
    minutes, rest = divmod(round(seconds), _MINUTE_S)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def checked_reason(reason: str) -> str:
    """Return a reason as it goes to the audit log.

    Raises ConfigError if it is empty, longer than a sentence, or has an e-mail address.

    `reason`: what was given as ``--reason``.

    Examples
    --------
    >>> checked_reason(" moved away ")
    'moved away'
    """
    words = reason.strip()
    if not words:
        raise ConfigError("--reason is empty. Give a reason that identifies nobody")
    if "@" in words or len(words) > _LONGEST:
        raise ConfigError(
            f"--reason contains an address or is longer than {_LONGEST} characters. Give a short "
            "reason that identifies nobody: the audit log is permanent"
        )
    return words


def checked_remark(text: str) -> str:
    """Return a remark as the store keeps it: in one line.

    Raises ConfigError if it is empty, longer than a paragraph, or has an address or characters that
    no screen shows.

    `text`: what was given as ``--text``.

    Examples
    --------
    >>> checked_remark(" The alarm  rang. ")
    'The alarm rang.'
    """
    words = " ".join(text.split())
    if not words:
        raise ConfigError("--text is empty. Write what happened, and no name")
    if "@" in words or not words.isprintable() or len(words) > _LONGEST_REMARK:
        raise ConfigError(
            f"--text contains an address, characters that no screen shows, or is longer than "
            f"{_LONGEST_REMARK} characters. Write shortly what happened, and no name"
        )
    return words


def no_formula(cell: object) -> object:
    """Return a cell that no spreadsheet takes for a formula: with an apostrophe in front."""
    if not isinstance(cell, str):
        return cell
    # A carriage return is not quoted where lines end in a line feed, but ends a line for readers.
    shown = cell.replace("\r", "\\r")
    return f"'{shown}" if cell.startswith(_FORMULA) else shown


def without_password(text: str) -> str:
    """Mask the passwords of all URLs in a text.

    `text`: a store URL, or words that quote one.

    Returns
    -------
    str
        The same with ``***`` for each password.

    Examples
    --------
    >>> without_password("postgresql+psycopg://ada:p@ss:w/rd@host/study?sslmode=require")
    'postgresql+psycopg://ada:***@host/study?sslmode=require'
    >>> without_password("postgresql://host/study?user=ada&password=secret")
    'postgresql://host/study?user=ada&password=***'
    """
    hidden = rf"\g<before>:{MASK}@"
    # Parameters first: an @ in one is not the end of the user's password.
    masked = _PARAMETER.sub(rf"\g<before>{MASK}", text)
    return _QUOTED.sub(hidden, _WHOLE.sub(hidden, masked))


def has_password(text: str) -> bool:
    """Return whether a text quotes a URL with a password.

    Returns False where there is none, or it is masked already.
    """
    return without_password(text) != text
