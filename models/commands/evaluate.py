"""Evaluate a network on a test set."""

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from models.commands.options import (
    AllowOverlapOption,
    AllowUntrainedOption,
    CacheOption,
    EmbeddingsOption,
    TrustListOption,
)
from models.evaluation.evaluate import evaluate_and_write
from models.evaluation.pairs import evaluate_pairs
from models.evaluation.results import table_5_row
from models.evaluation.table_text import table_text
from models.saving.card import read_card
from study.errors import ConfigError
from study.tools.cli import LARGEST_NUMBER
from study.tools.wording import counted


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
    if read_card(model).task == "correspondence":
        _evaluate_pairs(
            model,
            embeddings,
            test,
            modality=modality,
            seed=seed,
            cache=cache,
            allow_untrained=allow_untrained,
            trust_list=trust_list,
        )
        return
    evaluation, page = evaluate_and_write(
        model,
        embeddings,
        test,
        modality=modality,
        incongruent=incongruent,
        seed=seed,
        cache=cache,
        allow_untrained=allow_untrained,
        allow_overlap=allow_overlap,
        trust_list=trust_list,
    )
    typer.echo(table_text(pd.DataFrame([table_5_row(evaluation)])))
    if evaluation.untrained_embeddings:
        typer.echo("the embeddings come from untrained networks: not the paper's figures")
    typer.echo(f"{counted(evaluation.test.n_clips, 'clip')}: {page}")


def _evaluate_pairs(
    model: Path,
    embeddings: Path,
    test: Path,
    *,
    modality: str,
    seed: int,
    cache: Path | None,
    allow_untrained: bool,
    trust_list: bool,
) -> None:
    if modality != "both":
        raise ConfigError(f"{model} compares sound and picture. Leave --modality {modality} out")
    table, path = evaluate_pairs(
        model,
        embeddings,
        test,
        seed=seed,
        cache=cache,
        allow_untrained=allow_untrained,
        trust_list=trust_list,
    )
    right = (table["predicted"] == table["label"]).groupby(table["condition"]).mean()
    for pairing, share in right.items():
        typer.echo(f"{pairing}: {100 * share:.2f} % right")
    typer.echo(f"{counted(len(table) // 2, 'clip')}, each asked twice: {path}")
