"""Give participants the names that releases call them by"""

import sqlalchemy as sa
from alembic import op

import study.store.tables

revision = "0060"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pseudonym",
        sa.Column("participant_id", sa.String(length=32), nullable=False),
        sa.Column("pseudonym", sa.String(length=16), nullable=False),
        sa.Column("given_at", study.store.tables.UtcTime(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_pseudonym_participant_id")
        ),
        sa.PrimaryKeyConstraint("participant_id", name=op.f("pk_pseudonym")),
        sa.UniqueConstraint("pseudonym", name=op.f("uq_pseudonym_pseudonym")),
    )


def downgrade() -> None:
    op.drop_table("pseudonym")
