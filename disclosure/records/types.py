"""Column types that keep what we put in them exactly."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import DateTime, Dialect, Numeric, String
from sqlalchemy.types import TypeDecorator, TypeEngine


class ExactDecimal(TypeDecorator[Decimal]):
    """A Decimal with its printed decimals: ``100.00`` comes back as ``100.00``.

    PostgreSQL's unconstrained NUMERIC keeps the scale; SQLite has no decimals, so it gets text.
    """

    impl = String(60)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """NUMERIC on PostgreSQL, text on SQLite."""
        return dialect.type_descriptor(Numeric() if dialect.name == "postgresql" else String(60))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        """Plain notation, never an exponent, and no minus before zero (PostgreSQL has none)."""
        if value is not None and value.is_zero():
            value = value.copy_abs()
        if value is None or dialect.name == "postgresql":
            return value
        return f"{value:f}"

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Back to Decimal."""
        del dialect
        return None if value is None else Decimal(value)


class UtcDateTime(TypeDecorator[dt.datetime]):
    """A point in time, kept in UTC; a naive datetime is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """To UTC; SQLite keeps no zone, so it gets the bare UTC time."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be recorded")
        utc = value.astimezone(dt.UTC)
        return utc if dialect.name == "postgresql" else utc.replace(tzinfo=None)

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Always aware, in UTC."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)
