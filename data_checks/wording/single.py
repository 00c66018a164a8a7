"""What is said of single figures, of sums of regions and of parts of a whole."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np

from data_checks.findings import messages
from data_checks.measures.evidence import Found
from data_checks.tables import Amount, AuditRow, Tables
from data_checks.wording import causes
from data_checks.wording.balances import stands
from data_checks.wording.suspects import FEW, come_near_their_past, could_balance
from data_checks.wording.violations import Violation, row_of, wording
from disclosure.catalog import Indicator
from disclosure.figures.figures import Figure

Arguments = Mapping[str, Any]


@wording
def complete(tables: Tables, _arguments: Arguments, found: Found) -> Violation:
    """Nothing was handed in, or neither a value nor a reason."""
    row = tables.at(found["row"])
    if row.figure is None:
        if tables.centre(row) in tables.excused_centres:
            centre_words = {"centre": _office(tables, tables.centre(row))}
            return Violation("complete.excused", row, centre_words, severity="info", kind="missing")
        return Violation("complete", row, kind="missing")
    key = "complete.empty" if row.figure.state == "reported" else "complete.no_reason"
    return Violation(key, row, {"state": messages()["words"][row.figure.state]})


@wording
def unique(tables: Tables, _arguments: Arguments, found: Found) -> Violation:
    """Handed in more than once; the other places are named."""
    row, columns = tables.at(found["row"]), tables.columns
    places = [int(place) for place in (columns.key == columns.key[row.index]).nonzero()[0]]
    others = messages()["list_of_places"].join(_place(tables.at(place)) for place in places if place != row.index)
    return Violation("unique", row, {"count": len(places), "others": others})


@wording
def known_region(tables: Tables, _arguments: Arguments, found: Found) -> Violation:
    """Not a region of the catalogue, or a county where only the whole is asked for."""
    row = tables.at(found["row"])
    if row.region not in tables.catalog.regions:
        return Violation("known_region", row, {"region_id": row.region})
    return Violation("known_region.whole_only", row, {"prefecture": tables.catalog.prefecture.name})


@wording
def known_indicator(tables: Tables, _arguments: Arguments, found: Found) -> Violation:
    """Not an indicator of the profile."""
    row = tables.at(found["row"])
    return Violation("known_indicator", row, {"indicator_id": row.indicator_id})


@wording
def unit(tables: Tables, _arguments: Arguments, found: Found) -> Violation:
    """Another unit than the catalogue's."""
    row = tables.at(found["row"])
    given, wanted = (row.figure.unit if row.figure else ""), (row.indicator.unit if row.indicator else "")
    return Violation("unit", row, {"unit": given, "unit_expected": wanted}, kind="form")


@wording
def centre(tables: Tables, _arguments: Arguments, found: Found) -> Violation:
    """Handed in by another centre."""
    row = tables.at(found["row"])
    given, wanted = (row.figure.centre if row.figure else ""), (row.indicator.centre if row.indicator else "")
    return Violation("centre", row, {"centre": _office(tables, given), "centre_expected": _office(tables, wanted)})


@wording
def not_empty(tables: Tables, _arguments: Arguments, _found: Found) -> Violation:
    """No figure at all."""
    return Violation("not_empty", None, {"period": tables.period.label})


@wording
def has_numbers(tables: Tables, _arguments: Arguments, _found: Found) -> Violation:
    """No number where numbers are asked for."""
    return Violation("has_numbers", None, {"period": tables.period.label})


@wording
def not_provided(tables: Tables, _arguments: Arguments, found: Found) -> Violation:
    """Not provided, for a reason."""
    row = tables.at(found["row"])
    return Violation("not_provided", row, {"reason": row.figure.text if row.figure else ""})


@wording
def form(tables: Tables, _arguments: Arguments, found: Found) -> Violation:
    """Text for a number, a number for text, or one that cannot be kept exactly."""
    row = tables.at(found["row"])
    figure = row.figure or Figure("", "", tables.period, "")
    given = figure.text if figure.value is None else str(figure.value)
    wanted = "text" if row.indicator is not None and row.indicator.kind == "text" else "number"
    key = "form.too_large" if tables.columns.too_large[row.index] else f"form.{wanted}"
    return Violation(key, row, value=given, kind="form")


@wording
def not_negative(tables: Tables, _arguments: Arguments, found: Found) -> Violation:
    """Below zero."""
    return Violation("not_negative", tables.at(found["row"]), kind="form")


@wording
def whole(tables: Tables, _arguments: Arguments, found: Found) -> Violation:
    """With a fraction of a person."""
    row, _, amount, _ = row_of(tables, found)
    own = tables.catalog.units[amount.figure.unit]
    in_ten_thousands = tables.catalog.find_unit(f"万{own.id}") is not None
    key = "whole" if in_ten_thousands and amount.value < 10000 else "whole.plain"
    return Violation(key, row, {"unit": own.id}, kind="form")


@wording
def within_limits(tables: Tables, _arguments: Arguments, found: Found) -> Violation:
    """Below the minimum or above the maximum."""
    row, indicator, amount, own = row_of(tables, found)
    key, limit = ("below_minimum", indicator.minimum) if found["below"] else ("above_maximum", indicator.maximum)
    off = (amount.value / own.factor - (limit or Decimal(0))) * own.factor
    words = {"limit": causes.with_unit(f"{limit:f}", own.id)}
    return Violation(key, row, words, difference=causes.printed(off, own), kind="form")


@wording
def decimals(tables: Tables, _arguments: Arguments, found: Found) -> Violation:
    """More decimals than are printed."""
    row, indicator, amount, _ = row_of(tables, found)
    count = {"decimals": amount.figure.decimals, "allowed": tables.catalog.decimals(indicator)}
    return Violation("decimals", row, count)


@wording
def county_sum(tables: Tables, _arguments: Arguments, found: Found) -> Violation:
    """Not the sum of its parts: why, and which of them may be wrong."""
    row, indicator, total, own = row_of(tables, found)
    catalog, columns = tables.catalog, tables.columns
    at = columns.first[columns.parts, columns.indicators[indicator.id]]
    places = at[(at >= 0) & np.append(columns.known, False)[at]]
    expected, tolerance = _sum_of(tables, indicator, row, places)
    excess = total.value - expected
    scale = int(columns.facts.scale[columns.indicators[indicator.id]])
    tried = places
    if len(places) > FEW:
        tried = places[could_balance(columns, places, int(excess * scale), float(tolerance * scale))]
    parts = [(part.region, part, part.amount) for part in map(tables.at, tried.tolist()) if part.amount is not None]
    amounts_here = (total, *(amount for *_, amount in parts))
    codes = (row.region, *(code for code, *_ in parts))
    cause = causes.of_difference(
        catalog,
        (catalog.prefecture.name, total.value, own),
        [(catalog.regions[code].name, a.value, catalog.units[a.figure.unit]) for code, _, a in parts],
        expected,
        tolerance,
        never_negative=[n for n, a in enumerate(amounts_here) if a.value >= 0 and not indicator.may_be_negative],
        stands=lambda place: stands(tables, codes[place], row.indicator_id),
    )
    culprit = codes[cause.place] if cause else ""
    text = cause.text if cause else ""
    if not culprit:
        near = places[come_near_their_past(columns, places, int(excess * scale))] if len(places) > FEW else places
        rows = [(part, part.amount) for part in map(tables.at, near.tolist()) if part.amount is not None]
        culprit, text = _odd_one_out(tables, indicator, rows, excess)
    return Violation(
        "county_sum",
        row,
        {"expected": causes.printed(expected, own)},
        difference=causes.printed(excess, own),
        cause=text,
        involved=tuple((columns.region_names[code], indicator.id) for code in columns.region[places].tolist()),
        culprit=(culprit, indicator.id) if culprit else None,
    )


def _sum_of(tables: Tables, indicator: Indicator, whole: AuditRow, places: np.ndarray) -> tuple[Decimal, Decimal]:
    """Return what the regions add up to, with as many decimals as are printed, and the most rounding can explain."""
    columns, units = tables.columns, tables.catalog.units
    step = Decimal(1) / int(columns.facts.scale[columns.indicators[indicator.id]])
    given = columns.named("unit")
    powers = [int(units[name].factor.as_tuple().exponent) if name in units else 0 for name in given.categories]
    finest = int((np.array(powers)[given.codes[places]] + columns.exponent[places]).min(initial=0))
    exact = int(columns.value[places].sum()) * step
    tolerance = (int(columns.place[whole.index]) + int(columns.place[places].sum())) * step / 2
    return exact.quantize(max(step, Decimal(1).scaleb(finest))), tolerance


def _odd_one_out(
    tables: Tables, indicator: Indicator, parts: list[tuple[AuditRow, Amount]], excess: Decimal
) -> tuple[str, str]:
    """Return the one region that is far from its own last comparable figure and near it once the sum is right.

    Its code, and the sentence that says so; empty texts when none or several are.
    """
    odd = []
    for row, amount in parts:
        comparable = tables.last_comparable(row)
        right = amount.value + excess
        if comparable and comparable[0] and abs(right - comparable[0]) < abs(amount.value - comparable[0]) / 4:
            odd.append((row.region, amount, right))
    if len(odd) != 1:
        return "", ""
    region, amount, right = odd[0]
    own = tables.catalog.units[indicator.unit]
    words = {"expected": causes.printed(right, own), "value": causes.printed(amount.value, own)}
    return region, str(messages()["causes"]["region"].format(what=tables.catalog.regions[region].name, **words))


@wording
def part_of_whole(tables: Tables, _arguments: Arguments, found: Found) -> Violation:
    """Larger than its whole.

    Where another part of the same whole may be negative, a larger part can be right and is only asked about.
    """
    row, indicator, part, own = row_of(tables, found)
    catalog = tables.catalog
    name = indicator.part_of or ""
    total = tables.now(row.region, name)
    expected = total.value if total else Decimal(0)
    siblings = (i for i in catalog.indicators.values() if i.part_of == name and i != indicator)
    return Violation(
        "part_of_whole",
        row,
        {"whole": catalog.indicators[name].name, "expected": causes.printed(expected, own)},
        difference=causes.printed(part.value - expected, own),
        severity="warning" if any(sibling.may_be_negative for sibling in siblings) else None,
        involved=((row.region, name),),
    )


def _place(row: AuditRow) -> str:
    figure = row.figure
    return (figure.source.label or figure.source.file_name or figure.printed) if figure else ""


def _office(tables: Tables, office: str) -> str:
    known = tables.catalog.offices.get(office)
    return known.name if known else f"“{office}”"
