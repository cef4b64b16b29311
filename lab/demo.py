"""Run a whole study, from clips to Table 5, as a lab would: one command after another."""

import fcntl  # not on Windows, where there is no virtual station either
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from lab.entries import JOURNAL_NAME, DemoEntry, add_entry, begin_journal
from lab.report.page import write_report
from lab.report.places import REPORT_NAME, places_of
from lab.size import DemoSize
from lab.state import DATASET, DESIGN, MIT, RELEASE, DemoState
from lab.steps import TITLES, DemoStep, next_steps, steps_of, typed
from lab.virtual_station import require_servers, virtual_station
from study.config.study import find_study
from study.errors import ConfigError, StageError, StudyError
from study.processes.parents import end_with_parent
from study.tools.wording import counted

Say = Callable[[str], None]


def run_demo(
    folder: Path, size: DemoSize, *, show: bool, fresh: bool, weights: Path | None, say: Say
) -> Path:
    """Run what has not been run yet, and write the report.

    Parameters
    ----------
    fresh : bool
        Whether to remove what is there and start from nothing.

    Raises
    ------
    StudyError
        If the folder holds something else, or a command fails.
    """
    with demo_folder(folder, size.n_clips, show=show, fresh=fresh, weights=weights):
        run_steps(folder, steps_of(folder, size, weights), TITLES, show=show, say=say)
        say(f"\n{len(TITLES)} {TITLES[-1]}")
        return write_report(
            find_study(folder),
            places_of(folder),
            folder / REPORT_NAME,
            at=datetime.now(UTC),
            overwrite=True,
        )


@contextmanager
def demo_folder(
    folder: Path,
    n_clips: int,
    *,
    show: bool,
    fresh: bool,
    weights: Path | None,
    recognition: bool = False,
) -> Iterator[None]:
    """Hold the folder of a demo, which is checked and emptied first where it is to be.

    Raises StudyError if it is not a demo of so many clips, or there is no screen or weights.
    """
    _check_folder(folder, n_clips, fresh=fresh, recognition=recognition)
    _check_screen(show=show)
    if weights is not None and not weights.is_dir():
        raise ConfigError(f"there is no weights folder {weights}. Name an existing one")
    with _alone_in(folder):
        if fresh:
            _empty(folder)
        begin_journal(folder)
        yield


def closing_lines(folder: Path) -> Sequence[str]:
    """Return where to look and what to try next."""
    rate, look, afresh = next_steps(folder)
    return (
        "",
        f"The report:       {folder / REPORT_NAME}",
        f"The tables:       {folder / RELEASE}",
        f"The dataset:      {folder / DATASET}",
        f"Rate yourself:    {rate}",
        f"Where it stands:  {look}",
        f"Start afresh:     {afresh}",
    )


def _check_folder(folder: Path, n_expected: int, *, fresh: bool, recognition: bool = False) -> None:
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder} is a file, not a folder. Choose another place for the demo")
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not _is_demo(folder):
        raise ConfigError(
            f"{folder} holds files that are not a demo's. Choose another folder: "
            "python -m lab demo DIR"
        )
    if fresh:  # whatever state it is in
        return
    _check_kind(folder, recognition=recognition)
    n_clips = DemoState(folder).n_clips
    if n_clips not in (0, n_expected):
        raise ConfigError(
            f"{folder} holds a demo of {counted(n_clips, 'clip')}, not {n_expected}. Pass "
            f"--fresh to start "
            "afresh, or choose another folder"
        )


def _check_kind(folder: Path, *, recognition: bool) -> None:
    if (folder / MIT).exists() and (folder / DESIGN).is_file() is not recognition:
        other = "ratings" if recognition else "people against networks"
        raise ConfigError(
            f"{folder} holds a demo of {other}. Pass --fresh to start afresh, or choose another "
            "folder"
        )


def _is_demo(folder: Path) -> bool:
    # Any other study may be a rehearsal too, with ratings that nobody wants to lose.
    return (folder / JOURNAL_NAME).is_file()


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        _lock(handle, folder)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, folder: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise StudyError(
            f"another demo is running in {folder}. Wait for its end, or choose another folder"
        ) from error


def _empty(folder: Path) -> None:
    # The folder itself stays: it may be a link, or where the shell is. The journal goes last, so
    # that a demo that is half removed can still be removed.
    logs = (folder / JOURNAL_NAME).parent
    for path in sorted(folder.iterdir(), key=lambda path: path == logs):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _check_screen(*, show: bool) -> None:
    # Before anything is made: the window comes after minutes of work.
    if show and not os.environ.get("DISPLAY"):
        raise StageError("no screen to show the task on: DISPLAY is not set. Leave --show out")
    if not _uses_the_screen(show=show):
        require_servers()


def _uses_the_screen(*, show: bool) -> bool:
    # Without Xvfb a screen that is there will do.
    return show or (shutil.which("Xvfb") is None and bool(os.environ.get("DISPLAY")))


def run_steps(
    folder: Path, steps: Sequence[DemoStep], titles: Sequence[str], *, show: bool, say: Say
) -> None:
    """Run the steps that are not done yet, each a command of its own.

    Raises StudyError if one of them fails, or leaves its work undone.
    """
    part, n_kept = 0, 0
    with ExitStack() as stack:
        environment: dict[str, str] | None = None
        for step in steps:
            if step.part != part:
                part = step.part
                say(f"\n{part} {titles[part - 1]}")
            if step.is_done():
                n_kept += 1
                say(f"  {step.what}: done before")
                continue
            if step.in_window and environment is None:
                environment = _station(stack, show=show)
            _run_step(folder, step, environment if step.in_window else None, say)
    if n_kept:
        say(
            f"\n{n_kept} of {counted(len(steps), 'step was', 'steps were')} done before; "
            "--fresh starts from nothing"
        )


def _station(stack: ExitStack, *, show: bool) -> dict[str, str]:
    if _uses_the_screen(show=show):
        return dict(os.environ)
    return stack.enter_context(virtual_station())


def _run_step(folder: Path, step: DemoStep, environment: dict[str, str] | None, say: Say) -> None:
    command = typed(*step.command)
    say(f"  {step.what}\n    $ {command}")
    started_at, start_s = datetime.now(UTC), time.monotonic()
    said: list[str] = []
    with subprocess.Popen(
        [sys.executable, "-m", *step.command],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        preexec_fn=end_with_parent,
    ) as child:
        for line in child.stdout or ():
            said.append(line.rstrip())
            say(f"    {said[-1]}")
    duration_s = time.monotonic() - start_s
    if child.returncode != 0:
        raise StudyError(
            f"this command ended with exit code {child.returncode}: {command}. What it says "
            "stands above; correct it and run the demo again: it goes on from here"
        )
    if not step.is_done():
        raise StudyError(
            f"this command ended before its work was complete: {command}. "
            "Run it by hand to see why, or the demo again"
        )
    last = next((line for line in reversed(said) if line), "")
    entry = DemoEntry(
        part=step.part,
        what=step.what,
        command=command,
        started_at=started_at.isoformat(timespec="seconds"),
        duration_s=round(duration_s, 1),
        said=last,
    )
    add_entry(folder, entry)
