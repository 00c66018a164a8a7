"""By which messenger and at which address people are reminded, and how each messenger does."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from disclosure.records.types import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("people") as people:
        people.add_column(sa.Column("messenger", sa.String(40), nullable=False, server_default=""))
        people.add_column(sa.Column("address", sa.String(254), nullable=False, server_default=""))
    # The defaults were for the rows that are there; the product writes every column itself.
    with op.batch_alter_table("people") as people:
        for column in ("messenger", "address"):
            people.alter_column(column, server_default=None)
    op.create_table(
        "messenger_states",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("profile", sa.String(80), nullable=False),
        sa.Column("messenger", sa.String(40), nullable=False),
        sa.Column("failing_since", UtcDateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("last_sent_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messenger_states")),
        sa.UniqueConstraint("profile", "messenger", name=op.f("uq_messenger_states_profile_messenger")),
    )


def downgrade() -> None:
    op.drop_table("messenger_states")
    with op.batch_alter_table("people") as people:
        people.drop_column("address")
        people.drop_column("messenger")
