"""Examine the clips of a tree, over all cores and batch by batch, and keep what was decided."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from curation.audit import audit_clip
from curation.candidates import TreeClip, decide, tree_clips
from curation.duplicates import MAX_FRAME_BITS, MAX_SOUND_BITS, near_groups
from study.classes import read_classes
from study.config import Study
from study.store import Db, audit, candidates, clip_audits, open_store, studies, transaction
from study.store.candidates import Candidate, Reject
from study.store.clip_audits import ClipAudit

BATCH_SIZE = 128
_WORTH_A_POOL = 64  # starting processes costs more than examining this many clips


def audit_all(
    clips: Sequence[TreeClip], mit_root: Path, *, clip_s: float, n_processes: int | None = None
) -> Iterator[list[ClipAudit]]:
    """Audit clips and yield what was found batch by batch, in the order of the clips.

    Parameters
    ----------
    clips : sequence of TreeClip
        What to examine.
    mit_root : Path
        The tree.
    clip_s : float
        How long clips should be.
    n_processes : int or None
        How many processes; None for one per core.

    Yields
    ------
    list of ClipAudit
        To be kept in one transaction, so that a killed run goes on where it stopped.
    """
    audit = partial(_audit, mit_root=mit_root, clip_s=clip_s)
    n_processes = n_processes or os.cpu_count() or 1
    if n_processes == 1 or len(clips) < _WORTH_A_POOL:
        for batch in _batches(clips):
            yield [audit(clip) for clip in batch]
        return
    # A forked process would inherit open databases; a spawned one starts clean.
    with multiprocessing.get_context("spawn").Pool(n_processes) as pool:
        for batch in _batches(clips):
            yield pool.map(audit, batch, chunksize=4)


def _audit(clip: TreeClip, *, mit_root: Path, clip_s: float) -> ClipAudit:
    return audit_clip(
        clip.path,
        filename=clip.filename,
        video_location=clip.video_location,
        root=mit_root,
        clip_s=clip_s,
    )


def _batches(clips: Sequence[TreeClip]) -> Iterator[Sequence[TreeClip]]:
    for first in range(0, len(clips), BATCH_SIZE):
        yield clips[first : first + BATCH_SIZE]


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
    clip_s = study.config.protocol.clip_s
    label_of = read_classes(study.classes_path).label_of
    for audits in audit_all(new, study.mit_root, clip_s=clip_s, n_processes=n_processes):
        decisions = [decide(audit, label_of[audit.mit_label]) for audit in audits]
        with transaction(engine) as db:
            clip_audits.add_many(db, audits, at)
            n_admitted += candidates.add_many(
                db, [item for item in decisions if isinstance(item, Candidate)], at
            )
            n_rejected += candidates.add_rejects(
                db, [item for item in decisions if isinstance(item, Reject)]
            )
        on_progress(n_admitted + n_rejected, len(new))
    if new:
        with transaction(engine) as db:
            group_duplicates(db)
    if new:
        with transaction(engine) as db:
            detail = {"clips": len(new), "admitted": n_admitted, "rejected": n_rejected}
            audit.add(
                db, actor="curation", action="candidates", subject="store", detail=detail, at=at
            )
    return Admission(len(found), n_admitted, n_rejected, len(found) - len(new))


def group_duplicates(db: Db) -> None:
    """Find clips that show or sound nearly the same, and keep their groups with the audits.

    Parameters
    ----------
    db : Session
        An open transaction.
    """
    audits = clip_audits.frame(db)
    audits = audits.loc[audits["reason"] == ""]
    clip_audits.set_groups(
        db,
        near_groups(audits, "frame_hash", MAX_FRAME_BITS),
        near_groups(audits, "sound_hash", MAX_SOUND_BITS),
    )
