"""The paper's networks: ``load`` one, ``train`` one, ``evaluate`` one, ``read_evaluations``."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.evaluation.evaluate import evaluate_and_write as evaluate
    from models.evaluation.results import read_evaluations
    from models.saving.saved import load_model as load
    from models.training.train import train_model as train

__all__ = ["evaluate", "load", "read_evaluations", "train"]

_FACES = {
    "evaluate": ("models.evaluation.evaluate", "evaluate_and_write"),
    "load": ("models.saving.saved", "load_model"),
    "read_evaluations": ("models.evaluation.results", "read_evaluations"),
    "train": ("models.training.train", "train_model"),
}


if not TYPE_CHECKING:  # a type checker would take it for a promise of any name

    def __getattr__(name: str) -> object:
        # At the first use: only training and evaluating start JAX.
        if name not in _FACES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module, function = _FACES[name]
        return getattr(import_module(module), function)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
