"""A search as Optuna studies, for its dashboard."""

from collections.abc import Sequence
from dataclasses import asdict

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.storages import BaseStorage

from models.network.spec import ACTIVATIONS
from models.search import space
from models.search.surrogates import SurrogateResult
from study.errors import ConfigError


def to_optuna(results: Sequence[SurrogateResult], url: str) -> int:
    """Copy results into Optuna studies, one per cell, for its dashboard.

    Parameters
    ----------
    url : str
        Storage, such as ``sqlite:///search.db``; studies that are there are replaced.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = _open(url)
    distributions = {
        "rnn_units": CategoricalDistribution(space.UNITS),
        "bottleneck_units": CategoricalDistribution(space.UNITS),
        "activation": CategoricalDistribution(ACTIVATIONS),
        "dropout": CategoricalDistribution(space.DROPOUTS),
        "learning_rate": FloatDistribution(*space.LEARNING_RATES),
    }
    n_copied = 0
    for name in sorted({result.cell for result in results}):
        if name in optuna.get_all_study_names(storage):
            optuna.delete_study(study_name=name, storage=storage)
        study = optuna.create_study(study_name=name, storage=storage, direction="minimize")
        for result in (each for each in results if each.cell == name and each.val_loss is not None):
            study.add_trial(
                optuna.trial.create_trial(
                    params=asdict(result.hyperparameters),
                    distributions=distributions,
                    value=result.val_loss,
                    intermediate_values={each.epoch: each.val_loss for each in result.history},
                    user_attrs={"surrogate": result.number, "seconds": result.seconds},
                )
            )
            n_copied += 1
    return n_copied


def _open(url: str) -> BaseStorage:
    try:
        return optuna.storages.get_storage(url)
    except Exception as error:  # Optuna passes on whatever its database's driver raises
        reason = str(error).splitlines()[0]
        raise ConfigError(
            f"no Optuna storage at {url}: {reason}. Name one such as sqlite:///search.db, in a "
            "folder that exists"
        ) from error
