"""Evaluations as the paper's Table 5; needs neither JAX nor Keras."""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from models.commands.options import FormatOption
from models.evaluation.comparison import differences, group
from models.evaluation.results import of_one_test, read_evaluations
from models.evaluation.table5 import difference_table, table_5
from models.evaluation.table_text import table_text
from study.tools.wording import counted


def table5(
    results: Annotated[list[Path], typer.Option(help="models, or folders that hold models")],
    layout: FormatOption = "markdown",
    test: Annotated[
        str | None, typer.Option(help="name of the test list, where there are several")
    ] = None,
) -> None:
    """Print the evaluations below some folders as Table 5; seeds together."""
    plain = of_one_test(read_evaluations(results), test)
    typer.echo(table_text(table_5(group(plain)), layout))
    found = differences(plain, np.random.default_rng(1))
    if found:
        typer.echo("")
        typer.echo(table_text(difference_table(found), layout))
    if layout == "markdown":
        if any(evaluation.untrained_embeddings for evaluation in plain):
            typer.echo("some embeddings come from untrained networks: not the paper's figures")
        typer.echo(f"{counted(len(plain), 'evaluation')} on {plain[0].test.name}")
