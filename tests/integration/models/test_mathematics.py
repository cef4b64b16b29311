"""Training as it is run against the paper's mathematics by hand, and against Keras."""

import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models.network.forward import Dropout, dropout_mask, logits
from models.network.initial import initial_weights
from models.network.spec import BN_MOMENTUM, Architecture, Cell, Hyperparameters, Rnn
from models.training.loop import Batches, EpochSettings, Metrics, learn, new_training
from tests.paths import TESTS
from tests.references.recurrent_network import Reference

AUDIO, VISUAL, CLASSES, CLIPS, TIMESTEPS, STEPS = 12, 20, 5, 16, 7, 60
ACTIVATION = {Rnn.FRNN: "swish", Rnn.GRU: "relu", Rnn.LSTM: "swish"}
SMALL = {rnn: Hyperparameters(8, 6, ACTIVATION[rnn], 0.5, 1e-3) for rnn in Rnn}


VANISHING = ("audio_bias", "visual_bias")


def draw_weights(rnn):
    rng = np.random.default_rng(3)
    weights = initial_weights(
        rng, rnn, SMALL[rnn], audio_size=AUDIO, visual_size=VISUAL, n_classes=CLASSES
    )
    # Biases and norms away from 0 and 1, so that a mistake in their use shows.
    return jax.tree.map(
        lambda w: (
            (w + 0.1 * rng.random(w.shape)).astype(np.float32) if w.ndim < 2 or 2 in w.shape else w
        ),
        weights,
    )


def flat(weights):
    trainable = weights.trainable
    named = {}
    for name, unit, moving in (
        ("audio", trainable.audio, weights.audio),
        ("visual", trainable.visual, weights.visual),
    ):
        named |= {f"{name}_{part}": value for part, value in unit._asdict().items()}
        named |= {f"{name}_{part}": value for part, value in moving._asdict().items()}
    named |= {
        "rnn_kernel": trainable.rnn.kernel,
        "rnn_recurrent": trainable.rnn.recurrent_kernel,
        "rnn_bias": trainable.rnn.bias,
        "output_kernel": trainable.output.kernel,
        "output_bias": trainable.output.bias,
    }
    return {name: np.asarray(value) for name, value in named.items()}


def draw_batches(dtype=np.float64):
    rng = np.random.default_rng(5)
    rows = rng.standard_normal((STEPS, CLIPS, TIMESTEPS, AUDIO + VISUAL)).astype(dtype)
    rows[:, :, 5:] = 0  # padded timesteps count in the batch norm
    targets = rng.integers(0, CLASSES, (STEPS, CLIPS)).astype(np.int32)
    return Batches(rows, targets)


def learn_all(weights, batches, rnn, key, dtype, *, mixed_precision=False, dropout=0.5):
    settings = EpochSettings(
        jnp.asarray(SMALL[rnn].learning_rate, dtype), jnp.float32(dropout), key
    )
    return learn(
        new_training(jax.tree.map(lambda w: np.asarray(w, dtype), weights)).optimizer,
        Metrics(jnp.zeros((), dtype), jnp.int32(0)),
        batches,
        jnp.int32(0),
        jnp.int32(STEPS),
        settings,
        architecture=Architecture(
            rnn, SMALL[rnn].activation, AUDIO, mixed_precision=mixed_precision
        ),
    )


@pytest.mark.parametrize("rnn", list(Rnn))
def test_sixty_adam_steps_equal_the_reference_in_double_precision(rnn):
    key, batches, weights = jax.random.key(7), draw_batches(), draw_weights(rnn)
    reference = Reference(flat(weights), rnn, SMALL[rnn].activation, SMALL[rnn].dropout)
    losses = []
    for i in range(STEPS):
        dropout = Dropout(jax.random.fold_in(key, i), SMALL[rnn].dropout)
        mask = np.asarray(
            dropout_mask(dropout, (CLIPS, TIMESTEPS, 2 * SMALL[rnn].bottleneck_units))
        )
        rows = batches.rows[i]
        losses.append(
            reference.step(
                rows[..., :AUDIO],
                rows[..., AUDIO:],
                batches.targets[i],
                mask,
                SMALL[rnn].learning_rate,
            )
        )
    with jax.enable_x64(True):
        state, metrics = learn_all(weights, batches, rnn, key, np.float64)
        ours = flat(state.weights)
        loss = float(metrics.loss)
    for name, expected in reference.w.items():
        assert ours[name].dtype == np.float64
        np.testing.assert_allclose(ours[name], expected, atol=1e-7, err_msg=name)
    assert loss == pytest.approx(CLIPS * sum(losses), rel=1e-7)


@pytest.fixture(scope="module")
def of_the_library(tmp_path_factory):
    """Each network after the same steps in the library that the paper used."""
    folder, batches, files = tmp_path_factory.mktemp("library"), draw_batches(np.float32), []
    for rnn in Rnn:
        settings = {"rnn": str(rnn), "activation": ACTIVATION[rnn], "learning_rate": 1e-3}
        given = settings | flat(draw_weights(rnn)) | batches._asdict()
        files += [folder / f"{rnn}_given.npz", folder / f"{rnn}_after.npz"]
        np.savez(files[-2], **given)
    script = [sys.executable, TESTS / "references/train_with_tf_keras.py", *files]
    subprocess.run(script, check=True, capture_output=True, timeout=250)
    return {rnn: np.load(folder / f"{rnn}_after.npz") for rnn in Rnn}


@pytest.mark.parametrize("rnn", list(Rnn))
def test_sixty_adam_steps_equal_those_of_the_library_that_the_paper_used(rnn, of_the_library):
    batches, weights = draw_batches(np.float32), draw_weights(rnn)
    theirs = of_the_library[rnn]
    state, metrics = learn_all(weights, batches, rnn, jax.random.key(7), np.float32, dropout=0.0)
    ours = flat(state.weights)
    for name in ours:
        if name in VANISHING:
            continue
        expected = theirs[name]
        if name.endswith("variance"):
            # Keras 2 keeps the unbiased variance of a batch, n / (n - 1) times the one it uses.
            n, kept = CLIPS * TIMESTEPS, flat(weights)[name] * BN_MOMENTUM**STEPS
            expected = kept + (expected - kept) * (n - 1) / n
        # The means follow the biases, which rounding moves about.
        atol = 5e-4 if name.endswith("mean") else 2e-5
        np.testing.assert_allclose(ours[name], expected, atol=atol, err_msg=name)
    assert float(metrics.loss) == pytest.approx(CLIPS * theirs["losses"].sum(), rel=1e-5)


@pytest.mark.parametrize("rnn", list(Rnn))
def test_the_forward_pass_equals_the_reference(rnn):
    weights, rows = draw_weights(rnn), draw_batches().rows[0]
    reference = Reference(flat(weights), rnn, SMALL[rnn].activation, SMALL[rnn].dropout)
    expected = reference.probabilities(rows[..., :AUDIO], rows[..., AUDIO:])
    architecture = Architecture(rnn, SMALL[rnn].activation, AUDIO)
    ours = jax.nn.softmax(logits(weights, rows.astype(np.float32), architecture))
    np.testing.assert_allclose(np.asarray(ours), expected, atol=1e-6)


@pytest.mark.parametrize("rnn", list(Rnn))
def test_mixed_precision_keeps_weights_in_float32_and_differs_little(rnn):
    key, batches, weights = jax.random.key(7), draw_batches(np.float32), draw_weights(rnn)
    whole, _ = learn_all(weights, batches, rnn, key, np.float32)
    mixed, _ = learn_all(weights, batches, rnn, key, np.float32, mixed_precision=True)
    assert {leaf.dtype for leaf in jax.tree.leaves((mixed.weights, mixed.adam.mean))} == {
        np.dtype(np.float32)
    }
    # The squeeze units' biases vanish in the batch norm: their gradients are rounding alone.
    start = {name: w for name, w in flat(weights).items() if name not in VANISHING}
    ours, theirs = flat(mixed.weights), flat(whole.weights)
    # Rounding to eight bits moves the weights, by far less than learning does.
    moved = {name: np.abs(theirs[name] - start[name]).mean() for name in start}
    apart = {name: np.abs(ours[name] - theirs[name]).mean() for name in start}
    assert all(0 < apart[name] < 0.25 * moved[name] for name in start), (apart, moved)


def test_dropout_draws_a_mask_for_every_timestep():
    mask = np.asarray(dropout_mask(Dropout(jax.random.key(1), 0.5), (4, 7, 64)))
    assert not any((mask[:, t] == mask[:, 0]).all() for t in range(1, 7))
    assert mask.mean() == pytest.approx(0.5, abs=0.05)


def test_a_cell_says_its_name():
    assert Cell("yamnet_effnet", Rnn.GRU).name == "yamnet_effnet-gru"
