"""Protects that the checks a workbook shows while it is filled in say what the audit will say of it.

LibreOffice reckons every check row of workbooks with random figures, blanks and states; the audit does the same.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from data_checks.measures.arguments import arguments_of_identity
from data_checks.measures.single import county_sum, sums_of_parts
from data_checks.tables import Tables
from data_checks.wording.balances import Balance, balance_of
from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog, load_catalog
from disclosure.collection import WorkbookContents, write_workbook
from disclosure.collection.workbook.layout import WorkbookLayout, address, lay_out
from disclosure.figures.figures import Figure, FigureState
from disclosure.simulation.demo_figures import demo_figures, demo_history

pytestmark = [pytest.mark.unit, pytest.mark.slow]

CATALOG = load_catalog("chuxiong")
PERIODS = (Period(2025, "annual"), Period(2026, "q1"))
BOOKS_OF_EACH = 4


def disturbed(catalog: Catalog, figure: Figure, chance: random.Random) -> Figure | None:
    """The figure as somebody might have filled it in: left out, a state, nothing, or off by a little or a lot."""
    kind = chance.choices(("right", "blank", "none", "absent", "zero", "near", "far"), (70, 4, 3, 6, 6, 6, 5))[0]
    if figure.value is None or kind == "right":
        return figure
    if kind == "blank":
        return None
    if kind in ("none", "absent"):
        state: FigureState
        state = "not_provided" if kind == "none" else "not_applicable"
        return replace(figure, value=None, state=state, text="见说明")
    step = Decimal(1).scaleb(-catalog.decimals(catalog.indicators[figure.indicator]))
    moved = {"zero": 0 * step, "near": figure.value + chance.choice((-2, -1, 1, 2)) * step, "far": figure.value * 3}
    may_be = catalog.indicators[figure.indicator].may_be_negative
    value = moved[kind] if may_be else max(moved[kind], Decimal(0))
    return replace(figure, value=value.quantize(step))


def shown(path: Path, layout: WorkbookLayout) -> dict[tuple[str, str, str], object]:
    """What each check cell shows: (identity or ``sum``, insurance or indicator, region) -> its value."""
    book = openpyxl.load_workbook(path, data_only=True)
    found: dict[tuple[str, str, str], object] = {}
    for sheet in layout.sheets:
        cells = book[sheet.name]
        for check in sheet.checks:
            for region in check.regions:
                value = cells[address(check.row, sheet.columns[region.code])].value
                found[check.identity.id, sheet.insurance.id, region.code] = value
        for indicator in sheet.indicators:
            if sheet.sum_column is not None and sheet.is_summed(indicator):
                value = cells[address(sheet.rows[indicator.id], sheet.sum_column)].value
                found["sum", indicator.id, CATALOG.prefecture.code] = value
    return found


def audited(tables: Tables, layout: WorkbookLayout) -> dict[tuple[str, str, str], Decimal | None]:
    """What the audit makes of the same: None where it cannot tell, 0 where it holds, or the gap in the sheet's unit."""
    found: dict[tuple[str, str, str], Decimal | None] = {}
    for sheet in layout.sheets:
        for check in sheet.checks:
            factor = CATALOG.units[check.total.unit].factor
            for region in check.regions:
                balance = balance_of(tables, arguments_of_identity(check.identity), sheet.insurance.id, region.code)
                gap = None if balance is None else balance.excess / factor if is_broken(balance) else Decimal(0)
                found[check.identity.id, sheet.insurance.id, region.code] = gap
        for indicator in sheet.indicators:
            if sheet.sum_column is not None and sheet.is_summed(indicator):
                found["sum", indicator.id, CATALOG.prefecture.code] = sum_gap(tables, indicator.id)
    return found


def is_broken(balance: Balance) -> bool:
    """Beyond what rounding of the printed figures can explain."""
    off = -balance.excess if balance.bound else abs(balance.excess)
    return off > balance.tolerance


def sum_gap(tables: Tables, indicator: str) -> Decimal | None:
    """By the audit's own rule: what it measured at the prefecture's row, and with its sign."""
    columns = tables.columns
    row = tables.row(CATALOG.prefecture.code, indicator)
    _, _, is_able = sums_of_parts(columns)
    if row is None or row.amount is None or not is_able[columns.indicators[indicator]]:
        return None
    if indicator not in {found["indicator"] for found in county_sum(columns).found}:
        return Decimal(0)
    parts = [tables.now(region.code, indicator) for region in CATALOG.parts_of_prefecture]
    excess = row.amount.value - sum((part.value for part in parts if part), Decimal(0))
    return excess / CATALOG.units[row.amount.figure.unit].factor


@pytest.mark.full  # random figures recalculated by LibreOffice
def test_every_check_shows_what_the_audit_says(tmp_path: Path, resaved: Callable[..., dict[str, Path]]) -> None:
    books: dict[str, tuple[WorkbookLayout, Tables]] = {}
    paths = []
    for period in PERIODS:
        history = demo_history(CATALOG, period)
        for seed in range(BOOKS_OF_EACH):
            for centre in CATALOG.centres:
                chance = random.Random(f"{period.id} {centre.id} {seed}")  # noqa: S311 - figures, no secret
                layout = lay_out(CATALOG, period, centre.id)
                asked = [indicator.id for sheet in layout.sheets for indicator in sheet.indicators]
                own = [figure for figure in demo_figures(CATALOG, period) if figure.indicator in asked]
                filled = [kept for figure in own if (kept := disturbed(CATALOG, figure, chance))]
                name = f"{period.id}-{centre.id}-{seed}"
                contents = WorkbookContents(period, centre.id, filled=filled, earlier=history)
                paths.append(write_workbook(tmp_path / f"{name}.xlsx", CATALOG, contents))
                books[name] = (layout, Tables.of(CATALOG, period, filled, history, only=asked))
    saved = resaved(*paths)
    seen = {"held": 0, "broken": 0, "untold": 0}
    for name, (layout, tables) in books.items():
        said = shown(saved[name], layout)
        for key, gap in audited(tables, layout).items():
            where = (name, *key, said[key], gap)
            if gap is None:
                assert said[key] in (None, ""), where
                seen["untold"] += 1
            else:
                assert said[key] == pytest.approx(float(gap), abs=1e-6), where
                seen["held" if gap == 0 else "broken"] += 1
    assert all(count > 200 for count in seen.values()), seen
