"""Channels: what was staged where, what was live before, and releases that only some channels show"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_TEXTS = {"token": 200, "digest": 64, "before": 200}


def upgrade() -> None:
    with op.batch_alter_table("channel_deliveries", schema=None) as batch_op:
        for name, length in _TEXTS.items():
            batch_op.add_column(sa.Column(name, sa.String(length=length), nullable=False, server_default=""))
    with op.batch_alter_table("releases", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_partial", sa.Boolean(), nullable=False, server_default=sa.false()))
    # One row said both until now.
    op.execute("UPDATE channel_deliveries SET action = 'switch', state = 'done' WHERE state = 'live'")
    op.execute("UPDATE channel_deliveries SET action = 'stage', state = 'done' WHERE state = 'staged'")
    # The defaults were for the rows that are there; the product writes every column itself.
    with op.batch_alter_table("channel_deliveries", schema=None) as batch_op:
        for name in _TEXTS:
            batch_op.alter_column(name, server_default=None)
    with op.batch_alter_table("releases", schema=None) as batch_op:
        batch_op.alter_column("is_partial", server_default=None)


def downgrade() -> None:
    op.execute("DELETE FROM channel_deliveries WHERE action = 'undo'")
    op.execute("UPDATE channel_deliveries SET action = 'publish', state = 'live' WHERE action = 'switch'")
    op.execute(
        "DELETE FROM channel_deliveries WHERE action = 'stage' AND EXISTS (SELECT 1 FROM channel_deliveries AS other "
        "WHERE other.release_id = channel_deliveries.release_id AND other.channel = channel_deliveries.channel "
        "AND other.action = 'publish')"
    )
    op.execute("UPDATE channel_deliveries SET action = 'publish', state = 'staged' WHERE action = 'stage'")
    with op.batch_alter_table("releases", schema=None) as batch_op:
        batch_op.drop_column("is_partial")
    with op.batch_alter_table("channel_deliveries", schema=None) as batch_op:
        for name in _TEXTS:
            batch_op.drop_column(name)
