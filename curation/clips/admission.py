"""Examine the clips of a tree, batch by batch, and keep what was decided."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from curation.clips.batches import in_batches
from curation.clips.clip_audit import Asked, audit_after_crash, audit_after_timeout, audit_clip
from curation.clips.duplicates import MAX_FRAME_BITS, MAX_SOUND_BITS, near_groups
from curation.clips.mit_tree import MitTree, TreeClip
from curation.clips.record_names import SOUNDLESS, Clip, give_names
from study.classes import read_classes
from study.config.study import Study
from study.processes.pool import AT_ONCE, batches_of
from study.store import Engine, audit, open_store, snapshot, studies, transaction
from study.store.clips import candidates, clip_audits
from study.store.clips.candidates import Candidate, RejectedClip
from study.store.clips.clip_audits import ClipAudit

_WORTH_A_POOL = 64  # starting processes costs more than examining this many clips
_N_LOOKED_UP = 500
_MAX_BITS: dict[clip_audits.HashColumn, int] = {
    "frame_hash": MAX_FRAME_BITS,
    "sound_hash": MAX_SOUND_BITS,
}
# What may have changed without the clip's file: decided on anew in every run.
PASSING_REASONS = ("missing", "unlisted")


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
    n_processes : int or None
        How many processes; None for one per core.
    on_progress : callable
        Told after each batch how many clips of how many are done; a killed run goes on after the
        last batch.

    Returns
    -------
    Admission
        The counts; clips in = admitted + rejected + known before.
    """
    engine = open_store(study.store_url)
    try:
        return _admit(engine, study, at, n_processes, on_progress)
    finally:
        engine.dispose()


def _admit(
    engine: Engine,
    study: Study,
    at: datetime,
    n_processes: int | None,
    on_progress: Callable[[int, int], None],
) -> Admission:
    with transaction(engine) as db:
        studies.identity(db, study)
        candidates.forget_rejects(db, PASSING_REASONS)
        clip_audits.forget_rejected(db, PASSING_REASONS)
        n_before = candidates.n_known(db)
    tree = MitTree(study.mit_root, read_classes(study.classes_path))
    n_clips = tree.n_clips()
    n_admitted = n_rejected = 0
    on_progress(min(n_before, n_clips), n_clips)
    examine = partial(audit_clip, root=study.mit_root, asked=Asked.by(study.config))
    few = n_clips - n_before < _WORTH_A_POOL
    label_of = tree.label_of

    def known(location: str, filenames: Sequence[str]) -> set[str]:
        with snapshot(engine) as db:
            return candidates.known(db, location, filenames)

    new = new_clips(tree, known)
    for audits in in_batches(
        examine,
        new,
        on_crash=audit_after_crash,
        on_timeout=audit_after_timeout,
        n_processes=AT_ONCE if few else n_processes,
    ):
        decisions = [decide(found, label_of[found.mit_label]) for found in audits]
        with transaction(engine) as db:
            clip_audits.add_many(db, audits, at)
            n_admitted += candidates.add_many(
                db, [item for item in decisions if isinstance(item, Candidate)], at
            )
            n_rejected += candidates.add_rejects(
                db, [item for item in decisions if isinstance(item, RejectedClip)]
            )
            give_names(db, clips_with_records(decisions, label_of), at)
        on_progress(min(n_before + n_admitted + n_rejected, n_clips), n_clips)
    n_new = n_admitted + n_rejected
    group_duplicates(engine)
    name_the_nameless(engine, label_of, at)
    if n_new:
        detail = {"clips": n_new, "admitted": n_admitted, "rejected": n_rejected}
        with transaction(engine) as db:
            audit.add(
                db, actor="curation", action="candidates", subject="store", detail=detail, at=at
            )
    return Admission(n_clips, n_admitted, n_rejected, n_clips - n_new)


def clips_with_records(
    decisions: Iterable[Candidate | RejectedClip], label_of: Mapping[str, str]
) -> list[Clip]:
    """Return the clips among those decided on that may get a record."""
    return [
        (clip.video_location, clip.filename, label_of[clip.mit_label])
        for clip in decisions
        if clip.mit_label in label_of and (isinstance(clip, Candidate) or clip.reason in SOUNDLESS)
    ]


def name_the_nameless(engine: Engine, label_of: Mapping[str, str], at: datetime) -> None:
    """Give names to rejects that had none when the store learnt to keep them.

    A migration cannot know the study's classes: it names what it can.
    """
    with transaction(engine) as db:
        for frame in candidates.reject_frames(db):
            rejects = (RejectedClip(*row) for row in frame.itertuples(index=False, name=None))
            give_names(db, clips_with_records(rejects, label_of), at)


def new_clips(tree: MitTree, known: Callable[[str, Sequence[str]], set[str]]) -> Iterator[TreeClip]:
    """Yield the clips of a tree that have not been decided on.

    Parameters
    ----------
    known : callable
        Given a location and some filenames, returns those that have been decided on.

    Yields
    ------
    TreeClip
        By location, folder and name; no more than a folder's names are held at once.
    """
    for location, folder in tree.folders():
        for clips in batches_of(tree.clips(location, folder), _N_LOOKED_UP):
            decided = known(location, [clip.filename for clip in clips])
            yield from (clip for clip in clips if clip.filename not in decided)


def group_duplicates(engine: Engine) -> None:
    """Find clips that show or sound nearly the same, and keep their groups with the audits.

    Where all audits have been grouped, by an earlier run, nothing is done. Comparing takes
    minutes with very many clips, during which the store can be written to.
    """
    for column, max_bits in _MAX_BITS.items():
        with snapshot(engine) as db:
            if clip_audits.are_grouped(db, column):
                continue
            ids, words = clip_audits.hashes(db, column)
        groups = near_groups(words, max_bits)
        with transaction(engine) as db:
            clip_audits.set_groups(db, column, ids, groups)


def decide(audit: ClipAudit, avmit_label: str) -> Candidate | RejectedClip:
    """Admit or reject a clip by its audit.

    Paper: Selection of MIT Videos.
    """
    if audit.reason:
        return RejectedClip(
            audit.filename,
            audit.video_location,
            audit.mit_label,
            audit.reason,
            audit.detail or _MEANINGS.get(audit.reason, ""),
        )
    return Candidate(
        filename=audit.filename,
        video_location=audit.video_location,
        mit_label=audit.mit_label,
        avmit_label=avmit_label,
        sha256=audit.sha256,
        duration_s=audit.duration_s or 0.0,
        frame_rate_hz=audit.frame_rate_hz or 0.0,
        width_px=audit.width_px or 0,
        height_px=audit.height_px or 0,
        peak=audit.peak or 0.0,
    )


_MEANINGS = {
    "bad_name": "its name is not UTF-8 or has a carriage return: rename it",
    "empty": "the file has no bytes",
    "missing": "there is no file, or what is there is none",
    "no_audio": "there is no sound stream",
    "no_video": "there is no picture",
    "no_times": "its frames have no time stamps",
    "odd_pictures": "its pictures cannot be brought to the screen",
    "odd_sound": "there is no mix of its channels for two ears",
    "odd_times": "its time stamps jump back",
    "outside_root": "a link leads out of the tree",
    "silent": "all samples are 0",
    "too_large": "it is longer or larger than a clip may be",
    "too_slow": "decoding it takes too long",
    "unlisted": "the tree's own list does not have it",
    "unreadable": "it cannot be decoded to the end without faults",
}
