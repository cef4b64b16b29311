"""When training ends."""

import math

import pytest

from models.network.spec import Epoch, Schedule
from models.training.loop import TrainingState


def training(n_epochs, best_epoch, val_loss=0.5):
    history = tuple(Epoch(i, 0.1, 0.5, 0.5, val_loss, 0.5) for i in range(1, n_epochs + 1))
    return TrainingState(optimizer=None, best=None, best_epoch=best_epoch, history=history)


@pytest.mark.parametrize(
    ("n_epochs", "best_epoch", "is_over"),
    [(5, 3, False), (6, 3, True), (7, 3, True), (6, 4, False), (3, 0, True), (2, 0, False)],
)
def test_training_ends_when_patience_many_epochs_were_no_better(n_epochs, best_epoch, is_over):
    assert training(n_epochs, best_epoch).is_over(Schedule(n_epochs=50, patience=3)) is is_over


@pytest.mark.parametrize(("n_epochs", "is_over"), [(49, False), (50, True), (51, True)])
def test_training_ends_after_the_last_epoch(n_epochs, is_over):
    assert training(n_epochs, n_epochs).is_over(Schedule(n_epochs=50, patience=3)) is is_over


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_training_ends_when_a_loss_is_nan_or_infinite(loss):
    schedule = Schedule(n_epochs=50, patience=3)
    assert training(1, 1, loss).is_over(schedule)
    assert training(1, 1, loss).has_diverged
    assert not training(1, 1).has_diverged
    assert not training(0, 0).is_over(schedule)
