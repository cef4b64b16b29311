"""Small studies in a store of their own, for tests of sessions and the store."""

import hashlib
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic import command
from sqlalchemy import Engine, insert, select

from curation.clips.record_names import give_names
from study.config.protocol import Protocol
from study.config.study import Study, StudyConfig
from study.store import create_store, open_store, studies, transaction
from study.store.addresses import sqlite_path, sqlite_url
from study.store.engine import Db, engine_of
from study.store.migrations import alembic_config
from study.store.people import participants
from study.store.people.participants import Consent
from study.store.plan import ground_truths
from study.store.tables import (
    AssignmentRow,
    CandidateRow,
    PresentationRow,
    ProtocolVersionRow,
    RatingRow,
    SessionRow,
    TrialRow,
)
from study.tools.access import make_own_file, make_own_folder
from study.vocabulary import ParticipantKind, Phase, Rating

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
LABELS = ("barking", "diving", "frying", "pouring", "raining", "tapping")
CONSENT = Consent("1.0", "ERN-18-1", "AB", "2026-01-05")


def new_study(
    folder: Path, *, rehearsal: bool = False, url: str | None = None, **protocol
) -> tuple[Study, Engine]:
    """Make a study with an empty store."""
    folder.mkdir(parents=True, exist_ok=True)
    config = StudyConfig(
        rehearsal=rehearsal,
        protocol=Protocol(**protocol),
        **({} if url is None else {"store": url}),
    )
    study = Study(folder, config)
    engine = _new_store(study.store_url)
    with transaction(engine) as db:
        studies.add(db, study=study, store_id=uuid.uuid4().hex, at=AT)
    return study, engine


def _new_store(url: str) -> Engine:
    path = sqlite_path(url)
    if path is None:
        return create_store(url)
    make_own_folder(path.parent)
    make_own_file(path, is_new=True)
    path.write_bytes(_empty_store())
    return open_store(url)


@cache
def _empty_store() -> bytes:
    # All migrations take a tenth of a second, a copy of what they made almost nothing.
    with TemporaryDirectory() as folder:
        path = Path(folder) / "store.sqlite"
        create_store(sqlite_url(path)).dispose()
        return path.read_bytes()


def go_back(url: str, revision: str) -> None:
    """Make a store one of an older version, by its own migrations."""
    engine, config = engine_of(url), alembic_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
    engine.dispose()


def add_candidates(db: Db, n_per_class: int, labels=LABELS) -> list[int]:
    """Add candidates of each class; return their ids."""
    rows = [
        {
            "filename": f"{label}/clip_{i}.mp4",
            "video_location": "training",
            "mit_label": label,
            "avmit_label": label,
            "sha256": hashlib.sha256(f"{label}{i}".encode()).hexdigest(),
            "duration_s": 3.0,
            "frame_rate_hz": 30.0,
            "width_px": 320,
            "height_px": 240,
            "peak": 0.5,
            "admitted_at": AT,
        }
        for label in labels
        for i in range(n_per_class)
    ]
    if rows:
        db.execute(insert(CandidateRow), rows)
        give_names(db, [("training", row["filename"], row["avmit_label"]) for row in rows], AT)
    return list(db.scalars(select(CandidateRow.id).order_by(CandidateRow.id)))


def enrol(db: Db, *ids: str, kind=ParticipantKind.HUMAN) -> None:
    """Enrol participants with a consent."""
    for participant_id in ids:
        participants.add(db, participant_id=participant_id, kind=kind, at=AT)
        if kind is not ParticipantKind.SIMULATED:
            participants.add_consent(db, participant_id, CONSENT)


def good_playing(trial_id: int, sha256: str) -> dict[str, object]:
    """Return a presentation of a 320x240 clip with nothing to complain of."""
    return {
        "trial_id": trial_id, "number": 1, "onset_s": 1.0, "offset_s": 4.0, "interrupted": False,
        "clip_sha256": sha256, "sound_requested_s": 1.0, "sound_started_s": 0.998,
        "av_offset_s": -0.002, "n_frames_shown": 90, "n_frames_dropped": 0, "n_frames_late": 0,
        "n_xruns": 0, "left_px": 40, "bottom_px": 40, "width_px": 320, "height_px": 240,
        "scale": 1.0, "asked_s": None, "disturbed": False,
        "width_deg": None, "height_deg": None,
    }  # fmt: skip


def add_truths(db: Db, clips: Sequence[int], rating: int = 3) -> None:
    """Let the expert have given every clip the same rating."""
    ground_truths.add_sample(db, clips, AT)
    for clip in clips:
        ground_truths.add_version(
            db, candidate_id=clip, rating=Rating(rating), given_by="EXPERT", at=AT
        )


def rate(
    db: Db,
    participant_id: str,
    ratings: dict[int, Rating | int],
    *,
    phase: Phase = Phase.ANNOTATION,
    attempt: int = 1,
    bonus_pence: int | dict[int, int] = 0,
    at: datetime = AT,
    minutes: float = 60,
    grade: str | None = "A",
    host: str = "laptop",
    **playing,
) -> str:
    """Add a finished session with one rating per candidate; return the session's id.

    Each was played once, as it should be unless `playing` says otherwise, on a rig of this grade.
    """
    session_id = uuid.uuid4().hex
    version = db.scalars(select(ProtocolVersionRow.id)).first()
    if version is None:
        row = ProtocolVersionRow(config_sha256="0", config={}, recorded_at=AT, frozen=False)
        db.add(row)
        db.flush()
        version = row.id
    db.add(
        SessionRow(
            id=session_id,
            participant_id=participant_id,
            phase=phase.value,
            attempt=attempt,
            stage="window",
            started_at=at,
            heartbeat_at=at,
            ended_at=at + timedelta(minutes=minutes),
            end_reason="ended",
            host=host,
            pid=1,
            protocol_version_id=version,
            rig={"grade": grade},
        )
    )
    db.flush()
    for number, (candidate_id, rating) in enumerate(ratings.items()):
        trial = TrialRow(
            session_id=session_id,
            number=number,
            candidate_id=candidate_id,
            outcome="rated",
            recorded_at=at + timedelta(seconds=5 * number),
        )
        db.add(trial)
        db.flush()
        db.add(
            RatingRow(
                trial_id=trial.id,
                participant_id=participant_id,
                candidate_id=candidate_id,
                phase=phase.value,
                attempt=attempt,
                rating=int(rating),
                rt_s=0.8,
                n_replays=0,
                n_early_presses=0,
                interrupted_s=0.0,
                n_interruptions=0,
                bonus_pence=(
                    bonus_pence
                    if isinstance(bonus_pence, int)
                    else bonus_pence.get(candidate_id, 0)
                ),
                simulated=False,
                rated_at=at + timedelta(seconds=5 * number),
            )
        )
        sha256 = db.get_one(CandidateRow, candidate_id).sha256
        db.add(PresentationRow(**{**good_playing(trial.id, sha256), **playing}))
        if phase is Phase.ANNOTATION:
            row = db.scalars(
                select(AssignmentRow).where(
                    AssignmentRow.participant_id == participant_id,
                    AssignmentRow.candidate_id == candidate_id,
                )
            ).one_or_none()
            if row is not None:
                row.done = True
    db.flush()
    return session_id
