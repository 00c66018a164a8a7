"""Protects what a return means: just the returned centres again, with the words; what need not be asked is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import select

from disclosure.collection.handout import hand_out
from disclosure.cycle import queries
from disclosure.platform.errors import DisclosureError
from disclosure.records.tables import AuditRun, Decision, LedgerEntry
from disclosure.review import decisions
from disclosure.review.authority import REVIEW_GATES

pytestmark = pytest.mark.records

Bureau = Any
CENTRE, OTHER = "social_insurance_centre", "medical_centre"
PARTICIPANTS = "employee_pension.participants"
WORDS = "参保人数与社保卡持卡人数差距过大，请逐项核对。"


def names(bureau: Bureau, *centres: str) -> list[str]:
    return [bureau.catalog.offices[centre].name for centre in centres]


def missing(bureau: Bureau) -> list[str]:
    with bureau.installation.records.read() as session:
        cycle = queries.get_cycle(session, bureau.cycle_id)
        return [office.id for office in queries.missing_centres(session, bureau.catalog, cycle)]


def next_round(bureau: Bureau, gate: str, *centres: str) -> None:
    bureau.send_back(gate, *centres, opinion=WORDS)
    bureau.begin_next_round()


def said_in(path: Path) -> str:
    """All text on the first sheet of a workbook, as another program reads it."""
    return said_in_cover(openpyxl.load_workbook(path))


def said_in_cover(book: Any) -> str:
    cover = book[book.sheetnames[0]]
    return "\n".join(str(cell) for row in cover.iter_rows(values_only=True) for cell in row if cell is not None)


def test_a_return_goes_to_just_the_returned_centre_with_the_words(bureau: Bureau) -> None:
    hand_out(bureau.installation, bureau.cycle_id)
    bureau.hand_in_all()
    bureau.compile()
    next_round(bureau, "confidentiality", OTHER)
    assert bureau.round == 2
    assert missing(bureau) == [OTHER]
    (path,) = hand_out(bureau.installation, bureau.cycle_id)
    assert path.name == f"2016年度-{names(bureau, OTHER)[0]}-第2轮.xlsx"
    assert f"孙保密：{WORDS}" in said_in(path)
    # It comes back filled in: handed in as it is, it holds the very same figures.
    receipt = bureau.hand_in(path.read_bytes(), path.name)
    assert receipt.is_accepted
    assert receipt.still_missing == ()
    with bureau.installation.records.read() as session:
        standing = queries.standing_submissions(session, queries.get_cycle(session, bureau.cycle_id))
        assert {centre: s.round for centre, s in standing.items()} == {CENTRE: 1, OTHER: 2}
        before, after = (
            session.scalars(select(AuditRun)).all(),
            sorted((o.indicator, f"{o.value:f}") for o in standing[OTHER].observations),
        )
    assert before == []
    assert after == sorted((f.indicator, f"{f.value:f}") for f in bureau.figures(OTHER))


def test_a_returned_workbook_shows_what_the_audit_found_in_it(bureau: Bureau) -> None:
    bureau.hand_in_all({PARTICIPANTS: "999999"})
    bureau.compile()
    found = [finding for finding in bureau.audit().findings if finding.centre == CENTRE]
    next_round(bureau, "confidentiality", CENTRE)
    (path,) = hand_out(bureau.installation, bureau.cycle_id)
    book = openpyxl.load_workbook(path)
    errors = book["错误清单"]
    rows = [[cell.value for cell in row] for row in errors.iter_rows(min_row=4, max_col=6)]
    assert len(rows) == len(found) > 0
    # What should stand there is left out where nobody can tell it.
    assert {(row[3], row[4] or "") for row in rows} == {(finding.value, finding.expected) for finding in found}
    for number, row in enumerate(rows, 4):
        sheet, _, cell = str(row[2]).rpartition(" ")
        comment = book[sheet][cell].comment
        expected = f"应为：{row[4]}\n" if row[4] else ""
        assert f"发现：{row[3]}\n{expected}{row[5]}" in comment.text
        assert errors.cell(number, 3).hyperlink.location == f"{sheet}!{cell}"
        value = book[sheet][cell].value
        marks = [
            rule.formula
            for area in book[sheet].conditional_formatting
            if cell in str(area.sqref)
            for rule in area.rules
        ]
        assert [f"{cell}={float(value)!r}"] in marks, "the mark goes once the figure is changed"
    assert f"孙保密：{WORDS}" in said_in_cover(book)
    assert bureau.hand_in(path.read_bytes(), path.name).is_accepted, "what was found may also be right"


def test_the_first_workbook_says_nothing_of_a_return(bureau: Bureau) -> None:
    written = hand_out(bureau.installation, bureau.cycle_id)
    assert len(written) == 2
    assert not any("审核意见" in said_in(path) for path in written)
    written[0].write_bytes(b"somebody works on it")
    assert hand_out(bureau.installation, bureau.cycle_id) == written
    assert written[0].read_bytes() == b"somebody works on it"


def test_two_reviewers_words_reach_the_same_centre(bureau: Bureau) -> None:
    bureau.hand_in_all()
    bureau.compile()
    bureau.send_back("policy", CENTRE, opinion="名称与文件不一致")
    bureau.send_back("confidentiality", CENTRE, OTHER, opinion="少于十人的不要单列")
    bureau.begin_next_round()
    first, second = hand_out(bureau.installation, bureau.cycle_id)
    assert "郑法规：名称与文件不一致\n孙保密：少于十人的不要单列" in said_in(first)
    assert "郑法规" not in said_in(second)


def test_a_round_nobody_returned_has_no_next(bureau: Bureau) -> None:
    bureau.hand_in_all()
    bureau.compile()
    bureau.approve("policy")
    with pytest.raises(DisclosureError, match="没有被退回"):
        bureau.begin_next_round()
    bureau.send_back("confidentiality", CENTRE)
    bureau.begin_next_round()
    with pytest.raises(DisclosureError, match="第 2 轮没有被退回"):
        bureau.begin_next_round()
    assert bureau.round == 2


def returned_and_compiled(
    bureau: Bureau, changed: dict[str, str | None] | None, *, first: dict[str, str | None] | None = None
) -> dict[str, int | None]:
    """Everybody approves, the leader returns it to ``CENTRE``, which hands in ``changed``; what was carried over."""
    bureau.hand_in_all(first)
    bureau.compile()
    audit = bureau.audit()
    if audit.is_blocking:
        with bureau.installation.records.write() as session:
            session.get_one(AuditRun, audit.id).is_blocking = False
    bureau.approve(*REVIEW_GATES)
    bureau.render()
    next_round(bureau, "leader", CENTRE)
    bureau.hand_in_all(changed, centres=[CENTRE])
    bureau.compile()
    bureau.audit()
    carried = bureau.carry_over()
    assert bureau.carry_over() == carried
    assert all(carried.values())
    return carried


def test_only_numbers_changed_policy_and_confidentiality_stand(bureau: Bureau) -> None:
    carried = returned_and_compiled(bureau, {PARTICIPANTS: "52003"})
    assert set(carried) == {"policy", "confidentiality"}
    with bureau.installation.records.read() as session:
        digest = bureau.compile_digest(session)
        rows = session.scalars(select(Decision).where(Decision.round == 2)).all()
        assert {d.digest for d in rows} == {digest}
        assert {session.get_one(Decision, d.carried_from_id).round for d in rows} == {1}
        told = session.scalars(select(LedgerEntry.details).where(LedgerEntry.event == "decision.carried_over")).all()
        standing = decisions.gate_status(session, queries.get_cycle(session, bureau.cycle_id), REVIEW_GATES, digest)
    assert len(told) == 2
    assert all("first review only" in details for details in told)
    # Finance is asked again, and its decision completes the round.
    assert standing.open_gates == ("finance",)
    assert bureau.answer("finance") == ""


def test_carried_over_twice_it_still_stands(bureau: Bureau) -> None:
    returned_and_compiled(bureau, {PARTICIPANTS: "52003"})
    next_round(bureau, "finance", CENTRE)
    bureau.hand_in_all({PARTICIPANTS: "52004"}, centres=[CENTRE])
    bureau.compile()
    bureau.audit()
    assert set(bureau.carry_over()) == {"policy", "confidentiality"}


def test_the_same_content_stands_at_every_gate(bureau: Bureau) -> None:
    carried = returned_and_compiled(bureau, {})
    assert set(carried) == set(REVIEW_GATES)
    # Only the leader, who returned it, is asked again.
    bureau.render()
    refusal = bureau.answer("policy")
    assert "已有结论" in refusal
    assert bureau.answer("leader") == ""


def test_finance_does_not_stand_on_an_audit_that_blocks(bureau: Bureau) -> None:
    """The content is the same, but what it is compared with was imported since, and now the audit objects."""
    bureau.hand_in_all()
    bureau.compile()
    bureau.audit()
    bureau.approve(*REVIEW_GATES)
    bureau.render()
    next_round(bureau, "leader", CENTRE)
    bureau.hand_in_all(centres=[CENTRE])
    bureau.compile()
    audit = bureau.audit()
    with bureau.installation.records.write() as session:
        session.get_one(AuditRun, audit.id).is_blocking = True
    assert set(bureau.carry_over()) == {"policy", "confidentiality"}


def test_a_returned_gate_is_asked_again(bureau: Bureau) -> None:
    bureau.hand_in_all()
    bureau.compile()
    bureau.audit()
    bureau.approve("finance", "confidentiality")
    next_round(bureau, "policy", CENTRE)
    bureau.hand_in_all(centres=[CENTRE])
    bureau.compile()
    bureau.audit()
    assert set(bureau.carry_over()) == {"finance", "confidentiality"}
    assert bureau.answer("policy") == ""


def test_a_gate_nobody_decided_is_not_carried(bureau: Bureau) -> None:
    bureau.hand_in_all()
    bureau.compile()
    next_round(bureau, "policy", CENTRE)
    bureau.hand_in_all(centres=[CENTRE])
    bureau.compile()
    assert bureau.carry_over() == {}


@pytest.mark.parametrize(
    ("first", "second"),
    [({}, {PARTICIPANTS: None}), ({PARTICIPANTS: None}, {})],
    ids=["an indicator gone", "an indicator added"],
)
def test_another_set_of_indicators_is_reviewed_again(
    new_bureau: Callable[..., Bureau], first: dict[str, str | None], second: dict[str, str | None]
) -> None:
    assert returned_and_compiled(new_bureau(), second, first=first) == {}


TEXT = "all_insurances.contribution_rates"
WITH_TEXT = ("all_insurances.*", "resident_pension.participants")


def with_text(new_bureau: Callable[..., Bureau], period: str, changed: dict[str, str | None]) -> dict[str, int | None]:
    """As ``returned_and_compiled``, for 楚雄州 with a text and a number of one centre."""
    bureau = new_bureau(profile="chuxiong", period=period, only=WITH_TEXT)
    assert any(f.indicator == TEXT and f.text for f in bureau.figures(CENTRE))
    return returned_and_compiled(bureau, changed)


def test_changed_text_is_reviewed_again(new_bureau: Callable[..., Bureau]) -> None:
    assert with_text(new_bureau, "2025-annual", {TEXT: "单位缴费比例为 16%，自本年起调整。"}) == {}


def test_with_text_as_it_was_only_numbers_changed(new_bureau: Callable[..., Bureau]) -> None:
    carried = with_text(new_bureau, "2025-annual", {"resident_pension.participants": "123456"})
    assert set(carried) == {"policy", "confidentiality"}


def test_another_set_of_withheld_figures_is_reviewed_again(new_bureau: Callable[..., Bureau]) -> None:
    assert with_text(new_bureau, "2025-annual", {"resident_pension.participants": "1"}) == {}


def test_a_special_cycle_is_reviewed_whole_again(new_bureau: Callable[..., Bureau]) -> None:
    assert with_text(new_bureau, "2025-special-居民养老", {"resident_pension.participants": "1"}) == {}
