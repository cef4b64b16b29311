"""Errors that a person at the desk can meet.

Each message says what was found, what was expected and what to do next; command lines print it
as one line and exit 1. Everything else that goes wrong is a bug and keeps its traceback.
"""


class StudyError(Exception):
    """Something that a person can correct."""


class ConfigError(StudyError):
    """The study's configuration is missing or cannot be used."""


class StoreError(StudyError):
    """The store is missing, from another version, or refuses what it was asked to keep."""


class ClipError(StudyError):
    """A clip cannot be found, decoded or shown.

    Parameters
    ----------
    message : str
        What was found and what to do next.
    reason : str
        A reason code for lists of rejects, such as ``"unreadable"``.
    """

    def __init__(self, message: str, reason: str = "unreadable") -> None:
        super().__init__(message)
        self.reason = reason


class NotClearedError(StudyError):
    """A participant may not start this phase yet."""


class RecordError(StudyError):
    """A record of embeddings is missing, broken or of another embedding set."""


class TableError(StudyError):
    """A released table lacks a column or holds a value that it must not."""


class StageError(StudyError):
    """The screen, the sound or the keyboard of the task cannot be used."""
