"""The openness catalogue at work; asks and decisions may be about one of its changes instead of a cycle."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from disclosure.records.types import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_ONE_SUBJECT = "(cycle_id IS NULL) <> (change_id IS NULL)"
_UNIQUE = {"asks": ["change_id", "round", "step", "number"], "decisions": ["change_id", "round", "gate"]}


def upgrade() -> None:
    op.create_table(
        "openness_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("profile", sa.String(80), nullable=False),
        sa.Column("cause", sa.String(20), nullable=False),
        sa.Column("source", sa.String(160), nullable=False),
        sa.Column("office", sa.String(60), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(20), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("driver_run_id", sa.String(36), nullable=True),
        sa.Column("opened_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_openness_changes_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_openness_changes")),
        sa.UniqueConstraint("profile", "cause", "source", name=op.f("uq_openness_changes_profile_cause_source")),
    )
    op.create_table(
        "openness_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("profile", sa.String(80), nullable=False),
        sa.Column("change_id", sa.Integer(), nullable=False),
        sa.Column("item", sa.String(2), nullable=False),
        sa.Column("element", sa.String(60), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("what", sa.String(200), nullable=False),
        sa.Column("changed_on", sa.Date(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("recorded_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["change_id"], ["openness_changes.id"], name=op.f("fk_openness_versions_change_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_openness_versions_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_openness_versions")),
        sa.UniqueConstraint(
            "profile", "item", "element", "number", name=op.f("uq_openness_versions_profile_item_element_number")
        ),
    )
    op.create_index(op.f("ix_openness_versions_change_id"), "openness_versions", ["change_id"])
    op.create_table(
        "openness_releases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("change_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("published_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["change_id"], ["openness_changes.id"], name=op.f("fk_openness_releases_change_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_openness_releases")),
        sa.UniqueConstraint("change_id", name=op.f("uq_openness_releases_change_id")),
    )
    op.create_table(
        "openness_confirmations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("change_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("confirmed_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["change_id"], ["openness_changes.id"], name=op.f("fk_openness_confirmations_change_id")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["openness_versions.id"], name=op.f("fk_openness_confirmations_version_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_openness_confirmations_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_openness_confirmations")),
        sa.UniqueConstraint("change_id", "version_id", name=op.f("uq_openness_confirmations_change_id_version_id")),
    )
    op.create_index(op.f("ix_openness_confirmations_version_id"), "openness_confirmations", ["version_id"])
    op.create_table(
        "openness_requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("profile", sa.String(80), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("item", sa.String(2), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("extended_on", sa.Date(), nullable=True),
        sa.Column("notice", sa.String(200), nullable=False),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("outcome", sa.String(40), nullable=False),
        sa.Column("registered_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_openness_requests")),
        sa.UniqueConstraint("profile", "number", name=op.f("uq_openness_requests_profile_number")),
    )
    for table, unique in _UNIQUE.items():
        with op.batch_alter_table(table) as altered:
            altered.alter_column("cycle_id", existing_type=sa.Integer(), nullable=True)
            altered.add_column(sa.Column("change_id", sa.Integer(), nullable=True))
            altered.create_foreign_key(op.f(f"fk_{table}_change_id"), "openness_changes", ["change_id"], ["id"])
            altered.create_unique_constraint(op.f(f"uq_{table}_{'_'.join(unique)}"), unique)
            altered.create_check_constraint(op.f(f"ck_{table}_one_subject"), _ONE_SUBJECT)


def downgrade() -> None:
    for table in reversed(_UNIQUE):
        op.execute(f"DELETE FROM {table} WHERE cycle_id IS NULL")  # noqa: S608 - our own names
        unique = _UNIQUE[table]
        with op.batch_alter_table(table) as altered:
            altered.drop_constraint(op.f(f"ck_{table}_one_subject"), type_="check")
            altered.drop_constraint(op.f(f"uq_{table}_{'_'.join(unique)}"), type_="unique")
            altered.drop_constraint(op.f(f"fk_{table}_change_id"), type_="foreignkey")
            altered.drop_column("change_id")
            altered.alter_column("cycle_id", existing_type=sa.Integer(), nullable=False)
    op.drop_table("openness_requests")
    op.drop_table("openness_confirmations")
    op.drop_table("openness_releases")
    op.drop_table("openness_versions")
    op.drop_table("openness_changes")
