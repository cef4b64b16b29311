"""Keras, with its backend chosen once per process.

Import Keras from here and nowhere else, inside the function that needs it: it takes seconds.
Networks are built, saved and loaded with it; the arithmetic of training and evaluation is JAX's
own (`models.network`), so a Keras that was started with another backend serves as well.
"""

import os
import sys

if "keras" not in sys.modules:
    os.environ.setdefault("KERAS_BACKEND", "jax")
    # Keras' saving looks whether there is a TensorFlow, which then greets on stderr.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras

__all__ = ["keras"]
