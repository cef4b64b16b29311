"""What the experimenter's commands share: options, and access to the store."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from sessions.desk.opening import opened
from study.config.study import Study, find_study
from study.store import Db, open_store, open_to_read
from study.store.desk import Desk
from study.tools.cli import THE_DESK

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="the participant, such as P03")]


FormOption = Annotated[str | None, typer.Option("--form-version", help="of the consent form")]
EthicsOption = Annotated[str | None, typer.Option("--ethics-approval", help="approval number")]
ExperimenterOption = Annotated[
    str | None, typer.Option("--experimenter", help="initials of who took the consent")
]
SignedOption = Annotated[
    str | None, typer.Option("--signed-on", help="ISO date of the signature [default: today]")
]


@contextmanager
def at_desk(study: Path | None, store: str | None) -> Iterator[tuple[Study, Db]]:
    """Yield a study and a snapshot of its store, which blocks nobody.

    Parameters
    ----------
    study : Path or None
        The study's folder; None to look for it.
    store : str or None
        A store URL in place of the one in `study.toml`.
    """
    with changing(study, store, THE_DESK, only_read=True) as desk:
        yield desk.study, desk.db


@contextmanager
def changing(
    study: Path | None,
    store: str | None,
    by: str,
    *,
    on_laptop: bool = False,
    only_read: bool = False,
) -> Iterator[Desk]:
    """Yield a desk for changing a study; changes are saved when the block ends.

    Parameters
    ----------
    on_laptop : bool
        Whether a laptop's part of a store may be changed as well.
    only_read : bool
        Whether nothing is changed this time.
    """
    found = find_study(study, store)
    engine = (open_to_read if only_read else open_store)(found.store_url)
    try:
        with opened(
            engine, found, by, datetime.now(UTC), on_laptop=on_laptop, only_read=only_read
        ) as desk:
            yield desk
    finally:
        engine.dispose()
