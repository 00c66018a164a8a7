"""Column types that keep what we put in them exactly."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, get_args

from sqlalchemy import DateTime, Dialect, Enum, Numeric, String
from sqlalchemy.types import TypeDecorator, TypeEngine

#: How a choice is kept: as text of this length, with a CHECK.
_CHOICE: dict[str, Any] = {"native_enum": False, "create_constraint": True, "length": 20}


class ExactDecimal(TypeDecorator[Decimal]):
    """A Decimal with its printed decimals: ``100.00`` comes back as ``100.00``.

    PostgreSQL's unconstrained NUMERIC keeps the scale; SQLite has no decimals, so it gets text.
    """

    impl = String(60)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return NUMERIC on PostgreSQL, text on SQLite."""
        return dialect.type_descriptor(Numeric() if dialect.name == "postgresql" else String(60))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        """Write plain notation, never an exponent, and no minus before zero (PostgreSQL has none)."""
        if value is not None and value.is_zero():
            value = value.copy_abs()
        if value is None or dialect.name == "postgresql":
            return value
        return f"{value:f}"

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Return a Decimal again."""
        del dialect
        return None if value is None else Decimal(value)


class UtcDateTime(TypeDecorator[dt.datetime]):
    """A point in time, kept in UTC; a naive datetime is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Convert to UTC; SQLite keeps no zone, so it gets the bare UTC time."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be recorded")
        utc = value.astimezone(dt.UTC)
        return utc if dialect.name == "postgresql" else utc.replace(tzinfo=None)

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Return it aware, in UTC."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


def choice(name: str, options: Any) -> Enum:
    """Return the type of a column that holds one of ``options`` (a StrEnum or a ``Literal``), checked as ``name``."""
    if isinstance(options, type):
        return Enum(options, name=name, values_callable=lambda members: [m.value for m in members], **_CHOICE)
    return Enum(*get_args(options), name=name, **_CHOICE)
