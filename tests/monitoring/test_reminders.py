"""Protects who owes what as the records have it, and that no reminder goes out twice, whatever crashes and when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from disclosure.calendar.periods import Period
from disclosure.cycle import queries
from disclosure.cycle.states import enter
from disclosure.monitoring.reminders import (
    Delivered,
    Duty,
    Letter,
    NotSentError,
    Reminder,
    deliver,
    due_now,
    load_duties,
    uncertain,
    write_letters,
)
from disclosure.monitoring.reminders.outbox import known_keys
from disclosure.platform.settings import SHANGHAI
from disclosure.records.states import AskStep, CycleStep
from disclosure.records.tables import Ask, Cycle, Decision, Release, SentReminder
from disclosure.review import asks, people

pytestmark = pytest.mark.records

#: tests/records/conftest.py
Bureau = Any

RUN = "01234567-89ab-cdef-0123-456789abcdef"


def at(day: str, hour: int = 9) -> dt.datetime:
    return dt.datetime.combine(dt.date.fromisoformat(day), dt.time(hour), SHANGHAI)


def open_on(bureau: Bureau, day: str) -> None:
    """As if the cycle had been opened on that day, and everything asked and decided so far had been then."""
    with bureau.installation.records.write() as session:
        session.execute(update(Cycle).values(opened_at=at(day)))
        session.execute(update(Ask).values(asked_at=at(day)))
        session.execute(update(Decision).values(decided_at=at(day)))


def owed(bureau: Bureau, now: dt.datetime) -> list[Duty]:
    """What the cycle under test owes: 2016's annual cycle, due in 2017."""
    with bureau.installation.records.read() as session:
        return [d for d in load_duties(session, bureau.catalog, now) if d.deadline.period == bureau.period]


def turns(bureau: Bureau, now: dt.datetime) -> dict[str, set[str]]:
    """Milestone -> offices whose turn it is."""
    found: dict[str, set[str]] = {}
    for duty in owed(bureau, now):
        if duty.since is not None:
            found.setdefault(duty.deadline.milestone, set()).add(duty.office.id)
    return found


def put_ask(bureau: Bureau, step: AskStep, digest: str) -> None:
    with bureau.installation.records.write() as session:
        asks.put(session, queries.get_cycle(session, bureau.cycle_id), step, digest, RUN)


def test_each_step_has_its_turn(new_bureau: Callable[..., Bureau]) -> None:
    bureau = new_bureau()
    bureau.enrol("吴填报", "social_insurance_centre")
    now = at("2017-02-25")
    open_on(bureau, "2017-02-20")
    assert turns(bureau, now) == {"draft": set(bureau.centres)}
    steps = {duty.deadline.milestone for duty in owed(bureau, now)}
    assert steps == {"draft", "compile", "review", "confidentiality", "sign_off", "publish"}
    (draft,) = [duty for duty in owed(bureau, now) if duty.office.id == "social_insurance_centre"]
    assert [person.name for person in draft.people] == ["吴填报"]
    assert draft.workbook == "2016年度-区社保中心-第1轮.xlsx"
    assert draft.since == dt.date(2017, 2, 20)

    put_ask(bureau, "collect", "")
    assert turns(bureau, now)["compile"] == {"publicity_section"}
    bureau.hand_in_all()
    assert "draft" not in turns(bureau, now)
    with bureau.installation.records.write() as session:
        asks.give_up(session, queries.get_cycle(session, bureau.cycle_id), "collect")
    compiled = bureau.compile()
    bureau.audit()
    assert turns(bureau, now) == {}

    put_ask(bureau, "review", compiled.digest)
    assert turns(bureau, now) == {
        "review": {"policy_section", "finance_section"},
        "confidentiality": {"general_office"},
    }
    assert {duty.run_id for duty in owed(bureau, now) if duty.since} == {RUN}
    with bureau.installation.records.write() as session:
        asks.give_up(session, queries.get_cycle(session, bureau.cycle_id), "review")
    bureau.approve("policy")
    bureau.send_back("finance", "social_insurance_centre")
    bureau.approve("confidentiality")
    open_on(bureau, "2017-03-02")
    bureau.begin_next_round()

    # Returned: one centre's turn again, since the day of the decision, with the reviewer's words.
    (again,) = [duty for duty in owed(bureau, now) if duty.since]
    assert (again.office.id, again.round, again.since) == ("social_insurance_centre", 2, dt.date(2017, 3, 2))
    assert "参保人数与上年差距过大" in again.returned
    assert again.workbook.endswith("第2轮.xlsx")


def test_signed_for_an_hour_to_come_owes_nothing_until_then(new_bureau: Callable[..., Bureau]) -> None:
    bureau = new_bureau()
    release = bureau.sign_all()
    with bureau.installation.records.write() as session:
        session.get_one(Release, release.id).planned_for = at("2017-03-13", 15)
    open_on(bureau, "2017-03-09")
    assert turns(bureau, at("2017-03-13", 10)) == {}
    assert turns(bureau, at("2017-03-13", 16)) == {"publish": {"publicity_section"}}
    with bureau.installation.records.write() as session:
        session.get_one(Release, release.id).planned_for = None
    assert turns(bureau, at("2017-03-10")) == {"publish": {"publicity_section"}}
    bureau.publish()
    assert [duty for duty in owed(bureau, at("2017-03-13")) if duty.deadline.milestone == "publish"] == []
    with bureau.installation.records.write() as session:
        enter(session, queries.get_cycle(session, bureau.cycle_id), CycleStep.ARCHIVE)
    assert owed(bureau, at("2017-03-13")) == []


def test_a_cycle_not_opened_is_announced_and_one_long_past_is_not(new_bureau: Callable[..., Bureau]) -> None:
    bureau = new_bureau(profile="chuxiong", period="2025-annual", enrolled=False)
    with bureau.installation.records.read() as session:
        found = load_duties(session, bureau.catalog, at("2026-04-14"))
    q1 = [duty for duty in found if duty.deadline.period == Period(2026, "q1")]
    assert {duty.since for duty in q1} == {None}
    assert {duty.stands_at for duty in q1} == {"未开启"}
    assert not [duty for duty in found if duty.deadline.period.year < 2025]


def test_a_substitute_and_a_head_are_found_by_office(new_bureau: Callable[..., Bureau]) -> None:
    bureau = new_bureau(enrolled=False)
    bureau.enrol_all({"吴填报": "social_insurance_centre", "郑法规": "policy_section"})
    with bureau.installation.records.write() as session:
        people.enrol(
            session,
            bureau.catalog,
            bureau.installation.cipher,
            "赵主任",
            "social_insurance_centre",
            roles=["科室负责人"],
        )
        people.substitute(session, "郑法规", "吴填报", dt.date(2017, 2, 20), dt.date(2017, 2, 24))
    by_office = {d.office.id: d for d in owed(bureau, at("2017-02-21")) if d.deadline.milestone == "draft"}
    own = by_office["social_insurance_centre"]
    assert [person.name for person in own.people] == ["吴填报", "郑法规"]
    assert [person.name for person in own.heads] == ["赵主任"]
    others = [d for office, d in by_office.items() if office != "social_insurance_centre"]
    assert others
    assert {d.people for d in others} == {()}


# --- sending


@pytest.fixture
def late(open_bureau: Callable[..., Bureau]) -> Bureau:
    """A centre that is overdue: one reminder to its statistician, one to its supervisor."""
    bureau = open_bureau(enrolled=False)
    bureau.enrol_all({"吴填报": "social_insurance_centre", "周督办": "general_office"})
    open_on(bureau, "2017-02-20")
    return bureau


NOW = at("2017-03-01")


def due(bureau: Bureau) -> list[Reminder]:
    with bureau.installation.records.read() as session:
        found = [d for d in load_duties(session, bureau.catalog, NOW) if d.office.id == "social_insurance_centre"]
        known = known_keys(session, bureau.catalog)
    return due_now(found, bureau.catalog.reminders, bureau.catalog.holidays, NOW, known)


def send_all(bureau: Bureau, send: Callable[[Letter], None], reminders: list[Reminder] | None = None) -> Delivered:
    installation = bureau.installation
    return deliver(
        installation.records,
        due(bureau) if reminders is None else reminders,
        lambda begun: write_letters(installation.catalog, installation.settings, begun),
        send,
        lambda: NOW,
    )


def states(bureau: Bureau) -> list[str]:
    with bureau.installation.records.read() as session:
        return sorted(session.scalars(select(SentReminder.state)))


def test_each_goes_out_once(late: Bureau) -> None:
    sent: list[Letter] = []
    first = due(late)
    assert {(r.kind, r.recipient.name) for r in first} == {("overdue", "吴填报"), ("head", "周督办")}
    assert send_all(late, sent.append) == Delivered(sent=2)
    assert due(late) == []
    # Another process that had looked before sends nothing more.
    assert send_all(late, sent.append, first) == Delivered()
    assert len(sent) == 2
    assert states(late) == ["sent", "sent"]


def test_a_channel_that_is_down_delays_and_is_reported(late: Bureau) -> None:
    def down(_: Letter) -> None:
        raise NotSentError("邮件服务器没有应答")

    outcome = send_all(late, down)
    assert (outcome.sent, outcome.put_back) == (0, 2)
    assert outcome.failures[0] == "给吴填报的提醒没有发出：邮件服务器没有应答"
    assert states(late) == ["waiting", "waiting"]
    sent: list[Letter] = []
    assert send_all(late, sent.append) == Delivered(sent=2)
    assert len(sent) == 2


def test_what_may_have_left_is_not_sent_again_but_known(late: Bureau) -> None:
    def cut_off(_: Letter) -> None:
        raise TimeoutError("no answer after DATA")

    assert send_all(late, cut_off).uncertain == 2
    assert due(late) == []
    with late.installation.records.read() as session:
        assert uncertain(session, late.catalog, NOW) == []
        rows = uncertain(session, late.catalog, NOW + dt.timedelta(minutes=15))
        assert {row.person.name for row in rows} == {"吴填报", "周督办"}
        assert "no answer after DATA" in rows[0].failure


@pytest.mark.parametrize(
    ("die_at", "letters"),
    [
        ("outbox._begin = die", 0),  # nothing is recorded yet: it goes out afterwards
        ("send = die", 0),  # recorded as begun, then dead
        ("send = lambda letter: (append(letter), die())", 1),
        ("outbox._settle = die", 1),
    ],
)
def test_killed_at_any_point_none_goes_out_twice(
    new_bureau: Callable[..., Bureau],
    run_and_die: Callable[[Bureau, str], None],
    tmp_path: Path,
    die_at: str,
    letters: int,
) -> None:
    bureau = new_bureau(enrolled=False)
    bureau.enrol_all({"吴填报": "social_insurance_centre"})
    open_on(bureau, "2017-02-20")
    mailbox = tmp_path / "mailbox"
    mailbox.touch()
    program = f"""
import datetime as dt
from disclosure.monitoring import reminders
from disclosure.monitoring.reminders import outbox
from disclosure.platform.settings import SHANGHAI
def append(letter):
    with open({str(mailbox)!r}, "a") as file:
        file.write("".join(key + chr(10) for key in letter.keys))
send = append
now = dt.datetime(2017, 3, 1, 9, tzinfo=SHANGHAI)
with installation.records.read() as session:
    owed = reminders.load_duties(session, installation.catalog, now)
    owed = [d for d in owed if d.office.id == "social_insurance_centre"]
    known = outbox.known_keys(session, installation.catalog)
due = reminders.due_now(owed, installation.catalog.reminders, installation.catalog.holidays, now, known)
{die_at}
letters = lambda begun: reminders.write_letters(installation.catalog, installation.settings, begun)
reminders.deliver(installation.records, due, letters, lambda letter: send(letter), lambda: now)
"""
    run_and_die(bureau, program)
    assert len(mailbox.read_text().splitlines()) == letters

    def append(letter: Letter) -> None:
        with mailbox.open("a") as file:
            file.writelines(f"{key}\n" for key in letter.keys)

    send_all(bureau, append)
    keys = mailbox.read_text().splitlines()
    assert len(keys) == len(set(keys)) <= 1
    assert len(keys) == (1 if "_begin" in die_at else letters)
    with bureau.installation.records.read() as session:
        unsure = uncertain(session, bureau.catalog, NOW + dt.timedelta(minutes=15))
    assert len(unsure) == (0 if "_begin" in die_at else 1)
