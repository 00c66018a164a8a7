"""Protects the board's page: what it says of each state, that it needs nothing else, and that names are no markup.

The year is 楚雄's real calendar of 2026, with 2025's annual cycle published and the first quarter's under way.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from disclosure.calendar.time_left import time_left
from disclosure.monitoring.board.facts import Awaited, Concern, Overview
from disclosure.monitoring.board.page import render_board
from disclosure.monitoring.board.timeline import draw_timeline
from tests.support.overviews import APRIL, CATALOG, overview

pytestmark = pytest.mark.unit

URLS = {"server_url": "http://127.0.0.1:4200"}


class Reader(HTMLParser):
    """Collects the text of a page, and every address it points to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text = ""
        self.addresses: list[str] = []
        self.feed(page)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, _: str, attributes: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for name, value in attributes if name in {"href", "src"}]

    def handle_data(self, data: str) -> None:
        self.text += data


def page(seen: Overview) -> str:
    return render_board(seen, **URLS).decode()


def test_it_says_who_is_awaited_what_is_found_and_what_is_next() -> None:
    told = Reader(page(overview())).text
    assert "2026年4月22日（星期三） 09:20" in told
    assert "2026年1季度 编写报送 州医保中心 李医保 4月20日起 已逾期 2 个工作日" in told
    assert "州机关事业单位养老保险管理中心 还没有登记人" in told
    assert "已收 4月20日" in told
    assert "1 处严重问题" in told
    assert "（1 处还没有说明）" in told
    assert "网站 逐字节核对无误 3月13日 09:00" in told
    assert "4月24日 周五 2026年1季度 汇总" in told
    assert "星期六，提前到上一个工作日" in told
    assert "计划里没有的运行 系统已自动处理。 自 2026年4月21日 08:00" in told


def test_it_needs_no_other_file_and_leads_only_to_forms_reports_and_the_site() -> None:
    told = page(overview())
    assert not re.search(r"<(?:script|link|img|iframe)\b|@import|url\(", told)
    assert set(Reader(told).addresses) == {
        f"{URLS['server_url']}/prefect/runs/flow-run/0000",
        f"{URLS['server_url']}/reports/2026-q1/round-1-abc.html",
        f"{URLS['server_url']}/site/releases/2025-annual/index.html",
    }


def test_what_people_typed_is_no_markup() -> None:
    hostile = "<script>alert(1)</script>"
    seen = overview()
    awaited = replace(seen.awaited[0], people=(hostile,))
    told = page(replace(seen, awaited=(awaited,), concerns=(Concern(hostile),), title=hostile))
    assert hostile not in told
    assert told.count("&lt;script&gt;") >= 4


def test_a_year_with_nothing_in_it_is_a_page_too() -> None:
    told = Reader(page(replace(overview(), cycles=(), awaited=(), upcoming=(), supervision=(), concerns=()))).text
    assert "现在没有要等的人。" in told
    assert "0 件须关注" in told
    assert "个工作日后是下一个期限" not in told


@pytest.mark.parametrize("is_wide", [True, False])
def test_every_milestone_stands_at_its_date(is_wide: bool) -> None:
    seen = overview()
    drawn = draw_timeline(seen.cycles, 2026, APRIL.date(), is_wide=is_wide)
    assert drawn is not None
    left, right = drawn.months[0].x, 2 * drawn.months[-1].middle - drawn.months[-1].x
    a_day = (right - left) / 365
    for lane, one in zip(drawn.lanes, seen.cycles, strict=True):
        days = [station.deadline.planned for station in one.stations]
        expected = [left + a_day * (day - dt.date(2026, 1, 1)).days for day in days]
        assert [mark.x for mark in lane.marks] == pytest.approx(expected, abs=0.2)
        assert left <= lane.x < lane.end <= right + 6
    assert drawn.today == pytest.approx(left + a_day * (APRIL.date() - dt.date(2026, 1, 1)).days, abs=0.2)
    # Two of one day share the height and do not cover each other.
    annual = drawn.lanes[0].marks
    (above, below) = [mark for mark in annual if mark.height < 24]
    assert above.y + above.height < below.y


def test_the_timelines_are_whole_pictures_with_the_same_words() -> None:
    pictures = re.findall(r"<svg.*?</svg>", page(overview()), re.DOTALL)
    assert len(pictures) == 2
    for picture in pictures:
        root = ElementTree.fromstring(picture)  # noqa: S314 - our own
        assert "2026年1季度：“编写报送”已过期" in root.attrib["aria-label"]
        assert "3月13日已发布" in "".join(root.itertext())


def test_overdue_and_concerns_are_counted() -> None:
    seen = overview()
    assert (seen.overdue, seen.open_concerns) == (2, 1)
    on_time = Awaited(
        "2026年1季度", "汇总", "宣传信息科", (), APRIL.date(), time_left(APRIL.date(), APRIL.date(), CATALOG.holidays)
    )
    told = Reader(page(replace(seen, awaited=(on_time,)))).text
    assert "今天到期" in told
    assert "0 件逾期" in told
