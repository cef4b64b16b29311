"""Options that several commands of the networks have."""

from pathlib import Path
from typing import Annotated

import typer

from models.evaluation.table_text import TableFormat

OutOption = Annotated[Path, typer.Option("--out", help="folder of the search")]
EmbeddingsOption = Annotated[
    Path, typer.Option("--embeddings", help="folder of one embedding set, with its records")
]
CacheOption = Annotated[
    Path | None, typer.Option(help="folder for packed records [default: in the user's cache]")
]
AllowUntrainedOption = Annotated[
    bool, typer.Option("--allow-untrained", help="take embeddings of untrained networks")
]
AllowOverlapOption = Annotated[
    bool, typer.Option("--allow-overlap", help="let a clip stand in two lists")
]
TrustListOption = Annotated[
    bool, typer.Option("--trust-list", help="take the list's label where a record has another")
]
FormatOption = Annotated[TableFormat, typer.Option("--format", help="of what is printed")]
