"""Keep remarks, flags and the currency of payments"""

import sqlalchemy as sa
from alembic import op

from study.store.tables import UtcTime

revision = "0070"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "flag",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("trial_id", sa.Integer(), nullable=False),
        sa.Column("presentation", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("flagged_by", sa.String(length=32), nullable=False),
        sa.Column("flagged_at", UtcTime(length=32), nullable=False),
        sa.CheckConstraint(
            "kind IN ('slip', 'mis_key', 'trial_disturbed')", name=op.f("ck_flag_kind_known")
        ),
        sa.ForeignKeyConstraint(["trial_id"], ["trial.id"], name=op.f("fk_flag_trial_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flag")),
        sa.UniqueConstraint("trial_id", "kind", name=op.f("uq_flag_trial_id_kind")),
    )
    op.create_table(
        "note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.String(length=32), nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=True),
        sa.Column("trial_id", sa.Integer(), nullable=True),
        sa.Column("presentation", sa.Integer(), nullable=True),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.Column("written_by", sa.String(length=32), nullable=False),
        sa.Column("written_at", UtcTime(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_note_participant_id")
        ),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name=op.f("fk_note_session_id")),
        sa.ForeignKeyConstraint(["trial_id"], ["trial.id"], name=op.f("fk_note_trial_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note")),
    )
    for column in ("participant_id", "session_id", "trial_id"):
        op.create_index(op.f(f"ix_note_{column}"), "note", [column])
    # Until now everything was paid in pounds.
    op.add_column(
        "payment", sa.Column("currency", sa.String(length=3), server_default="GBP", nullable=False)
    )


def downgrade() -> None:
    op.drop_column("payment", "currency")
    op.drop_table("note")
    op.drop_table("flag")
