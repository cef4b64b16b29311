"""Keras, with its backend chosen once per process.

Import Keras from here and nowhere else, inside the function that needs it: it takes seconds.
Networks are built, saved and loaded with it; the arithmetic of training and evaluation is JAX's
own (`models.network`), so a Keras that was started with another backend serves as well.
"""

import os
import sys

if "keras" not in sys.modules:
    os.environ.setdefault("KERAS_BACKEND", "jax")

import keras

__all__ = ["keras"]
