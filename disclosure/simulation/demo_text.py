"""Sample text sections to show the product with: the profile's ``sample_text.md``, its figures filled in.

``{stock}`` and ``{flow}`` are the period's phrases; ``{indicator:unit}`` is the demonstration's figure of the whole in
that unit, ``{indicator:unit:bare}`` without it, ``{indicator:change}`` how it moved since last year.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog
from disclosure.collection.narrative.reader import sections_of_markdown
from disclosure.figures.comparison import compared_with, convert
from disclosure.figures.narrative import TextBlock
from disclosure.platform.errors import DisclosureError
from disclosure.simulation.demo_figures import demo_figures, demo_history

_FIELD = re.compile(r"\{([a-z_]+)(?:(\.[a-z_.]+):([^}:]+)(:bare)?)?\}")


def demo_text(catalog: Catalog, period: Period) -> dict[str, tuple[TextBlock, ...]]:
    """Section id -> sample text; empty where the profile has none, or takes no text.

    Raises:
        DisclosureError: when the file names a figure that the demonstration does not have.
    """
    path = catalog.file("sample_text.md")
    if not path.is_file() or not catalog.writers:
        return {}
    whole = catalog.prefecture.code
    figures = (*demo_history(catalog, period), *demo_figures(catalog, period))
    known = {f.key: (f.value, f.unit) for f in figures if f.region == whole and f.value is not None}

    def amount(indicator: str, wanted: Period | None, unit: str) -> Decimal:
        value, own = known.get((whole, indicator, wanted.id if wanted else ""), (None, ""))
        converted = convert(catalog, value, own, unit) if value is not None else None
        if converted is None:
            raise DisclosureError(f"{path} 中的 {indicator}（{unit}）没有示例数据，请改正。")
        return converted

    def change(indicator: str) -> str:
        about = catalog.indicators[indicator]
        unit, base = about.unit, compared_with(catalog, about, period)
        now, before = amount(indicator, period, unit), amount(indicator, base, unit)
        percent = ((now - before) * 100 / before).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
        base_name = catalog.comparisons.names[catalog.comparisons.base_of(about)]
        return f"比{base_name}{'增长' if percent >= 0 else '下降'}{abs(percent)}%"

    def fill(field: re.Match[str]) -> str:
        if field[2] is None:
            return {"stock": period.stock_label, "flow": period.flow_label}.get(field[1], field[0])
        indicator, unit = field[1] + field[2], field[3]
        if unit == "change":
            return change(indicator)
        printed = amount(indicator, period, unit).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
        return f"{printed:f}{'' if field[4] else unit}"

    return sections_of_markdown(catalog, _FIELD.sub(fill, path.read_text(encoding="utf-8")), period)
