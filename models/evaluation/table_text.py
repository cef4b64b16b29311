"""A table of texts as Markdown, CSV or LaTeX."""

from typing import Literal

import pandas as pd

TableFormat = Literal["markdown", "csv", "latex"]


def table_text(table: pd.DataFrame, layout: TableFormat = "markdown") -> str:
    r"""Return a table as text; its LaTeX needs the package ``booktabs``.

    Examples
    --------
    >>> table = pd.DataFrame({"RNN": ["GRU"], "Acc. (%)": ["95.73"]})
    >>> print(table_text(table))
    | RNN | Acc. (%) |
    |---|---|
    | GRU | 95.73 |
    >>> print(table_text(table, "latex"))
    \begin{tabular}{ll}
    \toprule
    RNN & Acc. (\%) \\
    \midrule
    GRU & 95.73 \\
    \bottomrule
    \end{tabular}
    """
    if layout == "csv":
        return table.to_csv(index=False, lineterminator="\n").rstrip("\n")
    if layout == "latex":
        return table.to_latex(index=False, escape=True).rstrip("\n")
    # Not pandas' own, which needs one more library (tabulate).
    head, *rows = (f"| {' | '.join(line)} |" for line in [table.columns, *table.to_numpy()])
    return "\n".join([head, "|" + "---|" * table.shape[1], *rows])
