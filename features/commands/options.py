"""Options that several commands of the embeddings have."""

from pathlib import Path
from typing import Annotated

import typer

WeightsFolderOption = Annotated[
    Path | None,
    typer.Option("--weights", help="folder with weights [default: in the user's cache]"),
]
