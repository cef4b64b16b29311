"""Keep recognition experiments: stimuli, who meets which, answers"""

import sqlalchemy as sa
from alembic import op

from study.store.tables import UtcTime

revision = "0100"
down_revision = "0090"
branch_labels = None
depends_on = None

_PHASES = "phase IN ('training', 'screening', 'annotation', 'ground_truth')"
_MORE_PHASES = "phase IN ('training', 'screening', 'annotation', 'ground_truth', 'recognition')"
_WITH_PHASE = ("clearance", "session")
_SHOWS_ONE = "CONSTRAINT ck_trial_shows_one CHECK ((candidate_id IS NULL) <> (stimulus_id IS NULL))"
_CANDIDATE = "candidate_id INTEGER"
_STIMULUS = "stimulus_id INTEGER CONSTRAINT fk_trial_stimulus_id REFERENCES stimulus (id)"


def upgrade() -> None:
    _make_tables()
    op.execute(f"ALTER TABLE trial ADD COLUMN {_STIMULUS}")
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column("trial", "candidate_id", nullable=True)
        op.execute(f"ALTER TABLE trial ADD {_SHOWS_ONE}")
        for table in _WITH_PHASE:
            _change_check(table, _MORE_PHASES)
        return
    sql = _sql_of("trial").rstrip().removesuffix(")").rstrip()
    sql = _once(sql, f"{_CANDIDATE} NOT NULL", _CANDIDATE)
    _write("trial", f"{sql}, {_SHOWS_ONE})")
    for table in _WITH_PHASE:
        _write(table, _once(_sql_of(table), _PHASES, _MORE_PHASES))
    _read_again()


def downgrade() -> None:
    _forget()
    if op.get_bind().dialect.name != "sqlite":
        op.execute("ALTER TABLE trial DROP CONSTRAINT ck_trial_shows_one")
        op.alter_column("trial", "candidate_id", nullable=False)
        for table in _WITH_PHASE:
            _change_check(table, _PHASES)
    else:
        sql = _once(_sql_of("trial"), f", {_SHOWS_ONE}", "")
        sql = _once(sql, _CANDIDATE, f"{_CANDIDATE} NOT NULL")
        _write("trial", _once(sql, f", {_STIMULUS}", ", stimulus_id INTEGER"))
        for table in _WITH_PHASE:
            _write(table, _once(_sql_of(table), _MORE_PHASES, _PHASES))
        _read_again()
    op.execute("ALTER TABLE trial DROP COLUMN stimulus_id")
    for table in ("answer", "recognition_slot", "met_source", "stimulus"):
        op.drop_table(table)


def _forget() -> None:
    trials = "SELECT id FROM trial WHERE stimulus_id IS NOT NULL"
    for table in ("answer", "presentation", "key_press", "flag", "note"):
        op.execute(f"DELETE FROM {table} WHERE trial_id IN ({trials})")
    op.execute("DELETE FROM trial WHERE stimulus_id IS NOT NULL")
    sessions = "SELECT id FROM session WHERE phase = 'recognition'"
    for table in ("paid_session", "rig_acceptance", "note"):
        op.execute(f"DELETE FROM {table} WHERE session_id IN ({sessions})")
    op.execute("DELETE FROM session WHERE phase = 'recognition'")
    op.execute("DELETE FROM clearance WHERE phase = 'recognition'")


def _change_check(table: str, condition: str) -> None:
    name = f"ck_{table}_phase_known"
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({condition})")


def _once(sql: str, old: str, new: str) -> str:
    if sql.count(old) != 1:
        raise ValueError(f"{old!r} stands {sql.count(old)} times in {sql}")
    return sql.replace(old, new)


def _sql_of(table: str) -> str:
    query = sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :table")
    return str(op.get_bind().execute(query, {"table": table}).scalar_one())


def _write(table: str, sql: str) -> None:
    # As in 0046: no row is touched, and no table that others refer to is made anew.
    op.execute("PRAGMA writable_schema = ON")
    op.get_bind().execute(
        sa.text("UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = :table"),
        {"sql": sql, "table": table},
    )
    op.execute("PRAGMA writable_schema = OFF")


def _read_again() -> None:
    version = op.get_bind().execute(sa.text("PRAGMA schema_version")).scalar_one()
    op.execute(f"PRAGMA schema_version = {int(version) + 1}")


def _make_tables() -> None:
    op.create_table(
        "stimulus",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("filename", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("condition", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("sound_source", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("picture_label", sa.String(), nullable=False),
        sa.Column("sound_label", sa.String(), nullable=False),
        sa.Column("modality", sa.String(), nullable=False),
        sa.Column("asynchrony_ms", sa.Double(), nullable=True),
        sa.Column("attend", sa.String(), nullable=False),
        sa.Column("added_at", UtcTime(length=32), nullable=False),
        sa.CheckConstraint(
            "attend IN ('picture', 'sound', 'both')", name=op.f("ck_stimulus_attend_known")
        ),
        sa.CheckConstraint(
            "modality IN ('audiovisual', 'audio', 'visual')",
            name=op.f("ck_stimulus_modality_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stimulus")),
        sa.UniqueConstraint("filename", name=op.f("uq_stimulus_filename")),
    )
    op.create_table(
        "met_source",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("stimulus_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_met_source_participant_id")
        ),
        sa.ForeignKeyConstraint(
            ["stimulus_id"], ["stimulus.id"], name=op.f("fk_met_source_stimulus_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_met_source")),
        sa.UniqueConstraint(
            "participant_id", "source", name=op.f("uq_met_source_participant_id_source")
        ),
    )
    op.create_table(
        "recognition_slot",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.String(length=32), nullable=False),
        sa.Column("stimulus_id", sa.Integer(), nullable=False),
        sa.Column("square_row", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_practice", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "square_row >= 0 AND position >= 0", name=op.f("ck_recognition_slot_places")
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_recognition_slot_participant_id")
        ),
        sa.ForeignKeyConstraint(
            ["stimulus_id"], ["stimulus.id"], name=op.f("fk_recognition_slot_stimulus_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recognition_slot")),
        sa.UniqueConstraint(
            "participant_id", "position", name=op.f("uq_recognition_slot_participant_id_position")
        ),
        sa.UniqueConstraint(
            "participant_id",
            "stimulus_id",
            name=op.f("uq_recognition_slot_participant_id_stimulus_id"),
        ),
    )
    op.create_index(op.f("ix_recognition_slot_stimulus_id"), "recognition_slot", ["stimulus_id"])

    op.create_table(
        "answer",
        sa.Column("trial_id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.String(length=32), nullable=False),
        sa.Column("stimulus_id", sa.Integer(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("rt_s", sa.Double(), nullable=False),
        sa.Column("confidence", sa.Integer(), nullable=True),
        sa.Column("interrupted_s", sa.Double(), nullable=False),
        sa.Column("n_interruptions", sa.Integer(), nullable=False),
        sa.Column("n_early_presses", sa.Integer(), nullable=False),
        sa.Column("bonus_pence", sa.Integer(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("answered_at", UtcTime(length=32), nullable=False),
        sa.CheckConstraint("bonus_pence BETWEEN 0 AND 1000000", name=op.f("ck_answer_amounts")),
        sa.CheckConstraint("confidence BETWEEN 1 AND 9", name=op.f("ck_answer_confidence")),
        sa.CheckConstraint(
            "n_early_presses BETWEEN 0 AND 10000000 AND interrupted_s >= 0 AND n_interruptions >= 0",
            name=op.f("ck_answer_counts"),
        ),
        sa.CheckConstraint("rt_s BETWEEN -1 AND 34560000", name=op.f("ck_answer_response")),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_answer_participant_id")
        ),
        sa.ForeignKeyConstraint(
            ["stimulus_id"], ["stimulus.id"], name=op.f("fk_answer_stimulus_id")
        ),
        sa.ForeignKeyConstraint(["trial_id"], ["trial.id"], name=op.f("fk_answer_trial_id")),
        sa.PrimaryKeyConstraint("trial_id", name=op.f("pk_answer")),
        sa.UniqueConstraint(
            "participant_id", "stimulus_id", name=op.f("uq_answer_participant_id_stimulus_id")
        ),
    )
    op.create_index(op.f("ix_answer_stimulus_id"), "answer", ["stimulus_id"])
