"""Examine the clips of a tree, over all cores and batch by batch, and keep what was decided."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from curation.candidates import TreeClip, examine, tree_clips
from study.classes import read_classes
from study.config import Study
from study.store import audit, candidates, open_store, studies, transaction
from study.store.candidates import Candidate, Reject

BATCH_SIZE = 128
_WORTH_A_POOL = 64  # starting processes costs more than examining this many clips


@dataclass(frozen=True)
class Batch:
    """What was decided on some clips."""

    admitted: list[Candidate]
    rejected: list[Reject]

    @property
    def n_clips(self) -> int:
        """How many clips were examined."""
        return len(self.admitted) + len(self.rejected)


def examine_all(
    clips: Sequence[TreeClip], mit_root: Path, *, n_processes: int | None = None
) -> Iterator[Batch]:
    """Examine clips and yield the decisions batch by batch, in the order of the clips.

    Parameters
    ----------
    clips : sequence of TreeClip
        What to examine.
    mit_root : Path
        The tree.
    n_processes : int or None
        How many processes; None for one per core.

    Yields
    ------
    Batch
        To be kept in one transaction, so that a killed run goes on where it stopped.
    """
    decide = partial(examine, mit_root=mit_root)
    n_processes = n_processes or os.cpu_count() or 1
    if n_processes == 1 or len(clips) < _WORTH_A_POOL:
        yield from _batches(clips, lambda some: [decide(clip) for clip in some])
        return
    # A forked process would inherit open databases; a spawned one starts clean.
    with multiprocessing.get_context("spawn").Pool(n_processes) as pool:
        yield from _batches(clips, lambda some: pool.map(decide, some, chunksize=4))


def _batches(
    clips: Sequence[TreeClip],
    decide: Callable[[Sequence[TreeClip]], list[Candidate | Reject]],
) -> Iterator[Batch]:
    for first in range(0, len(clips), BATCH_SIZE):
        found = decide(clips[first : first + BATCH_SIZE])
        yield Batch(
            admitted=[clip for clip in found if isinstance(clip, Candidate)],
            rejected=[clip for clip in found if isinstance(clip, Reject)],
        )


@dataclass(frozen=True)
class Admission:
    """How many clips went in and what became of them; the rest was decided on before."""

    n_clips: int
    n_admitted: int
    n_rejected: int
    n_known: int


def admit(
    study: Study,
    *,
    at: datetime,
    n_processes: int | None = None,
    on_progress: Callable[[int, int], None] = lambda n_done, n_clips: None,
) -> Admission:
    """Decide on every clip of the study's classes that the store does not know yet.

    Parameters
    ----------
    study : Study
        Gives tree, classes and store.
    at : datetime
        Now.
    n_processes : int or None
        How many processes; None for one per core.
    on_progress : callable
        Told after each batch how many clips of how many are done.

    Returns
    -------
    Admission
        The counts; clips in = admitted + rejected + known before.
    """
    engine = open_store(study.store_url)
    with transaction(engine) as db:
        studies.identity(db, study)
        known = candidates.known(db)
    found = list(tree_clips(study.mit_root, read_classes(study.classes_path)))
    new = [clip for clip in found if (clip.video_location, clip.filename) not in known]
    n_admitted = n_rejected = 0
    on_progress(0, len(new))
    for batch in examine_all(new, study.mit_root, n_processes=n_processes):
        with transaction(engine) as db:
            n_admitted += candidates.add_many(db, batch.admitted, at)
            n_rejected += candidates.add_rejects(db, batch.rejected)
        on_progress(n_admitted + n_rejected, len(new))
    if new:
        with transaction(engine) as db:
            detail = {"clips": len(new), "admitted": n_admitted, "rejected": n_rejected}
            audit.add(
                db, actor="curation", action="candidates", subject="store", detail=detail, at=at
            )
    return Admission(len(found), n_admitted, n_rejected, len(found) - len(new))
