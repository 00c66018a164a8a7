"""Protects when a reminder is due and to whom: ahead, overdue, louder, quiet on rest days, and the words it is in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure.calendar.periods import Period
from disclosure.calendar.workdays import add_workdays, count_workdays, is_workday
from disclosure.catalog import load_catalog
from disclosure.cycle.deadlines import Move, periods_of_year, plan
from disclosure.monitoring.reminders import Duty, Recipient, Reminder, due_now, write_letters
from disclosure.platform.settings import SHANGHAI, Settings

pytestmark = pytest.mark.unit

CATALOG = load_catalog("chuxiong")
RULES, HOLIDAYS = CATALOG.reminders, CATALOG.holidays
WANG, HEAD, LEADER, SUPERVISOR = (
    Recipient(n, name) for n, name in enumerate(("王填报", "赵科长", "李局长", "周督办"), 1)
)
ANNUAL = {deadline.milestone: deadline for deadline in plan(CATALOG, Period(2025, "annual"))}
DRAFT = Duty(
    name="编写报送",
    profile="chuxiong",
    deadline=ANNUAL["draft"],  # Wednesday 2026-02-25
    office=CATALOG.offices["social_insurance_centre"],
    task=CATALOG.milestone_facts["draft"].duty,
    round=1,
    since=dt.date(2026, 2, 2),
    stands_at="报送",
    people=(WANG,),
    heads=(HEAD,),
    leaders=(LEADER,),
    supervisors=(SUPERVISOR,),
    workbook="2025年度-州社保中心-第1轮.xlsx",
)


def morning(day: str, time: str = "09:00") -> dt.datetime:
    return dt.datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=SHANGHAI)


def due(day: str, duty: Duty = DRAFT, time: str = "09:00") -> list[tuple[str, str, int]]:
    """What is due: of what kind, to whom, and the working days left, or over since it was theirs."""
    found = due_now([duty], RULES, HOLIDAYS, morning(day, time))
    return [(r.kind, r.recipient.name, r.time.left if r.kind == "ahead" else r.time.waited) for r in found]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        # Working days before 25 February 2026: 24, 14 (make-up Saturday), 13, 12, 11; 15-23 are 春节.
        ("2026-02-10", []),
        ("2026-02-11", [("ahead", "王填报", 5)]),
        ("2026-02-14", [("ahead", "王填报", 2)]),
        ("2026-02-15", []),  # 春节: quiet
        ("2026-02-24", [("ahead", "王填报", 1)]),
        ("2026-02-25", [("ahead", "王填报", 0)]),
        ("2026-02-26", [("overdue", "王填报", 1)]),
        ("2026-02-27", [("overdue", "王填报", 2), ("head", "赵科长", 2)]),
        ("2026-02-28", [("overdue", "王填报", 3), ("head", "赵科长", 3)]),  # a make-up Saturday
        ("2026-03-01", []),  # Sunday
        ("2026-03-02", [("overdue", "王填报", 4), ("head", "赵科长", 4), ("leader", "李局长", 4)]),
    ],
)
def test_from_five_days_before_to_the_leader(day: str, expected: list[tuple[str, str, int]]) -> None:
    assert due(day) == expected


def test_nothing_before_the_hour() -> None:
    assert due("2026-02-25", time="08:29") == []
    assert due("2026-02-25", time="08:30") == [("ahead", "王填报", 0)]
    utc = dt.datetime(2026, 2, 25, 0, 30, tzinfo=dt.UTC)
    assert len(due_now([DRAFT], RULES, HOLIDAYS, utc)) == 1


def test_it_is_not_overdue_before_its_turn_and_counts_from_then() -> None:
    waits = replace(DRAFT, since=None)
    assert due("2026-03-04", waits) == []
    assert due("2026-02-14", waits) == [("ahead", "王填报", 2)]
    late = replace(DRAFT, since=dt.date(2026, 3, 4), round=2)
    assert due("2026-03-04", late) == []
    assert due("2026-03-05", late) == [("overdue", "王填报", 1)]


def test_what_we_cannot_see_done_is_announced_and_not_chased() -> None:
    announced = replace(DRAFT, chases=False)
    assert due("2026-02-25", announced) == [("ahead", "王填报", 0)]
    assert due("2026-03-04", announced) == []


def test_without_a_head_or_anybody_enrolled_the_supervisor_hears_of_it() -> None:
    assert ("head", "周督办", 2) in due("2026-02-27", replace(DRAFT, heads=()))
    assert due("2026-02-14", replace(DRAFT, people=())) == [("ahead", "周督办", 2)]


def test_nobody_is_told_of_their_own_delay_twice() -> None:
    own = replace(DRAFT, people=(LEADER,), heads=(LEADER, HEAD))
    assert due("2026-03-02", own) == [("overdue", "李局长", 4), ("head", "赵科长", 4)]


def test_a_deadline_that_moved_is_a_new_one_to_be_reminded_of() -> None:
    at = dt.datetime(2026, 2, 9, tzinfo=dt.UTC)
    moved = plan(
        CATALOG,
        Period(2025, "annual"),
        moves=[Move("draft", dt.date(2026, 2, 25), dt.date(2026, 2, 26), "周督办", "报表改版", at)],
    )[0]
    (before,) = due_now([DRAFT], RULES, HOLIDAYS, morning("2026-02-24"))
    (after,) = due_now([replace(DRAFT, deadline=moved)], RULES, HOLIDAYS, morning("2026-02-24"), {before.key})
    assert before.key != after.key


def test_in_a_year_not_published_reminders_go_on() -> None:
    next_year = plan(CATALOG, Period(2026, "annual"))[0]  # Thursday 2027-02-25, for now
    assert due("2027-02-25", replace(DRAFT, deadline=next_year)) == [("ahead", "王填报", 0)]
    assert due("2027-02-27", replace(DRAFT, deadline=next_year)) == []


DEADLINES = [d for year in (2024, 2025, 2026) for p in periods_of_year(CATALOG, year) for d in plan(CATALOG, p)]
DAYS = st.dates(dt.date(2024, 2, 1), dt.date(2026, 11, 30))


@st.composite
def any_duty(draw: st.DrawFn) -> Duty:
    people = st.sampled_from([(), (WANG,), (WANG, LEADER), (SUPERVISOR,)])
    return replace(
        DRAFT,
        deadline=draw(st.sampled_from(DEADLINES)),
        since=draw(st.none() | DAYS),
        people=draw(people),
        heads=draw(st.sampled_from([(), (HEAD,)])),
        chases=draw(st.booleans()),
    )


def days_around(duty: Duty) -> Iterator[dt.date]:
    return (duty.deadline.planned + dt.timedelta(days=n) for n in range(-20, 21))


@settings(max_examples=25)
@given(duty=any_duty())
def test_looking_every_morning_sends_each_once_and_misses_no_step(duty: Duty) -> None:
    known: set[str] = set()
    sent: list[tuple[dt.date, Reminder]] = []
    for day in days_around(duty):
        now = dt.datetime.combine(day, dt.time(9), SHANGHAI)
        found = due_now([duty], RULES, HOLIDAYS, now, known)
        assert not found or is_workday(day, HOLIDAYS)
        if found:
            assert not due_now([duty], RULES, HOLIDAYS, now, known | {r.key for r in found})
        known |= {r.key for r in found}
        sent += [(day, r) for r in found]
    assert len(known) == len(sent)
    planned = duty.deadline.planned
    owing = duty.people or duty.supervisors
    for person in owing:
        ahead = [day for day, r in sent if r.kind == "ahead" and r.recipient == person]
        assert ahead == [add_workdays(planned, -5, HOLIDAYS), add_workdays(planned, -2, HOLIDAYS), planned]
    for day, reminder in sent:
        if reminder.kind == "ahead":
            assert day <= planned
            continue
        assert duty.chases
        assert duty.since is not None
        assert reminder.time.waited == count_workdays(max(planned, duty.since), day, HOLIDAYS) > 0
        assert (reminder.recipient in owing) is (reminder.kind == "overdue")
    for kind in ("head", "leader"):
        told = [r.recipient for _, r in sent if r.kind == kind]
        assert len(told) == len(set(told))


@settings(max_examples=25)
@given(duty=any_duty(), off=st.integers(1, 12), back=st.integers(-12, 12))
def test_days_on_which_nobody_looked_lose_no_escalation(duty: Duty, off: int, back: int) -> None:
    """The machine is off for some days; from when it is back on, what is told is what would have been."""
    last = duty.deadline.planned + dt.timedelta(days=20)
    away = {duty.deadline.planned + dt.timedelta(days=back + n) for n in range(off)}
    always, with_gap = set(), set()
    for day in days_around(duty):
        now = dt.datetime.combine(day, dt.time(9), SHANGHAI)
        always |= {r.key for r in due_now([duty], RULES, HOLIDAYS, now, always)}
        if day not in away:
            with_gap |= {r.key for r in due_now([duty], RULES, HOLIDAYS, now, with_gap)}
    assert with_gap <= always
    lost = always - with_gap
    if last not in away:
        assert not [key for key in lost if "/head/" in key or "/leader/" in key]


# --- the letters


def test_one_letter_a_person_most_urgent_first() -> None:
    publish = replace(DRAFT, deadline=ANNUAL["publish"], since=None, workbook="", task="发布")
    found = due_now([publish, DRAFT], RULES, HOLIDAYS, morning("2026-03-10"))
    letters = {letter.recipient: letter for letter in write_letters(CATALOG, Settings(), found)}
    assert set(letters) == {WANG, HEAD, LEADER}
    own = letters[WANG]
    assert len(own.keys) == 2
    assert own.subject == "【社会保险信息披露】2025年度编写报送已逾期 10 个工作日，另有 1 件"
    assert own.text.index("已逾期 10 个工作日") < own.text.index("还有 3 个工作日")
    for said in (own.text, own.html):
        assert "请在3月13日（星期五）下班前办完" in said
        assert "2025年度-州社保中心-第1轮.xlsx" in said
    assert "请您过问" in letters[HEAD].text
    assert "xlsx" not in letters[HEAD].text  # nothing for the head to fill in
    assert "特此报告" in letters[LEADER].text


def test_a_chats_text_is_short_and_whole_however_much_is_owed() -> None:
    form = "01234567-89ab-cdef-0123-456789abcdef"
    every = [replace(DRAFT, round=n, run_id=form, deadline=d) for n in range(9) for d in ANNUAL.values()]
    (brief,) = [
        letter.brief
        for letter in write_letters(CATALOG, Settings(), due_now(every, RULES, HOLIDAYS, morning("2026-03-20")))
        if letter.recipient == WANG
    ]
    assert len(brief.encode()) <= 2048
    assert brief.startswith("【社会保险信息披露】王填报，您好：\n1. 2025年度披露 · 编写报送")
    assert f"/answer/{form}" in brief
    assert "另有 49 件。" in brief
    assert brief.endswith("/board")


def test_where_to_press_and_what_came_late() -> None:
    finance = replace(DRAFT, deadline=ANNUAL["review"], workbook="", run_id="0123", since=dt.date(2026, 3, 9))
    found = due_now([finance], RULES, HOLIDAYS, morning("2026-03-10"))
    (letter,) = write_letters(CATALOG, Settings(), found)
    address = Settings().answer_url("0123")
    assert address in letter.text
    assert f'href="{address}"' in letter.html
    assert "已逾期 3 个工作日，3月9日才轮到" in letter.text


def test_what_people_wrote_is_text_in_a_letter() -> None:
    returned = replace(DRAFT, returned="钱财务：<b>核对</b>", round=2)
    (letter,) = write_letters(CATALOG, Settings(), due_now([returned], RULES, HOLIDAYS, morning("2026-02-24")))
    assert "&lt;b&gt;核对" in letter.html
    assert "<b>核对" in letter.text
