"""Take over the authors' checkpoints."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from models.checkpoints import importing
from models.saving.model_folder import clear_place, require_place
from models.saving.save import save_model
from study.tools.cli import OverwriteOption
from study.tools.wording import counted


def import_checkpoint(
    folder: Annotated[Path, typer.Argument(help="a released network: checkpoint and train.yaml")],
    out: Annotated[Path, typer.Option(help="folder of the model to be")],
    overwrite: OverwriteOption = False,
) -> None:
    """Turn a checkpoint that the authors released into a model."""
    require_place(out, resume=False, overwrite=overwrite)
    card, weights = importing.import_checkpoint(folder, made_at=datetime.now(UTC))
    clear_place(out)
    save_model(out, card, weights)
    task = "" if card.task == "action" else f" ({card.task})"
    said = (
        f"{card.rnn.upper()} of {card.training_set}{task}, "
        f"{counted(len(card.classes), 'class', 'classes')}"
    )
    typer.echo(f"{said}: {out}")
