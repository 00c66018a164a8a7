"""Figures to show the product with: published ones a profile carries, or sample ones from a fixed seed.

Sample figures are exact fractions drawn from SHA-256, so every machine and Python version yields the
same; magnitudes and words stand in the profile's ``samples.yaml``. What the catalogue's identities tie
together is derived rather than drawn, so all of them hold to the last digit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

from pydantic import Field

from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog, Indicator, Region
from disclosure.collection.history.importer import import_table
from disclosure.confidentiality.cells.rules import rule_book
from disclosure.confidentiality.cells.structure import PublicStatement, build_structure
from disclosure.figures.figures import Figure, FigureSource
from disclosure.platform.errors import DisclosureError
from disclosure.platform.fact import Fact, read_fact
from disclosure.platform.yaml_source import load_document

SEEDED = "seeded"
FUND_TOTALS = ("income", "expenditure", "current_surplus", "accumulated_balance")
_HISTORY_YEARS = 4

T = TypeVar("T")


def demo_figures(catalog: Catalog, period: Period, only: Iterable[str] = ()) -> tuple[Figure, ...]:
    """Return all figures of ``period`` that the profile's demonstration has, in printed order.

    ``only`` (indicator ids, ``.*`` allowed) narrows a special cycle to what it was opened for.

    Raises:
        DisclosureError: when there are none for ``period``, or the profile's file of figures is faulty.
    """
    patterns = tuple(only)
    if catalog.profile.demo_figures == SEEDED:
        return tuple(_sampler(catalog).figures(period, patterns))
    published = _published(catalog)
    known = sorted({figure.period for figure in published}, key=_chronological)
    if period not in known:
        raise DisclosureError(
            f"{catalog.file(catalog.profile.demo_figures)} 中没有{period.label}的数据，"
            f"只有 {'、'.join(each.label for each in known)}，请改用其中之一。"
        )
    order = {indicator.id: n for n, indicator in enumerate(catalog.indicators_for(period, only=patterns))}
    wanted = [figure for figure in published if figure.period == period and figure.indicator in order]
    return tuple(sorted(wanted, key=lambda figure: order[figure.indicator]))


def list_unasked_figures(catalog: Catalog) -> tuple[Figure, ...]:
    """Return the published figures that the profile has and no cycle of theirs asks for."""
    if catalog.profile.demo_figures == SEEDED:
        return ()
    asked = {f.key for period in {f.period for f in _published(catalog)} for f in demo_figures(catalog, period)}
    return tuple(figure for figure in _published(catalog) if figure.key not in asked)


def demo_history(catalog: Catalog, period: Period) -> tuple[Figure, ...]:
    """Return all earlier figures that the demonstration of ``period`` should know, the oldest period first.

    Published figures: every earlier period of the file. Sample figures: the periods before it in its
    year, the end of last year, and the same period of the four years before; none for a special cycle.
    """
    if catalog.profile.demo_figures != SEEDED:
        published = _published(catalog)
        earlier = {f.period for f in published if _chronological(f.period) < _chronological(period)}
        return tuple(f for each in sorted(earlier, key=_chronological) for f in demo_figures(catalog, each))
    sampler = _sampler(catalog)
    first_year = sampler.samples.base_year + 1
    known = sorted((p for p in _earlier(period) if p.year >= first_year), key=_chronological)
    return tuple(figure for each in known for figure in _as_published(catalog, each, tuple(sampler.figures(each))))


def _as_published(catalog: Catalog, period: Period, figures: tuple[Figure, ...]) -> Iterator[Figure]:
    """Yield what a bureau that gives nobody away would have published of sample figures.

    Small figures are left out, and of an indicator with one small part the next smallest, or the sum would tell it.
    """
    statement = PublicStatement(period, {(figure.region, figure.indicator): figure for figure in figures})
    structure = build_structure(catalog, rule_book(catalog), (), statement)
    hidden = {place for place, number in structure.cells_of.items() if structure.table.cells[number].protection}
    for name in {indicator for region, indicator in hidden if region != catalog.prefecture.code}:
        left = (f for f in figures if f.indicator == name and (f.region, name) not in hidden and f.value is not None)
        # None is left where all of it is small.
        hidden.update((figure.region, name) for figure in sorted(left, key=lambda figure: figure.value or 0)[:1])
    return (figure for figure in figures if (figure.region, figure.indicator) not in hidden)


def _earlier(period: Period) -> set[Period]:
    if period.kind == "special":
        return set()
    found = {Period(period.year - back, period.kind) for back in range(1, _HISTORY_YEARS + 1)}
    found |= {each for each in (period.previous(), period.last_year_end()) if each}
    before = period.previous_in_year()
    while before:
        found.add(before)
        before = before.previous_in_year()
    return found


def _chronological(period: Period) -> tuple[int, int]:
    return (period.year, period.end_month)


def _published(catalog: Catalog) -> tuple[Figure, ...]:
    file = catalog.file(catalog.profile.demo_figures)
    try:
        report = import_table(file.read_bytes(), file.name, catalog)
    except OSError as error:
        raise DisclosureError(f"读不了示例数据文件 {file}：{error}") from error
    if report.unmatched:
        told = (row.sentence(catalog) for row in report.unmatched)
        raise DisclosureError("\n".join((f"{file} 没有全部导入，请先改正：", *told)))
    return report.figures


class SampleShare(Fact):
    """``percent`` per cent of the indicator ``of`` in the same region."""

    of: str
    percent: Decimal


class Level(Fact):
    """A standard that changes once a year: ``base`` in the base year, ``yearly_step`` more each year."""

    base: Decimal
    yearly_step: Decimal = Decimal(0)


class Fund(Fact):
    """One fund in 万元: yearly ``income``, ``balance`` at the base year's end.

    ``*_parts`` are per cent of the total; the part named ``*_rest`` takes what they leave.
    """

    income: Decimal
    balance: Decimal
    income_parts: dict[str, Decimal]
    income_rest: str = "contributions"
    expenditure_parts: dict[str, Decimal]
    expenditure_rest: str = "benefits"
    balance_parts: dict[str, Decimal] = Field(default_factory=dict)
    balance_rest: str = ""

    def division(self, total: str) -> tuple[dict[str, Decimal], str]:
        """Return the listed parts (per cent) and the part that takes the rest; none for a total without parts."""
        return {
            "income": (self.income_parts, self.income_rest),
            "expenditure": (self.expenditure_parts, self.expenditure_rest),
            "accumulated_balance": (self.balance_parts, self.balance_rest),
        }.get(total, ({}, ""))


class Samples(Fact):
    """``samples.yaml``: magnitudes at the end of ``base_year``, in the catalogue's units, and sample texts.

    ``yearly_growth`` is the least and the most that anything grows in a year, in per cent. ``weights`` are
    the sizes of the prefecture's parts, ``weights_for`` what differs from them in one insurance or indicator.
    """

    seed: str
    base_year: int
    yearly_growth: tuple[Decimal, Decimal]
    weights: dict[str, Decimal]
    weights_for: dict[str, dict[str, Decimal]]
    counts: dict[str, Decimal]
    sums: dict[str, tuple[str, ...]]
    shares: dict[str, SampleShare]
    ratios: dict[str, tuple[str, str]]
    levels: dict[str, Level]
    funds: dict[str, Fund]
    texts: dict[str, str]


def _sampler(catalog: Catalog) -> _Sampler:
    file = catalog.file("samples.yaml")
    return _Sampler(catalog, read_fact(Samples, load_document(file)), file)


@dataclass(frozen=True)
class _Sampler:
    """Sample values, each a function of its indicator, region and period alone."""

    catalog: Catalog
    samples: Samples
    file: Path
    #: Growth since the base year by (indicator, region, year), worked out once.
    year_ends: dict[tuple[str, str, int], Fraction] = field(default_factory=dict)

    def figures(self, period: Period, only: tuple[str, ...] = ()) -> Iterator[Figure]:
        if period.year <= self.samples.base_year:
            raise DisclosureError(
                f"示例数据从 {self.samples.base_year + 1} 年开始，没有{period.label}的数据，"
                f"请改用以后的期间，或改 {self.file} 的 base_year。"
            )
        for indicator in self.catalog.indicators_for(period, only=only):
            is_text = indicator.kind == "text"
            for region in self.catalog.regions_for(indicator):
                yield Figure(
                    region=region.code,
                    indicator=indicator.id,
                    period=period,
                    unit=indicator.unit,
                    value=None if is_text else self.value(indicator.id, region, period),
                    text=self._known(self.samples.texts, indicator.id) if is_text else "",
                    centre=indicator.centre,
                    source=FigureSource(file_name=self.file.name),
                )

    def value(self, name: str, region: Region, period: Period) -> Decimal:
        samples, indicator = self.samples, self.catalog.indicators[name]
        parts = self.catalog.parts_of_prefecture
        adds_up = name not in samples.levels and name not in samples.ratios
        if adds_up and indicator.by_county and region == self.catalog.prefecture and parts:
            return sum((self.value(name, part, period) for part in parts), Decimal(0))
        if name in samples.sums:
            return sum((self.value(part, region, period) for part in samples.sums[name]), Decimal(0))
        exact = self._exact(indicator, region, period)
        return self._of_fund(indicator, period) if exact is None else self._rounded(exact, indicator)

    def _exact(self, indicator: Indicator, region: Region, period: Period) -> Fraction | None:
        """Draw the value before rounding; None for what ``samples.yaml`` tells under ``funds`` or not at all."""
        samples, name = self.samples, indicator.id
        if name in samples.levels:
            level = samples.levels[name]
            return Fraction(level.base + level.yearly_step * (period.year - samples.base_year))
        if name in samples.ratios:
            above, below = (self.value(part, region, period) for part in samples.ratios[name])
            return Fraction(above) / Fraction(below)
        if name in samples.shares:
            share = samples.shares[name]
            percent = Fraction(share.percent) * (1 - self._draw(name, region.code) / 100)
            return Fraction(self.value(share.of, region, period)) * percent / 100
        if name in samples.counts:
            size = Fraction(samples.counts[name]) * self._weight(indicator, region)
            return size * self._index(indicator, region, period)
        return None

    def _of_fund(self, indicator: Indicator, period: Period) -> Decimal:
        insurance = indicator.insurance
        fund = self.samples.funds.get(insurance)
        head, _, part = indicator.id.removeprefix(f"{insurance}.").partition(".")
        if fund is None or head not in FUND_TOTALS:
            raise self._missing(indicator.id)
        if part:
            return self._of_division(fund, indicator, period)
        whole = self.catalog.prefecture
        if head == "income":
            return self._rounded(Fraction(fund.income) * self._index(indicator, whole, period), indicator)
        if head == "accumulated_balance":
            return self._rounded(Fraction(fund.balance) * self._index(indicator, whole, period), indicator)
        balance = self.catalog.indicators[f"{insurance}.accumulated_balance"]
        opening = Period(period.year - 1, "annual")
        surplus = self._of_fund(balance, period) - self._of_fund(balance, opening)
        if head == "current_surplus":
            return surplus
        return self._of_fund(self.catalog.indicators[f"{insurance}.income"], period) - surplus

    def _of_division(self, fund: Fund, indicator: Indicator, period: Period) -> Decimal:
        """Draw a part of a fund's total; the parts asked for in ``period`` add up to the total exactly."""
        total_id, _, part = indicator.id.rpartition(".")
        total = self._of_fund(self.catalog.indicators[total_id], period)
        percents, rest = fund.division(total_id.removeprefix(f"{indicator.insurance}."))
        if part in percents:
            # A part of a stock keeps its share, or it would jump from year to year.
            sway = 1 if indicator.kind == "stock" else Fraction(95, 100) + self._draw(indicator.id, period.year) / 10
            return self._rounded(Fraction(total) * Fraction(percents[part]) / 100 * sway, indicator)
        if part != rest:
            raise self._missing(indicator.id)
        asked = (i for i in self.catalog.indicators_for(period) if i.id.rpartition(".")[0] == total_id)
        listed = (i for i in asked if i.id != indicator.id)
        return total - sum((self._of_division(fund, each, period) for each in listed), Decimal(0))

    def _index(self, indicator: Indicator, region: Region, period: Period) -> Fraction:
        """Return what one unit of the base year has become: at the end of ``period``, or in it since 1 January."""
        before = self._year_end(indicator.id, region, period.year - 1)
        after = self._year_end(indicator.id, region, period.year)
        elapsed = self._elapsed(indicator.id, period)
        return after * elapsed if indicator.kind == "flow" else before + (after - before) * elapsed

    def _year_end(self, name: str, region: Region, year: int) -> Fraction:
        if year <= self.samples.base_year:
            return Fraction(1)
        key = (name, region.code, year)
        if key not in self.year_ends:
            self.year_ends[key] = self._year_end(name, region, year - 1) * (1 + self._growth(name, region, year))
        return self.year_ends[key]

    def _growth(self, name: str, region: Region, year: int) -> Fraction:
        # Regions grow nearly alike, or two of them could meet after some years and print the same number.
        place = (4 * self._draw(name, year) + self._draw(name, region.code, year)) / 5
        least, most = map(Fraction, self.samples.yearly_growth)
        return (least + (most - least) * place) / 100

    def _elapsed(self, name: str, period: Period) -> Fraction:
        """Return the part of a year's flow (or of a stock's growth) that has come by the end of ``period``."""
        if period.end_month == 12:
            return Fraction(1)
        return Fraction(period.end_month, 12) + (self._draw(name, period.id) - Fraction(1, 2)) / 20

    def _weight(self, indicator: Indicator, region: Region) -> Fraction:
        if region == self.catalog.prefecture:
            return Fraction(1)
        differs = self.samples.weights_for
        weights = {**self.samples.weights, **differs.get(indicator.insurance, {}), **differs.get(indicator.id, {})}
        parts = [self._known(weights, part.code) for part in self.catalog.parts_of_prefecture]
        return Fraction(weights[region.code]) / Fraction(sum(parts))

    def _rounded(self, exact: Fraction, indicator: Indicator) -> Decimal:
        decimals = self.catalog.decimals(indicator)
        return Decimal(round(exact * 10**decimals)).scaleb(-decimals)

    def _draw(self, *names: str | int) -> Fraction:
        """Draw a number from 0 up to 1 that depends on the seed and ``names`` alone."""
        digest = hashlib.sha256("|".join(map(str, (self.samples.seed, *names))).encode()).digest()
        return Fraction(int.from_bytes(digest[:4], "big"), 2**32)

    def _known(self, table: Mapping[str, T], key: str) -> T:
        if key not in table:
            raise self._missing(key)
        return table[key]

    def _missing(self, name: str) -> DisclosureError:
        return DisclosureError(f"{self.file} 中没有“{name}”的示例数据，请补上它的量级或文字。")
