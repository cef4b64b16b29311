"""The random search on disk: its plan, and one result file per surrogate; no JAX is started."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from features.records.folder import folder_of_set
from models.network.spec import Cell, Epoch, Hyperparameters, Schedule, cell_named
from models.search.space import draw_surrogate
from models.training.description import Training
from study.errors import ConfigError
from study.reading.text import read_bytes
from study.tools.files import written_atomically

PLAN_NAME = "search.json"
BEST_NAME = "best.json"
_MOST_BYTES = 10_000_000
_MOST_SURROGATES = 100_000
N_SURROGATES = 300  # Paper: Hyperparameter Search and Training
PATIENCE = 8  # Paper: Hyperparameter Search and Training


class SearchPlan(BaseModel):
    """What a search is; written once, and every result belongs to it.

    Parameters
    ----------
    seed : int
        The study's; surrogates and their training follow from it.
    schedule : Schedule
        How long each may train.
    embeddings : Path
        Folder with the folders of the embedding sets.
    trust_list : bool
        Whether a list's label goes before a record's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int
    cells: tuple[str, ...]
    n_surrogates: int
    schedule: Schedule
    embeddings: Path
    train: Path
    validation: Path
    lists: tuple[str, str]
    cache: Path | None = None
    trust_list: bool = False

    def training(self, task: "Task") -> Training:
        """Return the training of a surrogate; what must not be trained on was refused before."""
        return Training(
            task.cell,
            draw_surrogate(self.seed, task.cell, task.number),
            folder_of_set(self.embeddings, task.cell.embedding_set),
            self.train,
            self.validation,
            schedule=self.schedule,
            seed=self.seed,
            cache=self.cache,
            allow_untrained=True,
            trust_list=self.trust_list,
        )


class SurrogateResult(BaseModel):
    """What came of one surrogate.

    Parameters
    ----------
    number : int
        Which surrogate, from 0.
    best_epoch : int
        The epoch with the lowest validation loss; 0 if there was none.
    diverged : bool
        Whether a loss became NaN or infinite.
    history : tuple of Epoch
        The epochs whose losses are finite.
    records : tuple of str
        Digests of the records of both lists.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    cell: str
    number: int
    seed: int
    hyperparameters: Hyperparameters
    best_epoch: int
    val_loss: float | None
    val_accuracy: float | None
    diverged: bool
    history: tuple[Epoch, ...]
    seconds: float
    records: tuple[str, str]


@dataclass(frozen=True, slots=True, order=True)
class Task:
    """One surrogate that is to be run."""

    cell: Cell
    number: int


def write_plan(plan: SearchPlan, folder: Path) -> None:
    """Start a search in a folder, or go on with the same one."""
    path = folder / PLAN_NAME
    if not path.exists():
        with written_atomically(path) as part:
            part.write_text(plan.model_dump_json(indent=2) + "\n", encoding="utf-8")
        return
    there = read_plan(folder)
    # More cells, more surrogates or other places do not change what has been run.
    if (there.seed, there.schedule, there.lists) != (plan.seed, plan.schedule, plan.lists):
        raise ConfigError(
            f"{folder} holds another search (seed {there.seed}). Pass its lists, seed and "
            "schedule, or name another folder"
        )
    with written_atomically(path) as part:
        part.write_text(plan.model_dump_json(indent=2) + "\n", encoding="utf-8")


def read_plan(folder: Path) -> SearchPlan:
    """Read what a search is."""
    path = folder / PLAN_NAME
    if not path.is_file():
        raise ConfigError(f"no search in {folder}. Start one: python -m models search run")
    try:
        plan = SearchPlan.model_validate_json(read_bytes(path, largest=_MOST_BYTES))
    except ValueError as error:
        raise ConfigError(
            f"{path} is not a search of this version. Name another folder with --out"
        ) from error
    if plan.n_surrogates > _MOST_SURROGATES:
        raise ConfigError(
            f"{path} asks for {plan.n_surrogates:.6g} surrogates per cell, and at most "
            f"{_MOST_SURROGATES} are run. "
            "Start a search with fewer in another folder"
        )
    return plan


def plan_cells(plan: SearchPlan) -> tuple[Cell, ...]:
    """Return the cells of a search."""
    return tuple(cell_named(name) for name in plan.cells)


def result_path(folder: Path, task: Task) -> Path:
    """Return where the result of a surrogate is."""
    return folder / task.cell.name / f"{task.number:03d}.json"


def missing_tasks(plan: SearchPlan, folder: Path) -> list[Task]:
    """Return the surrogates that have no result yet, the cells in turn."""
    tasks = [Task(cell, number) for number in range(plan.n_surrogates) for cell in plan_cells(plan)]
    return [task for task in tasks if not result_path(folder, task).exists()]


def read_results(folder: Path) -> list[SurrogateResult]:
    """Read what a search has found so far: each result of its plan, by cell and number."""
    plan = read_plan(folder)
    found = []
    first_on: dict[str, tuple[Path, tuple[str, str]]] = {}
    for cell in plan_cells(plan):
        for number in range(plan.n_surrogates):
            path = result_path(folder, Task(cell, number))
            if not path.exists():
                continue
            result = read_result(path, plan, Task(cell, number))
            first, records = first_on.setdefault(cell.embedding_set, (path, result.records))
            if result.records != records:
                raise ConfigError(
                    f"{path} was found on other records than {first}: the embeddings have changed "
                    "in between. Delete the older of the two and those like it, and run the search "
                    "again"
                )
            found.append(result)
    return found


def read_result(path: Path, plan: SearchPlan, task: Task) -> SurrogateResult:
    """Read the result of a surrogate."""
    try:
        result = SurrogateResult.model_validate_json(read_bytes(path, largest=_MOST_BYTES))
    except ValueError as error:
        raise ConfigError(f"{path} is not a result. Delete it and run the search again") from error
    expected = draw_surrogate(plan.seed, task.cell, task.number)
    own = (plan.seed, task.cell.name, task.number, expected)
    if (result.seed, result.cell, result.number, result.hyperparameters) != own:
        raise ConfigError(f"{path} belongs to another search. Delete it and run the search again")
    return result


def best_of(results: Sequence[SurrogateResult]) -> dict[Cell, SurrogateResult]:
    """Return the best surrogate of each cell: the lowest validation loss."""
    best: dict[Cell, SurrogateResult] = {}
    for result in results:
        cell = cell_named(result.cell)
        if result.val_loss is None:
            continue
        there = best.get(cell)
        if there is None or there.val_loss is None or result.val_loss < there.val_loss:
            best[cell] = result
    return best


def write_best(best: dict[Cell, SurrogateResult], path: Path) -> None:
    """Write the chosen hyperparameters, to be passed as ``--preset``.

    Parameters
    ----------
    best : dict of Cell to SurrogateResult
        From `best_of`.
    """
    chosen = {cell.name: asdict(result.hyperparameters) for cell, result in best.items()}
    with written_atomically(path) as part:
        part.write_text(json.dumps(chosen, indent=2) + "\n", encoding="utf-8")
