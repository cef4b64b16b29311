"""CPU-seconds per epoch: our training against the authors' way, for the six cells.

The authors' way is written here in our own words in tf_keras 2, the library they used: gzip
TFRecords through ``tf.data`` (parse, cache, shuffle, padded batches), squeeze units under
``TimeDistributed``, ``fit``. All ways learn the same clips. Each way and cell runs in a
process of its own; the ways take turns, and the best of the later epochs counts, because
the machine may be busy. Run it from the repository: ``python -m benchmarks.training [CELL ...]``.

Another way can be asked for with ``--way keras``, which the program does not take (docs/adr/0050):
our loop and Adam around the Keras model's own forward pass (``stateless_call``).
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

N_CLASSES = 16


def main() -> None:
    """Run the two sides of every cell in turn and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cells", nargs="*", help="such as yamnet_effnet-gru [default: six]")
    parser.add_argument("--clips", type=int, default=6560)
    parser.add_argument("--epochs", type=int, default=3, help="after the first one, per round")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--way", action="append", choices=list(WAYS)[1:], help="[default: ours]")
    parser.add_argument("--side", choices=list(WAYS), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        print(json.dumps(WAYS[options.side](options.cells[0], options.folder, options.epochs)))
        return
    _compare(options)


def _compare(options: argparse.Namespace) -> None:
    from models.network.spec import CELLS, PAPER, cell_named
    from models.search.time_left import n_operations

    cells = [cell_named(name) for name in options.cells] or list(CELLS)
    ways = ["authors", *(options.way or ["ours"])]
    print(f"| Cell | {' | '.join(f'{way}, CPU-s | ratio | wall ratio' for way in ways)} | GFLOP |")
    print("|---" * (3 * len(ways) + 2) + "|")
    ratios: dict[str, list[float]] = {way: [] for way in ways}
    with tempfile.TemporaryDirectory() as name:
        for cell in cells:
            folder = Path(name) / cell.embedding_set
            if not folder.exists():
                _write_world(folder, cell.embedding_set, options.clips)
            best: dict[str, list[float]] = {}
            for _ in range(options.rounds):
                for way in ways:
                    found = _measure(way, cell.name, folder, options.epochs)
                    known = best.setdefault(way, found)
                    best[way] = [min(pair) for pair in zip(known, found, strict=True)]
            operations = options.clips * n_operations(cell, PAPER[cell]) / 1e9
            columns = [cell.name]
            for way in ways:
                cpu, wall = (a / b for a, b in zip(best["authors"], best[way], strict=True))
                ratios[way].append(cpu)
                columns += [f"{best[way][0]:.2f}", f"{cpu:.1f}", f"{wall:.1f}"]
            print(f"| {' | '.join(columns)} | {operations:.0f} |", flush=True)
    for way in ways[1:]:
        mean = sum(ratios[way]) / len(cells)
        print(f"{way}: mean ratio {mean:.2f} over {len(cells)} cells")


def _measure(side: str, cell: str, folder: Path, n_epochs: int) -> list[float]:
    command = [
        sys.executable,
        "-m",
        "benchmarks.training",
        cell,
        "--side",
        side,
        "--folder",
        str(folder),
    ]
    said = subprocess.run(
        [*command, "--epochs", str(n_epochs)],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_USE_LEGACY_KERAS": "1"},
    )
    epochs = json.loads(said.stdout.splitlines()[-1])
    # The first epoch reads and compiles.
    return [min(column) for column in zip(*epochs[1:], strict=True)]


def _write_world(folder: Path, set_name: str, n_clips: int) -> None:
    import numpy as np

    from features.embedding_set import find_embedding_set
    from features.records.records import Record, write_record

    rng, embedding_set = np.random.default_rng(1), find_embedding_set(set_name)
    lines = ["filename,AVMIT_label"]
    for number in range(n_clips):
        label = f"class{number % N_CLASSES:02d}"
        sizes = (embedding_set.audio_size, embedding_set.visual_size)
        # Multiples of 1/8: the files are small, and the arithmetic does not care.
        audio, visual = (
            (rng.integers(-16, 17, (int(rng.integers(5, 8)), size)) / 8).astype(np.float32)
            for size in sizes
        )
        name = f"{label}/clip_{number}"
        record = Record(f"{name}.mp4", label, audio, visual)
        write_record(folder / f"{name}.tfrecord", record)
        lines.append(f"{name}.mp4,{label}")
    (folder / "train.csv").write_text("\n".join(lines) + "\n")
    (folder / "validation.csv").write_text("\n".join([lines[0], *lines[1:33]]) + "\n")


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _described(name: str, folder: Path, n_epochs: int) -> Any:  # noqa: ANN401
    from models.network.spec import PAPER, Schedule, cell_named
    from models.training.description import Training, load_data

    training = Training(
        cell_named(name),
        PAPER[cell_named(name)],
        folder,
        folder / "train.csv",
        folder / "validation.csv",
        schedule=Schedule(n_epochs=n_epochs + 1),
        allow_overlap=True,
    )
    return training, load_data(training)


def _ours(name: str, folder: Path, n_epochs: int) -> list[tuple[float, float]]:
    import time

    from models.training.epochs import epochs

    training, data = _described(name, folder, n_epochs)
    found, before = [], (_cpu_s(), time.perf_counter())
    for _ in epochs(training, data):
        now = (_cpu_s(), time.perf_counter())
        found.append((now[0] - before[0], now[1] - before[1]))
        before = now
    return found


def _keras(name: str, folder: Path, n_epochs: int) -> list[tuple[float, float]]:
    import time
    from functools import partial

    import jax
    import jax.numpy as jnp
    import numpy as np

    from models.network.keras import build_classifier
    from models.training.epochs import _chunks
    from models.training.loop import AdamState, EpochSettings, _adam, cross_entropy

    training, data = _described(name, folder, n_epochs)
    embedding_set = training.embedding_set
    model = build_classifier(
        training.cell.rnn,
        training.hyperparameters,
        audio_size=embedding_set.audio_size,
        visual_size=embedding_set.visual_size,
        n_classes=N_CLASSES,
    )
    model.get_layer("probability").activation = lambda scores: scores

    @partial(jax.jit, donate_argnums=(0,))
    def learn(state: Any, batches: Any, n_batches: Any, settings: Any) -> Any:  # noqa: ANN401
        def step(i: Any, state: Any) -> Any:  # noqa: ANN401
            trainable, other, adam = state
            rows, targets = batches.rows[i], batches.targets[i]
            inputs = [rows[..., : embedding_set.audio_size], rows[..., embedding_set.audio_size :]]

            def loss(trainable: Any) -> Any:  # noqa: ANN401
                scores, after = model.stateless_call(trainable, other, inputs, training=True)
                return cross_entropy(scores, targets).mean(), after

            gradients, other = jax.grad(loss, has_aux=True)(trainable)
            adam, trainable = _adam(adam, trainable, gradients, settings)
            return trainable, other, adam

        return jax.lax.fori_loop(0, n_batches, step, state)

    trainable = [jnp.array(each.value) for each in model.trainable_variables]
    other = [jnp.array(each.value) for each in model.non_trainable_variables]
    zeros = [jnp.zeros_like(each) for each in trainable]
    state = (trainable, other, AdamState(jnp.int32(0), zeros, [jnp.copy(each) for each in zeros]))
    settings = EpochSettings(jnp.float32(training.hyperparameters.learning_rate), None, None)
    found, before = [], (_cpu_s(), time.perf_counter())
    for number in range(n_epochs + 1):
        order = np.random.default_rng([1, number]).permutation(len(data.train))
        for batches, n_batches in _chunks(data.train, order, 16):
            state = learn(state, batches, jnp.int32(n_batches), settings)
        jax.block_until_ready(state)
        now = (_cpu_s(), time.perf_counter())
        found.append((now[0] - before[0], now[1] - before[1]))
        before = now
    return found


def _authors(name: str, folder: Path, n_epochs: int) -> list[tuple[float, float]]:
    import time

    import pandas as pd
    import tensorflow as tf
    import tf_keras

    from features.embedding_set import find_embedding_set
    from models.network.spec import PAPER, cell_named

    cell = cell_named(name)
    chosen, embedding_set = PAPER[cell], find_embedding_set(cell.embedding_set)
    sizes = (embedding_set.audio_size, embedding_set.visual_size)
    labels = pd.read_csv(folder / "train.csv")["AVMIT_label"]
    frame = pd.read_csv(folder / "train.csv")
    paths = [str(folder / name).replace(".mp4", ".tfrecord") for name in frame["filename"]]
    table = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(
            sorted(set(labels)), tf.range(N_CLASSES, dtype=tf.int64)
        ),
        default_value=0,
    )

    def parse(serialised: Any) -> Any:  # noqa: ANN401
        context, sequence = tf.io.parse_single_sequence_example(
            serialised,
            {"label": tf.io.FixedLenFeature([], tf.string)},
            {
                "audio": tf.io.FixedLenSequenceFeature([], tf.string),
                "visual_object": tf.io.FixedLenSequenceFeature([], tf.string),
            },
        )
        audio = tf.reshape(tf.io.decode_raw(sequence["audio"], tf.float32), [-1, sizes[0]])
        visual = tf.reshape(tf.io.decode_raw(sequence["visual_object"], tf.float32), [-1, sizes[1]])
        return (audio, visual), tf.one_hot(table.lookup(context["label"]), N_CLASSES)

    dataset = tf.data.TFRecordDataset(paths, compression_type="GZIP")
    dataset = dataset.map(parse, num_parallel_calls=tf.data.AUTOTUNE).cache().shuffle(5000)
    dataset = dataset.padded_batch(16, (([7, sizes[0]], [7, sizes[1]]), [N_CLASSES]))
    dataset = dataset.prefetch(tf.data.AUTOTUNE)

    layers = tf_keras.layers
    inputs = [tf_keras.Input((7, size)) for size in sizes]
    branches = []
    for embedding, size in zip(inputs, sizes, strict=True):
        x = layers.Reshape((7, 1, 1, size))(embedding)
        x = layers.TimeDistributed(layers.Conv2D(chosen.bottleneck_units, 1))(x)
        x = layers.TimeDistributed(layers.BatchNormalization())(x)
        x = layers.TimeDistributed(layers.Activation(chosen.activation))(x)
        branches.append(layers.TimeDistributed(layers.GlobalAveragePooling2D())(x))
    rnn = {"frnn": layers.SimpleRNN, "gru": layers.GRU, "lstm": layers.LSTM}[str(cell.rnn)]
    state = rnn(chosen.rnn_units, dropout=chosen.dropout)(layers.Concatenate()(branches))
    model = tf_keras.Model(inputs, layers.Dense(N_CLASSES, activation="softmax")(state))
    model.compile(
        tf_keras.optimizers.legacy.Adam(chosen.learning_rate),
        "categorical_crossentropy",
        metrics=["accuracy"],
    )
    found, before = [], [_cpu_s(), time.perf_counter()]

    def note(epoch: int, logs: object) -> None:
        now = (_cpu_s(), time.perf_counter())
        found.append((now[0] - before[0], now[1] - before[1]))
        before[:] = now

    watch = tf_keras.callbacks.LambdaCallback(on_epoch_end=note)
    model.fit(dataset, epochs=n_epochs + 1, verbose=0, callbacks=[watch])
    return found


WAYS = {
    "authors": _authors,
    "ours": _ours,
    "keras": _keras,
}


if __name__ == "__main__":
    main()
