"""Roles of people; a release's planned hour and the reviews an emergency sign-off went ahead of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from disclosure.records.types import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("people") as people:
        people.add_column(sa.Column("roles", sa.JSON(), nullable=True))
    with op.batch_alter_table("releases") as releases:
        releases.add_column(sa.Column("planned_for", UtcDateTime(timezone=True), nullable=True))
        releases.add_column(sa.Column("waived", sa.JSON(), nullable=True))
        releases.add_column(sa.Column("cleared_at", UtcDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("releases") as releases:
        releases.drop_column("cleared_at")
        releases.drop_column("waived")
        releases.drop_column("planned_for")
    with op.batch_alter_table("people") as people:
        people.drop_column("roles")
