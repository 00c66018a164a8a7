"""Findings: one cause, what was said before, and the same finding through rounds"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("findings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("suggestion", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("cause_group", sa.String(length=200), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("involved", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("follows_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_findings_follows_id"), "findings", ["follows_id"], ["id"])
    # The defaults were for the rows that are there; the product writes every column itself.
    with op.batch_alter_table("findings", schema=None) as batch_op:
        for column in ("suggestion", "cause_group", "involved"):
            batch_op.alter_column(column, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("findings", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_findings_follows_id"), type_="foreignkey")
        for column in ("follows_id", "involved", "cause_group", "suggestion"):
            batch_op.drop_column(column)
