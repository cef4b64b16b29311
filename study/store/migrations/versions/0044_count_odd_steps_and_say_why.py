"""count odd steps of clips and say why they were refused"""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("clip_audit", sa.Column("detail", sa.String(), server_default="", nullable=False))
    op.add_column("clip_audit", sa.Column("usual_frame_rate_hz", sa.Double(), nullable=True))
    op.add_column("clip_audit", sa.Column("n_odd_steps", sa.Integer(), nullable=True))


def downgrade() -> None:
    for name in ("n_odd_steps", "usual_frame_rate_hz", "detail"):
        op.drop_column("clip_audit", name)
