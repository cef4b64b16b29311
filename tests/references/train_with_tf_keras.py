"""Train the paper's network in tf_keras 2, the library it was trained with; a process of its own.

Called with files of initial weights and batches, each before the file for the weights after them:
several at once, because the library takes seconds to load. The layers are the published script's,
``TimeDistributed`` and all; nothing of `models` is used.
"""

import os
import sys

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")

import numpy as np
import tf_keras

RECURRENT = {
    "frnn": tf_keras.layers.SimpleRNN,
    "gru": tf_keras.layers.GRU,
    "lstm": tf_keras.layers.LSTM,
}


def network(sizes, width, units, n_classes, rnn, activation):
    layers = tf_keras.layers
    inputs = [tf_keras.Input((7, size)) for size in sizes]
    branches = []
    for name, embedding in zip(("audio", "visual"), inputs, strict=True):
        x = layers.Reshape((7, 1, 1, embedding.shape[-1]))(embedding)
        x = layers.TimeDistributed(layers.Conv2D(width, 1), name=f"{name}_squeeze")(x)
        x = layers.TimeDistributed(layers.BatchNormalization(), name=f"{name}_norm")(x)
        x = layers.TimeDistributed(layers.Activation(activation))(x)
        branches.append(layers.TimeDistributed(layers.GlobalAveragePooling2D())(x))
    state = RECURRENT[rnn](units, name="rnn")(layers.Concatenate()(branches))
    output = layers.Dense(n_classes, activation="softmax", name="output")(state)
    return tf_keras.Model(inputs, output)


NAMES = {
    "audio_squeeze": ("audio_kernel", "audio_bias"),
    "visual_squeeze": ("visual_kernel", "visual_bias"),
    "audio_norm": ("audio_gamma", "audio_beta", "audio_mean", "audio_variance"),
    "visual_norm": ("visual_gamma", "visual_beta", "visual_mean", "visual_variance"),
    "rnn": ("rnn_kernel", "rnn_recurrent", "rnn_bias"),
    "output": ("output_kernel", "output_bias"),
}


def main(before, path):
    given = np.load(before)
    width, units = given["audio_bias"].size, given["rnn_recurrent"].shape[0]
    sizes = [given["audio_kernel"].shape[0], given["visual_kernel"].shape[0]]
    model = network(
        sizes, width, units, given["output_bias"].size, str(given["rnn"]), str(given["activation"])
    )
    for layer, names in NAMES.items():
        shapes = [weight.shape for weight in model.get_layer(layer).get_weights()]
        model.get_layer(layer).set_weights(
            [given[name].reshape(shape) for name, shape in zip(names, shapes, strict=True)]
        )
    model.compile(
        tf_keras.optimizers.legacy.Adam(float(given["learning_rate"])),
        "sparse_categorical_crossentropy",
    )
    losses = [
        model.train_on_batch([rows[..., : sizes[0]], rows[..., sizes[0] :]], targets)
        for rows, targets in zip(given["rows"], given["targets"], strict=True)
    ]
    after = {
        name: weight.reshape(given[name].shape)
        for layer, names in NAMES.items()
        for name, weight in zip(names, model.get_layer(layer).get_weights(), strict=True)
    }
    np.savez(path, losses=losses, **after)


if __name__ == "__main__":
    files = iter(sys.argv[1:])
    for before, path in zip(files, files, strict=True):
        main(before, path)
