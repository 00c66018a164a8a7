"""The formulas that check a workbook while it is being filled in, and the rules its inputs are held to.

A check shows 0 within rounding, the gap where something does not add up, and nothing while it cannot be
told. Only functions that Excel 2007, WPS and LibreOffice share are used.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from disclosure.catalog import Catalog, Indicator, Region
from disclosure.collection.workbook.layout import FIRST_INPUT_COLUMN, TEXT_LIMIT, CheckLine, SheetLayout, address, texts
from disclosure.collection.workbook.ooxml.cells import NumberForm
from disclosure.figures.figures import printed_decimals

#: Characters that Excel shows in the title of an input hint.
_TITLE_LIMIT = 32


@dataclass(frozen=True)
class Opening:
    """A stock brought forward, in the unit of the total it goes into, with half of its last printed place."""

    value: Decimal
    half: Decimal


def half_unit(catalog: Catalog, indicator: Indicator) -> Decimal:
    """Return what rounding may be off in one figure: half of its printed place; a count of people is exact."""
    decimals = catalog.decimals(indicator)
    is_exact = decimals == 0 and catalog.units[indicator.unit].is_counted
    return Decimal(0) if is_exact else Decimal(5).scaleb(-decimals - 1)


def sum_formula(catalog: Catalog, layout: SheetLayout, row: int, indicator: Indicator) -> str:
    """Return the prefecture less its parts, once every part says something; 不适用 adds nothing."""
    total = address(row, FIRST_INPUT_COLUMN)
    parts = f"{address(row, FIRST_INPUT_COLUMN + 1)}:{address(row, layout.last_input_column)}"
    numbers, absent = f"COUNT({parts})", _absent(parts)
    known = f"AND(COUNT({total})=1,{numbers}>0,{numbers}+{absent}={len(layout.regions) - 1})"
    gap = f"ROUND({total}-SUM({parts}),{catalog.decimals(indicator)})"
    half = half_unit(catalog, indicator)
    return f'=IF({known},IF(ABS({gap})>{half:f}*(1+{numbers}),{gap},0),"")'


def identity_formula(
    catalog: Catalog, layout: SheetLayout, check: CheckLine, region: Region, opening: Opening | None
) -> str:
    """Total less parts (less ``opening`` where the identity has one) for one region, as the audit reckons it.

    A part that is 不适用 is at hand and adds nothing; 未提供 and blank are not at hand; with anything else in a
    part's cell nothing can be told. What rounding allows grows with the figures that are there.
    """
    identity, column = check.identity, layout.columns[region.code]
    total = address(layout.rows[check.total.id], column)
    areas = [f"{address(first, column)}:{address(last, column)}" for first, last in _runs(check.part_rows(layout))]
    numbers = f"COUNT({','.join(areas)})"
    absent = "+".join(map(_absent, areas))
    unknown = "+".join(f'COUNTIF({area},"{texts()["states"]["not_provided"]}")' for area in areas)
    terms = "".join(
        f"{'-' if sign > 0 else '+'}N({address(layout.rows[part.id], column)})" for sign, part in check.parts
    )
    decimals = max(catalog.decimals(indicator) for indicator in (check.total, *(part for _, part in check.parts)))
    brought = ""
    if opening is not None:
        brought, decimals = f"-({opening.value:f})", max(decimals, printed_decimals(opening.value))
    gap = f"ROUND({total}{brought}{terms},{decimals})"
    slack = _slack(catalog, layout, check, column, opening)
    unequal, exceeded = f"ABS({gap})>{slack}", f"{gap}<-({slack})"
    is_complete, asked = f"{numbers}+{absent}={len(check.parts)}", [part.id for _, part in check.parts]
    # With every part asked for at hand: is the sum an equality, or are there parts that nobody is asked for?
    is_understood = f"COUNTA({','.join(areas)})={numbers}+{absent}+{unknown}"
    if identity.relation == "equal":
        known, wrong = is_complete, unequal
    else:
        known = is_understood if opening is not None else f"{is_understood},{numbers}>0"
        unasked = [part for part in check.part_ids(catalog) if part not in asked]
        wrong = exceeded
        if not identity.is_bound(unasked, asked, asked):
            wrong = f"OR({exceeded},AND({is_complete},{unequal}))"
    return f'=IF(AND(COUNT({total})=1,{known}),IF({wrong},{gap},0),"")'


def _slack(catalog: Catalog, layout: SheetLayout, check: CheckLine, column: int, opening: Opening | None) -> str:
    """Return what rounding of the figures that are there can add up to."""
    fixed = half_unit(catalog, check.total) + (opening.half if opening else Decimal(0))
    cells: dict[Decimal, list[str]] = {}
    for _, part in check.parts:
        if half := half_unit(catalog, part):
            cells.setdefault(half, []).append(address(layout.rows[part.id], column))
    return "+".join([f"{fixed:f}", *(f"{half:f}*COUNT({','.join(of)})" for half, of in cells.items())])


def _absent(area: str) -> str:
    return f'COUNTIF({area},"{texts()["states"]["not_applicable"]}")'


def filled_formula(layout: SheetLayout, sheet: str, rows: set[int]) -> str:
    """How many inputs of ``rows`` are filled in; cells that are no inputs are blank and do not count."""
    areas = [
        f"COUNTA({sheet}!{address(first, FIRST_INPUT_COLUMN)}:{address(last, layout.last_input_column)})"
        for first, last in _runs(rows)
    ]
    return f"={'+'.join(areas) or 0}"


def mismatch_formula(layout: SheetLayout, sheet: str) -> str:
    """How many checks of the sheet show a gap."""
    areas = []
    if layout.sum_column is not None:
        top, bottom = layout.lines[0].row, layout.last_line_row
        areas.append(f"{sheet}!{address(top, layout.sum_column)}:{address(bottom, layout.sum_column)}")
    if layout.checks:
        top, bottom = layout.checks[0].row, layout.checks[-1].row
        areas.append(f"{sheet}!{address(top, FIRST_INPUT_COLUMN)}:{address(bottom, layout.last_input_column)}")
    return "=" + ("+".join(f'COUNTIF({area},">0")+COUNTIF({area},"<0")' for area in areas) or "0")


def validation(catalog: Catalog, indicator: Indicator) -> dict[str, Any]:
    """XlsxWriter's options for an indicator's inputs: a drop-down of the two states, and what is asked as a hint.

    A cell has one validation: the drop-down leaves none to refuse a wrong number, so that ``unfit_formula``
    turns it red, which also works for what is pasted, as no validation does.
    """
    words, numeral = texts()["validation"], texts()["validation"]["text"]
    if indicator.kind != "text":
        numeral = NumberForm.of(catalog, indicator).expected
        if indicator.maximum is not None:
            numeral = words["maximum"].format(numeral=numeral, maximum=indicator.maximum)
    return {
        "validate": "list",
        "source": list(texts()["states"].values()),
        "show_error": False,
        "input_title": numeral[:_TITLE_LIMIT],
        "input_message": words["hint"],
    }


def unfit_formula(catalog: Catalog, indicator: Indicator, cell: str) -> str:
    """Return a formula that is true when the input ``cell`` holds neither what is asked nor one of the two states."""
    if indicator.kind == "text":
        return f"=LEN({cell})>{TEXT_LIMIT}"
    tests = [f"ABS({cell}-ROUND({cell},{catalog.decimals(indicator)}))<0.000001"]
    if not indicator.may_be_negative:
        tests.append(f"{cell}>=0")
    if indicator.maximum is not None:
        tests.append(f"{cell}<={indicator.maximum}")
    states = ",".join(f'{cell}="{text}"' for text in texts()["states"].values())
    # IFERROR: an error value is unfit, and must not break the test.
    return f'=NOT(IFERROR(IF(ISNUMBER({cell}),AND({",".join(tests)}),OR({cell}="",{states})),FALSE))'


def _runs(rows: Iterable[int]) -> list[tuple[int, int]]:
    """Consecutive rows as (first, last)."""
    runs: list[tuple[int, int]] = []
    for row in sorted(rows):
        if runs and runs[-1][1] == row - 1:
            runs[-1] = (runs[-1][0], row)
        else:
            runs.append((row, row))
    return runs
