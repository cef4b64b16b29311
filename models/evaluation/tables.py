"""Table 4 and Table 5 in the paper's form."""

from collections.abc import Iterable, Mapping, Sequence

from models.evaluation.measures import Evaluation
from models.network.hyperparameters import CELLS, Cell
from models.search.surrogates import SurrogateResult

TABLE_5_COLUMNS = (
    "Training Set",
    "Embeddings",
    "RNN",
    "Loss",
    "Top 1 Acc. (%)",
    "Top 5 Acc. (%)",
)
EMBEDDINGS = {"yamnet_effnet": "YamNet + EffNetB0", "vggish_vgg16": "VGGish + VGG-16"}
_ORDER = {(cell.embedding_set, str(cell.rnn)): place for place, cell in enumerate(CELLS)}


def training_set_of(list_name: str) -> str:
    """Return a training list's short name, as Table 5 has it.

    Examples
    --------
    >>> training_set_of("AVMIT_train"), training_set_of("MIT16_train")
    ('AVMIT', 'MIT 16')
    """
    name = list_name.removesuffix("_train").replace("_", " ").strip() or list_name
    return "MIT 16" if name in ("MIT16", "MIT-16") else name


def table_5_row(evaluation: Evaluation) -> tuple[str, ...]:
    """Return an evaluation as a row of Table 5.

    Returns
    -------
    tuple of str
        One text per column of `TABLE_5_COLUMNS`.

    Notes
    -----
    Paper: Results, Table 5.
    """
    return (
        evaluation.training_set,
        EMBEDDINGS.get(evaluation.embedding_set, evaluation.embedding_set),
        evaluation.rnn.upper(),
        f"{evaluation.loss:.4f}",
        f"{100 * evaluation.top_1:.2f}",
        f"{100 * evaluation.top_5:.2f}",
    )


def in_order_of_paper(evaluations: Iterable[Evaluation]) -> list[Evaluation]:
    """Sort evaluations as Table 5 does: by cell, then by training set, then by seed."""

    def place(evaluation: Evaluation) -> tuple[int, str, int]:
        cell = _ORDER.get((evaluation.embedding_set, evaluation.rnn), len(_ORDER))
        return cell, evaluation.training_set, evaluation.seed or 0

    return sorted(evaluations, key=place)


def markdown(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown.

    Examples
    --------
    >>> print(markdown(("RNN", "Loss"), [("GRU", "0.16")]))
    | RNN | Loss |
    |---|---|
    | GRU | 0.16 |
    """
    lines = [columns, *rows]
    texts = ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join([texts[0], "|" + "---|" * len(columns), *texts[1:]])


def cell_title(cell: Cell) -> str:
    """Return a cell's name for people.

    Returns
    -------
    str
        Such as ``"YamNet + EffNetB0 GRU"``.
    """
    return f"{EMBEDDINGS[cell.embedding_set]} {str(cell.rnn).upper()}"


TABLE_4_COLUMNS = (
    "Embeddings",
    "RNN",
    "RNN Units",
    "Bottleneck Units",
    "Activation",
    "Dropout Rate",
    "Learning Rate",
    "Validation Loss",
    "Surrogate",
)


def table_4_rows(best: Mapping[Cell, SurrogateResult]) -> list[tuple[str, ...]]:
    """Return the chosen surrogates as rows of Table 4.

    Returns
    -------
    list of tuple of str
        One text per column of `TABLE_4_COLUMNS`.

    Notes
    -----
    Paper: Hyperparameter Search and Training, Table 4.
    """
    rows: list[tuple[str, ...]] = []
    for cell in (cell for cell in CELLS if cell in best):
        chosen, result = best[cell].hyperparameters, best[cell]
        rows.append(
            (
                EMBEDDINGS[cell.embedding_set],
                str(cell.rnn).upper(),
                str(chosen.rnn_units),
                str(chosen.bottleneck_units),
                chosen.activation,
                f"{chosen.dropout:g}",
                f"{chosen.learning_rate:.2e}",
                f"{result.val_loss:.4f}",
                str(result.number),
            )
        )
    return rows
