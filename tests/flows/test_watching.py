"""Protects the hour and whatever fails, on a real Prefect server: what is under way always has a run that goes on.

Whatever somebody does to a run in Prefect, the watcher starts another within half a minute, which asks the same
question or publishes at the hour that was signed.
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import time
from collections.abc import Callable, Iterable

import pytest
from sqlalchemy import select

from disclosure.catalog import GateId
from disclosure.platform.clock import shanghai, utc_now
from disclosure.records.tables import Ask, Cycle, Release
from tests.support.case import EXPLAINING, Case
from tests.support.office import Office

pytestmark = pytest.mark.flows

#: What the product promises, in seconds.
PROMISED = 30.0
REVIEWS: tuple[GateId, ...] = ("finance", "confidentiality", "policy")


def asking(office: Office) -> Case:
    """A cycle whose reviewers are asked."""
    case = office.new_cycle()
    case.hand_in()
    case.start()
    assert case.next_form().gates == ["政策审核", "数据审核", "保密性审核"]
    return case


def signed_for(office: Office, ahead: float) -> tuple[Case, dt.datetime, str]:
    """A cycle whose leader signed for an hour ``ahead`` seconds to come; that hour, and the run planned for it."""
    case = office.new_cycle(period=office.far_period())
    case.hand_in()
    case.start()
    for gate in REVIEWS:
        case.next_form()
        case.answer(gate, opinion=EXPLAINING)
    case.next_form()
    hour = (utc_now() + dt.timedelta(seconds=ahead)).replace(microsecond=0)
    case.answer("leader", publish_at=f"{shanghai(hour):%Y-%m-%d %H:%M:%S}")
    assert case.finish() == "Completed"
    (planned,) = case.ledger("publication.scheduled")
    return case, hour, planned["run"]


def driver_of(case: Case) -> str:
    with case.office.installation.records.read() as session:
        return session.get_one(Cycle, case.cycle_id).driver_run_id or ""


def follow(case: Case, before: str) -> float:
    """Wait until another run than ``before`` drives the cycle, and look at that one; after how many seconds."""
    began = time.monotonic()
    case.office.wait_for(lambda: driver_of(case) != before, "a fresh run")
    case.run_id = driver_of(case)
    return time.monotonic() - began


def published_at(case: Case) -> dt.datetime | None:
    with case.office.installation.records.read() as session:
        return session.scalars(select(Release.published_at).where(Release.cycle_id == case.cycle_id)).one()


def wait_until_public(case: Case, hour: dt.datetime) -> float:
    """Wait until the release is live; how many seconds after ``hour``."""
    case.office.wait_for(lambda: case.ledger("release.published"), "the publication")
    return (utc_now() - hour).total_seconds()


def delete(case: Case) -> None:
    assert case.office.api("DELETE", f"/flow_runs/{case.run_id}").is_success


def cancel(case: Case) -> None:
    """Press Cancel, as the UI does; without a process Prefect goes straight to ``Cancelled``, and says ``REJECT``."""
    case.office.set_state(case.run_id, "CANCELLING", "Cancelling", force=False)
    assert case.state() in {"Cancelling", "Cancelled"}


def fail(case: Case) -> None:
    case.fail()


def crash(case: Case) -> None:
    assert case.office.set_state(case.run_id, "CRASHED", "Crashed", force=True) == "ACCEPT"


def pause_without_a_form(case: Case) -> None:
    assert case.office.set_state(case.run_id, "PAUSED", "Paused", force=True) == "ACCEPT"


def lose_the_form(case: Case) -> None:
    assert case.form is not None
    key = case.form.key.removesuffix("-response") + "-schema"
    assert case.office.api("DELETE", f"/flow_runs/{case.run_id}/input/{key}").is_success


def put_off(case: Case) -> None:
    """Reschedule it for next week."""
    later = (utc_now() + dt.timedelta(days=7)).isoformat()
    body = {"state": {"type": "SCHEDULED", "state_details": {"scheduled_time": later}}, "force": True}
    assert case.office.api("POST", f"/flow_runs/{case.run_id}/set_state", body).is_success


def one_of(losses: Iterable[Callable[[Case], None]], *, everyday: Callable[[Case], None]) -> list[pytest.ParameterSet]:
    """Each way to lose a run; all but one are tried in the full tier only."""
    return [
        pytest.param(lose, id=lose.__name__, marks=[] if lose is everyday else [pytest.mark.full]) for lose in losses
    ]


LOSSES = one_of([delete, cancel, fail, crash, pause_without_a_form, lose_the_form], everyday=fail)


@pytest.mark.parametrize("lose", LOSSES)
def test_a_run_that_is_lost_is_followed_by_one_that_asks_the_same(office: Office, lose: Callable[[Case], None]) -> None:
    case = asking(office)
    case.answer("finance")
    case.next_form()
    before, lost_at = case.run_id, utc_now()
    lose(case)
    assert follow(case, before) < PROMISED
    # In between, nobody is sent to a run that cannot be answered.
    told = office.cli("status").stdout
    assert before not in told
    assert case.next_form().gates == ["政策审核", "保密性审核"]
    with office.installation.records.read() as session:
        asked = session.scalars(select(Ask).where(Ask.cycle_id == case.cycle_id).order_by(Ask.id.desc())).first()
    assert asked is not None
    assert asked.asked_at - lost_at < dt.timedelta(seconds=PROMISED)
    assert [entry["before"] for entry in case.ledger("cycle.restarted")] == [before]
    assert [gate for _, gate, _ in case.decisions()] == ["finance"]
    for gate in ("policy", "confidentiality"):
        case.answer(gate)
        case.next_form()


def test_a_run_put_off_asks_at_once(office: Office) -> None:
    case = asking(office)
    put_off(case)
    assert case.next_form().gates == ["政策审核", "数据审核", "保密性审核"]


def test_a_running_run_that_is_cancelled_is_followed(office: Office) -> None:
    case = office.new_cycle()
    case.hand_in()
    pid = case.stopped_at("compilation.made", case.start)
    before = case.run_id
    assert office.set_state(before, "CANCELLING", "Cancelling", force=False) == "ACCEPT"
    os.kill(pid, signal.SIGCONT)
    assert follow(case, before) < PROMISED
    assert case.next_form().gates == ["政策审核", "数据审核", "保密性审核"]


@pytest.mark.parametrize("lose", one_of([delete, cancel, fail, put_off], everyday=cancel))
def test_a_publication_whose_run_is_lost_goes_out_at_its_hour(office: Office, lose: Callable[[Case], None]) -> None:
    case, hour, planned = signed_for(office, 25)
    case.run_id = planned
    lose(case)
    assert wait_until_public(case, hour) < PROMISED
    assert published_at(case) is not None
    assert hour <= (published_at(case) or hour)
    case.assert_published_once()
