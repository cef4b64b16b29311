"""Keep what interrupted a rating, which rigs were accepted, and what was rated again"""

import sqlalchemy as sa
from alembic import op

import study.store.tables

revision = "0040"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rig_acceptance",
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("accepted_at", study.store.tables.UtcTime(length=32), nullable=False),
        sa.Column("accepted_by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["session.id"], name=op.f("fk_rig_acceptance_session_id")
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_rig_acceptance")),
    )
    with op.batch_alter_table("assignment", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("replaced", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
    with op.batch_alter_table("rating", schema=None) as batch_op:
        batch_op.add_column(sa.Column("interrupted_s", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("n_interruptions", sa.Integer(), nullable=True))
        batch_op.create_check_constraint(
            op.f("ck_rating_interruptions"), "interrupted_s >= 0 AND n_interruptions >= 0"
        )


def downgrade() -> None:
    with op.batch_alter_table("rating", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_rating_interruptions"), type_="check")
        batch_op.drop_column("n_interruptions")
        batch_op.drop_column("interrupted_s")
    with op.batch_alter_table("assignment", schema=None) as batch_op:
        batch_op.drop_column("replaced")
    op.drop_table("rig_acceptance")
