"""Proof: keys that sign, signatures of manifests, what a manifest says of approvals, what was read back"""

import sqlalchemy as sa
from alembic import op

from disclosure.records.types import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "signing_keys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("profile", sa.String(length=80), nullable=False),
        sa.Column("key_id", sa.String(length=43), nullable=False),
        sa.Column("use", sa.String(length=20), nullable=False),
        sa.Column("public_key", sa.String(length=43), nullable=False),
        sa.Column("valid_from", UtcDateTime(), nullable=False),
        sa.Column("valid_until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_signing_keys"),
        sa.UniqueConstraint("profile", "key_id", name="uq_signing_keys_profile_key_id"),
    )
    op.create_index(
        "uq_signing_keys_in_use",
        "signing_keys",
        ["profile", "use"],
        unique=True,
        sqlite_where=sa.text("valid_until IS NULL"),
        postgresql_where=sa.text("valid_until IS NULL"),
    )
    op.create_table(
        "manifest_signatures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("manifest_digest", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.String(length=43), nullable=False),
        sa.Column("signed_at", UtcDateTime(), nullable=False),
        sa.Column("jws", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["release_id"], ["releases.id"], name="fk_manifest_signatures_release_id"),
        sa.PrimaryKeyConstraint("id", name="pk_manifest_signatures"),
        sa.UniqueConstraint("release_id", "manifest_digest", name="uq_manifest_signatures_release_id_manifest_digest"),
    )
    op.create_table(
        "read_backs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("path", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("figures", sa.Integer(), nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("checked_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["release_id"], ["releases.id"], name="fk_read_backs_release_id"),
        sa.PrimaryKeyConstraint("id", name="pk_read_backs"),
        sa.UniqueConstraint("release_id", "channel", "path", name="uq_read_backs_release_id_channel_path"),
    )
    with op.batch_alter_table("releases", schema=None) as batch_op:
        batch_op.add_column(sa.Column("proof", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("releases", schema=None) as batch_op:
        batch_op.drop_column("proof")
    op.drop_table("read_backs")
    op.drop_table("manifest_signatures")
    op.drop_table("signing_keys")
