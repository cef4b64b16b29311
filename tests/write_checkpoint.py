"""Write a network as the authors released theirs: tf_keras 2, TimeDistributed, TensorFlow format.

Run as a program, because tf_keras and the models' Keras do not share a process:
``python write_checkpoint.py FOLDER frnn|gru|lstm``. Writes the checkpoint, ``train.yaml`` and
``expected.npz`` with inputs and the probabilities that tf_keras gives for them.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tf_keras
import yaml

LABELS = ["barking", "diving", "drumming", "frying"]
UNITS, WIDTH = 24, 16


def build(rnn):
    layers = tf_keras.layers
    inputs = [
        tf_keras.Input((7, 128), name="audio_input"),
        tf_keras.Input((7, 512), name="visul_input"),
    ]
    branches = []
    for embedding in inputs:
        x = layers.Reshape((7, 1, 1, embedding.shape[-1]))(embedding)
        x = layers.TimeDistributed(layers.Conv2D(WIDTH, 1))(x)
        x = layers.TimeDistributed(layers.BatchNormalization())(x)
        x = layers.TimeDistributed(layers.Activation("swish"))(x)
        branches.append(layers.TimeDistributed(layers.GlobalAveragePooling2D())(x))
    cell = {"frnn": layers.SimpleRNN, "gru": layers.GRU, "lstm": layers.LSTM}[rnn]
    state = cell(UNITS, dropout=0.4)(layers.Concatenate()(branches))
    return tf_keras.Model(inputs, layers.Dense(len(LABELS), activation="softmax")(state))


def main(folder, rnn):
    rng = np.random.default_rng(4)
    model = build(rnn)
    model.compile(optimizer=tf_keras.optimizers.legacy.Adam(1e-3), loss="categorical_crossentropy")
    # Away from the initial values, and variances above zero.
    model.set_weights([np.abs(w + 0.2 * rng.standard_normal(w.shape)) for w in model.get_weights()])
    model.save_weights(folder / "weights.12-0.34.ckpt")
    audio = rng.standard_normal((5, 7, 128)).astype(np.float32)
    visual = rng.standard_normal((5, 7, 512)).astype(np.float32)
    probabilities = model.predict([audio, visual], verbose=0)
    np.savez(folder / "expected.npz", audio=audio, visual=visual, probabilities=probabilities)
    function = {"frnn": "SimpleRNN", "gru": "GRU", "lstm": "LSTM"}[rnn]
    config = {
        "model_path": f"VGGish_VGG16_{rnn.upper()}_MIT_16/",
        "rnn": {"function": f"tf.keras.layers.{function}", "units": UNITS, "dropout": 0.4},
        "bottleneck_size": WIDTH,
        "bottleneck_activation": "swish",
        "data": {"timesteps": 7},
        "training": {"learning_rate": 1e-3},
        "label_to_int": {label: index for index, label in enumerate(LABELS)},
    }
    (folder / "train.yaml").write_text(yaml.safe_dump(config))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
