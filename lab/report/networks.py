"""What stands in the folders of embeddings and networks."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from features.records.manifest import MANIFEST_NAME, NetworkNote, read_manifest
from lab.report.places import Places
from models.evaluation.results import (
    TABLE_5_COLUMNS,
    Evaluation,
    in_order_of_paper,
    read_evaluations,
    table_5_row,
)
from models.network.spec import TITLES
from models.saving.card import Card, read_card
from models.saving.model_folder import CARD_NAME
from models.search.surrogates import PLAN_NAME, best_of, read_results
from models.search.table4 import table_4
from study.errors import StudyError

Rows = list[tuple[object, ...]]
SET_COLUMNS = ("set", "records", "frames", "audio network", "visual network", "precision")
CARD_COLUMNS = (
    "folder", "trained on", "embeddings", "RNN", "clips", "validation", "classes", "epochs",
    "best", "validation loss", "seed", "digest",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Networks:
    """Embeddings, networks, searches and evaluations.

    Parameters
    ----------
    sets, cards, table_5 : list of tuple
        Rows of the tables.
    table_4 : DataFrame
        From `models.search.table4`, all searches one below the other.
    untrained : list of str
        Which embeddings come from networks that have learnt nothing, in sentences.
    faults : list of str
        What could not be read, and why.
    """

    sets: Rows
    cards: Rows
    table_4: pd.DataFrame
    table_5: Rows
    evaluations: list[Evaluation]
    untrained: list[str]
    faults: list[str]


def networks_of(places: Places) -> Networks:
    """Read what is there; what cannot be read is told, and the rest is shown all the same."""
    faults: list[str] = []
    sets, untrained = _sets(places.embeddings, faults)
    evaluations = _evaluations(places.models, faults)
    return Networks(
        sets,
        _cards(places.models, faults),
        _table_4(places.models, faults),
        [(*table_5_row(each).values(), each.test.name, each.test.n_clips) for each in evaluations],
        evaluations,
        untrained,
        faults,
    )


TABLE_5 = (*TABLE_5_COLUMNS, "Test list", "Test clips")


def _sets(folder: Path, faults: list[str]) -> tuple[Rows, list[str]]:
    rows: Rows = []
    untrained = []
    for path in sorted(folder.glob(f"*/{MANIFEST_NAME}")):
        name = path.parent.name
        try:
            manifest = read_manifest(path.parent)
        except StudyError as error:
            faults.append(str(error))
            continue
        recipe = manifest.recipe
        notes = (recipe.audio, recipe.visual)
        rows.append(
            (name, len(manifest.rows), recipe.grid, *map(_network, notes), recipe.precision)
        )
        drawn = [
            f"{note.network} (seed {note.untrained_seed})"
            for note in notes
            if note.untrained_seed is not None
        ]
        if drawn:
            untrained.append(f"{name}: {' and '.join(drawn)} had no weights.")
    return rows, untrained


def _network(note: NetworkNote) -> str:
    return f"{note.network}: {note.weights}"


def _cards(folder: Path, faults: list[str]) -> Rows:
    rows: Rows = []
    for path in sorted(folder.glob(f"**/{CARD_NAME}")):
        try:
            card = read_card(path.parent)
        except StudyError as error:
            faults.append(str(error))
            continue
        rows.append((path.parent.relative_to(folder).as_posix(), *_card(card)))
    return rows


def _card(card: Card) -> tuple[object, ...]:
    best = card.history[card.best_epoch - 1] if card.history and card.best_epoch else None
    return (
        card.training_set,
        TITLES.get(card.embedding_set, card.embedding_set),
        card.rnn.upper(),
        card.train.n_clips if card.train else None,
        card.validation.n_clips if card.validation else None,
        len(card.classes),
        len(card.history),
        card.best_epoch,
        None if best is None else f"{best.val_loss:.4f}",
        None if card.seed is None else str(card.seed),
        card.model_sha256[:12],
    )


def _table_4(folder: Path, faults: list[str]) -> pd.DataFrame:
    found = []
    for path in sorted(folder.glob(f"**/{PLAN_NAME}")):
        try:
            found.append(table_4(best_of(read_results(path.parent))))
        except StudyError as error:
            faults.append(str(error))
    return pd.concat(found) if found else pd.DataFrame()


def _evaluations(folder: Path, faults: list[str]) -> list[Evaluation]:
    if not any(folder.glob("**/evaluations/*.json")):
        return []
    try:
        every = read_evaluations([folder])
    except StudyError as error:
        faults.append(str(error))
        return []
    # Table 5 has networks that perceive both, of one clip.
    plain = [each for each in every if (each.modality, each.pairing) == ("both", "congruent")]
    return in_order_of_paper(plain)
