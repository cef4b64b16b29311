import numpy as np
import pytest

from benchmarks.world_of_embeddings import N_CLASSES, draw_clips, make_world
from features.embedding_set import find_embedding_set

VGG = find_embedding_set("vggish_vgg16")
AUDIO = VGG.audio_size


@pytest.fixture(scope="module")
def world():
    return make_world(np.random.default_rng(1), VGG, noise=0.5, spread=0.2)


def perceived(world, dataset):
    """Whether a clip's label is the event that its sound and its picture are nearest to."""
    middle = dataset.rows[:, 2]  # every event is there at the third timestep
    nearest = [
        (part @ events.T - (events**2).sum(axis=1) / 2).argmax(axis=1)
        for part, events in ((middle[:, :AUDIO], world.audio), (middle[:, AUDIO:], world.visual))
    ]
    return [found == dataset.targets for found in nearest]


def test_without_a_share_every_label_is_heard_and_seen(world):
    heard, seen = perceived(world, draw_clips(world, np.random.default_rng(2), 20, 0.0))
    assert heard.all()
    assert seen.all()


def test_a_label_absent_from_one_modality_is_in_the_other(world):
    heard, seen = perceived(world, draw_clips(world, np.random.default_rng(2), 100, 0.4, "one"))
    assert (heard | seen).all()
    assert 1 - (heard & seen).mean() == pytest.approx(0.4, abs=0.04)
    assert 1 - heard.mean() == pytest.approx(0.2, abs=0.03)


def test_a_label_absent_from_both_modalities_is_in_neither(world):
    heard, seen = perceived(world, draw_clips(world, np.random.default_rng(2), 100, 0.4, "both"))
    assert (heard == seen).all()
    assert 1 - heard.mean() == pytest.approx(0.4, abs=0.04)


def test_the_same_seed_draws_the_same_clips(world):
    one, other = (draw_clips(world, np.random.default_rng(3), 2, 0.5) for _ in range(2))
    assert one.sha256 == other.sha256
    assert np.bincount(one.targets).tolist() == [2] * N_CLASSES
