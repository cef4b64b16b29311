"""Train a surrogate, wherever this runs, and write its result."""

import math
import time
from dataclasses import replace
from pathlib import Path

from models.network.predict import memory_errors
from models.search.surrogates import (
    SearchPlan,
    SurrogateResult,
    Task,
    plan_cells,
    read_result,
    result_path,
)
from models.training.description import load_data
from models.training.epochs import epochs
from study.errors import ConfigError
from study.tools.files import written_atomically


def prepare(plan: SearchPlan, *, allow_untrained: bool) -> None:
    """Pack the records of a search once, before many processes want them."""
    for cell in {cell.embedding_set: cell for cell in plan_cells(plan)}.values():
        load_data(replace(plan.training(Task(cell, 0)), allow_untrained=allow_untrained))


def run_surrogate(plan: SearchPlan, task: Task, folder: Path) -> SurrogateResult:
    """Train one surrogate and write its result into the search's folder.

    A result that is there already stays.
    """
    path = result_path(folder, task)
    if path.exists():  # another machine was faster
        return read_result(path, plan, task)
    with memory_errors(path):
        result = _train(plan, task)
    with written_atomically(path) as part:
        part.write_text(result.model_dump_json() + "\n", encoding="utf-8")
    return result


def _train(plan: SearchPlan, task: Task) -> SurrogateResult:
    training = plan.training(task)
    data = load_data(training)
    if (data.train.clips.sha256, data.validation.clips.sha256) != plan.lists:
        raise ConfigError(
            f"{plan.train} or {plan.validation} has changed since the search began. "
            "Put it back, or start a search in another folder"
        )
    started = time.perf_counter()
    *_, last = epochs(training, data)
    seconds = time.perf_counter() - started
    finite = [each for each in last.history if math.isfinite(each.loss + each.val_loss)]
    best = min(finite, key=lambda epoch: epoch.val_loss, default=None)
    return SurrogateResult(
        cell=task.cell.name,
        number=task.number,
        seed=plan.seed,
        hyperparameters=training.hyperparameters,
        best_epoch=0 if best is None else best.epoch,
        val_loss=None if best is None else best.val_loss,
        val_accuracy=None if best is None else best.val_accuracy,
        diverged=len(finite) < len(last.history),
        history=tuple(finite),
        seconds=seconds,
        records=(data.train.sha256, data.validation.sha256),
    )
