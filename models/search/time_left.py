"""How long the rest of a search will take, from the arithmetic and from what is done."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from features.embedding_set import find_embedding_set
from models.network.spec import N_GATES, TIMESTEPS, Cell, Hyperparameters, cell_named
from models.search.space import draw_surrogate
from models.search.surrogates import SearchPlan, SurrogateResult, Task, plan_cells
from study.tools.wording import counted

# Measured on one core of a small server; used for the forecast until surrogates have finished.
FLOPS_PER_S = 4.0e10
STEP_S = 2.5e-4
GUESSED_EPOCHS = 20


def n_operations(cell: Cell, hyperparameters: Hyperparameters) -> float:
    """Return how many multiplications and additions training takes per clip and epoch.

    Those of the matrix products: two per weight forwards, two for the weights' gradient, and two
    for the inputs' gradient except at the embeddings.
    """
    embedding_set = find_embedding_set(cell.embedding_set)
    size = embedding_set.audio_size + embedding_set.visual_size
    width, units = hyperparameters.bottleneck_units, hyperparameters.rnn_units
    squeeze = 4 * size * width
    recurrent = 6 * N_GATES[cell.rnn] * units * (2 * width + units)
    return float(TIMESTEPS * (squeeze + recurrent))


@dataclass(frozen=True, slots=True)
class SearchForecast:
    """How long the rest of a search will take.

    Parameters
    ----------
    core_s : float
        Seconds of one core for the rest.
    measured : bool
        Whether it rests on finished surrogates of this search, not on a guess.
    """

    n_done: int
    n_left: int
    core_s: float
    measured: bool

    def text(self, n_at_a_time: int) -> str:
        """Return the forecast as a line: hours of one core, and hours with so many at a time."""
        basis = "measured on what is done" if self.measured else "a guess until some are done"
        return (
            f"{counted(self.n_done, 'surrogate')} done, {self.n_left} left: "
            f"{self.core_s / 3600:.1f} core "
            f"hours, {self.core_s / 3600 / n_at_a_time:.1f} h with {n_at_a_time} at a time "
            f"({basis})"
        )


def forecast(plan: SearchPlan, results: Sequence[SurrogateResult], n_clips: int) -> SearchForecast:
    """Forecast the rest of a search from the arithmetic and from what is done."""
    done = {(result.cell, result.number) for result in results}
    left = [
        Task(cell, number)
        for cell in plan_cells(plan)
        for number in range(plan.n_surrogates)
        if (cell.name, number) not in done
    ]
    guessed = min(GUESSED_EPOCHS, plan.schedule.n_epochs)
    expected = sum(_guess_s(plan, task, n_clips) * guessed for task in left)
    spent = sum(result.seconds for result in results)
    foreseen = sum(
        _guess_s(plan, Task(cell_named(result.cell), result.number), n_clips) * guessed
        for result in results
    )
    ratio = spent / foreseen if foreseen else 1.0
    return SearchForecast(len(results), len(left), expected * ratio, bool(foreseen))


def _guess_s(plan: SearchPlan, task: Task, n_clips: int) -> float:
    drawn = draw_surrogate(plan.seed, task.cell, task.number)
    n_steps = math.ceil(n_clips / plan.schedule.batch_size)
    return n_clips * n_operations(task.cell, drawn) / FLOPS_PER_S + n_steps * STEP_S
