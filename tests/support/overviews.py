"""An overview for tests of the board: 楚雄's year 2026 on 22 April, by its real calendar."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from sqlalchemy.orm.attributes import set_committed_value

from disclosure.calendar.periods import Period
from disclosure.calendar.time_left import TimeLeft, time_left
from disclosure.catalog import load_catalog
from disclosure.cycle.deadlines import periods_of_year, plan
from disclosure.cycle.view import AuditSummary, CompiledRound, CycleView
from disclosure.monitoring.board.facts import (
    Awaited,
    ChannelState,
    Concern,
    CycleProgress,
    Overview,
    Station,
    Upcoming,
)
from disclosure.platform.settings import SHANGHAI
from disclosure.records.states import CycleStep, ReleaseState
from disclosure.records.tables import Ask, Cycle, Excuse, Release, Submission

CATALOG = load_catalog("chuxiong")
APRIL = dt.datetime(2026, 4, 22, 9, 20, tzinfo=SHANGHAI)
_PUBLISHED = dt.datetime(2026, 3, 13, 9, tzinfo=SHANGHAI)
_HANDED_IN = dt.datetime(2026, 4, 20, 9, tzinfo=SHANGHAI)


def release_in(state: ReleaseState, **fields: Any) -> Release:
    """A release that has come to ``state``, whatever way it took."""
    release = Release(**fields)
    set_committed_value(release, "state", state)
    return release


def cycle_at(step: str, **fields: Any) -> Cycle:
    """A cycle that stands at ``step``, whatever way it took."""
    cycle = Cycle(**fields)
    set_committed_value(cycle, "step", CycleStep(step))
    return cycle


def overview() -> Overview:
    """One cycle published, one late with a finding, two to come; one concern open, one mended."""
    annual, first, *rest = (_progress(period) for period in periods_of_year(CATALOG, 2026))
    done = tuple(replace(s, state="done", done_on=s.deadline.planned) for s in annual.stations)
    release = release_in(ReleaseState.LIVE, version=1, round=2, published_at=_PUBLISHED)
    late = (
        replace(first.stations[0], state="late"),
        replace(first.stations[1], state="now"),
        *first.stations[2:],
    )
    audited = CompiledRound(1, _HANDED_IN, AuditSummary(1, 3, 1, "2026-q1/round-1-abc.html"))
    accepted, refused, missing, excused = (office.id for office in first.view.centres)
    received = _handed_in(1, accepted)
    return Overview(
        title="社会保险信息披露",
        publisher=CATALOG.profile.publisher,
        at=APRIL,
        year=2026,
        cycles=(
            replace(
                annual,
                view=_opened(annual.view, "archive", round=2, published=release, release=release),
                stations=done,
                channels=(ChannelState("网站", True, _PUBLISHED),),
            ),
            replace(
                first,
                view=_opened(
                    first.view,
                    "collect",
                    ask=Ask(flow_run_id="0000"),
                    compilation=audited,
                    missing=tuple(CATALOG.offices[office] for office in (refused, missing)),
                    hand_ins=(received, _handed_in(2, refused, problems=3)),
                    standing={accepted: received},
                    excuses=(Excuse(centre=excused, reason="业务系统升级"),),
                ),
                stations=late,
                waits="州医保中心",
            ),
            *rest,
        ),
        awaited=(
            _awaited("编写报送", "州医保中心", ("李医保",), dt.date(2026, 4, 20)),
            _awaited("编写报送", "州机关事业单位养老保险管理中心", (), dt.date(2026, 4, 20)),
            replace(_awaited("汇总", "宣传信息科", ("陈宣传",), dt.date(2026, 4, 24)), run_id="0000"),
        ),
        upcoming=tuple(Upcoming(station.deadline, ("宣传信息科",), station.time) for station in first.stations[1:]),
        supervision=(Concern("计划里没有的运行", dt.datetime(2026, 4, 21, 8, tzinfo=SHANGHAI), mended=True),),
        concerns=(Concern("企业微信发不出提醒：连不上。", APRIL),),
        emergencies="紧急签发共 1 次。",
    )


def _progress(period: Period) -> CycleProgress:
    view = CycleView(period, plan(CATALOG, period), None, CATALOG.centres)
    return CycleProgress(view, tuple(Station(d, "ahead", _time(d.planned)) for d in view.deadlines))


def _opened(view: CycleView, step: str, **known: Any) -> CycleView:
    return replace(view, **{"cycle": cycle_at(step), "id": 1, "step": step, "round": 1, **known})


def _handed_in(number: int, office: str, problems: int = 0) -> Submission:
    return Submission(
        id=number,
        round=1,
        centre=office,
        is_accepted=not problems,
        problems=[{}] * problems,
        received_at=_HANDED_IN,
    )


def _awaited(milestone: str, office: str, people: tuple[str, ...], planned: dt.date) -> Awaited:
    return Awaited("2026年1季度", milestone, office, people, dt.date(2026, 4, 20), _time(planned))


def _time(planned: dt.date) -> TimeLeft:
    return time_left(planned, APRIL.date(), CATALOG.holidays)
