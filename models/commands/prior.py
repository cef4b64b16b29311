"""A classifier's word on clips, for the rule that decides whether to ask again."""

from pathlib import Path
from typing import Annotated

import typer

from features.embedding_set import find_embedding_set
from models.commands.options import CacheOption, EmbeddingsOption
from models.data.prior import prior_table, write_prior
from study.tools.cli import OverwriteOption
from study.tools.wording import counted


def prior(
    embeddings: EmbeddingsOption,
    ratings: Annotated[Path, typer.Option(help="video_ratings.csv, to learn from")],
    clips: Annotated[
        Path | None, typer.Option(help="list of the clips to tell [default: those rated]")
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="CSV file")] = Path("prior.csv"),
    embedding_set: Annotated[
        str, typer.Option("--set", help="yamnet_effnet, vggish_vgg16, or one that a package brings")
    ] = "yamnet_effnet",
    penalty: Annotated[
        float, typer.Option(min=0, max=1e9, help="weight of the squared coefficients")
    ] = 100.0,
    cache: CacheOption = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Write how probable it is that each clip is prominent, for the stop rule and the order."""
    table = prior_table(
        ratings,
        clips or ratings,
        embeddings,
        find_embedding_set(embedding_set),
        cache=cache,
        penalty=penalty,
    )
    write_prior(table, out, overwrite=overwrite)
    typer.echo(f"{counted(len(table), 'clip')} in {table['fold'].nunique()} folds by source: {out}")
