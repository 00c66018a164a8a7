"""Charts as SVG: Altair describes, vl-convert draws without a browser."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any
from xml.etree import ElementTree

import vl_convert

from disclosure.rendering.document import Chart
from disclosure.rendering.fonts import FONT_FOLDER, SANS

#: Colours as drawn; the page's style sheet re-colours by these very values in dark mode.
INK, FAINT = "#24364b", "#d5dde6"
SERIES = ("#1f5f9f", "#6c97c2")

_PLOT_WIDTH = 270
_BAR = 15
_FONT_SIZE = 12.5
#: Attributes that shape the drawing; the rest is for scripts and for Vega's own accessibility tree.
_KEPT = {"viewBox", "transform", "d", "x2", "y2", "fill", "stroke", "stroke-width", "text-anchor"}
_NUMBER = re.compile(r"-?\d+\.\d+")


@cache
def _register_fonts() -> None:
    """Text is measured with the fonts we ship, so that a chart is the same on every machine."""
    vl_convert.register_font_directory(str(FONT_FOLDER))


@lru_cache(maxsize=512)
def chart_svg(chart: Chart) -> str:
    """``chart`` as one ``<svg role="img">`` element with title and description, no outside reference.

    A chart takes 0.1 s: a process draws the same one once.
    """
    _register_fonts()
    drawn: str = vl_convert.vegalite_to_svg(_specification(chart), allowed_base_urls=[])
    return _slim(drawn, chart)


def _specification(chart: Chart) -> dict[str, Any]:
    import altair as alt  # 0.5 s, and only where a chart is drawn

    rows = [
        {"category": bar.category, "series": bar.series, "value": float(bar.value), "printed": bar.printed}
        for bar in chart.bars
    ]
    categories = list(dict.fromkeys(bar.category for bar in chart.bars))
    values = [float(bar.value) for bar in chart.bars]
    low, high = min(0.0, *values), max(0.0, *values)
    # Room for the printed number behind the longest bar.
    room = (high - low or 1.0) * 0.42
    grouped = len(chart.series) > 1
    scale = alt.Scale(domain=[low - (room if low < 0 else 0), high + room], nice=False)
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y("category:N", sort=categories, title=None),
        x=alt.X("value:Q", scale=scale, axis=None),
    )
    if grouped:
        base = base.encode(yOffset=alt.YOffset("series:N", sort=list(chart.series)))
    colours = alt.Color(
        "series:N",
        scale=alt.Scale(domain=list(chart.series), range=list(SERIES[: len(chart.series)])),
        legend=alt.Legend(orient="top", title=None) if grouped else None,
    )
    is_negative = alt.datum.value < 0
    drawing = alt.layer(
        base.mark_bar().encode(color=colours),
        base.transform_filter(~is_negative).mark_text(align="left", dx=4, color=INK).encode(text="printed:N"),
        base.transform_filter(is_negative).mark_text(align="right", dx=-4, color=INK).encode(text="printed:N"),
    )
    step = (_BAR + 3) * len(chart.series) + 8
    drawing = drawing.properties(width=_PLOT_WIDTH, height=alt.Step(step / len(chart.series) if grouped else step))
    specification: dict[str, Any] = drawing.configure(
        font=SANS,
        background="transparent",
        aria=False,
        axis=alt.AxisConfig(
            labelFontSize=_FONT_SIZE, labelColor=INK, domainColor=FAINT, ticks=False, labelPadding=8, grid=False
        ),
        legend=alt.LegendConfig(labelFontSize=_FONT_SIZE, labelColor=INK, symbolType="square"),
        text=alt.MarkConfig(fontSize=_FONT_SIZE),
        view=alt.ViewConfig(stroke=None),
    ).to_dict()
    return specification


def _slim(drawn: str, chart: Chart) -> str:
    """The drawing without what a page does not need: class names, spare precision, empty and bare groups."""
    root = ElementTree.fromstring(drawn)  # noqa: S314 - drawn by ourselves a moment ago
    for element in root.iter():
        element.tag = element.tag.removeprefix("{http://www.w3.org/2000/svg}")
        element.attrib = {
            name: _NUMBER.sub(_one_decimal, value) for name, value in element.attrib.items() if name in _KEPT
        }
        if element.attrib.get("transform") == "translate(0,0)":
            del element.attrib["transform"]
    _prune(root)
    width, height = root.attrib["viewBox"].split()[2:]
    root.attrib = {
        "xmlns": "http://www.w3.org/2000/svg",
        "viewBox": root.attrib["viewBox"],
        "width": width,
        "height": height,
        "role": "img",
        "aria-labelledby": f"{chart.id}-t {chart.id}-d",
        "font-family": SANS,
        "font-size": f"{_FONT_SIZE}px",
    }
    title, description = (
        ElementTree.Element("title", id=f"{chart.id}-t"),
        ElementTree.Element("desc", id=f"{chart.id}-d"),
    )
    title.text, description.text = chart.title, chart.description
    root[:0] = [title, description]
    return ElementTree.tostring(root, encoding="unicode")


def _one_decimal(number: re.Match[str]) -> str:
    return f"{float(number[0]):.1f}".removesuffix(".0")


def _prune(parent: ElementTree.Element) -> None:
    """Leave out what paints nothing and take the children out of groups that say nothing."""
    kept: list[ElementTree.Element] = []
    for child in parent:
        _prune(child)
        paints = child.tag == "text" or {"fill", "stroke"} & child.attrib.keys()
        if child.tag == "g" and not child.attrib:
            kept.extend(child)
        elif len(child) if child.tag == "g" else paints:
            kept.append(child)
    parent[:] = kept
