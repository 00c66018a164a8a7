"""Short words for what a migration creates; names of constraints follow the models' naming grammar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op


def create_table(name: str, *items: sa.schema.SchemaItem, has_id: bool = True) -> None:
    """Create a table, with a numbered ``id`` unless it has a key of its own."""
    own = [sa.Column("id", sa.Integer(), primary_key=True)] if has_id else []
    op.create_table(name, *own, *items)


def columns(kind: Any, *names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    """Return columns of one type."""
    return [sa.Column(name, kind, nullable=nullable) for name in names]


def strings(*, nullable: bool = False, **lengths: int) -> list[sa.Column[Any]]:
    """Return columns of text, by the length of each."""
    return [sa.Column(name, sa.String(length), nullable=nullable) for name, length in lengths.items()]


def references(*, nullable: bool = False, **tables: str) -> list[sa.Column[Any]]:
    """Return columns that refer to the ``id`` of a table."""
    keys = {name: sa.ForeignKey(f"{table}.id") for name, table in tables.items()}
    return [sa.Column(name, sa.Integer(), key, nullable=nullable) for name, key in keys.items()]


def choice(column: str, name: str, options: tuple[str, ...], *, nullable: bool = False) -> list[sa.schema.SchemaItem]:
    """Return a column that holds one of ``options``, and the constraint ``name`` that says so."""
    allowed = ", ".join(f"'{option}'" for option in options)
    check = sa.CheckConstraint(f"{column} IN ({allowed})", name=name)
    return [sa.Column(column, sa.String(20), nullable=nullable), check]


def create_partial_index(name: str, table: str, keys: Sequence[str], where: str) -> None:
    """Create a unique index over the rows that ``where`` holds of."""
    condition = sa.text(where)
    op.create_index(name, table, keys, unique=True, sqlite_where=condition, postgresql_where=condition)
