import json

import jax
import numpy as np
import pytest

from features.embedding_set import find_embedding_set
from models.network.initial import initial_weights
from models.network.spec import CELLS, PAPER, Cell, Rnn, Schedule, cell_of, preset
from study.errors import ConfigError

TABLE_4 = {
    ("yamnet_effnet", "frnn"): (128, 256, "swish", 0.3, 7.05e-5, 675_472),
    ("yamnet_effnet", "gru"): (128, 64, "swish", 0.5, 7.25e-5, 248_976),
    ("yamnet_effnet", "lstm"): (64, 256, "swish", 0.3, 4.10e-5, 740_112),
    ("vggish_vgg16", "frnn"): (256, 256, "swish", 0.4, 1.05e-4, 366_352),
    ("vggish_vgg16", "gru"): (128, 256, "relu", 0.5, 3.92e-4, 413_968),
    ("vggish_vgg16", "lstm"): (256, 256, "swish", 0.5, 1.74e-4, 956_944),
}


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_the_preset_is_table_4_and_has_its_trainable_parameters(cell):
    chosen = preset("paper", cell)
    *numbers, rate, n_parameters = TABLE_4[cell.embedding_set, str(cell.rnn)]
    assert [
        chosen.rnn_units,
        chosen.bottleneck_units,
        chosen.activation,
        chosen.dropout,
    ] == numbers
    assert float(f"{chosen.learning_rate:.2e}") == rate
    embedding_set = find_embedding_set(cell.embedding_set)
    weights = initial_weights(
        np.random.default_rng(1),
        cell.rnn,
        chosen,
        audio_size=embedding_set.audio_size,
        visual_size=embedding_set.visual_size,
        n_classes=16,
    )
    assert sum(leaf.size for leaf in jax.tree.leaves(weights.trainable)) == n_parameters


def test_there_are_six_cells_and_another_one_is_refused():
    assert len(PAPER) == 6
    assert cell_of("yamnet_effnet", "gru") == Cell("yamnet_effnet", Rnn.GRU)
    with pytest.raises(ConfigError, match="no cell 'openl3-gru'"):
        cell_of("openl3", "gru")


GRU = {
    "rnn_units": 64,
    "bottleneck_units": 32,
    "activation": "relu",
    "dropout": 0.2,
    "learning_rate": 1e-3,
}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"activation": "tanh"}, "activation 'tanh', expected relu or swish"),
        ({"rnn_units": "64"}, "rnn_units '64', expected a whole number"),
        ({"rnn_units": 0}, "rnn_units 0, expected 1 to 16384"),
        ({"bottleneck_units": 10**9}, "bottleneck_units 1e.09, expected 1 to 16384"),
        ({"dropout": 1.0}, "expected a share below 1"),
        ({"learning_rate": -1.0}, "expected more than 0"),
        ({"depth": 2}, "depth"),
    ],
)
def test_a_preset_that_was_edited_wrongly_says_where(changes, message, tmp_path):
    path = tmp_path / "best.json"
    path.write_text(json.dumps({"yamnet_effnet-gru": GRU | changes}))
    with pytest.raises(ConfigError, match=rf"best.json .*yamnet_effnet-gru.*{message}"):
        preset(str(path), Cell("yamnet_effnet", Rnn.GRU))


def test_the_learning_rate_decays_as_in_the_published_checkpoints():
    schedule = Schedule()
    assert schedule.learning_rate(7.2503e-5, 64) == pytest.approx(1.2046743e-07, rel=1e-4)
    assert schedule.learning_rate(7.2503e-5, 23) == pytest.approx(7.2690573e-06, rel=1e-4)
    assert schedule.learning_rate(1.0, 1) == pytest.approx(np.exp(-0.1))
