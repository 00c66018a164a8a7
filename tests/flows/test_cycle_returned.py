"""Protects the returned round: only the centre sent back reworks, with the reviewer's words; the rest stands."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import openpyxl
import pytest

from disclosure.collection.handout import workbook_name
from tests.support.office import Office

pytestmark = pytest.mark.flows

WORDS = "职工医疗保险缴费人数与缴费台账相差 1 人，请核对。"


def test_one_centre_is_sent_back_and_its_new_file_wakes_the_run(office: Office) -> None:
    case = office.new_cycle()
    case.hand_in()
    case.start()
    case.next_form()
    case.answer("policy")
    case.next_form()
    case.answer("confidentiality")
    case.next_form()
    case.answer("finance", "退回", opinion=WORDS, returned_to=["区医保中心"])

    form = case.next_form()
    assert form.is_about_submissions
    assert "第 2 轮" in form.description
    assert "还缺：**区医保中心**" in form.description
    assert "社保中心（" in form.description, "what was handed in before still counts"

    folder = office.settings.workbooks / case.period.id
    returned = folder / workbook_name(case.period.label, "区医保中心", 2)
    cells = [
        str(cell.value) for sheet in openpyxl.load_workbook(returned) for row in sheet for cell in row if cell.value
    ]
    assert any(WORDS in text for text in cells)
    assert "62051" in cells, "its own figures come back filled in"
    assert not (folder / workbook_name(case.period.label, "区社保中心", 2)).exists()

    # The centre that was not returned cannot slip another file in.
    other = office.filled_workbook(case.period, "social_insurance_centre", round_number=2)
    refused = office.cli("submit", other)
    assert refused.returncode == 1
    assert "没有退回“区社保中心”" in refused.stdout

    mended = [
        replace(figure, value=Decimal(62050)) if figure.indicator == "employee_medical.contributors" else figure
        for figure in office.figures(case.period, "medical_centre")
    ]
    handed_in = office.cli(
        "submit", office.filled_workbook(case.period, "medical_centre", round_number=2, figures=mended)
    )
    assert handed_in.returncode == 0, handed_in.stdout
    assert "报表已到齐，流程继续。" in handed_in.stdout

    form = case.next_form()
    assert form.gates == ["数据审核"], "policy and confidentiality stand from the first review"
    assert form.description.count("沿用首次审核结论") == 2
    case.answer("finance")
    assert case.next_form().gates == ["局领导审核"]
    case.answer("leader")
    assert case.finish() == "Completed"

    assert case.decisions() == [
        (1, "policy", "approved"),
        (1, "confidentiality", "approved"),
        (1, "finance", "returned"),
        (2, "policy", "approved"),
        (2, "confidentiality", "approved"),
        (2, "finance", "approved"),
        (2, "leader", "approved"),
    ]
    assert len(case.ledger("decision.carried_over")) == 2
    case.assert_published_once()
    assert "62050" in case.page().replace(",", "")
    assert "62051" not in case.page().replace(",", "")
