"""Keep how large clips were for the eye"""

import sqlalchemy as sa
from alembic import op

revision = "0090"
down_revision = "0080"
branch_labels = None
depends_on = None
_COLUMNS = ("width_deg", "height_deg")


def upgrade() -> None:
    for column in _COLUMNS:
        op.add_column("presentation", sa.Column(column, sa.Double(), nullable=True))


def downgrade() -> None:
    for column in reversed(_COLUMNS):
        op.drop_column("presentation", column)
