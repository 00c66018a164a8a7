"""A rehearsal plays the year as it would be: each date of 2025 and 2026, who is reminded when, and what goes wrong.

2025 is ordinary. In 2026 a centre is five days late and another never hands in, the machine is off for three days,
finance returns twice, a reviewer is away, a channel and a messenger are down. 楚雄's calendar, three indicators.
"""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
import yaml

from deployments.cli import app
from deployments.cli.operations.rehearse import show
from disclosure.platform.clock import shanghai
from disclosure.simulation import RehearsalReport
from tests.support.rehearsals import rehearsed, small_profile

pytestmark = [pytest.mark.records, pytest.mark.full]

STEPS = ("draft", "compile", "review", "confidentiality", "sign_off", "publish")
#: The working plan where it is not the date of the law: 04-20 of 2025 is a Sunday, its 08-03 and 08-10 too.
PLAN_2025 = {
    "2024-annual": "02-25 02-28 03-05 03-05 03-10 03-14",
    "2025-q1": "04-18 04-25 04-30 04-30 05-09 05-15",
    "2025-h1": "07-25 07-31 08-01 08-05 08-08 08-15",
    "2025-q3": "10-24 10-31 11-05 11-05 11-10 11-14",
}
#: 02-28 and 05-09 of 2026 are Saturdays on which offices are open.
PLAN_2026 = {
    "2025-annual": "02-25 02-28 03-05 03-05 03-10 03-13",
    "2026-q1": "04-20 04-24 04-30 04-30 05-09 05-15",
    "2025-special-工伤保险": "06-10 06-12 06-17 06-17 06-22 06-26",
    "2026-h1": "07-24 07-31 08-03 08-05 08-10 08-14",
    "2026-q3": "10-23 10-30 11-05 11-05 11-10 11-13",
}
#: When it is really done. The annual waits for the late centre, the law's date is met all the same; q1's reviews
#: wait for the machine and the May holiday; h1's for two returns, its publication for the channel; q3 goes on without.
DONE_2026 = {
    "2025-annual": "03-03 03-03 03-05 03-05 03-10 03-13",
    "2026-q1": "04-20 04-20 05-06 05-06 05-09 05-15",
    "2025-special-工伤保险": "06-10 06-10 06-17 06-17 06-22 06-26",
    "2026-h1": "07-24 07-24 08-07 08-07 08-10 08-17",
    "2026-q3": "- 11-04 11-05 11-05 11-10 11-13",
}
TROUBLE = {
    "waits": 3,
    "late": [
        {"cycle": "annual", "office": "employment_centre", "days": 5},
        {"cycle": "q3", "office": "medical_centre", "never": True},
    ],
    "returned": [{"cycle": "h1", "gate": "finance", "times": 2, "to": ["social_insurance_centre"]}],
    "away": [{"gate": "policy", "first": "06-15", "last": "06-18"}],
    "machine_off": [{"first": "04-28", "last": "04-30"}],
    "channels_down": [{"channel": "website", "first": "08-14", "last": "08-16"}],
    "messengers_down": [{"messenger": "email", "first": "10-26", "last": "10-26"}],
    "messengers": {"bureau_leadership": "wecom"},
}


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> str:
    return small_profile(tmp_path_factory.mktemp("profile") / "chuxiong-small")


@pytest.fixture(scope="module")
def ordinary(profile: str, tmp_path_factory: pytest.TempPathFactory) -> RehearsalReport:
    return rehearsed(profile, tmp_path_factory.mktemp("ordinary"), 2025, "annual", "q1", "h1", "q3")


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("letters")


@pytest.fixture(scope="module")
def troubled(profile: str, letters: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What ``disclosure rehearse 2026 --json`` prints, with its exit code."""
    file = tmp_path_factory.mktemp("troubled") / "trouble.yaml"
    file.write_text(yaml.safe_dump(TROUBLE), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(io.StringIO()) as printed:
        patch.setenv("DISCLOSURE_PROFILE", profile)
        with pytest.raises(SystemExit) as ended:
            app(["rehearse", "2026", "--behaviour", str(file), "--letters", str(letters), "--json"])
    return {**json.loads(printed.getvalue()), "exit_code": ended.value.code}


def _of(year: dict[str, Any], name: str) -> list[tuple[str, str]]:
    """The day of each of this person's letters and what its subject says after the period."""
    return [(m["at"][5:10], m["subject"].partition("】")[2]) for m in year["messages"] if m["to"] == name]


def test_every_date_of_an_ordinary_year_is_met_on_its_working_day(ordinary: RehearsalReport) -> None:
    planned = {c.view.period.id: " ".join(f"{m.deadline.planned:%m-%d}" for m in c.milestones) for c in ordinary.cycles}
    assert planned == PLAN_2025
    assert {each.state for each in ordinary.passed} == {"met"}
    for course in ordinary.cycles:
        done = [f"{shanghai(m.done_at):%m-%d}" for m in course.milestones if m.done_at]
        wanted = PLAN_2025[course.view.period.id].split()
        # Compiled as soon as the last workbook is in.
        assert done == [wanted[0], wanted[0], *wanted[2:]]
    assert ordinary.statutory_misses == ()
    assert ordinary.notes == ()


def test_every_date_of_a_troubled_year(troubled: dict[str, Any]) -> None:
    planned, done = {}, {}
    for cycle in troubled["cycles"]:
        assert tuple(m["milestone"] for m in cycle["milestones"]) == STEPS
        planned[cycle["period"]] = " ".join(m["planned"][5:] for m in cycle["milestones"])
        done[cycle["period"]] = " ".join((m["done_at"] or "2026--")[5:10] for m in cycle["milestones"])
    assert planned == PLAN_2026
    assert done == DONE_2026


def test_what_is_not_met_is_said_with_its_reason(troubled: dict[str, Any]) -> None:
    missed = {
        (cycle["period"], m["milestone"]): m for cycle in troubled["cycles"] for m in cycle["milestones"] if m["causes"]
    }
    states = {
        (cycle["period"], m["milestone"]): m["state"] for cycle in troubled["cycles"] for m in cycle["milestones"]
    }
    assert set(missed) == {where for where, state in states.items() if state != "met"}
    assert missed["2025-annual", "draft"]["causes"] == ["州就业中心于2026年3月3日（星期二）才交来"]
    assert missed["2026-q1", "review"]["causes"] == ["2026年4月28日（星期二）至2026年4月30日（星期四）停机"]
    assert sum("退回州社保中心" in cause for cause in missed["2026-h1", "review"]["causes"]) == 2
    assert missed["2026-h1", "publish"]["causes"] == ["2026年8月14日（星期五）没有发布成，等人重试：网站写不进"]
    assert missed["2026-q3", "draft"]["people"] == ["州医保中心未交"]
    assert "不再等州医保中心" in missed["2026-q3", "draft"]["causes"][0]


def test_a_missed_date_of_the_law_ends_the_command_with_1(troubled: dict[str, Any]) -> None:
    # The channel was down over the last day; everything else that was late still made the date of the law.
    assert troubled["statutory_misses"] == ["2026-h1"]
    assert troubled["exit_code"] == 1


def test_a_late_centre_hears_louder_and_louder(troubled: dict[str, Any]) -> None:
    annual = [(day, said) for day, said in _of(troubled, "州就业中心填报人") if said.startswith("2025年度")]
    assert annual == [
        # Spring Festival lies between the fifth working day before and the second.
        ("02-11", "2025年度编写报送还有 5 个工作日"),
        ("02-14", "2025年度编写报送还有 2 个工作日"),
        ("02-25", "2025年度编写报送今天到期"),
        ("02-26", "2025年度编写报送已逾期 1 个工作日"),
        ("02-27", "2025年度编写报送已逾期 2 个工作日"),
        ("02-28", "2025年度编写报送已逾期 3 个工作日"),
        ("03-02", "2025年度编写报送已逾期 4 个工作日"),
        ("03-03", "2025年度编写报送已逾期 5 个工作日"),
    ]
    assert ("02-27", "2025年度编写报送已逾期 2 个工作日") in _of(troubled, "州就业中心科室负责人")
    assert len([said for _, said in _of(troubled, "州就业中心科室负责人") if said.startswith("2025年度")]) == 1
    leader = [(day, said) for day, said in _of(troubled, "局领导签发人") if "2025年度编写报送" in said]
    assert leader == [("03-02", "2025年度编写报送已逾期 4 个工作日")]
    assert {m["messenger"] for m in troubled["messages"] if m["to"] == "局领导签发人"} == {"企业微信"}


def test_a_machine_that_was_off_makes_up_and_sends_nothing_twice(troubled: dict[str, Any]) -> None:
    days = {m["at"][5:10] for m in troubled["messages"]}
    assert not days & {"04-28", "04-29", "04-30"}
    q1 = [(day, said) for day, said in _of(troubled, "局领导签发人") if said.startswith("2026年1季度局领导审核")]
    # The reminder of 04-29 goes out on the first working day after it, with the days that are left then.
    assert q1 == [
        ("05-06", "2026年1季度局领导审核还有 3 个工作日"),
        ("05-07", "2026年1季度局领导审核还有 2 个工作日"),
        ("05-09", "2026年1季度局领导审核今天到期"),
    ]


def test_a_messenger_that_is_down_delays_and_is_reported(troubled: dict[str, Any]) -> None:
    medical = [(day, said) for day, said in _of(troubled, "州医保中心填报人") if "1-3季度编写报送已逾期" in said]
    assert medical[0] == ("10-27", "2026年1-3季度编写报送已逾期 2 个工作日")
    assert any(note["said"].endswith("给州医保中心填报人的提醒没有发出：电子邮件不通") for note in troubled["notes"])


def test_who_is_away_is_stood_in_for(troubled: dict[str, Any]) -> None:
    special = next(cycle for cycle in troubled["cycles"] if "special" in cycle["period"])
    review = next(m for m in special["milestones"] if m["milestone"] == "review")
    assert set(review["people"]) == {"政策法规科科室负责人", "规划财务科数据审核人"}


def test_no_reminder_goes_twice(troubled: dict[str, Any], ordinary: RehearsalReport) -> None:
    sent = [key for message in troubled["messages"] for key in message["reminders"]]
    assert len(sent) == len(set(sent)) > 100
    sent = [key for message in ordinary.messages for key in message.keys]
    assert len(sent) == len(set(sent)) > 50


def test_nothing_is_published_before_its_approvals(troubled: dict[str, Any]) -> None:
    for cycle in troubled["cycles"]:
        done = {m["milestone"]: m["done_at"] for m in cycle["milestones"]}
        assert max(done["review"], done["confidentiality"]) <= done["sign_off"] <= done["publish"]


def test_each_letter_is_a_text_that_says_to_whom(troubled: dict[str, Any], letters: Path) -> None:
    written = sorted(letters.iterdir())
    assert len(written) == len(troubled["messages"])
    first, message = written[0].read_text(encoding="utf-8"), troubled["messages"][0]
    assert f"收件人：{message['to']}（{message['messenger']}）" in first
    assert f"{message['to']}，您好" in first


def test_it_reads_well_in_eighty_columns(ordinary: RehearsalReport, capsys: pytest.CaptureFixture[str]) -> None:
    show(ordinary)
    printed = capsys.readouterr().out
    assert "2025年1季度  04-18 09:00 开启，共 1 轮" in printed
    assert "法定披露日期都没有错过" in printed
    assert "主题都以“【社会保险信息披露】”开头。" in printed
