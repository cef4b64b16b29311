"""Table 5 of the paper, with error bars where there are several seeds."""

from collections.abc import Iterable

import pandas as pd

from models.evaluation.comparison import Difference, Group, MeanEstimate
from models.evaluation.results import TABLE_5_COLUMNS
from models.network.spec import TITLES


def table_5(groups: Iterable[Group]) -> pd.DataFrame:
    """Return Table 5 as text; a column of seeds and intervals only where there are several seeds.

    Notes
    -----
    Paper: Results, Table 5.
    """
    groups = list(groups)
    rows = [
        (
            each.training_set,
            TITLES.get(each.embedding_set, each.embedding_set),
            each.rnn.upper(),
            _text(each.loss, 1, 4),
            _text(each.top_1, 100, 2),
            _text(each.top_5, 100, 2),
        )
        for each in groups
    ]
    table = pd.DataFrame(rows, columns=list(TABLE_5_COLUMNS))
    if any(each.n_seeds > 1 for each in groups):
        table["Seeds"] = [str(each.n_seeds) for each in groups]
    return table


def difference_table(found: Iterable[Difference]) -> pd.DataFrame:
    """Return the differences of training sets as text, one row per network."""
    return pd.DataFrame(
        [
            {
                "Difference": f"{each.minuend} minus {each.subtrahend}",
                "Embeddings": TITLES.get(each.embedding_set, each.embedding_set),
                "RNN": each.rnn.upper(),
                "Loss": _text(each.loss, 1, 4, signed=True),
                "Top 1 Acc. (points)": _text(each.top_1, 100, 2, signed=True),
                "Clips": str(each.n_clips),
                "Seeds": str(each.n_seeds),
            }
            for each in found
        ]
    )


def _text(estimate: MeanEstimate, factor: float, digits: int, *, signed: bool = False) -> str:
    sign = "+" if signed else ""
    mean = f"{factor * estimate.mean:{sign}.{digits}f}"
    if estimate.low is None or estimate.high is None:
        return mean
    low, high = (f"{factor * end:{sign}.{digits}f}" for end in (estimate.low, estimate.high))
    return f"{mean} [{low}, {high}]"
