"""CPU-seconds per small network: trained one at a time, and several in one `vmap`.

All networks of a group see the same batches, as surrogates of one search do. Also prints how far
the weights of the two ways are apart after an epoch of 96 steps. Run it from the repository:
``python -m benchmarks.several_at_once``.
"""

import resource
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from features.embedding_set import find_embedding_set
from models.network.initial import initial_weights
from models.network.spec import Architecture, Hyperparameters, cell_named
from models.training.loop import (
    Batches,
    EpochSettings,
    Metrics,
    OptimizerState,
    learn,
    new_training,
)

SHAPES = (
    ("vggish_vgg16-gru", 32, 32),
    ("yamnet_effnet-gru", 32, 32),
    ("vggish_vgg16-lstm", 64, 64),
    ("yamnet_effnet-frnn", 64, 128),
)
SIZES = (1, 4, 8)
N_BATCHES, N_CALLS, N_ROUNDS, CLIPS = 16, 6, 5, 6560


@partial(jax.jit, static_argnames="architecture", donate_argnames=("state", "metrics"))
def learn_together(
    state: OptimizerState,
    metrics: Metrics,
    batches: Batches,
    first: jax.Array,
    n_batches: jax.Array,
    settings: EpochSettings,
    *,
    architecture: Architecture,
) -> tuple[OptimizerState, Metrics]:
    """Take the same steps with several networks, whose settings differ in all but the key."""

    def one(
        state: OptimizerState, metrics: Metrics, settings: EpochSettings
    ) -> tuple[OptimizerState, Metrics]:
        return learn.__wrapped__(
            state, metrics, batches, first, n_batches, settings, architecture=architecture
        )

    return jax.vmap(one, in_axes=(0, 0, EpochSettings(0, 0, None)))(state, metrics, settings)


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _run(name: str, units: int, width: int, n: int) -> tuple[float, list[np.ndarray]]:
    cell = cell_named(name)
    embedding_set = find_embedding_set(cell.embedding_set)
    sizes = (embedding_set.audio_size, embedding_set.visual_size)
    rng = np.random.default_rng(1)
    rows = rng.standard_normal((N_BATCHES, 16, 7, sum(sizes))).astype(np.float32)
    batches = Batches(rows, rng.integers(0, 16, (N_BATCHES, 16)).astype(np.int32))
    chosen = Hyperparameters(units, width, "swish", 0.3, 1e-3)
    weights = initial_weights(
        rng, cell.rnn, chosen, audio_size=sizes[0], visual_size=sizes[1], n_classes=16
    )
    start = new_training(weights).optimizer
    metrics, key = Metrics(jnp.float32(0), jnp.int32(0)), jax.random.key(1)
    settings, step = EpochSettings(jnp.float32(1e-3), jnp.float32(0.3), key), learn
    if n > 1:
        start, metrics = jax.tree.map(lambda leaf: jnp.stack([leaf] * n), (start, metrics))
        settings, step = EpochSettings(jnp.full(n, 1e-3), jnp.full(n, 0.3), key), learn_together
    best, after = np.inf, []
    for _ in range(N_ROUNDS):
        state, right = jax.tree.map(jnp.copy, (start, metrics))
        before = _cpu_s()
        for call in range(N_CALLS):
            state, right = step(
                state,
                right,
                batches,
                jnp.int32(call * N_BATCHES),
                jnp.int32(N_BATCHES),
                settings,
                architecture=Architecture(cell.rnn, chosen.activation, sizes[0]),
            )
        after = [np.asarray(leaf) for leaf in jax.tree.leaves(state.weights)]
        best = min(best, _cpu_s() - before)
    return best / (N_CALLS * N_BATCHES * 16 * n) * CLIPS, after


def main() -> None:
    """Print a table: CPU-seconds per network and epoch of 6,560 clips."""
    heads = " | ".join(f"{n} at a time" for n in SIZES)
    print(f"| cell | units | bottleneck | {heads} | largest difference of a weight |")
    print("|---" * (4 + len(SIZES)) + "|")
    for name, units, width in SHAPES:
        found = [_run(name, units, width, n) for n in SIZES]
        alone, (_, together) = found[0][1], found[-1]
        apart = max(
            float(np.abs(one[0] - other).max()) for one, other in zip(together, alone, strict=True)
        )
        times = " | ".join(f"{seconds:.2f}" for seconds, _ in found)
        print(f"| {name} | {units} | {width} | {times} | {apart:.1e} |", flush=True)


if __name__ == "__main__":
    main()
