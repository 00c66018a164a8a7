"""Text sections arrive by inboxes too"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("arrivals", schema=None) as batch_op:
        batch_op.add_column(sa.Column("narrative_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_arrivals_narrative_id"), "narratives", ["narrative_id"], ["id"])


def downgrade() -> None:
    # What it was the arrival of is kept in narratives.
    op.execute("DELETE FROM arrivals WHERE narrative_id IS NOT NULL")
    with op.batch_alter_table("arrivals", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_arrivals_narrative_id"), type_="foreignkey")
        batch_op.drop_column("narrative_id")
