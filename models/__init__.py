"""The paper's networks: ``train`` one, ``load`` one, ``evaluate`` one, ``read_evaluations``."""

from typing import TYPE_CHECKING

from study.tools.faces import lazy_faces

if TYPE_CHECKING:
    from models.evaluation.evaluate import evaluate_and_write as evaluate
    from models.evaluation.results import read_evaluations
    from models.saving.saved import load_model as load
    from models.training.start import train

__all__ = ["evaluate", "load", "read_evaluations", "train"]

if not TYPE_CHECKING:  # only training, evaluating and predicting start JAX
    __getattr__, __dir__ = lazy_faces(
        __name__,
        {
            "evaluate": "models.evaluation.evaluate:evaluate_and_write",
            "load": "models.saving.saved:load_model",
            "read_evaluations": "models.evaluation.results:read_evaluations",
            "train": "models.training.start:train",
        },
    )
