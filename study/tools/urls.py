"""Store URLs as they may be shown and kept: without a password."""

import re

MASK = "***"
_USER = r"(?!sqlite)[\w+.-]+:/+[^:/?#@\s]*"
# Up to the last @: a password may hold one, and blanks where nothing but the URL is there. The mask
# of the database's own library stops at the first @, and knows no passwords in parameters.
_WHOLE = re.compile(rf"^(?P<before>{_USER}):.*@", re.DOTALL)
_QUOTED = re.compile(rf"(?P<before>(?<![\w+.-]){_USER}|^[^\s:/@]+(?=:(?!/))):\S*@")
_PARAMETER = re.compile(r"(?P<before>[?&;\s](?:ssl)?pass(?:word|wd)?=)[^&;\s\"']*", re.IGNORECASE)


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
