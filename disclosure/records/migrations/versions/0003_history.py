"""Where imported figures are from, and which replaced which"""

import sqlalchemy as sa
from alembic import op

import disclosure.records.types

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("observations") as observations:
        observations.add_column(sa.Column("provenance", sa.JSON(), nullable=True))
        # A file imported again under a corrected alias may give another value for the same figure; both are kept.
        observations.drop_constraint("uq_observations_import_id_period_id_region_indicator", type_="unique")
    op.create_table(
        "replacements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("old_id", sa.Integer(), nullable=False),
        sa.Column("new_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("replaced_at", disclosure.records.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["new_id"], ["observations.id"], name=op.f("fk_replacements_new_id")),
        sa.ForeignKeyConstraint(["old_id"], ["observations.id"], name=op.f("fk_replacements_old_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replacements")),
    )


def downgrade() -> None:
    op.drop_table("replacements")
    with op.batch_alter_table("observations") as observations:
        observations.create_unique_constraint(
            "uq_observations_import_id_period_id_region_indicator", ["import_id", "period_id", "region", "indicator"]
        )
        observations.drop_column("provenance")
