"""An overview for tests of the board: 楚雄's year 2026 on 22 April, by its real calendar."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from disclosure.catalog import load_catalog
from disclosure.deadlines import periods_of_year, plan
from disclosure.overview import (
    Audited,
    Awaited,
    ChannelState,
    Concern,
    Handed,
    Overview,
    Released,
    Station,
    Track,
    Upcoming,
)
from disclosure.periods import Period
from disclosure.settings import SHANGHAI
from disclosure.workdays import probable_workdays

CATALOG = load_catalog("chuxiong")
APRIL = dt.datetime(2026, 4, 22, 9, 20, tzinfo=SHANGHAI)
_PUBLISHED = dt.datetime(2026, 3, 13, 9, tzinfo=SHANGHAI)


def overview() -> Overview:
    """One cycle published, one late with a finding, two to come; one concern open, one mended."""
    annual, first, *rest = (_track(period) for period in periods_of_year(CATALOG, 2026))
    done = tuple(replace(s, state="done", done_on=s.planned) for s in annual.stations)
    live = (ChannelState("网站", True, _PUBLISHED),)
    released = Released(1, None, _PUBLISHED, True, False, live, "releases/2025-annual/index.html")
    late = (
        replace(first.stations[0], state="late"),
        replace(first.stations[1], state="now"),
        *first.stations[2:],
    )
    return Overview(
        title="社会保险信息披露",
        publisher=CATALOG.profile.publisher,
        at=APRIL,
        year=2026,
        tracks=(
            replace(
                annual, step="已发布", round=2, is_opened=True, is_published=True, stations=done, released=released
            ),
            replace(
                first,
                step="报送",
                round=1,
                is_opened=True,
                stations=late,
                waits="州医保中心",
                run_id="0000",
                handed=(
                    Handed("州社保中心", "accepted", dt.date(2026, 4, 20)),
                    Handed("州就业中心", "refused", dt.date(2026, 4, 20), "3 处须改"),
                    Handed("州医保中心", "missing"),
                    Handed("州机关事业单位养老保险管理中心", "excused", note="业务系统升级"),
                ),
                audited=Audited(1, 3, 1, "2026-q1/round-1-abc.html"),
            ),
            *rest,
        ),
        awaited=(
            _awaited("编写报送", "州医保中心", ("李医保",), dt.date(2026, 4, 20)),
            _awaited("编写报送", "州机关事业单位养老保险管理中心", (), dt.date(2026, 4, 20)),
            replace(_awaited("汇总", "宣传信息科", ("陈宣传",), dt.date(2026, 4, 24)), run_id="0000"),
        ),
        upcoming=tuple(
            Upcoming("2026年1季度", s.name, ("宣传信息科",), s.planned, s.why, s.left, s.is_provisional)
            for s in first.stations[1:]
        ),
        supervision=(Concern("计划里没有的运行", dt.datetime(2026, 4, 21, 8, tzinfo=SHANGHAI), mended=True),),
        concerns=(Concern("企业微信发不出提醒：连不上。", APRIL),),
        emergencies="紧急签发共 1 次。",
    )


def _track(period: Period) -> Track:
    deadlines = plan(CATALOG, period)
    stations = tuple(
        Station(d.name, d.planned, d.due, d.why, d.is_provisional, "ahead", _left(d.planned)) for d in deadlines
    )
    return Track(deadlines[0].period.label, "未开启", 0, False, False, False, stations)


def _awaited(milestone: str, office: str, people: tuple[str, ...], planned: dt.date) -> Awaited:
    left = _left(planned)
    return Awaited("2026年1季度", milestone, office, people, dt.date(2026, 4, 20), planned, max(0, -left), max(0, left))


def _left(planned: dt.date) -> int:
    return probable_workdays(APRIL.date(), planned, CATALOG.holidays)
