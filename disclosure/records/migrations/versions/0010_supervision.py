"""Looks of the supervision, and what they found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from disclosure.records.types import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "supervision_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("profile", sa.String(80), nullable=False),
        sa.Column("flow_run_id", sa.String(36), nullable=False),
        sa.Column("started_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("finished_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("mended", sa.Integer(), nullable=False),
        sa.Column("left", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervision_runs")),
    )
    op.create_index(op.f("ix_supervision_runs_profile"), "supervision_runs", ["profile"])
    op.create_table(
        "supervision_findings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("profile", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("cycle_id", sa.Integer(), nullable=True),
        sa.Column("run_id", sa.String(36), nullable=False),
        sa.Column("first_seen", UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_seen", UtcDateTime(timezone=True), nullable=False),
        sa.Column("mended_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("settled_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycles.id"], name=op.f("fk_supervision_findings_cycle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervision_findings")),
    )
    op.create_index(
        "uq_supervision_findings_open",
        "supervision_findings",
        ["profile", "kind", "subject"],
        unique=True,
        sqlite_where=sa.text("settled_at IS NULL"),
        postgresql_where=sa.text("settled_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("supervision_findings")
    op.drop_table("supervision_runs")
