"""What is drawn of an insurance: which chart, which bars, and what the drawing says to who cannot see it."""

from __future__ import annotations

from collections.abc import Sequence

from disclosure.catalog import Insurance, Region
from disclosure.rendering.document.document import Bar, Chart
from disclosure.rendering.document.facts import Facts, grouped, key_text
from disclosure.rendering.document.phrases import ChartKind, fill_text


def chart_of(facts: Facts, insurance: Insurance) -> Chart | None:
    """Return the first chart of the insurance's preference that at least two figures fill."""
    charts = facts.phrases.charts
    kinds: dict[ChartKind, list[Bar]] = {
        "funds": _bars(facts, insurance, charts.funds.indicators, [facts.catalog.prefecture], with_base=True),
        "regions": _bars(facts, insurance, charts.regions.indicators, facts.catalog.parts_of_prefecture),
        "parts": _bars(facts, insurance, charts.parts.indicators, [facts.catalog.prefecture]),
    }
    titles = {"funds": charts.funds.title, "regions": charts.regions.title, "parts": charts.parts.title}
    for kind in charts.preference_of.get(insurance.id, charts.preference):
        bars = kinds[kind]
        units = {bar.unit for bar in bars}
        if len({bar.category for bar in bars}) < 2 or len(units) > 1:
            continue
        unit = units.pop()
        series = tuple(dict.fromkeys(bar.series for bar in bars))
        told = charts.between_bars.join(
            fill_text(charts.bar, category=b.category, series=b.series if len(series) > 1 else "", value=b.printed)
            for b in bars
        )
        return Chart(
            id=f"{insurance.id}-chart",
            title=fill_text(titles[kind], insurance=insurance.name, period=facts.period.label),
            unit_line=fill_text(charts.unit, unit=unit),
            description=fill_text(charts.description, unit=unit, bars=told),
            series=series,
            bars=tuple(bars),
        )
    return None


def _bars(
    facts: Facts,
    insurance: Insurance,
    names: Sequence[str],
    regions: Sequence[Region],
    *,
    with_base: bool = False,
) -> list[Bar]:
    charts = facts.phrases.charts
    now = fill_text(charts.series_now, period=facts.period.label)
    bars = []
    for name in names:
        indicator = facts.catalog.indicators.get(f"{insurance.id}.{name}")
        for region in regions:
            figure = facts.figures.get((region.code, indicator.id)) if indicator else None
            if indicator is None or figure is None or figure.value is None:
                continue
            category = region.name if len(regions) > 1 else indicator.name
            value = figure.value
            bars.append(Bar(category, now, f"{value:f}", figure.printed, key_text(figure), figure.unit))
            base = facts.bases.get((region.code, indicator.id))
            compared = facts.compared(figure)
            if with_base and base and compared:
                printed = grouped(compared.base)
                bars.append(Bar(category, facts.base_name, f"{compared.base:f}", printed, key_text(base), figure.unit))
    return bars
