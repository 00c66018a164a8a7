"""What every check is made of: violations, what was compared, thresholds from YAML, and the list of checks.

A check is a pure function from tables and a rule's thresholds to violations. It is found by the ``check`` of a
rule in ``rules.yaml``; it knows no rule id and no severity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from data_checks.findings import messages
from data_checks.tables import Amount, Row, Tables
from disclosure.catalog import Indicator, Rule, Severity
from disclosure.figures import Figure

#: A figure of the period: region and indicator id.
Key = tuple[str, str]

#: What kind of mistake a violation may show, so that one cause is told once. ``slip`` a unit or a digit too many,
#: ``change`` out of line with the past, ``missing``, ``form`` wrong in itself, ``copy`` several figures together.
Kind = Literal["", "slip", "change", "missing", "form", "copy"]


@dataclass(frozen=True)
class Violation:
    """One broken expectation, with the words its sentence needs.

    ``words_key`` is a key of ``checks`` in ``messages.yaml``; ``severity`` replaces the rule's where the
    case is milder; ``cause`` the general one where the numbers tell more; ``row`` is None when it is
    about the whole table. ``involved`` are the other figures that took part, ``culprit`` the one that the
    numbers blame, ``power`` by which power of ten, ``band`` the bounds it was expected in (base units).
    """

    words_key: str
    row: Row | None
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


@dataclass
class Checked:
    """What a check did; ``measures`` holds, for checks that Great Expectations cannot express on the plain
    columns, the exact amount by which each row it compared is wrong (0 when it is right)."""

    compared: int = 0
    skipped: int = 0
    violations: list[Violation] = field(default_factory=list)
    measures: dict[int, Decimal] = field(default_factory=dict)

    def measure(self, row: Row, wrong_by: Decimal | int = 0) -> None:
        """Row ``row`` was compared and is wrong by ``wrong_by``."""
        self.compared += 1
        self.measures[row.index] = Decimal(wrong_by)


Check = Callable[[Tables, Rule], Checked]
CHECKS: dict[str, Check] = {}


def check(function: Check) -> Check:
    """Make a check known by its function's name."""
    CHECKS[function.__name__] = function
    return function


def threshold(rule: Rule, name: str) -> Decimal:
    """A number among the rule's parameters; KeyError when the YAML lacks it."""
    value = rule.parameters[name]
    if isinstance(value, list):
        raise TypeError(f"{rule.id} parameters.{name}")
    return value


def thresholds(rule: Rule, name: str) -> list[Decimal]:
    """A list of numbers among the rule's parameters."""
    value = rule.parameters[name]
    if not isinstance(value, list):
        raise TypeError(f"{rule.id} parameters.{name}")
    return value


def present(tables: Tables, counted: Checked | None = None) -> Iterator[Row]:
    """Rows that were handed in, counted as compared where ``counted`` is given."""
    for row in tables.rows:
        if row.figure is not None:
            if counted is not None:
                counted.compared += 1
            yield row


def numeric(tables: Tables) -> Iterator[tuple[Row, Figure, Indicator]]:
    """Rows handed in for indicators that are numbers."""
    for row in tables.rows:
        if row.figure is not None and row.indicator is not None and row.indicator.kind != "text":
            yield row, row.figure, row.indicator


def amounts(tables: Tables) -> Iterator[tuple[Row, Indicator, Amount]]:
    """Rows with a finite number in a unit of their indicator."""
    for row in tables.rows:
        if row.indicator is not None and row.amount is not None:
            yield row, row.indicator, row.amount


def percent(change: Decimal, before: Decimal) -> str:
    """``+12.5%``, or words where there was nothing before."""
    if not before:
        return str(messages()["words"]["and_zero"])
    return f"{change / abs(before):+.1%}"
