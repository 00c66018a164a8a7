"""Protects closing a cycle: by a person with a reason, before anything is public; it goes on only once opened again."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from disclosure.cycle import deadlines, queries
from disclosure.cycle.states import enter
from disclosure.cycle.view import load_views
from disclosure.monitoring.board.open_issues import list_open_issues
from disclosure.monitoring.reminders.duties import load_duties
from disclosure.platform.errors import DisclosureError
from disclosure.publication.closing import close_cycle, reopen_cycle
from disclosure.records.states import CycleStep, StateError
from disclosure.records.tables import Ask, CycleClosure, LedgerEntry
from disclosure.review.identify import Proof
from disclosure.review.refusals import Refusal, RefusalCode
from tests.support.bureau import Bureau

pytestmark = pytest.mark.records

REASON = "误开的周期，今年不披露。"


def close(bureau: Bureau, name: str = "李局长", reason: str = REASON) -> CycleClosure | Refusal:
    with bureau.installation.begin(bureau.now) as work:
        cycle = queries.get_cycle(work.session, bureau.cycle_id)
        return close_cycle(work, cycle, Proof(name, bureau.code(name), bureau.now, reason))


def reopen(bureau: Bureau, name: str = "李局长") -> CycleStep | Refusal:
    with bureau.installation.begin(bureau.now) as work:
        cycle = queries.get_cycle(work.session, bureau.cycle_id)
        return reopen_cycle(work, cycle, Proof(name, bureau.code(name), bureau.now, "经研究仍须披露。"))


def step_of(bureau: Bureau) -> CycleStep:
    with bureau.installation.records.read() as session:
        return queries.get_cycle(session, bureau.cycle_id).step


def test_a_closed_cycle_asks_nobody_and_goes_on_only_when_a_person_opens_it_again(bureau: Bureau) -> None:
    bureau.hand_in_all()
    bureau.compile()
    bureau.audit()
    ask_id = bureau.ask("review")
    closed = close(bureau)
    assert not isinstance(closed, Refusal), closed
    assert step_of(bureau) is CycleStep.CLOSED
    with bureau.installation.records.write() as session:
        assert session.get_one(Ask, ask_id).state == "abandoned"
        cycle = queries.get_cycle(session, bureau.cycle_id)
        # Neither a run's step nor an opening, by schedule or by hand, brings it back.
        with pytest.raises(StateError, match="已关闭"):
            enter(session, cycle, CycleStep.SIGN_OFF)
        with pytest.raises(DisclosureError, match="disclosure reopen"):
            queries.open_cycle(session, bureau.catalog, bureau.period)
        assert not [d for d in load_duties(session, bureau.catalog, bureau.now) if d.deadline.period == bureau.period]
        views = load_views(session, bureau.catalog, list(deadlines.opened_plans(session, bureau.catalog)))
        told = [concern.what for concern in list_open_issues(session, bureau.catalog, views)]
    assert any("已由李局长关闭" in what and REASON in what for what in told), told
    assert isinstance(close(bureau), Refusal)

    assert reopen(bureau) is CycleStep.REVIEW
    assert step_of(bureau) is CycleStep.REVIEW
    again = reopen(bureau)
    assert isinstance(again, Refusal)
    assert "没有关闭" in again.sentence
    with bureau.installation.records.read() as session:
        events = session.execute(select(LedgerEntry.event, LedgerEntry.actor)).tuples().all()
    assert [each for each in events if each[0].startswith(("cycle.closed", "cycle.reopened"))] == [
        ("cycle.closed", "李局长"),
        ("cycle.reopened", "李局长"),
    ]


def test_it_takes_the_power_the_code_and_a_reason(bureau: Bureau) -> None:
    weak = close(bureau, reason="误开")
    assert isinstance(weak, Refusal)
    assert weak.code is RefusalCode.UNFIT_REASON
    other = close(bureau, "郑法规")
    assert isinstance(other, Refusal)
    assert other.code is RefusalCode.WITHOUT_ROLE
    with bureau.installation.begin(bureau.now) as work:
        cycle = queries.get_cycle(work.session, bureau.cycle_id)
        wrong = close_cycle(work, cycle, Proof("李局长", "000000", bureau.now, REASON))
    assert isinstance(wrong, Refusal)
    assert step_of(bureau) is CycleStep.COLLECT


def test_what_the_public_has_seen_is_withdrawn_instead(signed: Bureau) -> None:
    signed.publish()
    refused = close(signed)
    assert isinstance(refused, Refusal)
    assert refused.code is RefusalCode.PUBLISHED
    assert "disclosure withdraw" in refused.sentence
