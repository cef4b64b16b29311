"""Options that several commands of the annotator have."""

from enum import StrEnum
from typing import Annotated

import typer

# By name here, because `study.rehearsal.simulated_people` is slow to import.
SIMULATE_HELP = (
    "let a simulated person rate: perfect, good, eager, sloppy, fast-clicker or tired "
    "(rehearsals only)"
)
SimulateOption = Annotated[str | None, typer.Option(metavar="PROFILE", help=SIMULATE_HELP)]


class StageName(StrEnum):
    """Where clips are shown."""

    WINDOW = "window"
    SIMULATED = "simulated"


class Speed(StrEnum):
    """Whether clips are waited for."""

    REAL = "real"
    MAX = "max"
