"""Protects what the terminal says of dates and reminders: eighty columns, refusals first, nothing sent by looking."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console
from sqlalchemy import func, select, update

from deployments.cli import common, screen
from deployments.cli.commands import calendar as calendar_command
from deployments.cli.commands import status as status_command
from deployments.cli.commands.calendar import calendar, deadline_move
from deployments.cli.commands.people import people_contact
from deployments.cli.commands.status import status
from deployments.cli.operations import remind as remind_command
from deployments.cli.operations.remind import remind
from disclosure.platform import clock
from disclosure.platform.errors import DisclosureError
from disclosure.platform.settings import SHANGHAI
from disclosure.records.tables import Cycle, DeadlineMove, SentReminder
from tests.support import mail_servers

pytestmark = pytest.mark.records

#: tests/records/conftest.py
Bureau = Any

NOW = dt.datetime(2026, 4, 22, 9, 20, tzinfo=SHANGHAI)


@pytest.fixture
def office(new_bureau: Callable[..., Bureau], monkeypatch: pytest.MonkeyPatch) -> Bureau:
    """楚雄 on 22 April 2026, its first quarter open, at a terminal of eighty columns."""
    bureau = new_bureau(profile="chuxiong", period="2026-q1", enrolled=False)
    bureau.enrol_all({"王填报": "social_insurance_centre", "周督办": "general_office"})
    with bureau.installation.records.write() as session:
        session.execute(update(Cycle).values(opened_at=dt.datetime(2026, 4, 20, 9, tzinfo=SHANGHAI)))
    for name, value in bureau.installation.settings.own_environment.items():
        monkeypatch.setenv(name, value)
    for module in (clock, calendar_command, remind_command, status_command, common):
        monkeypatch.setattr(module, "utc_now", lambda: NOW)
    narrow = Console(highlight=False, markup=False, width=80)
    for module in (screen, calendar_command, remind_command, status_command):
        monkeypatch.setattr(module, "console", narrow)
    return bureau


def widest(text: str) -> int:
    """Columns that the longest line takes; Chinese takes two."""
    return max(sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in line.rstrip()) for line in text.splitlines())


@pytest.mark.usefixtures("office")
def test_a_year_fits_eighty_columns_in_whole_words(capsys: pytest.CaptureFixture[str]) -> None:
    calendar(2026)
    told = capsys.readouterr().out.partition("\n! ")[0]
    assert widest(told) <= 80
    lines = [" ".join(line.split()) for line in told.splitlines()]
    assert "2026年1季度 报送" in lines
    assert "汇总 04-25 周六 04-24 周五 星期六，提前到上一个工作日" in lines
    assert "发布 03-15 周日 03-13 周五 星期日，提前到上一个工作日" in lines


def test_status_fits_eighty_columns_and_says_what_the_board_says(
    office: Bureau, capsys: pytest.CaptureFixture[str]
) -> None:
    office.hand_in_all(centres=["employment_centre"])
    status()
    told = capsys.readouterr().out
    lines = [line for line in told.splitlines() if "答复请到" not in line and "提醒不到" not in line]
    lists, tracks = "\n".join(lines).split("各周期", 1)
    assert widest(lists) <= 80
    assert "王填报" in lists
    assert "2026年1季度  报送 第 1 轮" in tracks
    assert "州就业中心已收" in tracks
    assert "在等：州社保中心、州医保中心" in tracks
    assert "2025年度  未开启，没有在这里办理" in tracks
    assert "4月24日 周五  2026年1季度  汇总" in tracks


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize(
    ("milestone", "day", "by", "words"),
    [
        ("发布", "2026-05-18", "周督办", "发布不能改到它之后"),
        ("发布", "2026-05-14", "王填报", "改期须由督办人、签发人作出"),
        ("发布", "2026-05-14", "路人", "没有登记"),
        ("汇总", "2026-04-25", "周督办", "不用改"),
    ],
)
def test_what_is_refused_anyway_asks_for_no_code(
    monkeypatch: pytest.MonkeyPatch, milestone: str, day: str, by: str, words: str
) -> None:
    monkeypatch.setattr(screen.Console, "input", lambda *_: pytest.fail("a code was asked for"))
    with pytest.raises(DisclosureError, match=words):
        deadline_move("2026-q1", milestone, dt.date.fromisoformat(day), by=by, reason="推迟两天吧")


def test_what_may_move_asks_for_a_code_last(office: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def code(_: Console, prompt: str) -> str:
        asked.append(prompt)
        return str(office.wrong_code("周督办"))

    monkeypatch.setattr(screen.Console, "input", code)
    with pytest.raises(DisclosureError, match="口令不对"):
        deadline_move("2026-q1", "发布", dt.date(2026, 5, 14), by="周督办", reason="提前一天")
    assert asked == ["周督办 的一次性口令："]
    with office.installation.records.read() as session:
        assert session.scalar(select(func.count()).select_from(DeadlineMove)) == 0


def test_reminders_are_looked_at_then_sent(
    office: Bureau, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    people_contact("王填报", "电子邮件", "wang@rsj.example.cn")
    assert "给 王填报 的提醒改由电子邮件送到 wang@rsj.example.cn" in capsys.readouterr().out
    remind(dry_run=True)
    told = capsys.readouterr().out
    assert "给 王填报，由电子邮件送到 wang@rsj.example.cn" in told
    assert "2026年1季度编写报送已逾期" in told
    assert "现在该发 1 封，一封都没有发出。" in told
    assert "提醒不到：周督办" in told
    with office.installation.records.read() as session:
        assert session.scalar(select(func.count()).select_from(SentReminder)) == 0
    with mail_servers.smtp_server() as mailbox:
        monkeypatch.setenv("REMINDER_EMAIL_URL", mailbox.url)
        remind()
        remind()
        assert mailbox.recipients == ["wang@rsj.example.cn"]
    told = capsys.readouterr().out
    assert "提醒：发出 1 封。" in told
    assert "现在没有要发的提醒。" in told
