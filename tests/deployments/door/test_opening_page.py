"""Protects opening a special cycle at the door: by whoever may, with a code, never twice, never of a person's name."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable

import httpx
import pytest
from sqlalchemy import select

from deployments.door.office import opening
from disclosure.calendar.workdays import is_probable_workday
from disclosure.catalog import load_catalog
from disclosure.cycle import queries
from disclosure.platform.clock import shanghai, utc_now
from disclosure.records.tables import Cycle, LedgerEntry
from tests.support.bureau import REVIEWERS, Bureau
from tests.support.visitors import Browser, code_of, text_of

pytestmark = [pytest.mark.records, pytest.mark.slow]

COMPILER, SUPERVISOR = "周宣传", "刘督办"
PAGE, REASON = "/manage/open", "省厅要求公布工伤预防情况。"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The cycles whose run was asked for: there is no Prefect here."""
    found: list[int] = []
    monkeypatch.setattr(opening, "start_cycle", lambda _, cycle_id: found.append(cycle_id))
    return found


@pytest.fixture
def bureau(new_bureau: Callable[..., Bureau]) -> Bureau:
    made = new_bureau(profile="chuxiong", period="2025-annual")
    made.enrol(COMPILER, "publicity_section")
    made.enrol(SUPERVISOR, "general_office", "supervisor")
    return made


def next_workday() -> dt.date:
    """Today, or the next day that is worked."""
    holidays, today = load_catalog("chuxiong").holidays, shanghai(utc_now()).date()
    return next(day for n in range(20) if is_probable_workday(day := today + dt.timedelta(days=n), holidays))


def filled(**other: str) -> dict[str, str]:
    """A form that would be taken but for its code."""
    day = next_workday()
    given = {"name": "工伤预防", "year": str(day.year), "insurance-work_injury": "1", "date-publish": str(day)}
    return {**given, "reason": REASON, **other}


def specials(bureau: Bureau) -> list[Cycle]:
    with bureau.installation.read() as work:
        found = work.session.scalars(select(Cycle).where(Cycle.period_id.contains("special")))
        return list(found)


def test_whoever_may_opens_a_special_cycle_once(
    bureau: Bureau, come: Callable[[str], Browser], started: list[int]
) -> None:
    compiler, supervisor = come(COMPILER), come(SUPERVISOR)
    assert "开启专项" in compiler.get("/manage").text
    assert "开启专项" not in supervisor.get("/manage").text
    assert supervisor.get(PAGE).status_code == httpx.codes.FORBIDDEN
    assert supervisor.submit("/manage", PAGE, **filled(code="000000")).status_code == httpx.codes.FORBIDDEN
    assert come(REVIEWERS["policy"]).get(PAGE).status_code == httpx.codes.FORBIDDEN
    told = compiler.submit(PAGE, **filled())
    assert told.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert REASON in told.text
    assert 'name="insurance-work_injury" value="1" checked' in told.text
    told = compiler.submit(PAGE, **filled(code=code_of(bureau, COMPILER)))
    assert (told.status_code, told.headers["Location"]) == (httpx.codes.SEE_OTHER, "/manage?opened=1")
    (cycle,) = specials(bureau)
    assert (queries.period_of(cycle).name, cycle.only, list(cycle.milestones)) == (
        "工伤预防",
        ["work_injury.*"],
        ["publish"],
    )
    # It is started after the page was given.
    deadline = time.monotonic() + 30
    while not started and time.monotonic() < deadline:
        time.sleep(0.05)
    assert started == [cycle.id]
    with bureau.installation.read() as work:
        wanted = select(LedgerEntry).where(LedgerEntry.event == "cycle.asked_for", LedgerEntry.cycle_id == cycle.id)
        line = work.session.scalars(wanted).one()
        assert (line.actor, json.loads(line.details)["reason"]) == (COMPILER, REASON)
    again = come(REVIEWERS["leader"]).submit(PAGE, **filled(code=code_of(bureau, REVIEWERS["leader"])))
    assert "已经开启过" in text_of(again)
    assert len(specials(bureau)) == 1


#: What differs from a form that is taken, and what is then told.
REFUSED: list[tuple[dict[str, str], str]] = [
    ({"name": "张三13908781234"}, "个人信息"),
    ({"name": "工伤 预防"}, "专项名称只能用"),
    ({"name": ""}, "必须有名称"),
    ({"year": "２０２６"}, "四位数字"),
    ({"year": "2199"}, "还早"),
    ({"insurance-nothing": "1"}, "重新选"),
    ({"date-publish": ""}, "请写发布的日期"),
    ({"date-publish": "明天"}, "看不懂日期"),
    ({"date-publish": "2020-01-02"}, "已经过去"),
    ({"date-draft": "2199-01-01"}, "先后不对"),
    ({"reason": "急"}, "理由"),
    ({"code": "000000"}, "口令不对"),
]


def test_what_cannot_be_opened_is_told_in_words_before_a_code_is_used_up(
    bureau: Bureau, come: Callable[[str], Browser], started: list[int]
) -> None:
    compiler, code = come(COMPILER), code_of(bureau, COMPILER)
    for other, told in REFUSED:
        answer = compiler.submit(PAGE, **filled(**{"code": code, **other}))
        assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY, other
        assert told in text_of(answer), other
    assert specials(bureau) == started == []
    # Dates in the order of the work are kept with the cycle.
    day = str(next_workday())
    later = {"date-draft": day, "date-sign_off": day}
    assert compiler.submit(PAGE, **filled(code=code, **later)).status_code == httpx.codes.SEE_OTHER
    assert specials(bureau)[0].milestones == {"draft": day, "sign_off": day, "publish": day}
