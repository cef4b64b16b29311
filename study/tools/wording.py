"""Words of messages, and reasons for the audit log, which is permanent and names nobody."""

from study.errors import ConfigError

_LONGEST = 200


def counted(n: int, noun: str) -> str:
    """Return a number with its noun, in the plural unless it is one.

    Examples
    --------
    >>> counted(1, "session"), counted(2, "session")
    ('1 session', '2 sessions')
    """
    return f"{n} {noun}{'s' * (n != 1)}"


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
