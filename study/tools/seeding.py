"""Generators for every random choice, each with a stream of its own."""

import numpy as np


def generator(seed: int, *stream: int | str) -> np.random.Generator:
    """Return the generator of one stream of a seed.

    Parameters
    ----------
    stream : int or str
        What is drawn, in words or numbers: other streams do not shift its numbers.

    Returns
    -------
    Generator
        The same for the same seed and stream.
    """
    words = [seed]
    for part in stream:
        words += part.encode() if isinstance(part, str) else [int(part)]
    return np.random.default_rng(words)
