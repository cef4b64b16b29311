"""Table 4 of the paper: the hyperparameters that a search chose."""

from collections.abc import Mapping

import pandas as pd

from models.network.spec import CELLS, Cell, title_of
from models.search.surrogates import SurrogateResult


def table_4(best: Mapping[Cell, SurrogateResult]) -> pd.DataFrame:
    """Return the chosen surrogates as text, one row per cell.

    Notes
    -----
    Paper: Hyperparameter Search and Training, Table 4.
    """
    ordered = [*CELLS, *sorted(set(best) - set(CELLS))]  # the paper's, then those of other sets
    return pd.DataFrame([_row(cell, best[cell]) for cell in ordered if cell in best])


def _row(cell: Cell, result: SurrogateResult) -> dict[str, str]:
    chosen = result.hyperparameters
    return {
        "Embeddings": title_of(cell.embedding_set),
        "RNN": str(cell.rnn).upper(),
        "RNN Units": str(chosen.rnn_units),
        "Bottleneck Units": str(chosen.bottleneck_units),
        "Activation": chosen.activation,
        "Dropout Rate": f"{chosen.dropout:g}",
        "Learning Rate": f"{chosen.learning_rate:.2e}",
        "Validation Loss": f"{result.val_loss:.4f}",
        "Surrogate": str(result.number),
    }
