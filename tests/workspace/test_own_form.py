"""Protects the form as one person opens it: told as things stand, nothing offered that the rules would not take."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from disclosure.records.tables import AuditRun
from disclosure.review.forms import CHECK_AGAIN, COLLECT_ACTIONS, OUTCOMES, RETURN_TO_NOBODY
from disclosure.workspace.own_form import fit_form
from tests.support.bureau import CYCLE_OF_ASK, REVIEWERS, Bureau
from tests.support.suspicious_past import import_suspicious_past

pytestmark = pytest.mark.records

REVIEWS = ("政策审核", "数据审核", "保密性审核", "局领导紧急签发")


def form(*gates: str, **more: Any) -> dict[str, Any]:
    """A form as Prefect keeps it, with the briefing of long ago."""
    properties = {
        "gate": {"type": "string", "enum": list(gates), "description": "从前的情况"},
        "outcome": {"type": "string", "enum": list(OUTCOMES)},
        "name": {"type": "string"},
        "returned_to": {"type": "array", "items": {"type": "string", "enum": [RETURN_TO_NOBODY, "区社保中心"]}},
        **more,
    }
    return {"title": "审核", "type": "object", "properties": properties, "required": list(properties)}


def seen(bureau: Bureau, kept: dict[str, Any], name: str) -> dict[str, Any]:
    """The fields as this person is shown them now."""
    fitted = fit_form(bureau.installation, CYCLE_OF_ASK, kept, name, bureau.now)
    assert kept["properties"].keys() >= fitted["properties"].keys() - {"notice"}
    found: dict[str, Any] = fitted["properties"]
    return found


@pytest.fixture
def asked(audited: Bureau) -> Bureau:
    """A round that waits for its reviewers."""
    audited.ask("review")
    return audited


def test_everybody_is_offered_their_own_gate_and_their_own_name(asked: Bureau) -> None:
    for gate, name in (("policy", "政策审核"), ("finance", "数据审核"), ("confidentiality", "保密性审核")):
        fields = seen(asked, form(*REVIEWS), REVIEWERS[gate])
        assert fields["gate"]["enum"] == [name]
        assert fields["name"]["default"] == REVIEWERS[gate]
        assert fields["outcome"]["enum"] == ["通过", "退回"]
        told = fields["gate"]["description"]
        assert "从前" not in told
        questions = {other: asked.catalog.gates[other].question for other in ("policy", "finance", "confidentiality")}
        assert {other for other, question in questions.items() if question in told} == {gate}
        assert "紧急" not in told
    fields = seen(asked, form(*REVIEWS), REVIEWERS["leader"])
    assert fields["gate"]["enum"] == ["局领导紧急签发"]
    assert fields["outcome"]["enum"] == ["通过"]
    assert fields["returned_to"]["items"]["enum"] == [RETURN_TO_NOBODY]


def test_who_has_answered_or_may_not_is_told_and_asked_nothing(asked: Bureau) -> None:
    asked.approve("policy")
    asked.ask("review")
    fields = seen(asked, form(*REVIEWS), REVIEWERS["policy"])
    assert list(fields) == ["notice"]
    told = fields["notice"]["description"]
    # They see who has signed meanwhile, and who is waited for.
    assert f"{REVIEWERS['policy']} 通过" in told
    assert REVIEWERS["finance"] in told
    assert "没有要由你答复的" in told
    # The others' gates are still theirs.
    assert seen(asked, form(*REVIEWS), REVIEWERS["finance"])["gate"]["enum"] == ["数据审核"]
    # Nobody knows them: they are told so, and asked nothing.
    assert "没有登记" in seen(asked, form(*REVIEWS), "某某")["notice"]["description"]


def test_a_drafter_is_told_why_not(bureau: Bureau) -> None:
    for centre in bureau.centres:
        assert bureau.hand_in(bureau.workbook(centre, filler=REVIEWERS["finance"])).is_accepted
    bureau.compile()
    bureau.audit()
    bureau.ask("review")
    told = seen(bureau, form(*REVIEWS), REVIEWERS["finance"])["notice"]["description"]
    assert "不能审核自己经手的数据" in told


def test_what_the_audit_stops_cannot_be_approved(asked: Bureau) -> None:
    with asked.installation.records.write() as session:
        for audit in session.scalars(select(AuditRun)):
            audit.is_blocking = True
    fields = seen(asked, form(*REVIEWS), REVIEWERS["finance"])
    assert fields["outcome"]["enum"] == ["退回"]
    assert fields["returned_to"]["items"]["enum"] == ["区社保中心"]
    # Policy may approve all the same, and nobody can sign ahead.
    assert seen(asked, form(*REVIEWS), REVIEWERS["policy"])["outcome"]["enum"] == ["通过", "退回"]
    assert list(seen(asked, form(*REVIEWS), REVIEWERS["leader"])) == ["notice"]


def test_finance_alone_reads_what_is_to_be_explained(bureau: Bureau) -> None:
    import_suspicious_past(bureau)
    bureau.hand_in_all()
    bureau.compile()
    bureau.audit()
    bureau.ask("review")
    reading = {
        gate: seen(bureau, form(*REVIEWS), REVIEWERS[gate])["gate"]["description"] for gate in ("policy", "finance")
    }
    assert "序号：原因" in reading["finance"]
    assert "序号：原因" not in reading["policy"]
    assert "须说明的问题" in reading["policy"]


def test_the_hour_is_that_of_the_reading(asked: Bureau) -> None:
    asked.approve("policy", "finance", "confidentiality")
    asked.render()
    asked.ask("sign_off")
    kept = form("局领导审核", publish_at={"type": "string", "description": "如 2016-01-01 09:00"})
    first = seen(asked, kept, REVIEWERS["leader"])["publish_at"]["description"]
    assert "2016-01-01" not in first
    asked.now += dt.timedelta(days=900)
    assert "只能填" in seen(asked, kept, REVIEWERS["leader"])["publish_at"]["description"]
    assert list(seen(asked, kept, REVIEWERS["policy"])) == ["notice"]


def test_only_the_compiler_is_offered_to_go_on_without(bureau: Bureau) -> None:
    bureau.ask("collect", "")
    kept = form()
    kept["properties"] = {"action": {"type": "string", "enum": list(COLLECT_ACTIONS)}, "name": {"type": "string"}}
    assert seen(bureau, kept, REVIEWERS["policy"])["action"]["enum"] == [CHECK_AGAIN]
    bureau.enrol("何汇总", "publicity_section")
    fields = seen(bureau, kept, "何汇总")
    assert fields["action"]["enum"] == list(COLLECT_ACTIONS)
    assert "还缺" in fields["action"]["description"]


def test_an_answered_form_and_a_foreign_one_stay_as_they_are(asked: Bureau) -> None:
    kept = form(*REVIEWS)
    assert fit_form(asked.installation, "another-run", kept, "某某", asked.now) == kept
    empty = {"title": "已答复", "type": "object", "properties": {}}
    assert fit_form(asked.installation, CYCLE_OF_ASK, empty, REVIEWERS["policy"], asked.now) == empty
