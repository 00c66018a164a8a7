"""A broken rule at one place with the words its sentence needs; each kind of rule has one function that makes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from data_checks.findings import messages
from data_checks.measures.evidence import Found
from data_checks.tables import Amount, AuditRow, Tables
from disclosure.catalog import Indicator, Severity, Unit

#: A figure of the period: region and indicator id.
Key = tuple[str, str]

#: What kind of mistake a violation may show, so that one cause is told once. ``slip`` a unit or a digit too many,
#: ``change`` out of line with the past, ``missing``, ``form`` wrong in itself, ``copy`` several figures together,
#: ``past`` an earlier figure that is doubted.
Kind = Literal["", "slip", "change", "missing", "form", "copy", "past"]


@dataclass(frozen=True)
class Violation:
    """One broken expectation, with the words its sentence needs.

    ``words_key`` is a key of ``checks`` in ``words.yaml``; ``severity`` replaces the rule's where the
    case is milder; ``cause`` the general one where the numbers tell more; ``row`` is None when it is
    about the whole table. ``involved`` are the other figures that took part, ``culprit`` the one that the
    numbers blame, ``power`` by which power of ten, ``band`` the bounds it was expected in (base units).
    ``doubted`` are the ids of the periods whose figure may be the wrong one, where that is not this one alone.
    """

    words_key: str
    row: AuditRow | None
    words: Mapping[str, object] = field(default_factory=dict)
    value: str = ""
    difference: str = ""
    cause: str = ""
    severity: Severity | None = None
    kind: Kind = ""
    involved: tuple[Key, ...] = ()
    culprit: Key | None = None
    power: int = 0
    band: tuple[Decimal, Decimal] | None = None
    doubted: tuple[str, ...] = ()


#: From the tables, a rule's arguments and what was found at one place.
Wording = Callable[[Tables, Mapping[str, Any], Found], Violation]
WORDINGS: dict[str, Wording] = {}


def wording(function: Wording) -> Wording:
    """Make known what a check (by the function's name) says."""
    WORDINGS[function.__name__] = function
    return function


def row_of(tables: Tables, found: Found) -> tuple[AuditRow, Indicator, Amount, Unit]:
    """Return a row that has an amount, with its indicator and unit."""
    row = tables.at(found["row"])
    if row.indicator is None or row.amount is None:
        raise LookupError(f"{row.region} {row.indicator_id}")
    return row, row.indicator, row.amount, tables.catalog.units[row.indicator.unit]


def keys_of(found: Found) -> tuple[Key, ...]:
    """Return the other figures of a group."""
    return tuple((region, indicator) for region, indicator in found["with"])


def percent(change: Decimal, before: Decimal) -> str:
    """``+12.5%``, or words where there was nothing before."""
    if not before:
        return str(messages()["words"]["and_zero"])
    return f"{change / abs(before):+.1%}"
