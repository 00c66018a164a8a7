"""The formulas that check a workbook while it is being filled in, and the rules its inputs are held to.

A check shows 0 within rounding, the gap where something does not add up, and nothing while it cannot be
told. Only functions that Excel 2007, WPS and LibreOffice share are used.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from disclosure.catalog import Catalog, Indicator, Region
from disclosure.collection.workbook_cells import NumberForm
from disclosure.collection.workbook_layout import (
    FIRST_INPUT_COLUMN,
    TEXT_LIMIT,
    CheckLine,
    SheetLayout,
    address,
    texts,
)


def tolerance(catalog: Catalog, indicator: Indicator, terms: int) -> Decimal:
    """What rounding may add up to: half a printed unit a term; a count of whole people or cases is exact."""
    decimals = catalog.decimals(indicator)
    if decimals == 0 and catalog.units[indicator.unit].factor == 1:
        return Decimal(0)
    return Decimal(5).scaleb(-decimals - 1) * terms


def sum_formula(catalog: Catalog, layout: SheetLayout, row: int, indicator: Indicator) -> str:
    """The prefecture less its parts; while parts are missing, only a sum beyond the prefecture is wrong."""
    total = address(row, FIRST_INPUT_COLUMN)
    parts = f"{address(row, FIRST_INPUT_COLUMN + 1)}:{address(row, layout.last_input_column)}"
    count = len(layout.regions) - 1
    slack = tolerance(catalog, indicator, count + 1)
    gap = f"ROUND({total}-SUM({parts}),{catalog.decimals(indicator)})"
    wrong = f"OR({gap}<-{slack},AND(COUNT({parts})={count},{gap}>{slack}))"
    return f'=IF(OR(COUNT({total})=0,COUNT({parts})=0),"",IF({wrong},{gap},0))'


def identity_formula(
    catalog: Catalog, layout: SheetLayout, check: CheckLine, region: Region, opening: Decimal | None
) -> str:
    """Total less parts (less ``opening``, in the total's unit, where the identity has one) for one region."""
    column = layout.columns[region.code]
    total = address(layout.rows[check.total.id], column)
    parts = [(sign, address(layout.rows[part.id], column)) for sign, part in check.parts]
    slack = tolerance(catalog, check.total, 1 + len(parts) + (opening is not None))
    brought = f"-({opening:f})" if opening is not None else ""
    terms = "".join(f"{'-' if sign > 0 else '+'}N({cell})" for sign, cell in parts)
    gap = f"ROUND({total}{brought}{terms},{catalog.decimals(check.total)})"
    counted = f"COUNT({','.join(cell for _, cell in parts)})"
    unequal, exceeded = f"ABS({gap})>{slack}", f"{gap}<-{slack}"
    match check.identity.relation:
        case "equal":
            known, wrong = f"{counted}={len(parts)}", unequal
        case "at_most":
            known, wrong = f"{counted}>0", exceeded
        case "complete_parts":
            complete = f"{counted}={len(check.identity.parts)}"
            known, wrong = f"{counted}>0", f"OR({exceeded},AND({complete},{unequal}))"
    return f'=IF(AND(COUNT({total})=1,{known}),IF({wrong},{gap},0),"")'


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


def validation(catalog: Catalog, indicator: Indicator, cell: str) -> dict[str, Any]:
    """XlsxWriter's options for the input ``cell``: a number of the right form, or one of the two states."""
    words, states = texts()["validation"], texts()["states"]
    if indicator.kind == "text":
        return {
            "validate": "length",
            "criteria": "<=",
            "value": TEXT_LIMIT,
            "error_title": words["text_title"],
            "error_message": words["text_message"].format(limit=TEXT_LIMIT),
        }
    form = NumberForm(indicator.unit, catalog.decimals(indicator), indicator.may_be_negative)
    tests = [f"ABS({cell}-ROUND({cell},{form.decimals}))<0.000001"]
    numeral = form.numeral
    if not indicator.may_be_negative:
        tests.append(f"{cell}>=0")
    if indicator.maximum is not None:
        tests.append(f"{cell}<={indicator.maximum}")
        numeral = words["maximum"].format(numeral=numeral, maximum=indicator.maximum)
    allowed = ",".join(f'{cell}="{text}"' for text in states.values())
    # IFERROR: an error value must be refused, not break the test.
    return {
        "validate": "custom",
        "value": f"=IFERROR(IF(ISNUMBER({cell}),AND({','.join(tests)}),OR({allowed})),FALSE)",
        "error_title": words["number_title"],
        "error_message": words["number_message"].format(numeral=numeral, unit=indicator.unit),
    }


def _runs(rows: Iterable[int]) -> list[tuple[int, int]]:
    """Consecutive rows as (first, last)."""
    runs: list[tuple[int, int]] = []
    for row in sorted(rows):
        if runs and runs[-1][1] == row - 1:
            runs[-1] = (runs[-1][0], row)
        else:
            runs.append((row, row))
    return runs
