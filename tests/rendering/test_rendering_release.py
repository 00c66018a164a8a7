"""What is published equals what was given: page, printed sheet and open data are read back by other programs.

Also: the same document gives the same bytes, hostile text stays text, and a page stays small.
"""

from __future__ import annotations

import csv
import io
import json
import re
from decimal import Decimal
from html import unescape
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pikepdf
import pytest

from disclosure.calendar.periods import Period
from disclosure.catalog import load_catalog
from disclosure.figures.figures import Figure
from disclosure.rendering import Rendered, render_release
from disclosure.rendering.charts import chart_svg
from disclosure.rendering.document.document import Bar, Chart
from disclosure.rendering.open_data.open_data import render_csv
from disclosure.rendering.read_numbers import pdf_text
from disclosure.simulation.demo_figures import demo_history
from tests.support.rendered import Example, example, example_of, rendered

pytestmark = pytest.mark.unit

PERIOD = Period(2025, "annual")
CATALOG = load_catalog("chuxiong")
HOSTILE = "=cmd|'/c calc'!A1 <script>alert(1)</script> \"&' #eval(\"x\") {{ 7*7 }} $x$ *粗*"


def changed(figures: tuple[Figure, ...], *footnotes: str) -> Example:
    return example_of("chuxiong", "2025-annual", *footnotes, figures=figures)


def render(changed: Example) -> Rendered:
    return render_release(changed.document, changed.outlets)


@pytest.fixture(scope="module")
def figures() -> tuple[Figure, ...]:
    return example().figures


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return dict(rendered().site)


class PageReader(HTMLParser):
    """Collects the text of every element with ``data-figure``, ids, addresses, all visible text and JSON-LD."""

    VOID = frozenset({"meta", "link", "br", "img", "path", "line"})

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.figures: dict[str, set[str]] = {}
        self.ids: list[str] = []
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.text = ""
        self.data: dict[str, Any] = {}
        self._open: list[tuple[str, str]] = []
        self.feed(page.decode())
        assert not self._open, self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        self.tags.add(known.get("type", tag) if tag == "script" else tag)
        self.ids += [known["id"]] if "id" in known else []
        self.addresses += [known[name] for name in ("href", "src") if name in known]
        if tag not in self.VOID:
            self._open.append((tag, known.get("data-figure", "")))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1][0] == "script":
            self.data = json.loads(data)
            return
        self.text += data
        if self._open and (key := self._open[-1][1]):
            self.figures.setdefault(key, set()).add(data)


def test_page_shows_every_figure_as_given(files: dict[str, bytes], figures: tuple[Figure, ...]) -> None:
    page = PageReader(files["index.html"])
    shown = {key: texts for key, texts in page.figures.items() if key.endswith(f"/{PERIOD.id}")}
    assert shown == {"/".join(f.key): {f.printed} for f in figures}


def test_page_compares_with_the_published_base(files: dict[str, bytes]) -> None:
    page = PageReader(files["index.html"])
    bases = {"/".join(f.key): {f.printed} for f in demo_history(CATALOG, PERIOD) if f.period == PERIOD.year_before()}
    shown = {key: texts for key, texts in page.figures.items() if not key.endswith(f"/{PERIOD.id}")}
    assert shown
    assert shown.items() <= bases.items()


def test_csv_gives_back_every_figure(files: dict[str, bytes], figures: tuple[Figure, ...]) -> None:
    rows = list(csv.DictReader(io.StringIO(files["figures.csv"].decode("utf-8-sig"), newline="")))
    assert files["figures.csv"].startswith(b"\xef\xbb\xbf")
    given = {
        "/".join(f.key): (f"{f.value:f}" if f.value is not None else "", f.text if f.value is None else "", f.unit)
        for f in figures
    }
    assert {row["id"]: (row["value"], row["text"], row["unit"]) for row in rows} == given
    assert {row["period"] for row in rows} == {PERIOD.id}
    assert all(row["note"].startswith("演示") for row in rows)


def test_printed_sheet_shows_every_figure(files: dict[str, bytes], figures: tuple[Figure, ...]) -> None:
    words = set(pdf_text(files["disclosure.pdf"]).split())
    missing = [f.key for f in figures if f.value is not None and f.printed not in words]
    assert not missing
    with pikepdf.open(io.BytesIO(files["disclosure.pdf"])) as pdf:
        assert pdf.docinfo["/Title"] == "2025年度楚雄州社会保险信息披露"
        root: Any = pdf.Root
        assert root.MarkInfo.Marked
        assert root.Lang in {"zh", "zh-CN"}
        assert b"pdfuaid" in root.Metadata.read_bytes()


def test_printed_sheet_says_it_is_a_demonstration_on_every_page(files: dict[str, bytes]) -> None:
    pages = pdf_text(files["disclosure.pdf"]).split("\f")
    assert len(pages) > 5
    assert all("演示" in page for page in pages)


def test_same_document_gives_the_same_bytes() -> None:
    once = example("gaogang-2016", "2016-annual")
    again = example_of("gaogang-2016", "2016-annual", figures=tuple(reversed(once.figures)))
    assert render(again).files == rendered("gaogang-2016", "2016-annual").files


def test_json_twin_is_the_document(files: dict[str, bytes], figures: tuple[Figure, ...]) -> None:
    twin = json.loads(files["document.json"])
    assert {seen["key"] for seen in twin["observations"]} == {"/".join(f.key) for f in figures}


def test_page_is_small_whole_and_needs_nothing_from_outside(files: dict[str, bytes]) -> None:
    page = PageReader(files["index.html"])
    assert len(files["index.html"]) < 155_000
    assert len(page.ids) == len(set(page.ids))
    assert "script" not in page.tags
    assert {"main", "nav", "header", "footer", "h1", "svg", "caption"} <= page.tags
    anchors = {address[1:] for address in page.addresses if address.startswith("#")}
    assert anchors <= set(page.ids)
    others = {address for address in page.addresses if not address.startswith(("#", "data:,"))}
    insurances = {f"../../insurances/{each.id}.html" for each in CATALOG.insurances.values()}
    around = {"../../index.html", "../../index.html#insurances", "../../index.html#counties"}
    around |= {"../../index.html#openness", "../../search.html", "../../verify.html"}
    around |= {f"../../{each}.html" for each in ("schedule", "glossary", "data", "open-data", "accessibility")}
    around |= {"../../glossary.html#method", "../../glossary.html#revisions"}
    around |= {f"../../glossary.html#{each.id}" for each in CATALOG.insurances.values()}
    assert others == {"manifest.json", *around, *insurances, *files} - {"index.html"}, "every table's CSV too"
    # Names of vocabularies, which nobody fetches.
    names = rb"www\.w3\.org/2000/svg\"|schema\.org\""
    assert not re.search(rb"url\(|@import|https?://(?!" + names + rb")", files["index.html"])


def test_page_tells_machines_what_it_is(files: dict[str, bytes], figures: tuple[Figure, ...]) -> None:
    told = PageReader(files["index.html"]).data
    assert (told["@type"], told["name"]) == ("Dataset", "2025年度楚雄州社会保险信息披露")
    assert told["temporalCoverage"] == "2025-01-01/2025-12-31"
    assert {each["contentUrl"] for each in told["distribution"]} <= set(files)
    assert set(told["variableMeasured"]) == {CATALOG.indicators[f.indicator].name for f in figures}


def test_hostile_text_stays_text(figures: tuple[Figure, ...]) -> None:
    texts = {f.key for f in figures if f.value is None}
    hostile = tuple(
        Figure(f.region, f.indicator, f.period, f.unit, text=HOSTILE, centre=f.centre) if f.key in texts else f
        for f in figures
    )
    assert texts
    everything = render(changed(hostile, HOSTILE))
    released = everything.site
    for fragment in (everything.packages["wechat"]["article.html"], everything.packages["handover"]["content.html"]):
        assert b"<script" not in fragment
        assert HOSTILE in unescape(fragment.decode())
    page = PageReader(released["index.html"])
    assert "script" not in page.tags
    assert page.text.count(HOSTILE) == 1 + 2 * len(texts)  # the note; prose and table for each text
    rows = csv.DictReader(io.StringIO(released["figures.csv"].decode("utf-8-sig"), newline=""))
    assert [row["text"] for row in rows if "calc" in row["text"]] == [f"'{HOSTILE}"] * len(texts)
    printed = re.sub(r"\s", "", pdf_text(released["disclosure.pdf"]))
    assert re.sub(r"\s", "", '<script>alert(1)</script>"&\'#eval("x"){{7*7}}$x$*粗*') in printed


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "＝", " ="])
def test_csv_text_is_never_a_formula(start: str) -> None:
    text = Figure("532300", "all_insurances.contribution_rates", PERIOD, "", text=f"{start}1+1")
    negative = Figure("532300", "work_injury.current_surplus", PERIOD, "万元", Decimal("-1.50"))
    released = render_csv(changed((text, negative)).document.observations)
    rows = {
        row["indicator_id"]: row["text"] or row["value"]
        for row in csv.DictReader(io.StringIO(released.decode("utf-8-sig"), newline=""))
        if row["region_code"] == "532300"
    }
    assert rows[text.indicator] == f"'{start}1+1"
    assert rows[negative.indicator] == "-1.50"


def test_charts_are_drawn_to_scale_and_described(files: dict[str, bytes], figures: tuple[Figure, ...]) -> None:
    page = files["index.html"].decode()
    charts = re.findall(r'<svg [^>]*role="img"[^>]*>.*?</svg>', page, re.S)
    assert len(charts) == 8
    for chart in charts:
        assert re.search(r"<title [^>]*>.+</title><desc [^>]*>条形图，单位为.+</desc>", chart)
    by_region = next(chart for chart in charts if "城乡居民基本养老保险分地区参保人数" in chart)
    widths = [float(width) for width in re.findall(r'<rect [^>]*width="([\d.]+)"', by_region)]
    values = [
        float(f.value or 0)
        for region in CATALOG.parts_of_prefecture
        for f in figures
        if (f.region, f.indicator) == (region.code, "resident_pension.participants")
    ]
    assert widths == pytest.approx([value * max(widths) / max(values) for value in values], abs=0.2)


def test_bar_below_zero_goes_to_the_other_side_and_hostile_names_stay_text() -> None:
    bars = (Bar("盈", "", "200", "200", "a", "万元"), Bar(HOSTILE, "", "-100", "-100", "b", "万元"))
    drawn = ElementTree.fromstring(chart_svg(Chart("c", HOSTILE, "", HOSTILE, ("",), bars)))  # noqa: S314 - drawn by ourselves
    svg = "{http://www.w3.org/2000/svg}"
    assert [drawn.findtext(f"{svg}{name}") for name in ("title", "desc")] == [HOSTILE, HOSTILE]
    assert HOSTILE in [text.text for text in drawn.iter(f"{svg}text")]
    gain, loss = ((float(bar.attrib["x"]), float(bar.attrib["width"])) for bar in drawn.iter(f"{svg}rect"))
    (axis,) = drawn.iter(f"{svg}line")
    assert gain[0] == pytest.approx(sum(loss), abs=0.1) == pytest.approx(float(axis.attrib["x1"]), abs=0.1)
    assert gain[1] == pytest.approx(2 * loss[1], abs=0.2)
