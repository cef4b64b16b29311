"""Give records their names once"""

import hashlib
from collections import Counter
from datetime import UTC, datetime
from pathlib import PurePosixPath

import sqlalchemy as sa
from alembic import op

import study.store.tables

revision = "0050"
down_revision = "0046"
branch_labels = None
depends_on = None

_MAX_NAME_BYTES = 255
_N_AT_ONCE = 10_000


def upgrade() -> None:
    op.create_table(
        "record_name",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("video_location", sa.String(), nullable=False),
        sa.Column("filename", sa.String(), nullable=False),
        sa.Column("tfrecord_filename", sa.String(), nullable=False),
        sa.Column("folded", sa.String(), nullable=False),
        sa.Column("given_at", study.store.tables.UtcTime(length=32), nullable=False),
        sa.CheckConstraint(
            "video_location IN ('training', 'validation')",
            name=op.f("ck_record_name_video_location"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_name")),
        sa.UniqueConstraint("folded", name=op.f("uq_record_name_folded")),
        sa.UniqueConstraint(
            "video_location", "filename", name=op.f("uq_record_name_video_location_filename")
        ),
    )
    _give_todays_names()


def downgrade() -> None:
    op.drop_table("record_name")


def _give_todays_names() -> None:
    """Store the names that exports have given until now: they depended on all other clips."""
    connection = op.get_bind()
    rows = connection.execute(
        sa.text(
            "SELECT video_location, filename, mit_label, avmit_label FROM candidate ORDER BY id"
        )
    ).all()
    clips = [(location, filename, label) for location, filename, _, label in rows]
    label_of = {mit_label: label for _, _, mit_label, label in rows}
    soundless = connection.execute(
        sa.text(
            "SELECT video_location, filename, mit_label FROM reject "
            "WHERE reason IN ('no_audio', 'silent') ORDER BY id"
        )
    ).all()
    # A class without any candidate is named by the next `curation candidates`: only the study's
    # own list knows under which label it is shown.
    clips += [
        (location, filename, label_of[label])
        for location, filename, label in soundless
        if label in label_of
    ]
    plain = [f"{label}/{PurePosixPath(filename).stem}.tfrecord" for _, filename, label in clips]
    n_alike = Counter(name.casefold() for name in plain)
    now = datetime.now(UTC)
    named = [
        {
            "video_location": location,
            "filename": filename,
            "tfrecord_filename": name,
            "folded": name.casefold(),
            "given_at": now,
        }
        for (location, filename, _), name in zip(
            clips,
            (
                _with_digest(name, f"{location}/{filename}")
                if n_alike[name.casefold()] > 1
                or len(PurePosixPath(name).name.encode()) > _MAX_NAME_BYTES
                else name
                for (location, filename, _), name in zip(clips, plain, strict=True)
            ),
            strict=True,
        )
    ]
    table = sa.table(
        "record_name",
        sa.column("video_location"),
        sa.column("filename"),
        sa.column("tfrecord_filename"),
        sa.column("folded"),
        sa.column("given_at", study.store.tables.UtcTime(length=32)),
    )
    for first in range(0, len(named), _N_AT_ONCE):
        connection.execute(sa.insert(table), named[first : first + _N_AT_ONCE])


def _with_digest(name: str, key: str) -> str:
    path = PurePosixPath(name)
    tail = f"-{hashlib.sha256(key.encode()).hexdigest()[:8]}{path.suffix}"
    stem = path.stem.encode()[: _MAX_NAME_BYTES - len(tail)].decode(errors="ignore")
    return str(path.with_name(f"{stem}{tail}"))
