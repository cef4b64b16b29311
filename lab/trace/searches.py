"""Cells of Table 4: the surrogate that a random search chose, its lists and their clips."""

from collections.abc import Iterator
from pathlib import Path

from features.embedding_set import find_embedding_set
from lab.trace.chain import Link, facts
from lab.trace.kept import Kept
from lab.trace.lists import list_link
from lab.trace.traceable import COLUMNS_4, Cell4
from models.data.labelled_clips import read_list
from models.network.spec import TITLES, Cell, cell_of, preset
from models.saving.card import DataCard
from models.search.surrogates import (
    BEST_NAME,
    PLAN_NAME,
    SearchPlan,
    SurrogateResult,
    best_of,
    read_plan,
    read_results,
)
from models.search.table4 import table_4
from study.errors import ConfigError, StudyError

_CLOSE = 1e-9


def cell_4_link(kept: Kept, what: Cell4) -> Link:
    """Return the chain of a cell of Table 4, or of a row, whose cells come of one surrogate.

    Raises
    ------
    ConfigError
        If no search has a result for it.
    """
    cell = cell_of(what.embedding_set, what.rnn)
    folders = [path.parent for path in sorted(kept.places.models.glob(f"**/{PLAN_NAME}"))]
    found = []
    for folder in folders:
        results = read_results(folder)
        best = best_of(results).get(cell)
        if best is not None:
            found.append((folder, [one for one in results if one.cell == cell.name], best))
    if not found:
        raise ConfigError(
            f"no search below {kept.places.models} has a result of {cell.name}. Run it: "
            "python -m models search run"
        )
    row = table_4({cell: found[0][2]}).iloc[0]
    shown = {column: row[column] for column in COLUMNS_4.values()}
    if what.column:
        shown = {COLUMNS_4[what.column]: row[COLUMNS_4[what.column]]}
    parts = ["Table 4", TITLES[what.embedding_set], what.rnn.upper(), COLUMNS_4.get(what.column)]
    return Link(
        "number",
        ", ".join(filter(None, parts)),
        facts(**shown),
        below=tuple(_surrogate_link(kept, cell, *each) for each in found),
    )


def _surrogate_link(
    kept: Kept, cell: Cell, folder: Path, results: list[SurrogateResult], best: SurrogateResult
) -> Link:
    plan = read_plan(folder)
    lists = zip(
        ("train", "validation"),
        plan.lists,
        (plan.train, plan.validation),
        best.records,
        strict=True,
    )
    return Link(
        "surrogate",
        f"{folder.name}/{cell.name} {best.number}",
        facts(
            the_best_of=len(results), planned=plan.n_surrogates, seed=best.seed,
            epochs=len(best.history), best_epoch=best.best_epoch, validation_loss=best.val_loss,
            patience=plan.schedule.patience,
        ),
        tuple(_faults_of_surrogate(folder, cell, plan, best)),
        tuple(_search_list(kept, cell, *each) for each in lists),
    )  # fmt: skip


def _faults_of_surrogate(
    folder: Path, cell: Cell, plan: SearchPlan, best: SurrogateResult
) -> Iterator[str]:
    losses = [epoch.val_loss for epoch in best.history]
    if best.val_loss is None or not losses or abs(best.val_loss - min(losses)) > _CLOSE:
        yield "its validation loss is not the lowest of its epochs"
    if len(best.history) > plan.schedule.n_epochs:
        yield f"it has {len(best.history)} epochs, and the search allows {plan.schedule.n_epochs}"
    if not (folder / BEST_NAME).is_file():
        return
    try:
        chosen = preset(str(folder / BEST_NAME), cell)
    except StudyError as error:
        yield str(error)
        return
    if chosen != best.hyperparameters:
        yield f"{folder / BEST_NAME} has other hyperparameters; write it again: search best"


def _search_list(kept: Kept, cell: Cell, role: str, digest: str, place: Path, records: str) -> Link:
    path = place if place.is_file() else kept.places.tables / place.name
    n_clips = len(read_list(path)) if path.is_file() else 0
    data = DataCard(name=path.stem, n_clips=n_clips, list_sha256=digest, records_sha256=records)
    return list_link(kept, data, [path], f"{role} list", find_embedding_set(cell.embedding_set))
