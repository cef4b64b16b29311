"""Table 5 with error bars, as Markdown, CSV and LaTeX."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence

from models.evaluation.comparison import Difference, Estimate, Group
from models.evaluation.tables import EMBEDDINGS, TABLE_5_COLUMNS, markdown

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]

_LATEX = {character: f"\\{character}" for character in "&%_#${}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}

DIFFERENCE_COLUMNS = (
    "Difference",
    "Embeddings",
    "RNN",
    "Loss",
    "Top 1 Acc. (points)",
    "Clips",
    "Seeds",
)


def table_5(groups: Iterable[Group]) -> Table:
    """Return Table 5; a column of seeds and intervals only where there are several seeds.

    Parameters
    ----------
    groups : iterable of Group
        Networks and training sets, in the table's order.

    Returns
    -------
    columns : tuple of str
        Heads.
    rows : list of tuple of str
        One per group.

    Notes
    -----
    Paper: Results, Table 5.
    """
    groups = list(groups)
    several = any(each.n_seeds > 1 for each in groups)
    columns: tuple[str, ...] = (*TABLE_5_COLUMNS, "Seeds") if several else TABLE_5_COLUMNS
    rows: list[tuple[str, ...]] = []
    for each in groups:
        row = (
            each.training_set,
            EMBEDDINGS.get(each.embedding_set, each.embedding_set),
            each.rnn.upper(),
            _text(each.loss, 1, 4),
            _text(each.top_1, 100, 2),
            _text(each.top_5, 100, 2),
        )
        rows.append((*row, str(each.n_seeds)) if several else row)
    return columns, rows


def difference_table(found: Iterable[Difference]) -> Table:
    """Return the differences of training sets as a table.

    Parameters
    ----------
    found : iterable of Difference
        From `models.evaluation.comparison.differences`.

    Returns
    -------
    columns : tuple of str
        Heads.
    rows : list of tuple of str
        One per network.
    """
    rows: list[tuple[str, ...]] = [
        (
            f"{each.minuend} minus {each.subtrahend}",
            EMBEDDINGS.get(each.embedding_set, each.embedding_set),
            each.rnn.upper(),
            _text(each.loss, 1, 4, signed=True),
            _text(each.top_1, 100, 2, signed=True),
            str(each.n_clips),
            str(each.n_seeds),
        )
        for each in found
    ]
    return DIFFERENCE_COLUMNS, rows


def _text(estimate: Estimate, factor: float, digits: int, *, signed: bool = False) -> str:
    sign = "+" if signed else ""
    mean = f"{factor * estimate.mean:{sign}.{digits}f}"
    if estimate.low is None or estimate.high is None:
        return mean
    low, high = (f"{factor * end:{sign}.{digits}f}" for end in (estimate.low, estimate.high))
    return f"{mean} [{low}, {high}]"


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([columns, *rows])
    return text.getvalue().rstrip("\n")


def as_latex(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    r"""Return a table as a LaTeX ``tabular``.

    Returns
    -------
    str
        Needs the package ``booktabs``.

    Examples
    --------
    >>> print(as_latex(["RNN", "Acc. (%)"], [["GRU", "95.73"]]))
    \begin{tabular}{ll}
    \toprule
    RNN & Acc. (\%) \\
    \midrule
    GRU & 95.73 \\
    \bottomrule
    \end{tabular}
    """
    heads, *lines = (" & ".join(map(_escaped, line)) + r" \\" for line in [columns, *rows])
    begin = rf"\begin{{tabular}}{{{'l' * len(columns)}}}"
    parts = [begin, r"\toprule", heads, r"\midrule", *lines, r"\bottomrule", r"\end{tabular}"]
    return "\n".join(parts)


def _escaped(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in text)


FORMATS: dict[str, Callable[[Sequence[str], Iterable[Sequence[str]]], str]] = {
    "markdown": markdown,
    "csv": as_csv,
    "latex": as_latex,
}
