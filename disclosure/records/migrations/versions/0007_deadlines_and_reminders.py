"""Deadlines that were moved, and reminders that were sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from disclosure.records.types import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deadline_moves",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("profile", sa.String(80), nullable=False),
        sa.Column("period_id", sa.String(80), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("milestone", sa.String(20), nullable=False),
        sa.Column("before", sa.Date(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("moved_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_deadline_moves_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadline_moves")),
        sa.UniqueConstraint("profile", "period_id", "number", name=op.f("uq_deadline_moves_profile_period_id_number")),
    )
    op.create_table(
        "reminders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("profile", sa.String(80), nullable=False),
        sa.Column("period_id", sa.String(80), nullable=False),
        sa.Column("milestone", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("updated_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_reminders_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminders")),
        sa.UniqueConstraint("key", name=op.f("uq_reminders_key")),
    )


def downgrade() -> None:
    op.drop_table("reminders")
    op.drop_table("deadline_moves")
