"""What the pages over several periods show: an insurance's figures of the whole prefecture, a county's of all of them.

Pure functions from collected figures to tables, charts and CSV; nothing is computed, only put side by side.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog, Indicator
from disclosure.rendering.charts import begins_at_zero
from disclosure.rendering.document.document import CONFIDENTIAL, Bar, Cell, Chart, Column, RowGroup, Table, TableRow
from disclosure.rendering.document.phrases import Phrases, fill_text, load_phrases
from disclosure.rendering.open_data.open_data import harmless
from disclosure.rendering.site.collected import Collected, Point, chronological
from disclosure.rendering.site.entries import SiteEntry

#: How many quarters stand side by side; earlier ones have tables of their own.
QUARTERS = 12

CSV_COLUMNS = (
    "id",
    "region_code",
    "region",
    "period",
    "insurance",
    "indicator_id",
    "indicator",
    "unit",
    "value",
    "state",
    "status",
    "release",
    "source",
)

#: A group of rows: its heading and the figures in it, as (region, indicator).
Group = tuple[str, Sequence[tuple[str, Indicator]]]


@dataclass(frozen=True)
class Drawn:
    """A chart and the same numbers as a table.

    ``is_course``: it is a course over time, to be drawn as lines; ``hollow`` are the keys of its imported figures.
    """

    chart: Chart
    table: Table
    is_course: bool = False
    hollow: tuple[str, ...] = ()


@dataclass(frozen=True)
class History:
    """A page over several periods. ``sources`` are the releases it draws on, newest first.

    ``borrowed`` are the periods known only from what later releases compare themselves with, ``imported`` those that
    figures published before this site tell of, ``origins`` where those stood. ``folded`` are tables of earlier periods.
    """

    id: str
    title: str
    drawn: tuple[Drawn, ...]
    tables: tuple[Table, ...]
    folded: tuple[Table, ...]
    sources: tuple[SiteEntry, ...]
    borrowed: tuple[str, ...]
    imported: tuple[str, ...]
    origins: tuple[str, ...]
    has_special: bool
    rows: tuple[tuple[str, ...], ...]

    @property
    def is_demo(self) -> bool:
        """Whether any of it is a demonstration."""
        return any(entry.demo for entry in self.sources)

    @property
    def has_withheld(self) -> bool:
        """Whether any of its figures is withheld."""
        return any(CONFIDENTIAL in row for row in self.rows)


def insurance_history(catalog: Catalog, phrases: Phrases, collected: Collected, insurance: str) -> History | None:
    """Return the whole prefecture's figures of ``insurance`` over the periods; None where nothing was published."""
    region, name = catalog.prefecture.code, catalog.insurances[insurance].name
    groups = []
    for section in catalog.sections.values():
        own = [i for i in catalog.indicators.values() if (i.insurance, i.section) == (insurance, section.id)]
        groups.append((section.name, [(region, i) for i in own if collected.of(region, i.id)]))
    drawn = []
    for number, words in enumerate(phrases.history.charts, start=1):
        wanted = [catalog.indicators.get(f"{insurance}.{each}") for each in words.indicators]
        series = [(i.name, collected.of(region, i.id)) for i in wanted if i is not None]
        title = fill_text(words.title, insurance=name)
        drawn.append(_over_time(phrases, f"{insurance}-{number}", title, series))
    title = fill_text(phrases.history.insurance_title, insurance=name)
    regional = [
        (place.code, indicator)
        for _, rows in groups
        for _, indicator in rows
        for place in catalog.regions.values()
        if collected.of(place.code, indicator.id)
    ]
    return _history(catalog, phrases, collected, (insurance, title, name), groups=groups, drawn=drawn, listed=regional)


def county_history(catalog: Catalog, phrases: Phrases, collected: Collected, region: str) -> History | None:
    """All published figures of one county; None where there are none."""
    name = catalog.regions[region].name
    groups: list[Group] = []
    for insurance in catalog.insurances.values():
        own = [i for i in catalog.indicators.values() if i.insurance == insurance.id]
        groups.append((insurance.name, [(region, i) for i in own if collected.of(region, i.id)]))
    title = fill_text(phrases.history.county_title, region=name)
    drawn = [_across_insurances(catalog, phrases, collected, region)]
    listed = [row for _, rows in groups for row in rows]
    return _history(catalog, phrases, collected, (region, title, name), groups=groups, drawn=drawn, listed=listed)


def _history(
    catalog: Catalog,
    phrases: Phrases,
    collected: Collected,
    names: tuple[str, str, str],
    *,
    groups: Sequence[Group],
    drawn: Sequence[Drawn | None],
    listed: Sequence[tuple[str, Indicator]],
) -> History | None:
    page, title, subject = names
    points = [point for _, rows in groups for at, i in rows for point in collected.of(at, i.id).items()]
    if all(point.is_imported for _, point in points):
        # What was imported stands beside what this site published; it makes no page of its own.
        return None
    words = phrases.history
    printed = {period for period, point in points if not point.is_imported}
    before = {period for period, point in points if point.is_imported}
    periods = sorted({period for period, _ in points}, key=chronological, reverse=True)
    annual = [period for period in periods if period.kind == "annual"]
    quarters = [period for period in periods if period.kind not in ("annual", "special")]
    spans = [("annual", fill_text(words.annual_caption, subject=subject), annual)]
    for place in range(0, len(quarters), QUARTERS):
        some = quarters[place : place + QUARTERS]
        caption = fill_text(words.quarterly_caption, subject=subject)
        if place:
            caption = fill_text(words.earlier, caption=caption, first=some[-1].label, last=some[0].label)
        spans.append((f"quarterly-{place}" if place else "quarterly", caption, some))
    tables = [
        _side_by_side(
            catalog, phrases, collected, f"{page}-{span}", caption=caption, groups=groups, periods=some, printed=printed
        )
        for span, caption, some in spans
        if some
    ]
    open_tables = len([1 for span, _, some in spans if some and span in ("annual", "quarterly")])
    return History(
        id=page,
        title=title,
        drawn=tuple(filter(None, drawn)),
        tables=tuple(tables[:open_tables]),
        folded=tuple(tables[open_tables:]),
        sources=tuple(collected.entries[p] for p in periods if p in collected.entries),
        borrowed=tuple(p.label for p in periods if p in printed and p not in collected.entries),
        imported=tuple(p.label for p in periods if p in before),
        origins=tuple(dict.fromkeys(point.origin for _, point in points if point.is_imported and point.origin)),
        has_special=any(period.kind == "special" for period in periods),
        rows=tuple(_csv_rows(catalog, collected, listed)),
    )


def _side_by_side(
    catalog: Catalog,
    phrases: Phrases,
    collected: Collected,
    table: str,
    *,
    caption: str,
    groups: Sequence[Group],
    periods: Sequence[Period],
    printed: Collection[Period],
) -> Table:
    """Figures down, periods across, the newest first; a period no release ``printed`` anything of is marked."""
    words = phrases.indicator_table
    row_groups = []
    for title, figures in groups:
        rows = []
        with_parts: set[str] = set()
        shown = {indicator.id for _, indicator in figures}
        for region, indicator in figures:
            points = collected.of(region, indicator.id)
            found = [points.get(period) for period in periods]
            unit = next((point.unit for point in found if point), "")
            if not any(found):
                continue
            parent = indicator.part_of if indicator.part_of in shown else None
            label = indicator.label if parent is not None and parent not in with_parts else indicator.name
            with_parts.update({parent} if parent else set())
            cells = (Cell(unit, "text"), *(_cell(phrases, point, unit) for point in found))
            rows.append(TableRow(label, cells, depth=catalog.depth(indicator, shown)))
        if rows:
            row_groups.append(RowGroup(title, tuple(rows)))
    heads = (Column(words.indicator, numeric=False), Column(words.unit, numeric=False))
    told = phrases.history.imported_period
    labels = (each.label if each in printed else fill_text(told, period=each.label) for each in periods)
    return Table(table, caption, (*heads, *map(Column, labels)), tuple(row_groups))


def _cell(phrases: Phrases, point: Point | None, unit: str) -> Cell:
    """Print a unit other than the row's with its figure."""
    if point is None:
        return Cell(phrases.no_comparison, "blank")
    if not point.value:
        return Cell(point.printed, "state", point.key)
    return Cell(point.printed + ("" if point.unit == unit else point.unit), "figure", point.key)


def _over_time(
    phrases: Phrases, chart: str, title: str, series: Sequence[tuple[str, Mapping[Period, Point]]]
) -> Drawn | None:
    """Years from the newest down; quarters of the newest's kind where years are fewer than two."""
    newest = max(
        (period for _, points in series for period in points if period.kind != "special"),
        key=chronological,
        default=None,
    )
    if newest is None:
        return None
    of_kind = {
        kind: sorted({p for _, points in series for p in points if p.kind == kind}, reverse=True)
        for kind in ("annual", newest.kind)
    }
    periods = next((found for found in of_kind.values() if len(found) > 1), [])
    bars = [
        Bar(period.label, name, points[period].value, points[period].printed, points[period].key, points[period].unit)
        for period in periods
        for name, points in series
        if period in points and points[period].value
    ]
    drawn = _drawn(phrases, chart, title, bars, phrases.history.period)
    if drawn is None:
        return None
    imported = {point.key for _, points in series for point in points.values() if point.is_imported}
    axis = "" if begins_at_zero(drawn.chart) else phrases.history.not_from_zero
    return Drawn(
        replace(drawn.chart, unit_line=drawn.chart.unit_line + axis),
        drawn.table,
        is_course=True,
        hollow=tuple(bar.key for bar in drawn.chart.bars if bar.key in imported),
    )


def _across_insurances(catalog: Catalog, phrases: Phrases, collected: Collected, region: str) -> Drawn | None:
    """Return a county's latest figure of each insurance."""
    words = phrases.history.county_chart
    latest: Period | None = None
    bars = []
    for insurance in catalog.insurances.values():
        points = collected.of(region, f"{insurance.id}.{words.indicators[0]}")
        own = [period for period, point in points.items() if point.value and point.own and period.kind != "special"]
        if latest is None and own:
            latest = max(own, key=chronological)
        if latest is not None and latest in own:
            point = points[latest]
            bars.append(Bar(insurance.short_name, latest.label, point.value, point.printed, point.key, point.unit))
    if latest is None:
        return None
    title = fill_text(words.title, region=catalog.regions[region].name, period=latest.label)
    return _drawn(phrases, f"r{region}-1", title, bars, phrases.history.insurance)


def _drawn(phrases: Phrases, chart: str, title: str, bars: Sequence[Bar], head: str) -> Drawn | None:
    """Return a chart of ``bars`` and its table; None where fewer than two categories share a unit."""
    words = phrases.charts
    # The newest bar's unit: another one cannot stand on the same scale.
    bars = [bar for bar in bars if bar.unit == bars[0].unit]
    categories = list(dict.fromkeys(bar.category for bar in bars))
    if len(categories) < 2:
        return None
    unit = bars[0].unit
    series = tuple(dict.fromkeys(bar.series for bar in bars))
    told = words.between_bars.join(
        fill_text(words.bar, category=b.category, series=b.series if len(series) > 1 else "", value=b.printed)
        for b in bars
    )
    drawn = Chart(
        id=f"{chart}-chart",
        title=title,
        unit_line=fill_text(words.unit, unit=unit),
        description=fill_text(words.description, unit=unit, bars=told),
        series=series,
        bars=tuple(bars),
    )
    placed = {(bar.category, bar.series): Cell(bar.printed, "figure", bar.key) for bar in bars}
    blank = Cell(phrases.no_comparison, "blank")
    rows = tuple(TableRow(each, tuple(placed.get((each, name), blank) for name in series)) for each in categories)
    columns = (
        Column(head, numeric=False),
        *(Column(fill_text(phrases.region_table.indicator, name=name, unit=unit)) for name in series),
    )
    return Drawn(drawn, Table(f"{chart}-table", title, columns, (RowGroup("", rows),)))


def _csv_rows(
    catalog: Catalog, collected: Collected, listed: Sequence[tuple[str, Indicator]]
) -> Iterator[tuple[str, ...]]:
    withheld = load_phrases(catalog).states["withheld"]
    for region, indicator in listed:
        for period, point in sorted(
            collected.of(region, indicator.id).items(), key=lambda item: chronological(item[0]), reverse=True
        ):
            yield (
                point.key,
                region,
                catalog.regions[region].name,
                period.id,
                catalog.insurances[indicator.insurance].name,
                indicator.id,
                indicator.name,
                point.unit,
                point.value,
                "" if point.value else point.printed,
                CONFIDENTIAL if not point.value and point.printed == withheld else "",
                point.path,
                point.origin,
            )


def history_csv(history: History) -> bytes:
    """Every period's figures of the page; UTF-8 with a byte-order mark, CRLF, as the releases' own CSV.

    ``release`` is the folder of the release that printed the figure, relative to the site's root; it is empty for what
    was published before and imported, of which ``source`` names the origin.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(CSV_COLUMNS)
    for row in history.rows:
        writer.writerow(
            value if name == "value" else harmless(value) for name, value in zip(CSV_COLUMNS, row, strict=True)
        )
    return out.getvalue().encode("utf-8-sig")
