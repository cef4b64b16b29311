"""The rig clock, on which keys, sounds and flips have their times."""

from collections.abc import Callable


def rig_clock() -> Callable[[], float]:
    """Return the function that reads it, in seconds: Psychtoolbox's own."""
    from psychtoolbox import GetSecs  # of the extra [annotator]; there is none for Python 3.13

    now: Callable[[], float] = GetSecs
    return now
