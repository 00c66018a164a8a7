"""Ratios and means: a stated one against its definitions, and what a person's share can plausibly be.

A quotient is known to an interval only, because its figures are printed rounded; it is broken when that interval
and the stated figure's (or the bounds) do not meet.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from data_checks import causes
from data_checks.checking import Violation
from data_checks.findings import messages
from data_checks.identities import WideChecked
from data_checks.tables import Amount, Row, Tables
from disclosure.catalog import Indicator, Quotient, Ratio


@dataclass(frozen=True)
class Share:
    """One quotient at one region, in base units: ``least`` and ``most`` are what rounding allows."""

    name: str
    value: Decimal
    least: Decimal
    most: Decimal
    figures: tuple[Amount, ...]


def column(ratio: Ratio, insurance: str) -> str:
    """The name of a ratio's column in the wide table."""
    return f"{ratio.id}:{insurance}"


def columns(tables: Tables, ratio: Ratio) -> list[str]:
    """The wide columns of a ratio: one for every insurance whose first indicator is asked for in this period."""
    return [column(ratio, insurance) for insurance in ratio.for_each if _subject(tables, ratio, insurance)]


def check_ratio(tables: Tables, ratio: Ratio) -> WideChecked:
    """``ratio`` in every insurance and region that reports its figures."""
    done = WideChecked()
    for insurance in ratio.for_each:
        subject = _subject(tables, ratio, insurance)
        if subject is None:
            continue
        of_column = done.measures.setdefault(column(ratio, insurance), {})
        for region in tables.catalog.regions_for(subject):
            if not tables.looks_at((insurance, region.code)):
                continue
            found = [share_of(tables, quotient, insurance, region.code) for quotient in ratio.quotients]
            shares = [share for share in found if share is not None]
            stated = tables.now(region.code, subject.id) if ratio.stated else None
            if not shares or (ratio.stated and stated is None):
                done.skipped += 1
                continue
            done.compared += 1
            case = _Case(tables, ratio, subject, shares, stated)
            of_column[region.code] = case.wrong_by
            if case.wrong_by:
                row = tables.row(region.code, subject.id)
                done.violations.append(_violation(case, row))
    return done


def share_of(tables: Tables, quotient: Quotient, insurance: str, region: str) -> Share | None:
    """The quotient of this period's figures; None when one is missing, or nothing is divided or divided by."""
    numerators = _amounts(tables, quotient.numerator, insurance, region)
    denominators = _amounts(tables, quotient.denominator, insurance, region)
    if numerators is None or denominators is None:
        return None
    above, above_half = _sum(numerators)
    below, below_half = _sum(denominators)
    if above <= 0 or below - below_half <= 0:
        return None
    months = tables.period.end_month if quotient.per_month else 1
    return Share(
        quotient.name,
        above / below / months,
        max(Decimal(0), above - above_half) / (below + below_half) / months,
        (above + above_half) / (below - below_half) / months,
        (*numerators, *denominators),
    )


@dataclass(frozen=True)
class _Case:
    """A ratio at one region: its quotients that can be worked out, and the figure that states it (if any)."""

    tables: Tables
    ratio: Ratio
    subject: Indicator
    shares: list[Share]
    stated: Amount | None

    @property
    def best(self) -> Share:
        """The quotient that comes nearest."""
        return min(self.shares, key=self.off)

    @property
    def wrong_by(self) -> Decimal:
        """How far the nearest quotient is off."""
        return self.off(self.best)

    def off(self, share: Share) -> Decimal:
        """How far the interval of ``share`` and what it should meet are apart, 0 when they meet."""
        low, high = self.bounds
        if self.stated is not None:
            over = (self.stated.value - self.stated.half) - share.most * high
            under = share.least * low - (self.stated.value + self.stated.half)
        else:
            # A year's bounds: what is short of them in some months may still come, what is beyond them is too much.
            over, under = share.least - high, low - share.most * self.to_a_year
        return max(Decimal(0), over, under)

    @property
    def bounds(self) -> tuple[Decimal, Decimal]:
        """``low`` and ``high``, 1 for a ratio that must be met exactly."""
        return self.ratio.low or Decimal(1), self.ratio.high or Decimal(1)

    @property
    def to_a_year(self) -> Decimal:
        """By what to multiply a year-to-date quotient for a whole year."""
        first = self.tables.catalog.indicators[self.shares[0].figures[0].figure.indicator]
        return Decimal(12) / self.tables.period.end_month if first.kind == "flow" else Decimal(1)

    @property
    def unit(self) -> str:
        """``元/人``; nothing for a quotient of like things."""
        catalog, (above, *_, below) = self.tables.catalog, self.best.figures
        bases = [catalog.units[catalog.indicators[a.figure.indicator].unit].base for a in (above, below)]
        return "" if bases[0] == bases[1] else "/".join(bases)


def _violation(case: _Case, row: Row | None) -> Violation:
    figures = dict.fromkeys((a.figure.region, a.figure.indicator) for each in case.shares for a in each.figures)
    return Violation(
        "ratio.bounds" if case.stated is None else "ratio.stated",
        row,
        _words(case),
        value=causes.with_unit(_number(case.best.value), case.unit) if case.stated is None else "",
        cause=_cause(case),
        involved=tuple(key for key in figures if row is None or key != (row.region, row.indicator_id)),
    )


def _words(case: _Case) -> dict[str, object]:
    wording, glue = messages()["words"], messages()["list_of_places"]
    catalog, (low, high) = case.tables.catalog, case.bounds
    if case.stated is None:
        parts = (
            f"{catalog.indicators[a.figure.indicator].name} {causes.with_unit(a.figure.printed, a.figure.unit)}"
            for a in case.best.figures
        )
        bounds = {"low": f"{low:,f}", "high": causes.with_unit(f"{high:,f}", case.unit)}
        return {"name": case.best.name, "parts": glue.join(parts), **bounds}
    unit = catalog.units[case.subject.unit]
    tried = (
        wording["tried"].format(name=each.name, value=causes.with_unit(f"{each.value / unit.factor:,.2f}", unit.id))
        for each in case.shares
    )
    allowed = wording["times_of"].format(low=f"{low:f}", high=f"{high:f}") if low != high else ""
    return {"tried": glue.join(tried), "allowed": allowed}


def _cause(case: _Case) -> str:
    """A power of ten that would put it right; which of the figures carries it cannot be told from two numbers."""
    low, high = case.bounds
    if case.stated is None:
        value, low = case.best.value, low / case.to_a_year
    else:
        value = case.stated.value / case.best.value
        low, high = low * Decimal("0.99"), high * Decimal("1.01")
    power = causes.power_between(value, low, high, (4, -4, 8, -8, 2, -2, 1, -1))
    if not power:
        return ""
    words = messages()
    side = words["causes"]["too_large" if power > 0 else "too_small"]
    times = words["times"]["powers"][abs(power)]
    return str(words["causes"]["ratio_slip"].format(name=case.best.name, side=side, times=times))


def _amounts(tables: Tables, parts: tuple[str, ...], insurance: str, region: str) -> list[Amount] | None:
    found = [tables.now(region, tables.catalog.indicator_id(insurance, part)) for part in parts]
    known = [amount for amount in found if amount is not None]
    return known if len(known) == len(found) else None


def _sum(amounts: list[Amount]) -> tuple[Decimal, Decimal]:
    return sum((a.value for a in amounts), Decimal(0)), sum((a.half for a in amounts), Decimal(0))


def _subject(tables: Tables, ratio: Ratio, insurance: str) -> Indicator | None:
    """The indicator a finding is told at: the stated one, or the first of the numerator."""
    name = tables.catalog.indicator_id(insurance, ratio.stated or ratio.quotients[0].numerator[0])
    return tables.asked.get(name)


def _number(value: Decimal) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.3g}"
