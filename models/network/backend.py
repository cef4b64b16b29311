"""Keras, with its backend chosen once per process.

Import it from here and nowhere else, inside the function that needs it: it takes seconds.
Networks are built, saved and loaded with Keras; the arithmetic of training and evaluation is
JAX's own (`models.network.forward`), so a Keras that was started with another backend
serves as well.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

if "keras" not in sys.modules:
    os.environ.setdefault("KERAS_BACKEND", "jax")

import keras

__all__ = ["keras", "without_tensorflow"]


@contextmanager
def without_tensorflow() -> Iterator[None]:
    """Keep Keras from importing TensorFlow in this block, unless it has been already.

    Saving and loading look whether there is one, which takes seconds; networks of ours need none.
    """
    if "tensorflow" in sys.modules:
        yield
        return
    sys.modules["tensorflow"] = None  # type: ignore[assignment] # Python's way to say: there is none
    try:
        yield
    finally:
        del sys.modules["tensorflow"]
