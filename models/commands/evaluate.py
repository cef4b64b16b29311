"""Evaluate a network on a test set."""

from pathlib import Path
from typing import Annotated

import typer

from models.commands.options import (
    AllowOverlapOption,
    AllowUntrainedOption,
    CacheOption,
    EmbeddingsOption,
    TrustListOption,
)
from models.commands.requests import EvaluateRequest, evaluate_and_write
from models.evaluation import tables
from study.tools.cli import LARGEST_NUMBER


def evaluate(
    model: Annotated[Path, typer.Option(help="folder of the model")],
    embeddings: EmbeddingsOption,
    test: Annotated[Path, typer.Option(help="test list (CSV)")],
    modality: Annotated[str, typer.Option(help="both, audio or visual")] = "both",
    incongruent: Annotated[
        bool, typer.Option("--incongruent", help="give each clip the sound of another class")
    ] = False,
    seed: Annotated[
        int, typer.Option(min=0, max=LARGEST_NUMBER, help="draws the incongruent pairs")
    ] = 1,
    cache: CacheOption = None,
    allow_untrained: AllowUntrainedOption = False,
    allow_overlap: AllowOverlapOption = False,
    trust_list: TrustListOption = False,
) -> None:
    """Evaluate a network on a list, print its row of Table 5 and draw a page."""
    request = EvaluateRequest(
        model=model,
        embeddings=embeddings,
        test=test,
        modality=modality,
        incongruent=incongruent,
        seed=seed,
        cache=cache,
        allow_untrained=allow_untrained,
        allow_overlap=allow_overlap,
        trust_list=trust_list,
    )
    evaluation, page = evaluate_and_write(request)
    typer.echo(tables.markdown(tables.TABLE_5_COLUMNS, [tables.table_5_row(evaluation)]))
    if evaluation.untrained_embeddings:
        typer.echo("the embeddings come from untrained networks: no figure of the paper's kind")
    typer.echo(f"{evaluation.test.n_clips} clips: {page}")
