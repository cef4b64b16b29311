"""Progress bars with a forecast, on stderr, plain where it is not a terminal."""

from collections.abc import Iterable, Iterator, Sized
from contextlib import contextmanager
from typing import TypeVar

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from study.tools.cli import stderr_console

Item = TypeVar("Item")


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Yield a progress display in the style of the house.

    Add tasks with ``add_task``; where stderr is no terminal, each task prints one closing
    line instead of a moving bar.
    """
    console = stderr_console()
    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    with progress:
        yield progress
    if not console.is_terminal:
        for task in progress.tasks:
            total = "" if task.total is None else f"/{task.total:.0f}"
            console.print(f"{task.description}: {task.completed:.0f}{total}", highlight=False)


def track(items: Iterable[Item], description: str, total: int | None = None) -> Iterator[Item]:
    """Yield items while a progress bar shows how many have been taken.

    Parameters
    ----------
    description : str
        What is being done, as a short phrase.
    total : int or None
        How many there are; None to ask ``len``.
    """
    if total is None and isinstance(items, Sized):
        total = len(items)
    with progress_bar() as progress:
        task = progress.add_task(description, total=total)
        for item in items:
            yield item
            progress.advance(task)
