"""Make all stimuli of a design: in parallel, resumable, and none twice."""

import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from curation.manipulation.making.making import Order, make, refused
from curation.manipulation.manifest import (
    JSON_NAME,
    FinishedStimulus,
    RefusedStimulus,
    asked_for,
    row_of,
    write_manifest,
    write_rejects,
)
from curation.manipulation.page import write_page
from curation.manipulation.planning.design import Design
from curation.manipulation.planning.sources import SourceClip
from curation.manipulation.planning.stimuli import plan_stimuli
from curation.manipulation.survey import Surveyed, mean_spectrum, survey
from study.errors import StudyError
from study.processes.machine import lock
from study.processes.pool import AT_ONCE, each, n_cores
from study.processes.watchdog import HARD_LIMIT_S
from study.reading.text import LARGEST_TEXT, json_of, parsed, read_text
from study.tools.files import sha256_of
from study.tools.journal import Journal, read_journal
from study.tools.progress_bars import track

JOURNAL_NAME = ".manipulate.partial.jsonl"  # what has been made; gone when the manifest is written
PAGE_NAME = "contact_page.html"
_N_AT_ONCE = 16  # fewer are done by a copy of this process


@dataclass(frozen=True, slots=True)
class ManipulationOutcome:
    """How a run ended.

    Parameters
    ----------
    n_made, n_kept : int
        Stimuli made now, and found finished.
    """

    rows: Sequence[FinishedStimulus]
    rejects: Sequence[RefusedStimulus]
    n_made: int
    n_kept: int


def manipulate(
    design: Design,
    sources: Sequence[SourceClip],
    folder: Path,
    *,
    n_processes: int | None = None,
    overwrite: bool = False,
) -> ManipulationOutcome:
    """Make every stimulus that is not there yet, its manifest, and a page to look at.

    Raises StudyError if the folder holds stimuli of another design, or none can be made.

    Parameters
    ----------
    folder : Path
        For ``<condition>/<label>/<clip>``, the manifest and the page.
    n_processes : int or None
        How many at a time; None for one per core.
    overwrite : bool
        Whether to make every stimulus anew.
    """
    known = {} if overwrite else _known_rows(folder)
    is_new = not (known or (folder / JSON_NAME).exists())
    with Journal(folder / JOURNAL_NAME) as journal:
        _require_alone(journal, folder)
        looks = survey(sources, _crew_for(sources, n_processes))
        found = list(track(looks, "looking at clips", total=len(sources)))
        orders = _orders(design, found, folder)
        _refuse_files_of_others(orders, sources, is_new=is_new and not overwrite)
        kept = _kept(orders, known, folder)
        _sweep(folder)
        rows, rejects = _make_all(orders, kept, journal, n_processes)
        rejects += _of_broken(design, found)
        in_order = {order.stimulus.filename: place for place, order in enumerate(orders)}
        rows.sort(key=lambda row: in_order[row.filename])
        write_rejects(folder, sorted(rejects, key=lambda reject: reject.filename))
        write_page(folder / PAGE_NAME, rows, design)
        write_manifest(folder, rows, design)
        (folder / JOURNAL_NAME).unlink()
    return ManipulationOutcome(rows, rejects, len(rows) - len(kept), len(kept))


def _orders(design: Design, found: Sequence[Surveyed], folder: Path) -> list[Order]:
    usable = [one for one in found if not one.reason]
    if not usable:
        first = found[0]
        raise StudyError(
            f"no clip of {len(found)} can be used; the first: {first.detail}. "
            "Name other clips: --clips"
        )
    stimuli = plan_stimuli(
        design,
        [one.source for one in usable],
        [one.source for one in usable if one.is_audible],
    )
    digests = {one.source.name: one.sha256 for one in usable}
    is_needed = any(condition.noise == "set" for condition in design.condition)
    spectrum = mean_spectrum(usable) if is_needed else None
    return [
        Order(
            stimulus,
            design,
            folder,
            {source.name: digests[source.name] for source in (stimulus.source, stimulus.sound)},
            spectrum if stimulus.condition.noise == "set" else None,
        )
        for stimulus in stimuli
    ]


def _make_all(
    orders: Sequence[Order],
    kept: Mapping[str, FinishedStimulus],
    journal: Journal,
    n_processes: int | None,
) -> tuple[list[FinishedStimulus], list[RefusedStimulus]]:
    rows, rejects = list(kept.values()), []
    todo = [order for order in orders if order.stimulus.filename not in kept]
    with closing(_performed(todo, n_processes)) as results:
        for result in track(results, "making stimuli", total=len(todo)):
            if isinstance(result, RefusedStimulus):
                rejects.append(result)
            else:
                journal.add(asdict(result))
                rows.append(result)
    return rows, rejects


def _performed(
    todo: Sequence[Order], n_processes: int | None
) -> Generator[FinishedStimulus | RefusedStimulus, None, None]:
    yield from each(
        make,
        todo,
        n_processes=_crew_for(todo, n_processes),
        limit_s=HARD_LIMIT_S,
        on_crash=_crashed,
        on_timeout=_too_slow,
        advice="Run the command again with --jobs 1; what was finished is kept",
    )


def _crew_for(items: Sequence[object], n_processes: int | None) -> int:
    # New processes take seconds to start.
    return AT_ONCE if len(items) < _N_AT_ONCE else n_processes or n_cores()


def _crashed(order: Order) -> RefusedStimulus:
    return refused(order.stimulus, "unreadable", "it ends the process that makes it")


def _too_slow(order: Order) -> RefusedStimulus:
    return refused(order.stimulus, "too_slow", f"it takes longer than {HARD_LIMIT_S:g} s")


def _require_alone(journal: Journal, folder: Path) -> None:
    try:
        lock(journal.file)
    except BlockingIOError as error:
        raise StudyError(
            f"another run is making clips in {folder}. Wait for it, or choose another folder"
        ) from error


def _refuse_files_of_others(
    orders: Sequence[Order], sources: Sequence[SourceClip], *, is_new: bool
) -> None:
    own = {source.path.resolve() for source in sources}
    for order in orders:
        if order.path.resolve() in own:
            raise StudyError(f"{order.path} is a clip to make others of. Choose another --out")
        if is_new and order.path.exists():
            raise StudyError(
                f"{order.path} is there, and no manifest says what it is. Choose another folder, "
                "or pass --overwrite"
            )


def _known_rows(folder: Path) -> dict[str, FinishedStimulus]:
    known: dict[str, FinishedStimulus] = {}
    path = folder / JSON_NAME
    if path.exists():
        text = read_text(path, largest=LARGEST_TEXT)
        content = parsed(text, json_of, source=str(path), kind="JSON")
        clips = content.get("clips") if isinstance(content, dict) else None
        for clip in clips if isinstance(clips, list) else ():
            row = row_of(clip)
            if row is None:
                raise StudyError(f"{path} is not a manifest of this version. Pass --overwrite")
            known[row.filename] = row
    for line in read_journal(folder / JOURNAL_NAME):
        row = row_of(_json_or_none(line))  # a line that a crash cut short is made again
        if row is not None:
            known[row.filename] = row
    return known


def _json_or_none(line: str) -> Any:  # noqa: ANN401
    try:
        return json.loads(line)
    except ValueError:
        return None


def _kept(
    orders: Sequence[Order], known: Mapping[str, FinishedStimulus], folder: Path
) -> dict[str, FinishedStimulus]:
    wanted = {order.stimulus.filename: order for order in orders}
    strange = sorted(set(known) - set(wanted))
    if strange:
        raise StudyError(
            f"{folder} holds {strange[0]}, which this design does not make ({len(strange)} such "
            "files). Choose another folder, or pass --overwrite"
        )
    kept = {}
    for name, row in known.items():
        order = wanted[name]
        asked = asked_for(order.stimulus, order.design, order.digests)
        differing = [key for key, value in asked.items() if getattr(row, key) != value]
        if differing:
            raise StudyError(
                f"{folder / name} was made with another {differing[0]}. Give the condition another "
                "name, choose another folder, or pass --overwrite"
            )
        if order.path.is_file() and sha256_of(order.path) == row.sha256:
            kept[name] = row
    return kept


def _of_broken(design: Design, found: Sequence[Surveyed]) -> list[RefusedStimulus]:
    return [
        RefusedStimulus(
            f"{condition.name}/{one.source.stem}{design.suffix}",
            condition.name,
            one.source.name,
            one.reason,
            one.detail,
        )
        for one in found
        if one.reason
        for condition in design.condition
    ]


def _sweep(folder: Path) -> None:
    # What a killed run was writing; complete stimuli never begin with a dot.
    for part in folder.glob("*/*/.*.part.m*"):
        part.unlink()
