"""Protects that a finding is followed: through rounds until it is corrected or accepted, and into the next year."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from data_checks import following, run_audit
from data_checks.following import Said, follow
from disclosure.cycle import queries
from disclosure.records.tables import AuditRun, Compilation, Cycle, Finding
from disclosure.simulation.demo_figures import demo_figures

pytestmark = pytest.mark.records

Bureau = Any
CENTRE = "social_insurance_centre"
CONTRIBUTORS, PAID = "employee_pension.contributors", "employee_pension.socialised_payment"
#: More contributors than participants (52002) is a warning; a total whose digits are swapped is critical.
WARNED = {CONTRIBUTORS: "52100"}
WORDS = "补缴人员计入缴费人数"


def followed(bureau: Bureau) -> dict[str, tuple[str, int]]:
    """Rule -> who explained it, and how many rounds it has been found in, of what the current round found."""
    with bureau.installation.records.read() as session:
        earlier = {row.id: row for row in session.scalars(select(Finding))}

        def rounds(row: Finding) -> int:
            return 1 + (rounds(earlier[row.follows_id]) if row.follows_id is not None else 0)

        return {rule: (row.explained_by, rounds(row)) for rule, row in findings(bureau).items()}


def findings(bureau: Bureau) -> dict[str, Finding]:
    """The findings of the current round by rule."""
    with bureau.installation.records.read() as session:
        cycle = queries.get_cycle(session, bureau.cycle_id)
        audit = session.scalars(
            select(AuditRun).join(Compilation).where(Compilation.cycle_id == cycle.id, Compilation.round == cycle.round)
        ).one()
        return {finding.rule: finding for finding in audit.findings}


def accepted_by_of(bureau: Bureau) -> str:
    with bureau.installation.records.read() as session:
        return following.accepted_by(session, queries.get_cycle(session, bureau.cycle_id))


def second_round(bureau: Bureau, changed: dict[str, str]) -> None:
    """Finance explains the warning and sends back what is critical; the centre hands in ``changed``."""
    bureau.hand_in_all(WARNED | {PAID: "13645"})
    bureau.compile()
    bureau.audit()
    assert followed(bureau) == {"R26": ("", 1), "R601": ("", 1)}
    bureau.send_back("finance", CENTRE, opinion=f"1：{WORDS}")
    assert followed(bureau)["R26"] == ("钱财务", 1)
    bureau.begin_next_round()
    bureau.hand_in_all(changed, centres=[CENTRE])
    bureau.compile()
    bureau.audit()


def test_what_is_gone_was_corrected_and_what_stays_keeps_its_explanation(bureau: Bureau) -> None:
    second_round(bureau, WARNED)
    assert followed(bureau) == {"R26": ("钱财务", 2)}
    kept = findings(bureau)["R26"]
    assert (kept.explanation, kept.explained_by) == (WORDS, "钱财务")
    assert accepted_by_of(bureau) == ""
    bureau.approve("finance")
    assert accepted_by_of(bureau) == "钱财务"


def test_another_value_must_be_explained_anew(bureau: Bureau) -> None:
    second_round(bureau, {CONTRIBUTORS: "52200"})
    assert followed(bureau)["R26"] == ("", 2)
    assert findings(bureau)["R26"].explanation == ""
    assert "说明" in bureau.answer("finance", opinion="同意")


def test_what_was_said_last_year_is_suggested_and_explains_nothing(bureau: Bureau) -> None:
    bureau.hand_in_all(WARNED)
    bureau.compile()
    bureau.audit()
    assert findings(bureau)["R26"].suggestion == ""
    assert bureau.answer("finance", opinion=f"1：{WORDS}") == ""
    with bureau.installation.records.write() as session:
        # The figures of the year before are the same published ones: only the cycle's name is moved back.
        session.get_one(Cycle, bureau.cycle_id).period_id = "2015-annual"
    later = bureau.another("2016-annual")
    later.hand_in_all(WARNED)
    later.compile()
    later.audit()
    suggested = findings(later)["R26"]
    assert suggested.suggestion == f"去年同期同样说明：{WORDS}"
    assert suggested.explanation == ""
    assert followed(later)["R26"] == ("", 1)
    assert "说明" in later.answer("finance", opinion="同意")


def test_a_finding_is_stored_with_its_cause_and_the_figures_it_was_compared_with(bureau: Bureau) -> None:
    bureau.hand_in_all({PAID: "13645"})
    bureau.compile()
    bureau.audit()
    stored = findings(bureau)["R601"]
    whole = bureau.catalog.prefecture.code
    assert stored.cause_group == f"{whole}/{PAID}"
    assert f"{whole}/{PAID}.retirees" in stored.involved


def test_of_two_at_one_figure_those_with_the_same_numbers_belong_together(bureau: Bureau) -> None:
    good = demo_figures(bureau.catalog, bureau.period)
    wrong = [replace(f, value=f.value - 9) if f.indicator == PAID else f for f in good]
    one = next(f for f in run_audit(bureau.catalog, bureau.period, wrong, []).findings if f.rule == "R601")
    two = replace(one, value="另一个数")
    said = [
        Said(7, following.same(one), one.value, one.expected, one.difference, "甲", "中心"),
        Said(8, following.same(one), "更早的数", "", "", "乙", "中心"),
    ]
    kept, followed = follow([two, one], said)
    assert followed == (8, 7)
    assert [finding.explanation for finding in kept] == ["", "甲"]
