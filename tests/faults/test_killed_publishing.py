"""Protects publication from a process killed before or after any write from the signature to the last later review."""

from __future__ import annotations

import datetime as dt
import time

import pytest
from sqlalchemy import select

from disclosure.platform.clock import shanghai, utc_now
from disclosure.records.tables import Release
from tests.support.case import EXPLAINING, Case
from tests.support.killing import Killer
from tests.support.office import Office

pytestmark = [pytest.mark.faults, pytest.mark.full]

REASON = "暴雨救助资金须当日公开，三位审核人均在抢险现场。"


def signed_for_later(office: Office) -> tuple[Case, Killer, dt.datetime]:
    """A cycle whose leader signs for an hour to come; the run dies while it arranges that."""
    case = office.new_cycle(period=office.far_period())
    killer = Killer(case)
    case.hand_in()
    case.start()
    for gate in ("confidentiality", "policy"):
        case.next_form()
        case.answer(gate)
    case.next_form()
    before = time.monotonic()
    killer.kill("before release.rendered", lambda: case.answer("finance", opinion=EXPLAINING))
    killer.form()
    # Far enough ahead for three more kills and a retry, however busy the machine is.
    ahead = 3 + 6 * (time.monotonic() - before)
    hour = (utc_now() + dt.timedelta(seconds=ahead)).replace(microsecond=0)
    planned = f"{shanghai(hour):%Y-%m-%d %H:%M:%S}"
    # The run of that hour is made in Prefect, and not yet noted in our records.
    killer.kill("before publication.scheduled", lambda: case.answer("leader", publish_at=planned))
    killer.kill("after publication.scheduled")
    return case, killer, hour


def test_killed_between_the_signature_and_the_hour_that_was_signed(office: Office) -> None:
    planned, planned_killer, hour = signed_for_later(office)
    (scheduled,) = planned.ledger("publication.scheduled")
    # Retry finds the cycle in the hands of the run of that hour.
    planned.retry(force=False)
    assert planned.finish() == "Completed"
    assert len(planned.ledger("publication.scheduled")) == 1

    # The hour has come; the run that was planned for it dies as well, and is retried.
    planned.run_id = scheduled["run"]
    planned_killer.kill("before release.publishing", lambda: time.sleep(max(0.0, (hour - utc_now()).total_seconds())))
    planned_killer.kill("before release.published")
    planned_killer.again()
    assert planned.finish() == "Completed"
    planned.assert_published_once()
    with office.installation.records.read() as session:
        release = session.scalars(select(Release).where(Release.cycle_id == planned.cycle_id)).one()
    assert release.published_at is not None
    assert release.published_at >= hour


def test_killed_at_every_write_from_an_emergency_to_its_last_later_review(office: Office) -> None:
    case = office.new_cycle()
    killer = Killer(case)
    case.hand_in()
    case.start()
    case.next_form()
    case.answer("finance")
    case.next_form()
    killer.kill("before release.rendered", lambda: case.answer("emergency", opinion=REASON))
    assert killer.form().gates == ["局领导审核"]
    killer.kill("before release.publishing", lambda: case.answer("leader"))
    killer.kill("after release.publishing")
    # The files are switched, which no record says yet.
    killer.kill("before release.published")
    killer.kill("after release.published")
    assert killer.form().gates == ["政策审核", "保密性审核"]
    killer.kill("before ask.put", lambda: case.answer("policy", "补审通过"))
    assert killer.form().gates == ["保密性审核"]
    killer.kill("before cycle.entered", lambda: case.answer("confidentiality", "补审通过"))
    killer.again()
    assert case.finish() == "Completed"
    case.assert_published_once()
    assert len(case.ledger("release.cleared")) == 1
    made = [gate for _, gate, _ in case.decisions()]
    assert made == ["finance", "emergency", "leader", "policy", "confidentiality"]
