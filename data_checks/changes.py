"""Checks between periods: year-to-date order, jumps, growth against a series' own history, slipped units."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from statistics import median

from data_checks import causes
from data_checks.checking import Checked, Violation, amounts, check, percent, threshold, thresholds
from data_checks.findings import messages
from data_checks.tables import Amount, Row, Tables
from disclosure.catalog import Indicator, Rule, Unit
from disclosure.periods import CycleKind, Period

#: A year's periods in the order in which year-to-date figures grow.
IN_A_YEAR: tuple[CycleKind, ...] = ("q1", "h1", "q3", "annual")
#: Makes the median absolute deviation comparable to a standard deviation.
MAD_SCALE = 1.4826


@check
def never_falls(tables: Tables, _rule: Rule) -> Checked:
    """Q1 ≤ H1 ≤ Q1-3 ≤ annual for year-to-date figures, but for items that may be negative.

    Compared with the nearest earlier period of the year that is known, and (when a published period is
    corrected) with the nearest later one.
    """
    done = Checked()
    for row, indicator, amount in amounts(tables):
        if indicator.kind != "flow" or indicator.may_be_negative or tables.period.kind == "special":
            continue
        beside = list(_beside(tables, row.region, indicator.id))
        if not beside:
            done.skipped += 1
            continue
        worst, key, other, period = Decimal(0), "", amount, tables.period
        for candidate, when in beside:
            is_earlier = when.end_month < tables.period.end_month
            fall = (candidate.value - amount.value) * (1 if is_earlier else -1)
            beyond = fall - candidate.half - amount.half
            if beyond > worst:
                worst, other, period = beyond, candidate, when
                key = "never_falls" if is_earlier else "never_falls.later"
        done.measure(row, worst)
        if worst:
            own = tables.catalog.units[indicator.unit]
            off = amount.value - other.value
            words = {
                "before_period": period.label,
                "before": causes.printed(other.value, own),
                "apart": causes.printed(abs(off), own),
            }
            difference = causes.printed(off, own)
            done.violations.append(Violation(key, row, words, difference=difference, kind="change"))
    return done


def _beside(tables: Tables, region: str, indicator: str) -> Iterator[tuple[Amount, Period]]:
    """The nearest known period before this one in its year, and the nearest after it."""
    place = IN_A_YEAR.index(tables.period.kind)
    for kinds in (reversed(IN_A_YEAR[:place]), IN_A_YEAR[place + 1 :]):
        for kind in kinds:
            period = Period(tables.period.year, kind)
            amount = tables.before(region, indicator, period)
            if amount is not None:
                yield amount, period
                break


@check
def stalled(tables: Tables, rule: Rule) -> Checked:
    """A year-to-date figure grew by less than ``share`` of its pace this year: not updated, or a quarter's own.

    Rounding is given the benefit of the doubt; figures below ``*_from`` and those that fell are left alone.
    """
    done = Checked()
    earlier = tables.period.previous_in_year()
    for row, indicator, amount in amounts(tables):
        if indicator.kind != "flow" or indicator.may_be_negative or earlier is None:
            continue
        before = tables.before(row.region, indicator.id, earlier)
        if before is None:
            done.skipped += 1
            continue
        months = tables.period.end_month
        rounding = amount.half + before.half
        grown = amount.value - before.value
        expected = amount.value * (months - earlier.end_month) / months * threshold(rule, "share")
        is_big = before.value >= max(Decimal(1), threshold(rule, f"{tables.dimension(indicator)}_from"))
        lacking = expected - grown - rounding if is_big and grown >= -rounding else Decimal(0)
        done.measure(row, max(Decimal(0), lacking))
        if lacking > 0:
            own = tables.catalog.units[indicator.unit]
            words = {"before_period": earlier.label, "before": causes.printed(before.value, own)}
            difference = causes.printed(grown, own)
            done.violations.append(Violation("stalled", row, words, difference=difference, kind="change"))
    return done


@check
def jump(tables: Tables, rule: Rule) -> Checked:
    """Stocks and standards against the period just before."""
    return _change(tables, rule, tables.period.previous(), ("stock", "level", "ratio"), "jump")


@check
def growth(tables: Tables, rule: Rule) -> Checked:
    """Stocks, flows and standards against the same period of last year."""
    return _change(tables, rule, tables.period.year_before(), ("stock", "flow", "level", "ratio"), "growth")


def _change(tables: Tables, rule: Rule, period: Period | None, kinds: tuple[str, ...], words_key: str) -> Checked:
    done = Checked()
    slipped = _slipped(tables)
    for row, indicator, amount in amounts(tables):
        if indicator.kind not in kinds or period is None:
            continue
        before = tables.before(row.region, indicator.id, period)
        if before is None:
            done.skipped += 1
            continue
        limit = threshold(rule, tables.dimension(indicator))
        change = abs(amount.value - before.value)
        # A slipped unit is one fault with its own rule; telling it again as growth would hide other growth.
        compared = _is_big(tables, rule, indicator, amount, before) and row.index not in slipped
        wrong_by = max(Decimal(0), change - limit * abs(before.value)) if compared else Decimal(0)
        done.measure(row, wrong_by)
        if wrong_by:
            slack = limit * abs(before.value)
            band = (before.value - slack, before.value + slack)
            done.violations.append(_changed(tables, row, before, words_key, limit=f"{limit:.0%}", band=band))
    return done


@check
def unusual_growth(tables: Tables, rule: Rule) -> Checked:
    """Growth over a year out of line with the series' own: beyond its median by ``deviations`` times its MAD.

    Growth is the logarithm of the ratio. At least ``at_least`` earlier yearly growths must be known; a series
    that hardly ever moved may still move by its dimension's limit.
    """
    done = Checked()
    period = tables.period.year_before()
    slipped = _slipped(tables)
    for row, indicator, amount in amounts(tables):
        if indicator.kind not in ("stock", "flow", "level", "ratio") or period is None:
            continue
        before = tables.before(row.region, indicator.id, period)
        past = [
            math.log(after / earlier)
            for earlier, after in tables.yearly_changes(row.region, indicator.id)
            if earlier > 0 and after > 0
        ]
        if before is None or before.value <= 0 or len(past) < threshold(rule, "at_least"):
            done.skipped += 1
            continue
        middle = median(past)
        spread = MAD_SCALE * median(abs(growth - middle) for growth in past)
        least = math.log1p(float(threshold(rule, tables.dimension(indicator))))
        allowed = max(least, float(threshold(rule, "deviations")) * spread)
        compared = amount.value > 0 and _is_big(tables, rule, indicator, amount, before) and row.index not in slipped
        off = abs(math.log(amount.value / before.value) - middle) - allowed if compared else 0
        # Nanos: the column that Great Expectations judges is exact, and this is no amount.
        wrong_by = Decimal(math.ceil(off * 10**9)) if off > 0 else Decimal(0)
        done.measure(row, wrong_by)
        if wrong_by:
            usual = f"{math.expm1(middle - allowed):+.1%} 至 {math.expm1(middle + allowed):+.1%}"
            low, high = (before.value * Decimal(math.exp(middle + side * allowed)) for side in (-1, 1))
            done.violations.append(_changed(tables, row, before, "unusual_growth", limit=usual, band=(low, high)))
    return done


def _is_big(tables: Tables, rule: Rule, indicator: Indicator, amount: Amount, before: Amount) -> bool:
    return max(abs(amount.value), abs(before.value)) >= threshold(rule, f"{tables.dimension(indicator)}_from")


def _changed(
    tables: Tables, row: Row, before: Amount, words_key: str, *, limit: str, band: tuple[Decimal, Decimal]
) -> Violation:
    """What a figure that moved too much since ``before`` is told, with a hint when two digits may be swapped."""
    own = tables.catalog.units[tables.catalog.indicators[row.indicator_id].unit]
    value = row.amount.value if row.amount else Decimal(0)
    words = {
        "before_period": before.figure.period.label,
        "before": causes.printed(before.value, own),
        "change": percent(value - before.value, before.value),
        "limit": limit,
    }
    return Violation(
        words_key,
        row,
        words,
        difference=causes.printed(value - before.value, own),
        cause=causes.of_change(value, own, before.value),
        kind="change",
        band=band,
    )


@check
def unchanged_standard(tables: Tables, rule: Rule) -> Checked:
    """A standard that changed every year so far, ``at_least`` times, and is the same as last year's."""
    done = Checked()
    period = tables.period.year_before()
    for row, indicator, amount in amounts(tables):
        if indicator.kind != "level" or period is None:
            continue
        before = tables.before(row.region, indicator.id, period)
        past = tables.yearly_changes(row.region, indicator.id)
        if before is None or len(past) < threshold(rule, "at_least"):
            done.skipped += 1
            continue
        is_kept = amount.value == before.value and all(earlier != after for earlier, after in past)
        done.measure(row, is_kept)
        if is_kept:
            words = {"before_period": period.label, "count": len(past)}
            done.violations.append(Violation("unchanged_standard", row, words, kind="copy"))
    return done


@check
def unit_slip(tables: Tables, rule: Rule) -> Checked:
    """Numbers about 10**k times the last comparable ones, for the powers k of the rule, up or down.

    ``band`` is how far, in powers of ten, the ratio may lie from 10**k; figures whose comparable number
    is below ``*_from`` are left alone, since small numbers do change tenfold.
    """
    done = Checked()
    catalog = tables.catalog
    words = messages()["times"]
    powers = [int(sign * power) for power in thresholds(rule, "powers") for sign in (1, -1)]
    band = float(threshold(rule, "band"))
    for row, indicator, amount in amounts(tables):
        if indicator.kind == "derived":
            continue
        comparable = tables.last_comparable(row.region, indicator)
        if comparable is None:
            done.skipped += 1
            continue
        expected, period = comparable
        power = 0
        if amount.value and abs(expected) >= max(threshold(rule, f"{tables.dimension(indicator)}_from"), Decimal(1)):
            logarithm = math.log10(abs(amount.value / expected))
            power = next((k for k in powers if abs(logarithm - k) <= band), 0)
        done.measure(row, power)
        if power:
            own = catalog.units[indicator.unit]
            before = causes.printed(expected, own)
            side = words["more"] if power > 0 else words["less"]
            name = words["powers"].get(abs(power)) or words["other"].format(power=abs(power))
            times = side.format(power=name)
            near = messages()["causes"]["near"].format(before=before, before_period=period.label)
            right = _shifted(amount.value, power, own)
            cause = causes.of_power(catalog, catalog.units[amount.figure.unit], power, indicator.name, right, near=near)
            done.violations.append(
                Violation(
                    "unit_slip",
                    row,
                    {"before": before, "before_period": period.label, "times": times},
                    difference=causes.printed(amount.value - expected, own),
                    cause=cause,
                    kind="slip",
                    power=power,
                    band=(expected, expected),
                )
            )
    return done


def _shifted(value: Decimal, power: int, unit: Unit) -> str:
    """``value`` (base units) without the 10**``power`` it has too many, as printed; 约 where that is not exact."""
    exact = value / unit.factor / Decimal(10) ** power
    rounded = exact.quantize(Decimal(1).scaleb(-unit.decimals), rounding=ROUND_HALF_UP)
    about = "" if exact == rounded else messages()["words"]["about"]
    return f"{about} {causes.printed(rounded * unit.factor, unit)}"


def _slipped(tables: Tables) -> set[int]:
    """Rows that a rule on slipped units reports."""
    rules = (rule for rule in tables.catalog.rules.values() if rule.check == unit_slip.__name__)
    return {v.row.index for rule in rules for v in unit_slip(tables, rule).violations if v.row}
