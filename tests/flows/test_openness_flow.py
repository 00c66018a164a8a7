"""Protects a change of the openness catalogue on a real Prefect server: from the office's terminal through a return,
a retry and its reviewers to the public page, and that nobody is asked twice about the same content.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from disclosure.answers.taking import TakenAnswer
from disclosure.catalog import PROFILES
from disclosure.openness import confirming
from disclosure.platform.clock import utc_now
from disclosure.records.subjects import SubjectKey
from disclosure.records.tables import Ask, LedgerEntry, OpennessChange, OpennessConfirmation
from disclosure.review import asks
from disclosure.review.refusals import Refusal
from tests.support.case import Case
from tests.support.office import Office
from tests.support.openness_staff import finished
from tests.support.signed_in import signed_in

pytestmark = pytest.mark.flows


def asked(office: Office, change: int, step: str, seen: set[str]) -> Case:
    """The run that asks about ``change`` at ``step``, once it does so under a new key."""

    def look() -> Ask | None:
        with office.installation.records.read() as session:
            ask = asks.open_ask_of(session, SubjectKey(OpennessChange, change).get(session))
        return ask if ask is not None and ask.step == step and ask.pause_key not in seen else None

    ask = office.wait_for(look, f"{step} of change {change}")
    seen.add(ask.pause_key)
    case = Case(office, office.past_period(), 0, ask.flow_run_id)
    case.next_form()
    return case


def test_a_new_guide_from_the_terminal_to_the_public_page(office: Office, tmp_path: Path) -> None:
    sample = next((PROFILES / "chuxiong" / "openness").glob("07-*.md")).read_text(encoding="utf-8")
    guide, keeper = tmp_path / "guide.md", office.member("social_insurance_centre")
    command = ("openness", "changed", "7", "guide", guide, "--by", keeper, "--what", "换了电话")
    guide.write_text(finished(sample, "0523-0000000"), encoding="utf-8")
    done = office.cli(*command, typed=f"{office.code(keeper)}\n")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "开始办理：变更" in done.stdout
    with office.installation.records.read() as session:
        change = session.scalars(select(OpennessChange)).one().id

    seen: set[str] = set()
    case = asked(office, change, "review", seen)
    form = case.form
    assert form is not None
    assert form.gates == ["政策审核", "保密性审核"]
    assert not form.offers_emergency
    assert "0523-0000000" in form.description
    preview = form.description.partition("](")[2].partition(")")[0]
    assert httpx.get(preview, trust_env=False, timeout=120).status_code == httpx.codes.UNAUTHORIZED
    with signed_in(office, office.reviewer("policy")) as reviewer:
        assert "0523-0000000" in reviewer.get(preview).raise_for_status().text

    # The office may not review itself; a run that is replaced asks again only what nobody has answered.
    keeper_now = office.member("social_insurance_centre")
    assert isinstance(case.give(case.filled("policy", who=keeper_now)), Refusal)
    assert isinstance(case.give(case.filled("policy")), TakenAnswer)
    case = asked(office, change, "review", seen)
    assert case.form is not None
    assert case.form.gates == ["保密性审核"]
    # Crashed, or cancelled in Prefect, which is nobody's decision: another run asks the same.
    office.set_state(case.run_id, "CRASHED", "Crashed", force=True)
    watched(office)
    case = asked(office, change, "review", seen)
    assert case.form is not None
    assert case.form.gates == ["保密性审核"]
    office.set_state(case.run_id, "CANCELLING", "Cancelling", force=False)
    cancelled, at = case.run_id, utc_now()
    case = asked(office, change, "review", seen)
    assert case.run_id != cancelled
    assert case.form is not None
    assert case.form.gates == ["保密性审核"]
    with office.installation.records.read() as session:
        ask = asks.open_ask_of(session, SubjectKey(OpennessChange, change).get(session))
        restarted = session.scalars(select(LedgerEntry).where(LedgerEntry.event == "openness.restarted")).all()
    assert ask is not None
    assert ask.asked_at - at < dt.timedelta(seconds=30)
    assert cancelled in restarted[-1].details
    centre = office.installation.catalog.offices["social_insurance_centre"].name
    returned = case.filled("confidentiality", "退回", opinion="电话不是公开的号码，请更换。", returned_to=(centre,))
    assert isinstance(case.give(returned), TakenAnswer)

    # Given back: the office hands in another text at its terminal, and the waiting question is put aside.
    case = asked(office, change, "office", seen)
    assert case.form is not None
    assert "电话不是公开的号码" in case.form.description
    old_run = case.run_id
    guide.write_text(finished(sample, "0523-1111111"), encoding="utf-8")
    keeper_again = office.member("social_insurance_centre")
    again = [keeper_again if part == keeper else part for part in command]
    done = office.cli(*again, typed=f"{office.code(keeper_again)}\n")
    assert done.returncode == 0, done.stdout + done.stderr
    case = asked(office, change, "review", seen)
    assert case.run_id != old_run
    assert office.state_of(old_run)["name"] == "Cancelled"
    assert case.form is not None
    assert case.form.gates == ["政策审核", "保密性审核"]
    assert isinstance(case.give(case.filled("policy")), TakenAnswer)
    case = asked(office, change, "review", seen)
    assert isinstance(case.give(case.filled("confidentiality")), TakenAnswer)
    assert case.finish() == "Completed"
    address = f"{office.settings.server_url}/site/openness/07.html"
    page = httpx.get(address, trust_env=False, timeout=120).raise_for_status().text
    assert "0523-1111111" in page
    assert "0523-0000000" not in page
    assert "按时公开" in page
    assert "接着办理 0 件，公开 0 件" in watched(office)

    # A year on the office is asked whether it still holds; the answer stands on the page.
    with office.installation.records.write() as session:
        version = session.get_one(OpennessChange, change).versions[-1]
        label = confirming.label_of(office.installation.catalog, version)
        yearly = OpennessChange(
            profile=version.profile,
            cause="confirmation",
            source="一年以后",
            office="social_insurance_centre",
            title="内容确认",
            opened_at=utc_now(),
        )
        session.add(yearly)
        session.flush()
        session.add(OpennessConfirmation(change_id=yearly.id, version_id=version.id))
    assert "接着办理 1 件" in watched(office)
    case = asked(office, yearly.id, "confirmation", seen)
    assert case.form is not None
    offered = case.form.schema["properties"]["changed"]["items"]["enum"]
    assert offered == ["没有变化", label]
    keeper = office.member("social_insurance_centre")
    assert isinstance(case.give({"changed": ["没有变化"], "name": keeper, "code": office.code(keeper)}), TakenAnswer)
    assert case.finish() == "Completed"
    assert "最近确认" in httpx.get(address, trust_env=False, timeout=120).raise_for_status().text
    with office.installation.records.read() as session:
        wanted = select(LedgerEntry).where(LedgerEntry.event == "openness.published")
        assert len(session.scalars(wanted).all()) == 1
        answers = session.scalars(select(Ask).where(Ask.change_id == change).order_by(Ask.id)).all()
    # Each decision was asked for once; what its office overtook was put aside.
    states = [(ask.step, ask.state) for ask in answers]
    assert states == [
        ("review", "answered"),
        ("review", "answered"),
        ("office", "abandoned"),
        ("review", "answered"),
        ("review", "answered"),
    ]


def watched(office: Office) -> str:
    """What the morning's look says it did."""
    found = office.api("GET", "/deployments/name/政务公开目录巡查/openness-watch").json()
    body = {"state": {"type": "SCHEDULED"}}
    run = office.api("POST", f"/deployments/{found['id']}/create_flow_run", body).json()

    def ended() -> str | None:
        state = office.state_of(run["id"])
        assert state["type"] not in {"FAILED", "CRASHED"}, state["message"]
        return str(state["message"]) if state["type"] == "COMPLETED" else None

    return office.wait_for(ended, "the morning's look")
