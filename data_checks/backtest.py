"""The audit run over figures that were published: how often each rule fired, and which slips it would have caught.

Rules that speak of handing in (complete, by the right centre) are left out: published figures have no centre and are
never complete. Each period sees only the periods before it, as it would have then.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from itertools import islice
from types import MappingProxyType

from data_checks.audit import AuditResult, audit_tables
from data_checks.tables import AuditRow, Tables, amounts
from data_checks.wording.causes import swaps
from data_checks.wording.violations import Key
from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog, Severity
from disclosure.figures.figures import Figure

#: Checks about the act of handing in.
HAND_IN = frozenset({"complete", "centre", "not_empty", "has_numbers", "not_provided"})
_EXAMPLES = 3


@dataclass
class RuleRecord:
    """How one rule fared over a history: comparisons made, comparisons without a counterpart, and findings."""

    rule: str
    name: str
    severity: Severity
    checked: int = 0
    skipped: int = 0
    errors: int = 0
    examples: list[str] = field(default_factory=list)
    fired: Counter[str] = field(default_factory=Counter)


@dataclass
class SlipRecord:
    """How one kind of slip fared: cases tried, found, found by a critical rule, and the causes told.

    ``told`` counts the causes that the slip brought, ``right`` those of them that name a figure that slipped.
    ``with_past`` are the cases in which the figure had a comparable one in an earlier period.
    """

    tried: int = 0
    found: int = 0
    with_past: int = 0
    found_with_past: int = 0
    critical: int = 0
    told: int = 0
    right: int = 0
    first: Counter[str] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)

    @property
    def recall(self) -> float:
        """Share of the cases that were found."""
        return self.found / self.tried if self.tried else 0.0

    @property
    def recall_with_past(self) -> float:
        """Share found of the cases in which the figure had a past."""
        return self.found_with_past / self.with_past if self.with_past else 0.0

    def add(self, other: SlipRecord) -> None:
        """Take in the cases of another history."""
        for name in ("tried", "found", "with_past", "found_with_past", "critical", "told", "right"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.first += other.first
        self.missed = (self.missed + other.missed)[:_EXAMPLES]

    @property
    def precision(self) -> float:
        """Share of the causes told that are the right ones."""
        return self.right / self.told if self.told else 0.0


@dataclass
class Backtest:
    """All rules over all periods; ``causes`` are the cause groups told, by worst severity."""

    figures: int = 0
    periods: int = 0
    rules: dict[str, RuleRecord] = field(default_factory=dict)
    causes: Counter[Severity] = field(default_factory=Counter)

    @property
    def comparisons(self) -> int:
        """Comparisons made by all rules."""
        return sum(rule.checked for rule in self.rules.values())

    def add(self, other: Backtest) -> None:
        """Take in the back-test of another history."""
        self.figures += other.figures
        self.periods += other.periods
        self.causes += other.causes
        for name, theirs in other.rules.items():
            mine = self.rules.setdefault(name, RuleRecord(name, theirs.name, theirs.severity))
            mine.checked += theirs.checked
            mine.skipped += theirs.skipped
            mine.errors += theirs.errors
            mine.fired += theirs.fired
            mine.examples = (mine.examples + theirs.examples)[:_EXAMPLES]


def backtest(catalog: Catalog, figures: Sequence[Figure]) -> Backtest:
    """Every rule over every dated period of ``figures``."""
    done = Backtest(figures=len(figures))
    for tables in periods(catalog, figures):
        result = audit_tables(tables)
        done.periods += 1
        for rule in result.rules:
            record = done.rules.setdefault(rule.rule, RuleRecord(rule.rule, rule.name, rule.severity))
            record.checked += rule.checked
            record.skipped += rule.skipped
            record.errors += bool(rule.error)
        for finding in result.findings:
            record = done.rules[finding.rule]
            record.fired[finding.severity] += 1
            if len(record.examples) < _EXAMPLES:
                record.examples.append(finding.message)
        for members in result.causes.values():
            done.causes[members[0].severity] += 1
    return done


def periods(catalog: Catalog, figures: Iterable[Figure]) -> Iterator[Tables]:
    """Tables of each dated period, the oldest first, with what was known before it."""
    rules = {name: rule for name, rule in catalog.rules.items() if rule.check not in HAND_IN}
    judged = replace(catalog, rules=MappingProxyType(rules))
    by_period: dict[Period, list[Figure]] = defaultdict(list)
    for figure in figures:
        if figure.period.kind != "special":
            by_period[figure.period].append(figure)
    known: list[Figure] = []
    for period in sorted(by_period, key=lambda each: (each.year, each.end_month)):
        now = by_period[period]
        yield Tables.of(judged, period, now, tuple(known), only=sorted({figure.indicator for figure in now}))
        known += now


# --- slips re-created ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Slip:
    """Tables with one slip of the field, and the figures that are wrong by it."""

    tables: Tables
    wrong: tuple[Key, ...]


def try_slips(catalog: Catalog, figures: Sequence[Figure], *, most: int = 400) -> dict[str, SlipRecord]:
    """Each kind of slip in every place of a history where it can happen, ``most`` cases of a kind in a period.

    What the rules say of the period as it was printed is not counted: only what the slip brought.
    """
    records = {kind: SlipRecord() for kind in SLIPS}
    for tables in periods(catalog, figures):
        before = audit_tables(tables)
        for kind, slips in SLIPS.items():
            for slip in islice(slips(tables), most):
                _record(records[kind], before, audit_tables(slip.tables), slip)
    return records


def _record(record: SlipRecord, before: AuditResult, after: AuditResult, slip: Slip) -> None:
    known = {(f.rule, f.region, f.indicator) for f in before.findings}
    new = [f for f in after.findings if (f.rule, f.region, f.indicator) not in known and f.severity != "info"]
    wrong = {"/".join(key) for key in slip.wrong}
    groups: dict[str, bool] = {}
    for finding in new:
        keys = {(finding.region, finding.indicator), *finding.involved}
        names = finding.cause_group in wrong or bool(keys & set(slip.wrong))
        groups[finding.cause_group] = groups.get(finding.cause_group, False) or names
    has_past = all(
        (row := slip.tables.row(region, name)) is not None and slip.tables.last_comparable(row) is not None
        for region, name in slip.wrong
    )
    record.tried += 1
    record.with_past += has_past
    record.told += len(groups)
    record.right += sum(groups.values())
    if any(groups.values()):
        record.found += 1
        record.found_with_past += has_past
        naming = [f for f in new if groups[f.cause_group]]
        record.critical += any(f.severity == "critical" for f in naming)
        record.first[naming[0].rule] += 1
    elif len(record.missed) < _EXAMPLES:
        record.missed.append(f"{slip.tables.period.id} {'、'.join(sorted(wrong))}")


def _changed(tables: Tables, rows: Sequence[AuditRow], values: Sequence[Decimal]) -> Slip:
    figures = list(tables.figures)
    for row, value in zip(rows, values, strict=True):
        figures[row.index] = replace(figures[row.index], value=value)
    changed = replace(tables, figures=tuple(figures))
    return Slip(changed, tuple((row.region, row.indicator_id) for row in rows))


def _times(power: int, base: str, tables: Tables) -> Iterator[Slip]:
    """Amounts in ``base`` (人 or 元) written for 10**``power`` times what they are."""
    for row, indicator, amount in amounts(tables):
        unit = tables.catalog.units[indicator.unit]
        if unit.base == base and amount.figure.value and indicator.kind != "derived":
            yield _changed(tables, [row], [amount.figure.value.scaleb(power)])


def _quarter_only(tables: Tables) -> Iterator[Slip]:
    """Yield the quarter's own amount under the heading of the year so far."""
    earlier = tables.period.previous_in_year()
    for row, indicator, amount in amounts(tables):
        before = tables.before(row.region, indicator.id, earlier)
        if indicator.kind == "flow" and not indicator.may_be_negative and before and amount.value > before.value:
            factor = tables.catalog.units[amount.figure.unit].factor
            yield _changed(tables, [row], [(amount.value - before.value) / factor])


def _shifted(tables: Tables) -> Iterator[Slip]:
    """Yield the numbers of one insurance and region, three or more, one cell further on; the last takes the first's."""
    groups: dict[Key, list[AuditRow]] = defaultdict(list)
    for row, indicator, _ in amounts(tables):
        if indicator.kind in ("stock", "flow"):
            groups[row.region, f"{indicator.insurance} {indicator.unit}"].append(row)
    for rows in groups.values():
        values = [row.figure.value for row in rows if row.figure and row.figure.value is not None]
        if len(values) == len(rows) >= 3 and len(set(values)) == len(values):
            yield _changed(tables, rows, [values[-1], *values[:-1]])


def _last_years(tables: Tables) -> Iterator[Slip]:
    """All stocks and flows of an insurance and region left as they were a period or a year ago."""
    for earlier in filter(None, (tables.period.previous(), tables.period.year_before())):
        groups: dict[Key, list[tuple[AuditRow, Decimal]]] = defaultdict(list)
        for row, indicator, amount in amounts(tables):
            before = tables.before(row.region, indicator.id, earlier)
            if indicator.kind in ("stock", "flow") and before is not None:
                factor = tables.catalog.units[amount.figure.unit].factor
                groups[row.region, indicator.insurance].append((row, before.value / factor))
        for pairs in groups.values():
            if any(row.figure and row.figure.value != value for row, value in pairs):
                yield _changed(tables, [row for row, _ in pairs], [value for _, value in pairs])


def _digits_swapped(tables: Tables) -> Iterator[Slip]:
    """Yield the first two digits that differ, exchanged."""
    for row, indicator, amount in amounts(tables):
        swapped = next(swaps(amount.figure.value or Decimal(0)), None)
        if swapped is not None and indicator.kind != "derived":
            yield _changed(tables, [row], [swapped])


def _sign(tables: Tables) -> Iterator[Slip]:
    for row, _, amount in amounts(tables):
        if amount.figure.value:
            yield _changed(tables, [row], [-amount.figure.value])


def _twice(tables: Tables) -> Iterator[Slip]:
    """Yield the same quantity printed again with one more in its last place."""
    for row, _, amount in amounts(tables):
        value = amount.figure.value or Decimal(0)
        again = replace(amount.figure, value=value + Decimal(1).scaleb(-amount.figure.decimals))
        yield Slip(replace(tables, figures=(*tables.figures, again)), ((row.region, row.indicator_id),))


#: The slips seen in print (see docs/decisions/010-thresholds.md), by the words of that record.
SLIPS: dict[str, Callable[[Tables], Iterator[Slip]]] = {
    "漏印“万”（人数缩小一万倍）": partial(_times, -4, "人"),
    "人数多写四位": partial(_times, 4, "人"),
    "元填入万元栏": partial(_times, 4, "元"),
    "亿元填入万元栏": partial(_times, -4, "元"),
    "多写一个零": partial(_times, 1, "元"),
    "少写一个零": partial(_times, -1, "元"),
    "当季数填作累计数": _quarter_only,
    "整行错开一格": _shifted,
    "沿用上期或去年的数": _last_years,
    "首两位数字颠倒": _digits_swapped,
    "正负号写反": _sign,
    "同一数据印两次且不同": _twice,
}
