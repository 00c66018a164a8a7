"""What a figure is compared with is said once: the page, the briefing, the workbook and the text check agree."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal

import pytest

from data_checks.quotes.figures import check_quotes
from disclosure.calendar.periods import Period
from disclosure.catalog import Indicator, load_catalog
from disclosure.collection.workbook.past_columns import past_columns
from disclosure.figures.comparison import compared_with
from disclosure.figures.figures import Figure
from disclosure.figures.narrative import TextBlock, TextSpan
from disclosure.rendering import DocumentContents, build_document
from disclosure.review import briefing

pytestmark = pytest.mark.unit
CATALOG = load_catalog("chuxiong")
KINDS = ("q1", "h1", "q3", "annual")
EARLIER = tuple(Period(year, kind) for year in (2023, 2024, 2025) for kind in KINDS)


def figure(indicator: Indicator, period: Period, chance: random.Random) -> Figure:
    value = Decimal(chance.randint(100_000, 999_999)).scaleb(-CATALOG.decimals(indicator))
    return Figure(CATALOG.prefecture.code, indicator.id, period, indicator.unit, value, centre=indicator.centre)


@pytest.mark.parametrize("seed", range(12))
def test_every_outlet_compares_with_the_same_period(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - sample figures
    period = Period(2025, chance.choice(KINDS))
    indicators = [i for i in CATALOG.indicators_for(period) if i.kind not in ("text", "derived")]
    for indicator in chance.sample(indicators, 6):
        base = compared_with(CATALOG, indicator, period)
        at_end = indicator.kind in ("stock", "ratio") or indicator.id in CATALOG.comparisons.timing_exceptions
        assert base == Period(2024, "annual" if at_end else period.kind)
        known = {one.key: one for one in (figure(indicator, each, chance) for each in EARLIER if each != period)}
        now = figure(indicator, period, chance)
        wanted = known[CATALOG.prefecture.code, indicator.id, base.id if base else ""]

        contents = DocumentContents(
            period,
            [now],
            earlier=tuple(known.values()),
            only=[indicator.id],
            compiled_on=dt.date(2026, 3, 1),
            demo=False,
        )
        document = build_document(CATALOG, contents)
        cells = [c for b in document.blocks for t in b.tables[:1] for g in t.groups for r in g.rows for c in r.cells]
        assert "/".join(wanted.key) in {cell.key for cell in cells}

        content = briefing.compilation.CompiledContent(period, (now,), (), ())
        seen = briefing.ReviewMaterial(content, "0", 1, known)
        assert seen.base(CATALOG, now) == wanted
        (key,) = briefing.list_key_figures(seen, CATALOG, 3)
        assert key.changes[0].startswith(f"比{wanted.period.label} ")

        assert past_columns(CATALOG, period)[1].period_of(indicator) == base

        name = f"{CATALOG.insurances[indicator.insurance].name}{indicator.name}"
        assert now.value is not None
        assert wanted.value is not None
        rate = (now.value - wanted.value) * 100 / wanted.value
        text = f"全州{name}为{now.value}{indicator.unit}，{'增长' if rate > 0 else '下降'}{abs(rate):.2f}%。"
        told = check_quotes(
            CATALOG, period, [("participation", [TextBlock("paragraph", (TextSpan(text),))])], [now, *known.values()]
        )
        assert all(one.verdict != "different" for one in told)
