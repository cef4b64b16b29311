import numpy as np
import pytest

from models.data.labelled_clips import training_set_of
from models.evaluation.metrics import confusion_matrix, incongruent_partners, top_k
from study.errors import ConfigError


def test_top_5_of_three_classes_is_always_right():
    logarithms = np.log(np.array([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7]]))
    targets = np.array([0, 0], dtype=np.int32)
    assert top_k(logarithms, targets, 5) == 1.0
    assert top_k(logarithms, targets, 1) == 0.5


def test_the_confusion_matrix_has_classes_in_rows():
    targets = np.array([0, 0, 1], dtype=np.int32)
    assert confusion_matrix(targets, np.array([0, 1, 1]), 2) == ((1, 1), (0, 1))


@pytest.mark.parametrize("counts", [(3, 3, 3), (4, 1, 3), (1, 1), (5, 2, 1)])
def test_incongruent_sounds_are_of_another_class(counts):
    targets = np.repeat(np.arange(len(counts)), counts).astype(np.int32)
    for seed in range(20):
        partners = incongruent_partners(targets, np.random.default_rng(seed))
        assert (targets[partners] != targets).all()
        if 2 * max(counts) <= sum(counts):
            assert sorted(partners) == list(range(len(targets)))


def test_one_class_has_no_incongruent_sounds():
    with pytest.raises(ConfigError, match="all clips are of one class"):
        incongruent_partners(np.zeros(3, dtype=np.int32), np.random.default_rng(1))


def test_training_sets_are_called_as_in_table_5():
    names = ["AVMIT_train", "MIT16_train", "MIT_16_train", "all_clips_train", "_train"]
    assert [training_set_of(name) for name in names] == [
        "AVMIT",
        "MIT 16",
        "MIT 16",
        "all clips",
        "_train",
    ]
