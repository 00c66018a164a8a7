"""Protects how a release is signed: for an hour to come, or in an emergency ahead of the reviews, made up for later."""

from __future__ import annotations

import datetime as dt
import json
import time

import pytest
from sqlalchemy import select

from disclosure.platform.clock import format_moment, shanghai, utc_now
from disclosure.records.tables import Release
from tests.support.case import EXPLAINING, Case
from tests.support.office import Office

pytestmark = [pytest.mark.flows, pytest.mark.full]

REASON = "暴雨救助资金须当日公开，三位审核人均在抢险现场。"


def reviewed_case(office: Office) -> Case:
    """A cycle whose legal date is still to come, and that waits for the leader."""
    case = office.new_cycle(period=office.far_period())
    case.hand_in()
    case.start()
    for gate in ("finance", "confidentiality", "policy"):
        case.next_form()
        case.answer(gate, opinion=EXPLAINING)
    assert case.next_form().gates == ["局领导审核"]
    return case


def test_published_at_the_hour_that_was_signed_and_not_before(office: Office) -> None:
    case = reviewed_case(office)
    assert "计划发布时间 2020年1月1日 09:00 已过" in case.refusal("leader", publish_at="2020-01-01 09:00")

    # A runner takes a run ten seconds ahead of its hour: what is done by hand below must be done before, however busy
    # the machine is.
    hour = (utc_now() + dt.timedelta(seconds=45)).replace(microsecond=0)
    case.answer("leader", publish_at=f"{shanghai(hour):%Y-%m-%d %H:%M:%S}")
    assert case.finish() == "Completed"
    assert f"{format_moment(hour)}由排定的运行发布" in office.state_of(case.run_id)["message"]

    (scheduled,) = case.ledger("publication.scheduled")
    assert office.state_of(scheduled["run"])["name"] == "Scheduled"
    assert dt.datetime.fromisoformat(office.state_of(scheduled["run"])["state_details"]["scheduled_time"]) == hour
    assert "自动发布" in office.cli("status").stdout
    assert case.ledger("release.publishing") == []

    # Moved by hand, supervision brings it back to the hour that was signed.
    elsewhere = {"type": "SCHEDULED", "state_details": {"scheduled_time": (hour + dt.timedelta(days=1)).isoformat()}}
    moved = office.api("POST", f"/flow_runs/{scheduled['run']}/set_state", {"state": elsewhere, "force": True})
    assert moved.is_success
    assert office.supervise()["state"]["type"] == "COMPLETED"
    assert dt.datetime.fromisoformat(office.state_of(scheduled["run"])["state_details"]["scheduled_time"]) == hour

    # A fresh run for the same cycle finds that another has it in hand.
    case.start()
    assert case.finish() == "Completed"
    assert "办理，本次运行不再重复" in office.state_of(case.run_id)["message"]
    assert len(case.ledger("publication.scheduled")) == 1

    case.run_id = scheduled["run"]
    time.sleep(max(0.0, (hour - utc_now()).total_seconds()))
    assert case.finish() == "Completed"
    case.assert_published_once()
    with office.installation.records.read() as session:
        release = session.scalars(select(Release).where(Release.cycle_id == case.cycle_id)).one()
    assert release.published_at is not None
    assert dt.timedelta() <= release.published_at - hour < dt.timedelta(seconds=20)


def test_signed_ahead_of_the_reviews_which_are_made_up_for_by_others(office: Office) -> None:
    case = office.new_cycle()
    case.hand_in()
    case.start()
    assert case.next_form().offers_emergency
    case.answer("finance")
    assert case.next_form().offers_emergency

    assert "必须在意见中写明理由" in case.refusal("emergency", opinion="急")
    leader = office.reviewer("leader")
    case.answer("emergency", who=leader, opinion=REASON)
    form = case.next_form()
    assert form.gates == ["局领导审核"]
    assert REASON in form.description
    case.answer("leader")

    # Public, flagged, and the two gates that were passed over are asked now.
    form = case.next_form()
    assert form.gates == ["政策审核", "保密性审核"]
    assert not form.offers_emergency
    assert "紧急签发后的补审" in form.description
    case.assert_published_once()
    assert "紧急签发共 1 次，尚待补审" in office.cli("status").stdout
    manifest = json.loads((office.settings.home / "site/releases" / case.period.id / "manifest.json").read_text())
    assert manifest["release"]["signed_ahead_of"] == "policy、confidentiality"

    # The leader is no second pair of eyes.
    assert "须由政策法规科的人作出" in case.refusal("policy", "补审通过", who=office.reviewer("leader"))
    case.answer("policy", "补审通过")
    assert case.next_form().gates == ["保密性审核"]
    case.answer("confidentiality", "补审通过")
    assert case.finish() == "Completed"
    assert len(case.ledger("release.cleared")) == 1
    assert "紧急签发共 1 次。" in office.cli("status").stdout
    case.assert_published_once()
