"""What sessions draws at random: the same study with the same history draws the same."""

from enum import IntEnum


class Stream(IntEnum):
    """What is drawn, for `study.tools.seeding.generator`; no two streams are alike."""

    PLAN = 1
    EXTEND = 2
    REASSIGN = 3
    EXERCISE = 4
    SCREENING_CHECK = 5
    RERATING = 6
    FURTHER = 7
    AGAIN = 8
    PLACES = 9
    PRACTICE = 10
    SQUARE = 11
    ORDER = 12
