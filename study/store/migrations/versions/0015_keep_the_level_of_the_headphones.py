"""keep the level of the headphones"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("session", sa.Column("gain_db", sa.Double(), nullable=True))


def downgrade() -> None:
    # Not in a batch: that makes the table anew, which trials refer to.
    op.drop_column("session", "gain_db")
