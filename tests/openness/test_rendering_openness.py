"""The catalogue's pages say what the catalogue says: all columns, cells merged as printed, a page an item, views by
level, open data that reads back; statistics and dates are printed as given; nothing typed is ever markup.
"""

from __future__ import annotations

import base64
import csv
import datetime as dt
import hashlib
import io
import json
import re
from dataclasses import replace
from decimal import Decimal
from html import unescape

import pytest

from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog, load_catalog
from disclosure.catalog.models.openness import CONTENT_OF_KIND, ContactRow, Contacts
from disclosure.figures.figures import Figure
from disclosure.openness.clock import ElementVersion
from disclosure.openness.pages.pages import drafts_of, render_openness, statistics_of, table_groups
from disclosure.openness.pages.state import ElementHistory, OpennessState
from disclosure.platform.errors import DisclosureError

pytestmark = pytest.mark.unit

CATALOG = load_catalog("chuxiong")
ITEMS = CATALOG.openness_items
DRAFTS = drafts_of(CATALOG)
PAGES = render_openness(CATALOG, DRAFTS)
YEAR = Period(2025, "annual")
SITE_MENU = tuple(
    f"../{name}.html"
    for name in ("index", "search", "verify", "schedule", "glossary", "data", "open-data", "accessibility")
)


def page(state: OpennessState, name: str, catalog: Catalog = CATALOG) -> str:
    return render_openness(catalog, state)[f"openness/{name}.html"].decode()


def words(html: str) -> str:
    """The page's text without markup or white space."""
    return re.sub(r"\s+", "", re.sub(r"<[^>]*>", "", re.sub(r"<(style|script)>.*?</\1>", "", html, flags=re.DOTALL)))


def with_item(number: str, **changes: object) -> Catalog:
    changed = ITEMS[number].model_copy(update=changes)
    return replace(CATALOG, openness_items={**ITEMS, number: changed})


def test_there_is_a_page_for_every_item_and_view_and_the_same_state_gives_the_same_bytes() -> None:
    views = {
        f"openness/{name}"
        for name in ("index.html", "table.html", "county.html", "township.html", "catalog.csv", "catalog.json")
    }
    assert set(PAGES) == views | {f"openness/{number}.html" for number in ITEMS}
    assert render_openness(CATALOG, drafts_of(CATALOG)) == PAGES


def test_every_link_of_every_page_leads_somewhere() -> None:
    for name, content in PAGES.items():
        if not name.endswith(".html"):
            continue
        html = content.decode()
        ids = set(re.findall(r'\bid="([^"]+)"', html))
        assert len(ids) == len(re.findall(r'\bid="', html)), name
        for target in re.findall(r'href="([^"]+)"', html):
            if target.startswith("#"):
                assert target[1:] in ids, (name, target)
            elif not target.startswith(("data:,", *SITE_MENU)):
                assert f"openness/{target}" in PAGES, (name, target)


def grid(html: str) -> list[list[str]]:
    """The table's body as a reader with merged cells sees it: every row with all 14 columns."""
    rows: list[list[str]] = []
    open_cells: dict[int, tuple[int, str]] = {}
    for row in re.findall(r"<tr data-item.*?</tr>", html, re.DOTALL):
        cells = re.findall(r"<(?:td|th)\b([^>]*)>(.*?)</(?:td|th)>", row, re.DOTALL)
        filled: dict[int, str] = {}
        for column, (left, text) in list(open_cells.items()):
            filled[column] = text
            open_cells[column] = (left - 1, text)
            if left == 1:
                del open_cells[column]
        for attributes, content in cells:
            column = next(n for n in range(14) if n not in filled)
            stated = re.search(r'data-c="(\d+)"', attributes)
            assert stated
            assert int(stated[1]) == column
            text = words(content)
            filled[column] = text
            if span := re.search(r'rowspan="(\d+)"', attributes):
                open_cells[column] = (int(span[1]) - 1, text)
        rows.append([filled[n] for n in range(14)])
    assert not open_cells
    return rows


def test_the_table_has_every_cell_of_every_item_once_merged_cells_are_spread() -> None:
    rows = grid(PAGES["openness/table.html"].decode())
    assert len(rows) == 50
    for row, item in zip(rows, ITEMS.values(), strict=True):
        assert row[:8] == [
            str(int(item.number)),
            CATALOG.openness_matters[item.matter].name,
            item.name,
            "".join(element.name for element in item.elements.values()),
            "、".join(f"《{law}》" for law in item.basis),
            item.time_limit,
            item.body,
            "".join(item.channels),
        ]
        assert row[8:] == ["√", "否", "√", "否", "√", "√"]


def test_cells_are_merged_as_in_the_source_and_come_apart_where_a_profile_changes_one() -> None:
    def spans(catalog: Catalog, column: str) -> list[int]:
        groups = table_groups(catalog, catalog.openness_items.values())
        return [row.spans[column] for group in groups for row in group.rows]

    assert [span for span in spans(CATALOG, "matter") if span] == [7, 5, 5, 1, 2, 14, 7, 6, 3]
    # printed channels: 8 and 9 each have their own cell
    assert [span for span in spans(CATALOG, "channels") if span] == [7, 1, 4, 5, 1, 2, 14, 7, 6, 3]
    # items 1-3 share the cell printed in the third row
    assert spans(CATALOG, "basis")[:4] == [3, 0, 0, 1]
    changed = with_item("01", basis=("社会保险法",))
    assert spans(changed, "basis")[:4] == [1, 2, 0, 1]


def test_a_township_sees_what_it_must_show_and_no_more() -> None:
    catalog = with_item("16", levels=("county",))
    township, county = page(DRAFTS, "township", catalog), page(DRAFTS, "county", catalog)
    assert (len(grid(township)), len(grid(county))) == (49, 50)
    assert ITEMS["16"].name not in words(township)
    assert "共49项" in township
    assert 'aria-current="page">乡、村级公开事项' in township


def test_the_script_is_the_one_the_page_allows() -> None:
    html = PAGES["openness/table.html"].decode()
    script = re.search(r"<script>(.*?)</script>", html, re.DOTALL)
    assert script
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in unescape(html)
    assert "<script" not in PAGES["openness/35.html"].decode()
    assert "script-src" not in PAGES["openness/35.html"].decode()


def test_open_data_reads_back() -> None:
    rows = list(csv.DictReader(io.StringIO(PAGES["openness/catalog.csv"].decode("utf-8-sig"))))
    told = json.loads(PAGES["openness/catalog.json"])["items"]
    assert [row["name"] for row in rows] == [item["name"] for item in told] == [item.name for item in ITEMS.values()]
    for row, item, own in zip(rows, told, ITEMS.values(), strict=True):
        assert (
            row["elements"].split("；")
            == [e["name"] for e in item["elements"]]
            == [e.name for e in own.elements.values()]
        )
        assert [law.strip("《》") for law in row["basis"].split("；")] == item["basis"] == list(own.basis)
        assert row["levels"].split("；") == list(item["levels"].values())
        assert item["inherited"] == own.inherited
    assert told[38]["elements"][1]["indicators"] == [
        {"id": "work_injury.assistive_devices.amount", "name": "辅助器具配置金额", "unit": "元"},
        {"id": "work_injury.assistive_devices.person_times", "name": "辅助器具配置人次", "unit": "人次"},
    ]


def test_an_items_page_answers_what_people_ask_in_their_order_and_folds_what_the_law_asks() -> None:
    html = PAGES["openness/42.html"].decode()
    errand, statutory = html.split('<details class="statutory">')
    asked = ["谁可以办", "要带什么", "怎么办", "去哪里、什么时候去", "要多久", "要花多少钱", "问谁、向谁投诉"]
    assert re.findall(r"<h3>([^<]+)<small>", errand) == asked
    for head, body in DRAFTS.guides["42"].sections.items():
        told = re.sub(r"[\s\-]|^\d\.|\n\d\. ", "", body.splitlines()[0]).partition("〔")[0]
        assert told in words(statutory if head in {"事项名称", "办理依据"} else errand), head
    assert "公开依据" not in errand
    assert all(f"<dt>{name}</dt>" in statutory for name in ("公开依据", "公开时限", "公开主体", "公开渠道和载体"))
    assert '<span class="tag">示例</span>' in errand
    assert 'role="note"' in errand


def test_what_no_office_has_provided_is_a_line_that_says_so() -> None:
    assert "减免政策：州社保中心尚未提供，提供后在这里公开。" in words(PAGES["openness/01.html"].decode())
    assert "咨询：咨询电话（州就业中心尚未提供）" in words(PAGES["openness/42.html"].decode())
    nothing = page(OpennessState({}, {}), "42")
    assert "服务指南：州就业中心尚未提供，提供后在这里公开。" in words(nothing)
    assert "<h2" not in nothing
    index = page(replace(DRAFTS, guides={"42": DRAFTS.guides["42"]}, contents={}), "index")
    assert f'<a href="42.html">{ITEMS["42"].name}</a></li>' in index
    assert f'<a href="45.html">{ITEMS["45"].name}</a><small class="pending">尚未提供</small></li>' in index


@pytest.mark.parametrize("profile", ["chuxiong", "gaogang-2016", "kunming-2017"])
def test_no_public_page_or_file_shows_brackets_or_what_staff_note_to_each_other(profile: str) -> None:
    catalog = load_catalog(profile)
    for state in (drafts_of(catalog), OpennessState({}, {})):
        for name, content in render_openness(catalog, state).items():
            text = content.decode()
            for internal in ("〔由", "请政策法规科核定", "原目录此处", "原件", "地区配置应"):
                assert internal not in text, (name, internal)


def test_every_page_leads_back_to_the_sites_menu() -> None:
    for name, content in PAGES.items():
        if name.endswith(".html"):
            html = content.decode()
            assert '<nav class="site-nav"' in html, name
            assert '<a href="../index.html#openness" aria-current="page">政务公开</a>' in html, name
            assert '<a href="../search.html">检索</a>' in html, name


def test_the_catalogue_opens_with_what_happens_to_people() -> None:
    html = PAGES["openness/index.html"].decode()
    for event in CATALOG.life_events.values():
        own = html.split(f'<li id="{event.id}">')[1].split("</ul></li>")[0]
        assert event.name in own
        assert re.findall(r'href="(\d\d)\.html"', own) == list(event.items)
    names = {event.name for event in CATALOG.life_events.values()}
    assert {"失业了", "要退休", "工伤", "入职、换单位", "办社保卡"} <= names
    assert html.index("遇到这些事") < html.index("按业务查找") < html.index("目录全表")


def test_words_of_a_demonstration_are_marked() -> None:
    state = replace(DRAFTS, demo_contents=frozenset({("42", "guide")}))
    assert "标有“演示”的内容是为演示编写的" in page(state, "07")
    assert '服务指南<span class="tag">演示</span>' in page(state, "42")
    assert '<span class="tag">演示</span>' not in page(state, "07")


def test_an_example_is_printed_as_computed() -> None:
    text = words(PAGES["openness/18.html"].decode())
    assert "单位合计918.02元养老保险单位应缴+失业保险单位应缴+工伤保险单位应缴" in text
    assert "养老保险个人应缴434.57元月缴费基数×养老保险个人比例，四舍五入保留2位小数" in text


def figure(indicator: str, value: str, region: str = "532300", period: Period = YEAR) -> Figure:
    unit = CATALOG.indicators[indicator].unit
    return Figure(region, indicator, period, unit, Decimal(value))


def test_statistics_are_the_compilations_and_a_missing_one_says_so() -> None:
    without = words(PAGES["openness/39.html"].decode())
    assert "：取自最近一期社会保险信息披露，尚无可以公布的一期。" in without
    amount = "work_injury.assistive_devices.amount"
    state = replace(
        DRAFTS, statistics=statistics_of(CATALOG, [figure(amount, "1234567.80"), figure(amount, "5.00", "532301")])
    )
    html = page(state, "39")
    assert '<td data-figure="532300/work_injury.assistive_devices.amount/2025-annual">1,234,567.80</td>' in html
    assert "辅助器具配置人次未提供人次" in words(html)
    assert "（2025年度）" in html
    assert "真实数据" not in html
    assert "不是楚雄州的真实数据" in page(replace(state, demo=True), "39")


def test_two_counts_of_one_name_are_told_apart() -> None:
    html = PAGES["openness/35.html"].decode()
    assert "住院伙食补助费支付人次" in html
    assert "工伤医疗待遇支付人次" in html


def test_figures_of_two_periods_are_refused() -> None:
    name = "work_injury.referrals"
    mixed = [figure(name, "1"), figure(name, "2", period=Period(2025, "q1"))]
    with pytest.raises(DisclosureError, match="同一期"):
        render_openness(CATALOG, replace(DRAFTS, statistics=statistics_of(CATALOG, mixed)))


def test_changes_stand_against_their_limits_with_the_holidays_of_the_prefecture() -> None:
    versions = (
        ElementVersion(1, dt.date(2025, 6, 3), dt.date(2025, 6, 20), "首次公开"),
        ElementVersion(2, dt.date(2025, 7, 1), dt.date(2025, 8, 4), "<b>改流程</b>"),
        ElementVersion(3, dt.date(2026, 3, 30), None, "换了电话"),
    )
    history = {("07", "guide"): ElementHistory(versions, dt.date(2025, 9, 1))}
    html = page(replace(DRAFTS, histories=history, as_of=dt.date(2026, 4, 8)), "07")
    text = words(html)
    assert "第2版&lt;b&gt;改流程&lt;/b&gt;2025年7月1日2025年8月1日2025年8月4日21逾期公开" in text
    assert "第3版换了电话2026年3月30日2026年4月28日—6在时限内" in text
    assert text.index("第3版") < text.index("第1版首次公开")
    assert "最近确认：2025年9月1日下次确认：2026年9月1日" in text
    later = page(replace(DRAFTS, histories=history, as_of=dt.date(2026, 9, 1)), "07")
    assert "应在2026年9月1日确认内容仍然有效，尚未确认" in words(later)
    assert "已逾期，尚未公开" in words(later)


def test_dates_need_the_day_on_which_they_are_read() -> None:
    history = {("07", "guide"): ElementHistory((ElementVersion(1, dt.date(2025, 6, 3)),))}
    with pytest.raises(DisclosureError, match="as_of"):
        render_openness(CATALOG, replace(DRAFTS, histories=history))


def test_what_is_typed_never_becomes_markup() -> None:
    row = ContactRow(office="<script>x</script>", phone='" onclick="x')
    state = replace(DRAFTS, contents={"13": {"contacts": Contacts(rows=(row,))}})
    html = page(state, "13")
    assert "&lt;script&gt;x&lt;/script&gt;" in html
    assert "<script>" not in html
    assert 'onclick="x' not in html
    evil = with_item("01", name='<img src=x>"=1+1')
    rendered = render_openness(evil, DRAFTS)
    assert "<img" not in rendered["openness/index.html"].decode()
    assert "<img" not in rendered["openness/02.html"].decode()


def test_a_profile_without_drafts_has_all_pages_too() -> None:
    catalog = load_catalog("kunming-2017")
    pages = render_openness(catalog, drafts_of(catalog))
    assert set(pages) == set(PAGES)
    assert "示例" not in words(pages["openness/07.html"].decode())


@pytest.mark.parametrize(
    ("number", "element", "row", "printed"),
    [
        (
            "48",
            "places",
            {"name": "甲网点", "address": "乙街", "hours": "工作日", "phone": "丙", "note": "丁"},
            "甲网点乙街工作日丙丁",
        ),
        ("48", "agencies", {"office": "甲中心", "phone": "乙"}, "甲中心乙"),
        ("15", "materials", {"name": "甲表", "copies": "一份", "file": "甲.docx"}, "甲表一份甲.docx"),
        ("41", "increase", {"title": "甲通知", "number": "乙号", "issued_by": "丙厅"}, "甲通知乙号丙厅"),
        ("13", "website", {"name": "甲网", "address": "甲网址"}, "甲网甲网址"),
        (
            "13",
            "minimum_base",
            {"name": "基数", "value": "4321.50", "unit": "元/月", "effective": "2026-01-01", "source": "甲号"},
            "基数4,321.50元/月2026年1月1日甲号",
        ),
    ],
)
def test_every_kind_of_list_is_printed_row_by_row(number: str, element: str, row: dict[str, str], printed: str) -> None:
    model = CONTENT_OF_KIND[ITEMS[number].elements[element].kind]
    content = model.model_validate({"rows": [row], "note": "附言"})
    text = words(page(replace(DRAFTS, contents={number: {element: content}}), number))
    assert printed + "附言" in text
