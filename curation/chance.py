"""Generators for every random choice of curation, each with a stream of its own."""

import numpy as np


def generator(seed: int, purpose: str) -> np.random.Generator:
    """Return the generator of one purpose.

    Parameters
    ----------
    purpose : str
        What is drawn, such as ``"test set"``; other purposes do not shift its numbers.

    Returns
    -------
    Generator
        The same for the same seed and purpose.
    """
    return np.random.default_rng([seed, *purpose.encode()])
