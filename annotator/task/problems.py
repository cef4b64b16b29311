"""What stops a session, as a short code that a participant can read out."""

from enum import StrEnum

from study.errors import ConfigError, NotClearedError, StageError, StoreError, StudyError


class Code(StrEnum):
    """The code of a problem; docs/guides/trouble.md says what to do about each."""

    STORE = "A1"  # takes no rating
    SOUND = "A2"  # the headphones are gone, or the screen
    NOT_CLEARED = "B1"  # the participant may not start
    STUDY = "B2"  # its configuration, or a file of it
    OTHER = "B3"


_CODES = (
    (NotClearedError, Code.NOT_CLEARED),
    (StoreError, Code.STORE),
    (StageError, Code.SOUND),
    (ConfigError, Code.STUDY),
)


def code_of(error: StudyError) -> Code:
    """Return the code of an error.

    Examples
    --------
    >>> code_of(StoreError("the disk is full")).value
    'A1'
    """
    return next((code for kind, code in _CODES if isinstance(error, kind)), Code.OTHER)
