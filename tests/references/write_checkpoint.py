"""Write a network as the authors released theirs: tf_keras 2, layers and names of their scripts.

Run as a program, because tf_keras and the models' Keras do not share a process:
``python write_checkpoint.py (FOLDER frnn|gru|lstm action|correspondence)...``, as many networks as
are wanted, because the library takes seconds to load. For each it writes the checkpoint,
``train.yaml``, the initial weights in HDF5 and ``expected.npz`` with inputs and the probabilities
that tf_keras gives for them in single precision.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")

import numpy as np
import tensorflow as tf
import tf_keras
import yaml

LABELS = ["barking", "diving", "drumming", "frying"]
SIZES = (128, 512)
UNITS, WIDTH, DROPOUT = 24, 16, 0.4
FUNCTIONS = {"frnn": "SimpleRNN", "gru": "GRU", "lstm": "LSTM"}
layers = tf_keras.layers


def bottleneck(x, timesteps, modality):
    x = layers.Reshape((timesteps, 1, 1, -1), name=f"{modality}_reshape")(x)
    for name, layer in (
        ("bottleneck", layers.Conv2D(WIDTH, 1)),
        ("bn", layers.BatchNormalization()),
        ("activation", layers.Activation("swish", dtype="float32")),
        ("pooling", layers.GlobalAveragePooling2D()),
    ):
        x = layers.TimeDistributed(layer, name=f"{modality}_{name}")(x)
    return x


def direction(x, modality):
    for name, layer in (
        ("flatten", layers.Flatten()),
        ("Dense_1", layers.Dense(128)),
        ("Dense_2", layers.Dense(128)),
        ("L2norm", layers.Lambda(lambda row: tf.math.l2_normalize(row, axis=1))),
    ):
        x = layers.TimeDistributed(layer, name=f"{modality}_{name}")(x)
    return x


def distance(pair):
    square = tf.reduce_sum(tf.square(pair[0] - pair[1]), axis=1, keepdims=True)
    return tf.sqrt(tf.maximum(square, tf_keras.backend.epsilon()))


def build(rnn, task, timesteps):
    audio = tf_keras.Input((timesteps, SIZES[0]), name="audio_input")
    if task == "action":
        visual = tf_keras.Input((timesteps, SIZES[1]), name="visul_input")  # as they spelt it
        squeezed = [
            bottleneck(audio, timesteps, "audio"),
            bottleneck(visual, timesteps, "visual"),
        ]
        x, n_outputs = layers.concatenate(squeezed, axis=2), len(LABELS)
    else:
        visual = tf_keras.Input((timesteps, SIZES[1]), name="visual_input")
        pair = [direction(audio, "audio"), direction(visual, "visual")]
        x = layers.TimeDistributed(layers.Lambda(distance), name="Euclidean_distance")(pair)
        n_outputs = 2
    x = getattr(layers, FUNCTIONS[rnn])(UNITS, dropout=DROPOUT)(x)
    x = layers.Dense(n_outputs)(x)
    output = layers.Activation("softmax", dtype="float32", name="predictions")(x)
    return tf_keras.Model([audio, visual], output)


def optimizer(task):
    if task == "correspondence":
        return tf_keras.optimizers.Adam(1e-3, weight_decay=1e-5)
    # The released networks were trained in mixed precision: their files have a loss scale.
    adam = tf_keras.optimizers.legacy.Adam(1e-3)
    return tf_keras.mixed_precision.LossScaleOptimizer(adam)


def describe(rnn, task, timesteps):
    function = f"tf.keras.layers.{FUNCTIONS[rnn]}"
    said = {
        "rnn": {"function": function, "units": UNITS, "dropout": DROPOUT, "unroll": False},
        "data": {"timesteps": timesteps},
        "training": {"learning_rate": 1e-3},
    }
    start = f"VGGish_VGG16_{rnn.upper()}"
    if task == "correspondence":
        return said | {
            "congruent_train_csv": "MIT16_train_cong.csv",
            "model_path": f"{start}_MIT16_avcorr/",
        }
    return said | {
        "bottleneck_size": WIDTH,
        "bottleneck_activation": "swish",
        "label_to_int": {label: index for index, label in enumerate(LABELS)},
        "model_path": f"{start}_MIT_16/",
    }


def main(folder, rnn, task):
    rng = np.random.default_rng(4)
    timesteps = 7 if task == "action" else 4
    tf_keras.mixed_precision.set_global_policy("mixed_float16" if task == "action" else "float32")
    model = build(rnn, task, timesteps)
    model.compile(optimizer(task), "categorical_crossentropy")
    model.save_weights(folder / "random_seed.h5", save_format="h5")
    (folder / "random_seed.h5").rename(folder / "random_seed.ckpt")
    if task == "action":  # away from the initial values, and variances above zero
        moved = [np.abs(w + 0.2 * rng.standard_normal(w.shape)) for w in model.get_weights()]
        model.set_weights(moved)
    rows = [rng.standard_normal((8, timesteps, size)).astype(np.float32) for size in SIZES]
    n_outputs = model.output_shape[-1]
    model.fit(rows, np.eye(n_outputs)[rng.integers(n_outputs, size=8)], verbose=0)
    prefix = folder / "weights.12-0.34.ckpt"
    model.save_weights(prefix)

    tf_keras.mixed_precision.set_global_policy("float32")
    whole = build(rnn, task, timesteps)
    whole.load_weights(prefix).expect_partial()
    probabilities = whole(rows).numpy()
    np.savez(folder / "expected.npz", audio=rows[0], visual=rows[1], probabilities=probabilities)
    (folder / "train.yaml").write_text(yaml.safe_dump(describe(rnn, task, timesteps)))


if __name__ == "__main__":
    words = iter(sys.argv[1:])
    for folder, rnn, task in zip(words, words, words, strict=True):
        main(Path(folder), rnn, task)
