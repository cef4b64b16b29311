"""Random generators: the same study with the same history draws the same."""

from enum import IntEnum

import numpy as np

from study.config.study import Study


class Stream(IntEnum):
    """What is drawn; each has a stream of its own."""

    PLAN = 1
    EXTEND = 2
    REASSIGN = 3
    EXERCISE = 4
    SCREENING_CHECK = 5
    RERATING = 6
    FURTHER = 7
    AGAIN = 8


def generator(study: Study, stream: Stream, n_before: int = 0) -> np.random.Generator:
    """Return the random generator of a change.

    `n_before`: how much was drawn from this stream before, so that no two changes draw alike.

    Returns
    -------
    Generator
        The same for the same study and history.
    """
    return np.random.default_rng([study.config.seed, int(stream), n_before])
