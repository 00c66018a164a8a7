"""Protects that a workbook with a wrong figure is caught by the audit, with sheet and cell named to its centre."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from disclosure.collection.workbook.layout import address, lay_out
from disclosure.platform.errors import DisclosureError
from disclosure.records.tables import AuditRun, Finding, LedgerEntry

pytestmark = pytest.mark.records

Bureau = Any
CENTRE = "social_insurance_centre"


def findings(bureau: Bureau, indicator: str) -> list[Finding]:
    with bureau.installation.records.read() as session:
        return list(session.scalars(select(Finding).where(Finding.indicator == indicator)))


def test_a_wrong_figure_is_caught_with_sheet_and_cell(bureau: Bureau) -> None:
    """高港区 2016: 13654 retirees paid = 13203 + 14 + 437; two digits of the total are swapped."""
    total = "employee_pension.socialised_payment"
    bureau.hand_in_all({total: "13645"})
    compilation = bureau.compile()
    audit = bureau.audit()
    assert audit.is_blocking
    assert audit.critical_count >= 1
    (sheet,) = (s for s in lay_out(bureau.catalog, bureau.period, CENTRE).sheets if total in s.rows)
    cell = address(sheet.rows[total], sheet.columns[bureau.catalog.prefecture.code])
    (finding,) = findings(bureau, total)
    assert (finding.rule, finding.severity, finding.centre) == ("R601", "critical", CENTRE)
    assert (
        (finding.file_name, finding.sheet, finding.cell)
        == (f"{CENTRE}.xlsx", sheet.name, cell)
        == (
            f"{CENTRE}.xlsx",
            "企业养老",
            cell,
        )
    )
    assert all(part in finding.message for part in (sheet.name, cell, "13,645", "13,654"))
    report = (bureau.installation.settings.reports / audit.report).read_text(encoding="utf-8")
    assert finding.message in report
    assert compilation.digest[:12] in audit.report
    assert "数据审核只能退回" in bureau.answer("finance")


def test_right_figures_give_no_finding_and_may_be_approved(bureau: Bureau) -> None:
    bureau.hand_in_all()
    bureau.compile()
    audit = bureau.audit()
    assert (audit.is_blocking, audit.critical_count) == (False, 0)
    assert bureau.answer("finance") == ""


def test_a_figure_left_blank_blocks(bureau: Bureau) -> None:
    bureau.hand_in_all({"employee_pension.contributors": None})
    bureau.compile()
    assert bureau.audit().is_blocking
    (finding,) = findings(bureau, "employee_pension.contributors")
    assert (finding.severity, finding.centre) == ("critical", CENTRE)


def test_an_audit_runs_once_and_not_before_compiling(bureau: Bureau) -> None:
    bureau.hand_in_all()
    with pytest.raises(DisclosureError, match="还没有汇总"):
        bureau.audit()
    bureau.compile()
    assert bureau.audit().id == bureau.audit().id
    with bureau.installation.records.read() as session:
        assert len(session.scalars(select(AuditRun)).all()) == 1
        finished = session.scalars(select(LedgerEntry).where(LedgerEntry.event == "audit.finished")).all()
    assert len(finished) == 1
