"""Tables whose findings are kept as data: single corruptions, many at once, random changes, published figures."""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any

from data_checks.backtest import SLIPS, periods
from data_checks.findings import AuditResult
from data_checks.tables import Tables
from disclosure.calendar.periods import Period
from disclosure.catalog import PROFILES, Catalog, Region
from disclosure.figures.figures import Figure, FigureSource
from disclosure.simulation.demo_errors import seeded_errors, with_errors
from disclosure.simulation.demo_figures import demo_figures, demo_history
from tests.support.corruptions import BASE, CATALOGS, WIDER, about_figures, corruptions_of, good, side_by_side
from tests.support.given import given
from tests.support.real_history import real_series

KEPT = Path(__file__).parents[1] / "data" / "audit" / "findings_kept.json"
#: One with many indicators by county.
INSURANCE = "employee_medical"
Case = tuple[str, Tables]
#: Thresholds that have changed since, by rule.
THRESHOLDS_THEN: dict[str, dict[str, Decimal]] = {"R72": {"all_from": Decimal(5)}}
#: Rules that came since.
NOT_THEN = frozenset({"R75", "R76", "R77", *(f"R{number}" for number in range(301, 316))})
_SMALL = ("unemployment", "work_injury")
#: Bounds that have changed since, by ratio.
RATIOS_THEN: dict[str, dict[str, object]] = {
    name: {"low": Decimal(low), "high": Decimal(high), "per": {}, **more}
    for name, low, high, more in (
        ("R33", "800", "90000", {}),
        ("R34", "600", "90000", {}),
        ("R35", "40", "15000", {}),
        ("R36", "40", "15000", {}),
        ("R37", "20", "4000", {"name": "人均基金收入（失业与工伤）", "for_each": _SMALL}),
        ("R38", "10", "4000", {"name": "人均基金支出（失业与工伤）", "for_each": _SMALL}),
        ("R46", "0.0005", "0.3", {}),
    )
}
#: What can be put in a figure's place: numbers people print, and some nobody does.
ODD = [Decimal(x) for x in ("0", "-0.00", "NaN", "1.0727E+6", "-12.34", "98765432.10", "0.5", "7")]


def cases() -> Iterator[Case]:
    """Every case by its name."""
    for profile, catalog in CATALOGS.items():
        shared = about_figures(catalog_then(WIDER))
        for number, fact in about_figures(catalog_then(catalog)).items():
            if profile == "chuxiong" or shared.get(number) != fact:
                for place, corrupt in enumerate(islice(corruptions_of(good(profile), fact), 2)):
                    yield f"{profile} {number} {place}", corrupt.tables
    for skip in (0, 3):
        yield f"side by side {skip}", side_by_side(skip=skip, but=NOT_THEN)[0]
    yield from seeded()
    for seed in range(3):
        yield f"many regions {seed}", in_many_regions(seed)
    yield "few regions", in_many_regions(7, count=8)
    yield from random_cases()
    yield from published()


def seeded() -> Iterator[Case]:
    """The seeded errors of the demonstration."""
    errors = seeded_errors(PROFILES / "chuxiong")
    for period in (Period(2025, "q1"), Period(2025, "annual")):
        history = demo_history(BASE, period)
        figures = with_errors(BASE, demo_figures(BASE, period), history, errors)
        yield f"seeded {period.id}", Tables.of(BASE, period, figures, history)
        yield f"seeded {period.id} first report", Tables.of(BASE, period, figures)


def published() -> Iterator[Case]:
    """Published figures as they were printed, and with slips."""
    for name, catalog, figures in real_series():
        for tables in periods(catalog, figures):
            yield f"{name} {tables.period.id}", tables
            for kind, slips in SLIPS.items():
                for slip in islice(slips(tables), 1, 2):
                    yield f"{name} {tables.period.id} {kind}", slip.tables


@cache
def small() -> Tables:
    """A quarter's figures of two insurances with four years before it."""
    period = Period(2025, "q3")
    only = ("unemployment.*", "resident_pension.*")
    wanted = demo_figures(BASE, period, only)
    names = {figure.indicator for figure in wanted}
    history = [figure for figure in demo_history(BASE, period) if figure.indicator in names]
    return Tables.of(BASE, period, wanted, history, only=only)


def random_cases(count: int = 30) -> Iterator[Case]:
    """``small`` with a few changes now and in the past."""
    tables = small()
    last_year = {f.key[:2]: f for f in tables.history if f.period == tables.period.year_before()}
    for seed in range(count):
        chance = random.Random(seed)  # noqa: S311 - a repeatable walk, no secret
        figures, history = list(tables.figures), list(tables.history)[:: 1 + seed % 4]
        change(figures, chance, last_year)
        change(history, chance, last_year)
        yield f"random {seed}", Tables.of(BASE, tables.period, figures, history, only=tables.only)


def change(figures: list[Figure], chance: random.Random, before: dict[tuple[str, str], Figure]) -> None:
    """Change up to a dozen of ``figures``."""
    for _ in range(chance.randrange(12)):
        place = chance.randrange(len(figures))
        figure = figures[place]
        earlier = before.get(figure.key[:2])
        fields: dict[str, Any] = chance.choice(
            [
                {"value": chance.choice([None, *ODD, Decimal(chance.randrange(10**9)) / 100])},
                {"value": figure.value.scaleb(chance.choice([-8, -4, -2, -1, 1, 2, 4])) if figure.value else None},
                {"value": earlier.value if earlier else figure.value},
                {"unit": chance.choice(["人", "万人", "万元", "元", "亿元", "%", "斤"])},
                {"state": chance.choice(["reported", "not_provided", "not_applicable"])},
                {"text": chance.choice(["", " ", "系统升级"])},
                {"region": chance.choice(["999999", *list(BASE.regions)[:3]])},
                {"indicator": chance.choice(["unheard.of", "unemployment.income"])},
                {"centre": chance.choice(["medical_centre", ""])},
            ]
        )
        figures[place] = replace(figure, **fields)


def with_regions(count: int) -> Catalog:
    """The catalogue with so many counties."""
    whole = BASE.prefecture
    counties = {str(540000 + n): Region(code=str(540000 + n), name=f"第{n}县", level="county") for n in range(count)}
    return replace(BASE, regions=MappingProxyType({whole.code: whole, **counties}))


def in_many_regions(seed: int, count: int = 120) -> Tables:
    """Figures of one insurance in many regions, some far from their past, some exchanged or copied."""
    catalog, chance = with_regions(count), random.Random(seed)  # noqa: S311 - a repeatable walk, no secret
    period, earlier = Period(2025, "annual"), Period(2024, "annual")
    names = [i for i in catalog.indicators_for(period) if i.insurance == INSURANCE and i.by_county and i.kind != "text"]
    now: dict[tuple[str, str], Figure] = {}
    past: list[Figure] = []
    for indicator in names:
        for place, region in enumerate(catalog.parts_of_prefecture):
            last = Decimal(1000 + chance.randrange(10**6))
            value = (last * Decimal(chance.uniform(0.85, 1.4))).quantize(Decimal(1))
            named: dict[str, Any] = {"centre": indicator.centre, "source": FigureSource(sheet="表", cell=f"D{place}")}
            figure = Figure(region.code, indicator.id, period, indicator.unit, value, **named)
            now[figure.key[:2]] = figure
            past.append(replace(figure, period=earlier, value=last))
    codes = [region.code for region in catalog.parts_of_prefecture]
    of_past = {figure.key[:2]: figure for figure in past}
    for indicator in names:
        for _ in range(2):
            one, other = chance.sample(codes, 2)
            for here, there in ((one, other), (other, one)):
                value = given(of_past[there, indicator.id].value) * Decimal(chance.choice(["1.01", "0.99", "1.2"]))
                now[here, indicator.id] = replace(now[here, indicator.id], value=value.quantize(Decimal(1)))
    for one, other in (chance.sample(codes, 2), chance.sample(codes, 2)):
        for indicator in names:
            now[one, indicator.id] = replace(now[one, indicator.id], value=now[other, indicator.id].value)
    copied = chance.choice(codes)
    for indicator in names:
        now[copied, indicator.id] = replace(of_past[copied, indicator.id], period=period)
    return Tables.of(catalog, period, list(now.values()), past, only=[indicator.id for indicator in names])


def as_it_was(tables: Tables) -> Tables:
    """The tables with the rules and thresholds that were in force when the findings were kept."""
    return replace(tables, catalog=catalog_then(tables.catalog))


def catalog_then(catalog: Catalog) -> Catalog:
    """The catalogue with those rules and thresholds."""
    rules = {
        name: rule.model_copy(update={"parameters": {**rule.parameters, **THRESHOLDS_THEN.get(name, {})}})
        for name, rule in catalog.rules.items()
        if name not in NOT_THEN
    }
    ratios = {
        name: ratio.model_copy(update=RATIOS_THEN.get(name, {}))
        for name, ratio in catalog.ratios.items()
        if name not in NOT_THEN
    }
    return replace(catalog, rules=MappingProxyType(rules), ratios=MappingProxyType(ratios))


# --- what is kept of a result ---------------------------------------------------------------------------


def told(result: AuditResult) -> dict[str, object]:
    """Counts by rule, and of every finding all that is said, the words as a hash."""
    counts = {rule.rule: [rule.checked, rule.skipped, rule.failed, rule.error] for rule in result.rules}
    return {"rules": counts, "findings": sorted(map(_line, result.findings))}


def _line(finding: object) -> str:
    given = dict(finding.__dict__) if not hasattr(finding, "__slots__") else {}
    # What a figure was compared with was told as what it should be.
    given["expected"] = given["expected"] or given["compared"]
    given["message"] = re.sub(r"(填报 .*，按“.*”)算得( .*，相差)", r"\1应为\2", given["message"])
    words = json.dumps(
        [given[name] for name in ("message", "value", "expected", "difference", "cause", "rule_name", "period")],
        ensure_ascii=False,
    )
    more = json.dumps([given["involved"], given["read_off"], given["source"].label], ensure_ascii=False)
    kept = [given[name] for name in ("rule", "severity", "region", "indicator", "centre", "cause_group")]
    return " | ".join((*kept, hashlib.sha256((words + more).encode()).hexdigest()[:12]))


def compact(results: Sequence[tuple[str, dict[str, object]]]) -> dict[str, object]:
    """Results with the counts of rules kept once for those alike."""
    tables: dict[str, int] = {}
    kept = {}
    for name, one in results:
        counts = json.dumps(one["rules"], ensure_ascii=False)
        kept[name] = [tables.setdefault(counts, len(tables)), one["findings"]]
    return {"counts": [json.loads(text) for text in tables], "cases": kept}
