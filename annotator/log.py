"""A PsychoPy log beside the store, one file a session; it holds no names."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from study.tools.access import make_own_file, make_own_folder
from study.tools.wording import counted
from study.vocabulary import Phase, Presentation, TrialRecord

Log = Callable[..., None]  # takes lines


def log_name(participant_id: str, phase: Phase, session_id: str, at: datetime) -> str:
    """Return the name of a session's log.

    Parameters
    ----------
    session_id : str
        The session's id in the store; its beginning is in the name.
    at : datetime
        Begin of the session, UTC.

    Examples
    --------
    >>> log_name("P03", Phase.ANNOTATION, "0f" * 16, datetime(2026, 1, 5, 9, 30))
    '2026-01-05T093000Z_P03_annotation_0f0f0f0f.log'
    """
    return f"{at:%Y-%m-%dT%H%M%SZ}_{participant_id}_{phase}_{session_id[:8]}.log"


def trial_lines(record: TrialRecord) -> list[str]:
    """Return what happened in a trial, one line per presentation and key press.

    Times are seconds on the session clock.
    """
    stimulus = record.stimulus
    lines = [f"trial: candidate {stimulus.candidate_id} ({stimulus.label}) {stimulus.path}"]
    lines += [_presentation_line(shown) for shown in record.presentations]
    for press in record.key_presses:
        lines.append(f"key: {press.key} at {press.t_s:.4f}{', too early' if press.early else ''}")
    response = record.response
    if response is not None:
        n_times, in_all_s = response.n_interruptions, response.interrupted_s
        lines.append(
            f"rating: {int(response.rating)} after {response.rt_s:.4f} s, "
            f"{counted(response.n_replays, 'replay')}, "
            f"{counted(response.n_early_presses, 'early press', 'early presses')}"
            + (f", interrupted {counted(n_times, 'time')} for {in_all_s:.4f} s" if n_times else "")
        )
    else:
        lines.append(_without_rating(record.failure))
    return lines


def _without_rating(failure: str | None) -> str:
    return "left without a rating" if failure is None else f"failure: {failure}"


def _presentation_line(shown: Presentation) -> str:
    offset_s = shown.av_offset_s
    sound = "no sound" if offset_s is None else f"sound {1000 * offset_s:+.2f} ms"
    return (
        f"presentation: {shown.onset_s:.4f} to {shown.offset_s:.4f}"
        f"{', interrupted' if shown.interrupted else ''}, {sound}, "
        f"{counted(shown.n_frames_shown, 'frame')} shown, {shown.n_frames_dropped} dropped, "
        f"{shown.n_frames_late} late, "
        f"{counted(shown.n_xruns, 'xrun')}"
    )


@dataclass(slots=True)
class _Stream:
    """A file that a full disk does not disturb: the session matters more than its log."""

    file: IO[str]

    def write(self, text: str) -> None:
        with suppress(OSError):
            self.file.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self.file.flush()


@contextmanager
def session_log(path: Path) -> Iterator[None]:
    """Write what PsychoPy logs, and what `note` adds to it, to a file.

    While the block runs, all is written to the file.

    Parameters
    ----------
    path : Path
        A new file; its folder is made.
    """
    from psychopy import logging  # cannot be imported without a screen

    make_own_folder(path.parent)
    make_own_file(path, is_new=True)
    file = path.open("a", encoding="utf-8")
    target = logging.LogFile(_Stream(file), level=logging.INFO)
    try:
        yield
    finally:
        logging.flush()
        logging.root.removeTarget(target)
        with suppress(OSError):
            file.close()


def note(*lines: str) -> None:
    """Add lines to the open log, and write it out."""
    from psychopy import logging  # cannot be imported without a screen

    for line in lines:
        logging.exp(line)
    logging.flush()
    logging.root.flushed.clear()  # PsychoPy keeps all it has written in memory
