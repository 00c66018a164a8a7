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

#: Characters that Excel shows in the title of an input hint.
_TITLE_LIMIT = 32


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


def validation(catalog: Catalog, indicator: Indicator) -> dict[str, Any]:
    """XlsxWriter's options for an indicator's inputs: a drop-down of the two states, and what is asked as a hint.

    A cell has one validation: the drop-down leaves none to refuse a wrong number, so that ``unfit_formula``
    turns it red, which also works for what is pasted, as no validation does.
    """
    words, numeral = texts()["validation"], texts()["validation"]["text"]
    if indicator.kind != "text":
        numeral = NumberForm(indicator.unit, catalog.decimals(indicator), indicator.may_be_negative).expected
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
    """True when the input ``cell`` holds neither what is asked nor one of the two states."""
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
