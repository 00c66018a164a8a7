"""The tables of a disclosure: an insurance's indicators with what they are compared with, and its counties."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from disclosure.catalog import Insurance
from disclosure.figures.figures import Figure
from disclosure.platform.errors import DisclosureError
from disclosure.rendering.document.document import Cell, Column, RowGroup, Table, TableRow
from disclosure.rendering.document.facts import Facts, grouped, key_text
from disclosure.rendering.document.phrases import fill_text


def cell_of(facts: Facts, figure: Figure) -> Cell:
    """``figure`` as printed, under its key; 未提供 or 不适用 where there is none."""
    key = key_text(figure)
    if figure.state != "reported":
        return Cell(facts.phrases.states[figure.state], "state", key)
    return Cell(figure.printed, "text" if figure.value is None else "figure", key)


def indicator_table(facts: Facts, insurance: Insurance) -> Table:
    """Return the whole prefecture's figures of ``insurance``, by section, with what they are compared with."""
    words = facts.phrases.indicator_table
    shown = [(i, figure) for i in facts.of(insurance.id) if (figure := facts.whole(i.id)) is not None]
    with_bases = any(facts.compared(figure) for _, figure in shown)
    columns = [
        Column(words.indicator, numeric=False),
        Column(words.unit, numeric=False),
        Column(fill_text(words.value, period=facts.period.label)),
    ]
    if with_bases:
        columns += [Column(facts.base_name), Column(words.difference), Column(words.percent)]
    with_last = any(facts.since_last(figure) for _, figure in shown)
    if with_last:
        columns.append(Column(words.last_period))
    printed = {indicator.id for indicator, _ in shown}
    with_parts: set[str] = set()
    groups = []
    for section in facts.catalog.sections.values():
        rows = []
        for indicator, figure in shown:
            if indicator.section != section.id:
                continue
            parent = indicator.part_of if indicator.part_of in printed else None
            first = parent is not None and parent not in with_parts
            with_parts.update({parent} if parent else set())
            if indicator.kind == "text":
                cells: tuple[Cell, ...] = (replace(cell_of(facts, figure), span=len(columns) - 1),)
            else:
                changes = _changes(facts, figure) if with_bases else ()
                since = (_since_last(facts, figure),) if with_last else ()
                cells = (Cell(figure.unit, "text"), cell_of(facts, figure), *changes, *since)
            # “其中：” stands once, before the first part.
            label = indicator.label if first or parent is None else indicator.name
            rows.append(TableRow(label, cells, depth=facts.catalog.depth(indicator, printed)))
        if rows:
            groups.append(RowGroup(section.name, tuple(rows)))
    caption = fill_text(words.caption, insurance=insurance.name, period=facts.period.label)
    return Table(f"{insurance.id}-indicators", caption, tuple(columns), tuple(groups))


def _changes(facts: Facts, figure: Figure) -> tuple[Cell, Cell, Cell]:
    none = Cell(facts.phrases.no_comparison, "blank")
    compared = facts.compared(figure)
    base = facts.bases.get((figure.region, figure.indicator))
    if compared is None or base is None:
        return (none, none, none)
    return (
        Cell(grouped(compared.base), "figure", key_text(base)),
        Cell(_signed(compared.difference), "change"),
        none if compared.percent is None else Cell(_signed(compared.percent), "change"),
    )


def _since_last(facts: Facts, figure: Figure) -> Cell:
    compared = facts.since_last(figure)
    return Cell(_signed(compared.difference), "change") if compared else Cell(facts.phrases.no_comparison, "blank")


def _signed(value: Decimal) -> str:
    return f"{value:+,f}" if value else grouped(abs(value))


def region_table(facts: Facts, insurance: Insurance) -> Table | None:
    """Regions down, the indicators reported by region across; None where only the whole reports."""
    words = facts.phrases.region_table
    parts = [region.code for region in facts.catalog.parts_of_prefecture]
    indicators = [i for i in facts.of(insurance.id) if any((code, i.id) in facts.figures for code in parts)]
    if not indicators:
        return None
    columns = [Column(words.region, numeric=False)]
    for indicator in indicators:
        units = {figure.unit for (_, known), figure in facts.figures.items() if known == indicator.id}
        if len(units) > 1:
            raise DisclosureError(
                f"指标 {indicator.id} 各地区的计量单位不一致（{'、'.join(sorted(units))}），请统一后重新汇总。"
            )
        columns.append(Column(fill_text(words.indicator, name=indicator.name, unit=units.pop())))
    rows = []
    for region in facts.catalog.regions.values():
        figures = [facts.figures.get((region.code, indicator.id)) for indicator in indicators]
        if not any(figures):
            continue
        cells = tuple(cell_of(facts, f) if f else Cell(facts.phrases.no_comparison, "blank") for f in figures)
        is_total = region.code == facts.catalog.prefecture.code
        rows.append(TableRow(facts.catalog.whole_name if is_total else region.name, cells, is_total=is_total))
    caption = fill_text(words.caption, insurance=insurance.name, period=facts.period.label)
    return Table(f"{insurance.id}-regions", caption, tuple(columns), (RowGroup("", tuple(rows)),))
