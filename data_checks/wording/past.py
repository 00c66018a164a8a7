"""What is said of figures that are out of line with other periods, and of several that were copied or exchanged."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from data_checks.findings import messages
from data_checks.measures.evidence import Found
from data_checks.tables import Amount, AuditRow, Tables
from data_checks.wording import causes
from data_checks.wording.violations import Violation, keys_of, percent, row_of, wording
from data_checks.wording.weighing import weighed
from disclosure.calendar.periods import Period, parse_period
from disclosure.catalog import Unit

Arguments = Mapping[str, Any]


@wording
def never_falls(tables: Tables, _arguments: Arguments, found: Found) -> Violation:
    """Less than earlier in the year, or more than later in it."""
    row, _, amount, own = row_of(tables, found)
    period = Period(tables.period.year, found["against"])
    other = _before(tables, row, period)
    key = "never_falls" if period.end_month < tables.period.end_month else "never_falls.later"
    off = amount.value - other.value
    words = {
        "before_period": period.label,
        "before": causes.printed(other.value, own),
        "apart": causes.apart(abs(off), (amount.half, other.half), own),
    }
    difference = causes.apart(off, (amount.half, other.half), own)
    violation = Violation(key, row, words, difference=difference, kind="change")
    return weighed(tables, row, period, violation)


@wording
def stalled(tables: Tables, _arguments: Arguments, found: Found) -> Violation:
    """Hardly more than in the period before it in the year."""
    row, _, amount, own = row_of(tables, found)
    earlier = tables.period.previous_in_year() or tables.period
    before = _before(tables, row, earlier)
    words = {"before_period": earlier.label, "before": causes.printed(before.value, own)}
    difference = causes.apart(amount.value - before.value, (amount.half, before.half), own)
    return Violation("stalled", row, words, difference=difference, kind="change")


@wording
def jump(tables: Tables, arguments: Arguments, found: Found) -> Violation:
    """Far from the period before."""
    return _beyond(tables, arguments, found, "jump", tables.period.previous())


@wording
def growth(tables: Tables, arguments: Arguments, found: Found) -> Violation:
    """Far from the same period of last year."""
    return _beyond(tables, arguments, found, "growth", tables.period.year_before())


def _beyond(tables: Tables, arguments: Arguments, found: Found, key: str, period: Period | None) -> Violation:
    row, indicator, _, _ = row_of(tables, found)
    before = _before(tables, row, period)
    limit = Decimal(str(arguments["thresholds_by"][tables.dimension(indicator)]))
    slack = limit * abs(before.value)
    band = (before.value - slack, before.value + slack)
    return _changed(tables, row, before, key, limit=f"{limit:.0%}", band=band)


@wording
def unusual_growth(tables: Tables, _arguments: Arguments, found: Found) -> Violation:
    """Out of line with the series' own growth."""
    row, *_ = row_of(tables, found)
    before = _before(tables, row, tables.period.year_before())
    middle, allowed = found["middle"], found["allowed"]
    usual = f"{math.expm1(middle - allowed):+.1%} 至 {math.expm1(middle + allowed):+.1%}"
    low, high = (before.value * Decimal(math.exp(middle + side * allowed)) for side in (-1, 1))
    return _changed(tables, row, before, "unusual_growth", limit=usual, band=(low, high))


def _changed(
    tables: Tables, row: AuditRow, before: Amount, words_key: str, *, limit: str, band: tuple[Decimal, Decimal]
) -> Violation:
    """Return what a figure that moved too much since ``before`` is told, with a hint when two digits may be swapped."""
    own = tables.catalog.units[tables.catalog.indicators[row.indicator_id].unit]
    value, half = (row.amount.value, row.amount.half) if row.amount else (Decimal(0), Decimal(0))
    words = {
        "before_period": before.figure.period.label,
        "before": causes.printed(before.value, own),
        "change": percent(value - before.value, before.value),
        "limit": limit,
    }
    violation = Violation(
        words_key,
        row,
        words,
        difference=causes.apart(value - before.value, (half, before.half), own),
        cause=causes.of_change(value, own, before.value),
        kind="change",
        band=band,
    )
    return violation if violation.cause else weighed(tables, row, before.figure.period, violation)


@wording
def unchanged_standard(tables: Tables, _arguments: Arguments, found: Found) -> Violation:
    """Say that it is the same as last year, where it always changed."""
    before = tables.period.year_before() or tables.period
    words = {"before_period": before.label, "count": found["count"]}
    return Violation("unchanged_standard", tables.at(found["row"]), words, kind="copy")


@wording
def unit_slip(tables: Tables, _arguments: Arguments, found: Found) -> Violation:
    """About a power of ten times the last comparable figure."""
    row, indicator, amount, own = row_of(tables, found)
    expected, period = tables.last_comparable(row) or (Decimal(0), tables.period)
    words, power = messages()["times"], found["power"]
    before = causes.printed(expected, own)
    side = words["more"] if power > 0 else words["less"]
    name = words["powers"].get(abs(power)) or words["other"].format(power=abs(power))
    near = messages()["causes"]["near"].format(before=before, before_period=period.label)
    right = _shifted(amount.value, power, own)
    unit = tables.catalog.units[amount.figure.unit]
    violation = Violation(
        "unit_slip",
        row,
        {"before": before, "before_period": period.label, "times": side.format(power=name)},
        difference=causes.printed(amount.value - expected, own),
        cause=causes.of_power(tables.catalog, unit, power, indicator.name, right, near=near),
        kind="slip",
        power=power,
        band=(expected, expected),
    )
    return weighed(tables, row, period, violation, is_slip=True)


def _shifted(value: Decimal, power: int, unit: Unit) -> str:
    """``value`` (base units) without the 10**``power`` it has too many, as printed; 约 where that is not exact."""
    exact = value / unit.factor / Decimal(10) ** power
    rounded = exact.quantize(Decimal(1).scaleb(-unit.decimals), rounding=ROUND_HALF_UP)
    about = "" if exact == rounded else messages()["words"]["about"]
    return f"{about} {causes.printed(rounded * unit.factor, unit)}"


@wording
def copied(tables: Tables, _arguments: Arguments, found: Found) -> Violation:
    """Equal to an earlier period's, all of a group or most."""
    words = {"count": found["count"], "of": found["of"], "before_period": parse_period(found["earlier"]).label}
    key = "copied" if found["count"] == found["of"] else "copied.mostly"
    return Violation(key, tables.at(found["row"]), words, kind="copy", involved=keys_of(found))


@wording
def same_regions(tables: Tables, _arguments: Arguments, found: Found) -> Violation:
    """Say that they are the same figures as another region's."""
    names = [tables.catalog.regions[code].name for code in found["regions"]]
    also = messages()["list_of_places"].join(names[2:])
    words = {
        "count": found["count"] // (len(names) - 1),
        "other": names[0],
        "also": messages()["words"]["also"].format(names=also) if also else "",
    }
    return Violation("same_regions", tables.at(found["row"]), words, kind="copy", involved=keys_of(found))


@wording
def swapped(tables: Tables, _arguments: Arguments, found: Found) -> Violation:
    """Figures that seem to stand in each other's place."""
    row, catalog = tables.at(found["row"]), tables.catalog
    here = ((row.region, row.indicator_id), *keys_of(found))

    def name(key: tuple[str, str]) -> str:
        return catalog.regions[key[0]].name if found["over"] == "regions" else catalog.indicators[key[1]].name

    belongs = messages()["words"]["belongs"]
    pairs = messages()["list_of_places"].join(
        belongs.format(here=name(one), there=name((other[0], other[1])))
        for one, other in zip(here, found["belongs"], strict=True)
    )
    words = {"count": found["count"], "pairs": pairs}
    return Violation("swapped", row, words, kind="copy", involved=keys_of(found))


def _before(tables: Tables, row: AuditRow, period: Period | None) -> Amount:
    amount = tables.before(row.region, row.indicator_id, period)
    if amount is None:
        raise LookupError(f"{row.region} {row.indicator_id} {period}")
    return amount
