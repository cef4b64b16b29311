"""keep what each session was paid, and no password"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from study.tools.wording import without_password

revision = "0043"
down_revision = "0040"
branch_labels = None
depends_on = None

_ROWS = (("session", "rig"), ("protocol_version", "config"))


def upgrade() -> None:
    # Not in a batch: that makes the table anew.
    for name in ("hours_pence", "bonus_pence"):
        op.add_column("paid_session", sa.Column(name, sa.Integer(), nullable=True))
    _mask_passwords()


def downgrade() -> None:
    for name in ("hours_pence", "bonus_pence"):
        op.drop_column("paid_session", name)


def _mask_passwords() -> None:
    connection = op.get_bind()
    events = sa.table("audit_event", sa.column("action"))
    if connection.execute(sa.select(events.c.action).where(events.c.action == "dealt")).first():
        return  # a laptop's part is sealed: a changed row could not be merged any more
    for table, column in _ROWS:
        rows = sa.table(table, sa.column("id"), sa.column(column, sa.JSON()))
        for key, kept in connection.execute(sa.select(rows.c.id, rows.c[column])).all():
            masked = _masked(kept)
            if masked != kept:
                connection.execute(sa.update(rows).where(rows.c.id == key).values({column: masked}))


def _masked(value: Any) -> Any:  # noqa: ANN401
    match value:
        case str():
            return without_password(value)
        case list():
            return [_masked(part) for part in value]
        case dict():
            return {key: _masked(part) for key, part in value.items()}
    return value
