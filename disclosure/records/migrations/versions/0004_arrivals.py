"""Files taken from inboxes"""

import sqlalchemy as sa
from alembic import op

import disclosure.records.types

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "arrivals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("modified", sa.String(length=40), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("submission_id", sa.Integer(), nullable=True),
        sa.Column("refused_file_id", sa.Integer(), nullable=True),
        sa.Column("is_repeat", sa.Boolean(), nullable=False),
        sa.Column("taken_at", disclosure.records.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["sha256"], ["stored_files.sha256"], name=op.f("fk_arrivals_sha256")),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_arrivals_submission_id")),
        sa.ForeignKeyConstraint(["refused_file_id"], ["refused_files.id"], name=op.f("fk_arrivals_refused_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrivals")),
        sa.UniqueConstraint(
            "source", "file_name", "modified", "sha256", name=op.f("uq_arrivals_source_file_name_modified_sha256")
        ),
    )


def downgrade() -> None:
    op.drop_table("arrivals")
