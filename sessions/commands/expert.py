"""The expert's ground truths."""

from typing import Annotated

import typer

from sessions.commands.options import changing
from sessions.expert import ground_truths
from study.tools.cli import StoreOption, StudyOption, checked_initials
from study.tools.commands import example
from study.tools.wording import counted
from study.vocabulary import Rating


@example(
    "python -m sessions correct-ground-truth barking/clip.mp4 "
    '--rating 2 --reason "heard only" --by AB'
)
def correct_ground_truth(
    clip: Annotated[str, typer.Argument(metavar="CLIP", help="such as barking/clip.mp4")],
    rating: Annotated[int, typer.Option(min=1, max=3, help="what it should have been")],
    reason: Annotated[str, typer.Option(help="why, for the audit log")],
    by: Annotated[
        str,
        typer.Option(
            "--by", envvar="AVMIT_EXPERIMENTER", help="initials", callback=checked_initials
        ),
    ],
    study: StudyOption = None,
    store: StoreOption = None,
) -> None:
    """Correct a ground truth; later ratings are matched with it, bonuses that were shown stay."""
    with changing(study, store, by) as desk:
        done = ground_truths.correct(desk, clip=clip, rating=Rating(rating), reason=reason)
    confirmed = done.before == done.after
    change = f"{done.after} confirmed" if confirmed else f"{done.before} became {done.after}"
    typer.echo(
        f"{done.filename}: {change} (version {done.version}); "
        f"{counted(done.n_bonuses, 'bonus', 'bonuses')} shown before stay "
        f"({desk.study.config.money(done.bonus_pence)})"
    )
