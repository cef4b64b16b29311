"""The schema: one table per noun, with the rules that must hold written as constraints."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Dialect,
    ForeignKey,
    Index,
    MetaData,
    String,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class UtcTime(TypeDecorator[datetime]):
    """A time stamp with its zone, kept as ISO 8601 text in UTC, alike on both databases."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """Turn a time stamp into text."""
        return None if value is None else value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        """Turn text into a time stamp."""
        return None if value is None else datetime.fromisoformat(value)


def one_of(column: str, *values: str) -> CheckConstraint:
    """Return a constraint that a column holds one of a closed set of words.

    The columns are named ``<column>_known``.
    """
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


_RATED = ("training", "screening", "annotation", "ground_truth")
_PHASES = (*_RATED, "recognition")


class Base(DeclarativeBase):
    """The base of all tables; constraints have names, so that migrations can change them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {dict[str, Any]: JSON, datetime: UtcTime}  # noqa: RUF012


class StudyRow(Base):
    """The study that this store belongs to; one row."""

    __tablename__ = "study"

    store_id: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]
    title: Mapped[str]
    seed: Mapped[int]
    rehearsal: Mapped[bool]


class ProtocolVersionRow(Base):
    """A configuration that ratings were given under; a frozen one may not change silently."""

    __tablename__ = "protocol_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    config_sha256: Mapped[str] = mapped_column(unique=True)
    config: Mapped[dict[str, Any]]
    recorded_at: Mapped[datetime]
    frozen: Mapped[bool]


class ParticipantRow(Base):
    """A person who rates; the store knows no more of them than this id."""

    __tablename__ = "participant"
    __table_args__ = (one_of("kind", "human", "expert", "simulated"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str]
    enrolled_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    close_reason: Mapped[str | None]


class PseudonymRow(Base):
    """What a participant is called in releases: drawn once, kept in all that follow."""

    __tablename__ = "pseudonym"

    participant_id: Mapped[str] = mapped_column(ForeignKey("participant.id"), primary_key=True)
    pseudonym: Mapped[str] = mapped_column(String(16), unique=True)
    given_at: Mapped[datetime]


class ConsentRow(Base):
    """A consent form that a participant signed on paper."""

    __tablename__ = "consent"

    id: Mapped[int] = mapped_column(primary_key=True)
    participant_id: Mapped[str] = mapped_column(ForeignKey("participant.id"), index=True)
    form_version: Mapped[str]
    ethics_approval: Mapped[str]
    experimenter: Mapped[str]
    signed_on: Mapped[str]
    withdrawn_at: Mapped[datetime | None]


class ClearanceRow(Base):
    """An experimenter's word that a participant may start a phase; rehearsals only."""

    __tablename__ = "clearance"
    __table_args__ = (one_of("phase", *_PHASES), UniqueConstraint("participant_id", "phase"))

    id: Mapped[int] = mapped_column(primary_key=True)
    participant_id: Mapped[str] = mapped_column(ForeignKey("participant.id"))
    phase: Mapped[str]
    granted_at: Mapped[datetime]
    granted_by: Mapped[str]
    reason: Mapped[str]


class DemographicsRow(Base):
    """What a participant said of themselves; apart from ratings, exported in bands only."""

    __tablename__ = "demographics"

    participant_id: Mapped[str] = mapped_column(ForeignKey("participant.id"), primary_key=True)
    answers: Mapped[dict[str, Any]]
    recorded_at: Mapped[datetime]


class HeadphoneCheckRow(Base):
    """A headphone check that a participant did."""

    __tablename__ = "headphone_check"
    __table_args__ = (CheckConstraint("n_right BETWEEN 0 AND n_trials", name="counts"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    participant_id: Mapped[str] = mapped_column(ForeignKey("participant.id"), index=True)
    stimulus: Mapped[str]
    n_trials: Mapped[int]
    n_right: Mapped[int]
    answers: Mapped[dict[str, Any]]
    done_at: Mapped[datetime]


class SessionRow(Base):
    """One sitting of a participant; a participant has one open session at most."""

    __tablename__ = "session"
    __table_args__ = (
        one_of("phase", *_PHASES),
        one_of("stage", "window", "simulated"),
        CheckConstraint("attempt BETWEEN 1 AND 10000", name="attempt"),
        Index(
            "ix_session_open",
            "participant_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    participant_id: Mapped[str] = mapped_column(ForeignKey("participant.id"), index=True)
    phase: Mapped[str]
    attempt: Mapped[int]
    stage: Mapped[str]
    simulated_profile: Mapped[str | None]
    started_at: Mapped[datetime]
    heartbeat_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]
    gain_db: Mapped[float | None]
    host: Mapped[str]
    pid: Mapped[int]
    protocol_version_id: Mapped[int] = mapped_column(ForeignKey("protocol_version.id"))
    rig: Mapped[dict[str, Any]]


class CandidateRow(Base):
    """A Moments-in-Time clip admitted to annotation."""

    __tablename__ = "candidate"
    __table_args__ = (
        one_of("video_location", "training", "validation"),
        UniqueConstraint("video_location", "filename"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    filename: Mapped[str]
    video_location: Mapped[str]
    mit_label: Mapped[str]
    avmit_label: Mapped[str] = mapped_column(index=True)
    sha256: Mapped[str]
    duration_s: Mapped[float]
    frame_rate_hz: Mapped[float]
    width_px: Mapped[int]
    height_px: Mapped[int]
    peak: Mapped[float]
    admitted_at: Mapped[datetime]


class RejectRow(Base):
    """A clip that was not admitted, and why."""

    __tablename__ = "reject"
    __table_args__ = (UniqueConstraint("video_location", "filename"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    filename: Mapped[str]
    video_location: Mapped[str]
    mit_label: Mapped[str]
    reason: Mapped[str]
    detail: Mapped[str]


class RecordNameRow(Base):
    """The name of a clip's record, given once; `folded` is what no two names may share."""

    __tablename__ = "record_name"
    __table_args__ = (
        one_of("video_location", "training", "validation"),
        UniqueConstraint("video_location", "filename"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    video_location: Mapped[str]
    filename: Mapped[str]
    tfrecord_filename: Mapped[str]
    folded: Mapped[str] = mapped_column(unique=True)
    given_at: Mapped[datetime]


class ClipAuditRow(Base):
    """What decoding all of a clip found, whether it was admitted or not."""

    __tablename__ = "clip_audit"
    __table_args__ = (UniqueConstraint("video_location", "filename"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    filename: Mapped[str]
    video_location: Mapped[str]
    mit_label: Mapped[str]
    n_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    reason: Mapped[str]
    flags: Mapped[str]
    detail: Mapped[str] = mapped_column(server_default="")
    duration_s: Mapped[float | None]
    frame_rate_hz: Mapped[float | None]
    nominal_frame_rate_hz: Mapped[float | None]
    usual_frame_rate_hz: Mapped[float | None]
    n_odd_steps: Mapped[int | None]
    is_vfr: Mapped[bool | None]
    width_px: Mapped[int | None]
    height_px: Mapped[int | None]
    rotation_deg: Mapped[int | None]
    pixel_aspect: Mapped[float | None]
    n_video_streams: Mapped[int | None]
    n_audio_streams: Mapped[int | None]
    sample_rate_hz: Mapped[int | None]
    n_channels: Mapped[int | None]
    av_start_offset_s: Mapped[float | None]
    n_frames: Mapped[int | None]
    peak: Mapped[float | None]
    loudness_lufs: Mapped[float | None]
    frame_hash: Mapped[str]
    sound_hash: Mapped[str]
    duplicate_group: Mapped[int | None] = mapped_column(index=True)
    same_sound_group: Mapped[int | None]
    audited_at: Mapped[datetime]


class HintRow(Base):
    """What a computation says of a clip that a curator may want to exclude; never a verdict."""

    __tablename__ = "hint"
    __table_args__ = (UniqueConstraint("candidate_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    candidate_id: Mapped[int] = mapped_column(ForeignKey("candidate.id"))
    name: Mapped[str]
    score: Mapped[float]
    computed_at: Mapped[datetime]


class VettingRow(Base):
    """What a curator said of a clip by eye; a change of mind is a new row."""

    __tablename__ = "vetting"
    __table_args__ = (
        one_of("verdict", "keep", "exclude", "undo", "note"),
        Index("ix_vetting_latest", "candidate_id", "curator", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    candidate_id: Mapped[int] = mapped_column(ForeignKey("candidate.id"))
    curator: Mapped[str] = mapped_column(String(32))
    verdict: Mapped[str]
    reasons: Mapped[str]
    note: Mapped[str]
    given_at: Mapped[datetime]


class ExerciseClipRow(Base):
    """A clip of the training or the screening, with the expert's rating and its reasoning."""

    __tablename__ = "exercise_clip"
    __table_args__ = (
        one_of("phase", "training", "screening"),
        CheckConstraint("rating BETWEEN 1 AND 3", name="rating_known"),
        UniqueConstraint("phase", "exercise_set", "position"),
    )

    candidate_id: Mapped[int] = mapped_column(ForeignKey("candidate.id"), primary_key=True)
    phase: Mapped[str]
    exercise_set: Mapped[int]
    position: Mapped[int]
    rating: Mapped[int]
    reasoning: Mapped[str]


class GroundTruthRow(Base):
    """A candidate sampled for the expert; position is the expert's order."""

    __tablename__ = "ground_truth"

    candidate_id: Mapped[int] = mapped_column(ForeignKey("candidate.id"), primary_key=True)
    position: Mapped[int] = mapped_column(unique=True)
    sampled_at: Mapped[datetime]


class GroundTruthVersionRow(Base):
    """What the expert said of a sampled candidate; a correction is a new version."""

    __tablename__ = "ground_truth_version"
    __table_args__ = (
        CheckConstraint("rating BETWEEN 1 AND 3", name="rating_known"),
        CheckConstraint("version BETWEEN 1 AND 10000", name="version"),
        UniqueConstraint("candidate_id", "version"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    candidate_id: Mapped[int] = mapped_column(ForeignKey("ground_truth.candidate_id"))
    version: Mapped[int]
    rating: Mapped[int]
    given_by: Mapped[str]
    given_at: Mapped[datetime]
    reason: Mapped[str]


class AssignmentRow(Base):
    """A slot of a candidate, given to a participant; position is the participant's order."""

    __tablename__ = "assignment"
    __table_args__ = (
        CheckConstraint("slot >= 1", name="slot_positive"),
        UniqueConstraint("candidate_id", "slot"),
        UniqueConstraint("candidate_id", "participant_id"),
        UniqueConstraint("participant_id", "position"),
        Index("ix_assignment_next", "participant_id", "done", "position"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    candidate_id: Mapped[int] = mapped_column(ForeignKey("candidate.id"))
    slot: Mapped[int]
    participant_id: Mapped[str] = mapped_column(ForeignKey("participant.id"))
    position: Mapped[int]
    done: Mapped[bool] = mapped_column(default=False)
    # Its rating does not count and another slot was given in its place.
    replaced: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Asked for because the clip was still open; shown at a random place among those to come.
    further: Mapped[bool] = mapped_column(default=False, server_default=false())


class StimulusRow(Base):
    """A clip of the recognition experiment; what it shows and sounds like never changes."""

    __tablename__ = "stimulus"
    __table_args__ = (
        one_of("modality", "audiovisual", "audio", "visual"),
        one_of("attend", "picture", "sound", "both"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    filename: Mapped[str] = mapped_column(unique=True)
    sha256: Mapped[str] = mapped_column(String(64))
    condition: Mapped[str]
    source: Mapped[str]
    sound_source: Mapped[str]
    label: Mapped[str]  # the right answer; empty where none is
    picture_label: Mapped[str]
    sound_label: Mapped[str]
    modality: Mapped[str]
    asynchrony_ms: Mapped[float | None]
    attend: Mapped[str]
    added_at: Mapped[datetime]


class RecognitionSlotRow(Base):
    """A stimulus that a participant is to recognise; position is the participant's order."""

    __tablename__ = "recognition_slot"
    __table_args__ = (
        UniqueConstraint("participant_id", "stimulus_id"),
        UniqueConstraint("participant_id", "position"),
        CheckConstraint("square_row >= 0 AND position >= 0", name="places"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    participant_id: Mapped[str] = mapped_column(ForeignKey("participant.id"))
    stimulus_id: Mapped[int] = mapped_column(ForeignKey("stimulus.id"), index=True)
    square_row: Mapped[int]  # of the balanced square; people of one row share stimuli
    position: Mapped[int]
    is_practice: Mapped[bool]


class MetSourceRow(Base):
    """A clip that a participant meets, as picture or as sound; its key keeps it from being two."""

    __tablename__ = "met_source"
    __table_args__ = (UniqueConstraint("participant_id", "source"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    participant_id: Mapped[str] = mapped_column(ForeignKey("participant.id"))
    source: Mapped[str]
    stimulus_id: Mapped[int] = mapped_column(ForeignKey("stimulus.id"))


class TrialRow(Base):
    """One trial of a session, rated or not."""

    __tablename__ = "trial"
    __table_args__ = (
        one_of("outcome", "rated", "failed", "left"),
        CheckConstraint("number BETWEEN 0 AND 10000000", name="number"),
        CheckConstraint("(candidate_id IS NULL) <> (stimulus_id IS NULL)", name="shows_one"),
        UniqueConstraint("session_id", "number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("session.id"))
    number: Mapped[int]
    candidate_id: Mapped[int | None] = mapped_column(ForeignKey("candidate.id"), index=True)
    outcome: Mapped[str]
    failure: Mapped[str | None]
    recorded_at: Mapped[datetime]
    # Of a recognition trial, which has no candidate.
    stimulus_id: Mapped[int | None] = mapped_column(ForeignKey("stimulus.id"))


class RatingRow(Base):
    """A rating; never changed. What somebody says against it later is a flag of its trial."""

    __tablename__ = "rating"
    __table_args__ = (
        one_of("phase", *_RATED),
        CheckConstraint("rating BETWEEN 1 AND 3", name="rating_known"),
        CheckConstraint("bonus_pence BETWEEN 0 AND 1000000", name="amounts"),
        CheckConstraint("rt_s BETWEEN -1 AND 34560000", name="response"),
        CheckConstraint(
            "n_replays BETWEEN 0 AND 10000000 AND n_early_presses BETWEEN 0 AND 10000000 "
            "AND attempt BETWEEN 1 AND 10000",
            name="counts",
        ),
        CheckConstraint("interrupted_s >= 0 AND n_interruptions >= 0", name="interruptions"),
        UniqueConstraint("participant_id", "candidate_id", "phase", "attempt"),
        Index("ix_rating_candidate_phase", "candidate_id", "phase"),
    )

    trial_id: Mapped[int] = mapped_column(ForeignKey("trial.id"), primary_key=True)
    participant_id: Mapped[str] = mapped_column(ForeignKey("participant.id"))
    candidate_id: Mapped[int] = mapped_column(ForeignKey("candidate.id"))
    phase: Mapped[str]
    attempt: Mapped[int]
    rating: Mapped[int]
    rt_s: Mapped[float]
    # None: written by a version whose rt_s contains pauses.
    interrupted_s: Mapped[float | None]
    n_interruptions: Mapped[int | None]
    n_replays: Mapped[int]
    n_early_presses: Mapped[int]
    bonus_pence: Mapped[int]
    simulated: Mapped[bool]
    rated_at: Mapped[datetime]


class AnswerRow(Base):
    """What a participant recognised in a stimulus; never changed."""

    __tablename__ = "answer"
    __table_args__ = (
        CheckConstraint("bonus_pence BETWEEN 0 AND 1000000", name="amounts"),
        CheckConstraint("rt_s BETWEEN -1 AND 34560000", name="response"),
        CheckConstraint("confidence BETWEEN 1 AND 9", name="confidence"),
        CheckConstraint(
            "n_early_presses BETWEEN 0 AND 10000000 AND interrupted_s >= 0 "
            "AND n_interruptions >= 0",
            name="counts",
        ),
        UniqueConstraint("participant_id", "stimulus_id"),
    )

    trial_id: Mapped[int] = mapped_column(ForeignKey("trial.id"), primary_key=True)
    participant_id: Mapped[str] = mapped_column(ForeignKey("participant.id"))
    stimulus_id: Mapped[int] = mapped_column(ForeignKey("stimulus.id"), index=True)
    answer: Mapped[str]
    rt_s: Mapped[float]
    confidence: Mapped[int | None]
    interrupted_s: Mapped[float]
    n_interruptions: Mapped[int]
    n_early_presses: Mapped[int]
    bonus_pence: Mapped[int]
    simulated: Mapped[bool]
    answered_at: Mapped[datetime]


class PaymentRow(Base):
    """Money that was paid; the payee of an erased person is a random number."""

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint("hours_pence >= 0 AND bonus_pence >= 0", name="amounts"),
        CheckConstraint("worked_s BETWEEN 0 AND 2147483647", name="worked"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    payee: Mapped[str] = mapped_column(String(32), index=True)
    paid_at: Mapped[datetime]
    paid_by: Mapped[str]
    worked_s: Mapped[int]
    hours_pence: Mapped[int]
    bonus_pence: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3), server_default="GBP")


class PaidSessionRow(Base):
    """A session that a payment covers; its key keeps it from being paid twice."""

    __tablename__ = "paid_session"
    __table_args__ = (CheckConstraint("hours_pence >= 0 AND bonus_pence >= 0", name="amounts"),)

    session_id: Mapped[str] = mapped_column(ForeignKey("session.id"), primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    hours_pence: Mapped[int | None]  # None: paid by a version that kept the sums only
    bonus_pence: Mapped[int | None]


class PresentationRow(Base):
    """One playing of a clip inside a trial, with the evidence of how it went."""

    __tablename__ = "presentation"
    __table_args__ = (UniqueConstraint("trial_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    trial_id: Mapped[int] = mapped_column(ForeignKey("trial.id"))
    number: Mapped[int]
    onset_s: Mapped[float]
    offset_s: Mapped[float]
    interrupted: Mapped[bool]
    clip_sha256: Mapped[str]
    sound_requested_s: Mapped[float | None]
    sound_started_s: Mapped[float | None]
    av_offset_s: Mapped[float | None]
    n_frames_shown: Mapped[int]
    n_frames_dropped: Mapped[int]
    n_frames_late: Mapped[int]
    n_xruns: Mapped[int]
    left_px: Mapped[int]
    bottom_px: Mapped[int]
    width_px: Mapped[int]
    height_px: Mapped[int]
    scale: Mapped[float]
    asked_s: Mapped[float | None]
    disturbed: Mapped[bool | None]  # None: written by a version that did not record it
    # None: the distance of the eyes or the width of the screen was not known.
    width_deg: Mapped[float | None]
    height_deg: Mapped[float | None]


class KeyPressRow(Base):
    """A key that went down during a trial."""

    __tablename__ = "key_press"

    id: Mapped[int] = mapped_column(primary_key=True)
    trial_id: Mapped[int] = mapped_column(ForeignKey("trial.id"), index=True)
    key: Mapped[str]
    t_s: Mapped[float]
    early: Mapped[bool]
    warned_s: Mapped[float | None]


class FlagRow(Base):
    """A word against a trial whose rating stays as it is; one of each kind."""

    __tablename__ = "flag"
    __table_args__ = (
        one_of("kind", "slip", "mis_key", "trial_disturbed"),
        UniqueConstraint("trial_id", "kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    trial_id: Mapped[int] = mapped_column(ForeignKey("trial.id"))
    presentation: Mapped[int | None]  # the number of the playing; None: the trial as a whole
    kind: Mapped[str]
    flagged_by: Mapped[str] = mapped_column(String(32))
    flagged_at: Mapped[datetime]


class NoteRow(Base):
    """An experimenter's remark on a participant, a session or a trial; it never leaves the lab."""

    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    participant_id: Mapped[str] = mapped_column(ForeignKey("participant.id"), index=True)
    session_id: Mapped[str | None] = mapped_column(ForeignKey("session.id"), index=True)
    trial_id: Mapped[int | None] = mapped_column(ForeignKey("trial.id"), index=True)
    presentation: Mapped[int | None]  # the number of the playing, where the remark is on one
    text: Mapped[str] = mapped_column(String(1000))
    written_by: Mapped[str] = mapped_column(String(32))
    written_at: Mapped[datetime]


class RigCheckRow(Base):
    """A measured rig: screen, sound and keyboard of one machine, and the grade they got."""

    __tablename__ = "rig_check"
    __table_args__ = (one_of("grade", "A", "B", "C", "not applicable"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    host: Mapped[str] = mapped_column(index=True)
    checked_at: Mapped[datetime]
    grade: Mapped[str]
    rig: Mapped[dict[str, Any]]
    measurements: Mapped[dict[str, Any]]


class RigAcceptanceRow(Base):
    """An experimenter's word that ratings of a session on an ungraded rig count all the same."""

    __tablename__ = "rig_acceptance"

    session_id: Mapped[str] = mapped_column(ForeignKey("session.id"), primary_key=True)
    accepted_at: Mapped[datetime]
    accepted_by: Mapped[str]
    reason: Mapped[str]


class AuditEventRow(Base):
    """Something that was changed: who, when, what. Rows are added, never changed."""

    __tablename__ = "audit_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    detail: Mapped[dict[str, Any]]
