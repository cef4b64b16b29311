"""audit clips and vet them"""

import sqlalchemy as sa
from alembic import op

import study.store.tables

revision = "0030"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clip_audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("filename", sa.String(), nullable=False),
        sa.Column("video_location", sa.String(), nullable=False),
        sa.Column("mit_label", sa.String(), nullable=False),
        sa.Column("n_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("flags", sa.String(), nullable=False),
        sa.Column("duration_s", sa.Double(), nullable=True),
        sa.Column("frame_rate_hz", sa.Double(), nullable=True),
        sa.Column("nominal_frame_rate_hz", sa.Double(), nullable=True),
        sa.Column("is_vfr", sa.Boolean(), nullable=True),
        sa.Column("width_px", sa.Integer(), nullable=True),
        sa.Column("height_px", sa.Integer(), nullable=True),
        sa.Column("rotation_deg", sa.Integer(), nullable=True),
        sa.Column("pixel_aspect", sa.Double(), nullable=True),
        sa.Column("n_video_streams", sa.Integer(), nullable=True),
        sa.Column("n_audio_streams", sa.Integer(), nullable=True),
        sa.Column("sample_rate_hz", sa.Integer(), nullable=True),
        sa.Column("n_channels", sa.Integer(), nullable=True),
        sa.Column("av_start_offset_s", sa.Double(), nullable=True),
        sa.Column("n_frames", sa.Integer(), nullable=True),
        sa.Column("peak", sa.Double(), nullable=True),
        sa.Column("loudness_lufs", sa.Double(), nullable=True),
        sa.Column("frame_hash", sa.String(), nullable=False),
        sa.Column("sound_hash", sa.String(), nullable=False),
        sa.Column("duplicate_group", sa.Integer(), nullable=True),
        sa.Column("same_sound_group", sa.Integer(), nullable=True),
        sa.Column("audited_at", study.store.tables.UtcTime(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clip_audit")),
        sa.UniqueConstraint(
            "video_location", "filename", name=op.f("uq_clip_audit_video_location_filename")
        ),
    )
    with op.batch_alter_table("clip_audit", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_clip_audit_duplicate_group"), ["duplicate_group"], unique=False
        )

    op.create_table(
        "hint",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("candidate_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("computed_at", study.store.tables.UtcTime(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["candidate_id"], ["candidate.id"], name=op.f("fk_hint_candidate_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hint")),
        sa.UniqueConstraint("candidate_id", "name", name=op.f("uq_hint_candidate_id_name")),
    )
    op.create_table(
        "vetting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("candidate_id", sa.Integer(), nullable=False),
        sa.Column("curator", sa.String(length=32), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("reasons", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("given_at", study.store.tables.UtcTime(length=32), nullable=False),
        sa.CheckConstraint(
            "verdict IN ('keep', 'exclude', 'undo', 'note')", name=op.f("ck_vetting_verdict_known")
        ),
        sa.ForeignKeyConstraint(
            ["candidate_id"], ["candidate.id"], name=op.f("fk_vetting_candidate_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vetting")),
    )
    with op.batch_alter_table("vetting", schema=None) as batch_op:
        batch_op.create_index("ix_vetting_latest", ["candidate_id", "curator", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("vetting", schema=None) as batch_op:
        batch_op.drop_index("ix_vetting_latest")

    op.drop_table("vetting")
    op.drop_table("hint")
    with op.batch_alter_table("clip_audit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_clip_audit_duplicate_group"))

    op.drop_table("clip_audit")
