"""Protects a correction on the real server: the command opens it, every gate is asked anew, version 2 is live."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import select

from disclosure.catalog import GateId
from disclosure.records.states import ReleaseState
from disclosure.records.tables import Cycle, Release
from tests.support.office import Office

pytestmark = [pytest.mark.flows, pytest.mark.full]

REASON = "职工医疗保险缴费人数漏计一人，现予更正"


def test_one_correction_from_the_command_to_version_2(office: Office) -> None:
    case = office.new_cycle()
    case.hand_in()
    case.start()
    first: tuple[GateId, ...] = ("policy", "confidentiality", "finance", "leader")
    for gate in first:
        case.next_form()
        case.answer(gate)
    assert case.finish() == "Completed"
    assert "62051" in case.page().replace(",", "")

    compiler = office.member("publicity_section")
    begun = office.cli(
        *("correct", case.period.id, "--by", compiler, "--reason", REASON, "--to", "区医保中心"),
        typed=f"{office.code(compiler)}\n",
    )
    assert begun.returncode == 0, begun.stdout + begun.stderr
    assert "开始更正（第 2 轮）" in begun.stdout
    case.run_id = driver_of(office, case.cycle_id, but=case.run_id)

    form = case.next_form()
    assert form.is_about_submissions
    assert "还缺：**区医保中心**" in form.description
    mended = [
        replace(figure, value=Decimal(62050)) if figure.indicator == "employee_medical.contributors" else figure
        for figure in office.figures(case.period, "medical_centre")
    ]
    handed_in = office.cli(
        "submit", office.filled_workbook(case.period, "medical_centre", round_number=2, figures=mended)
    )
    assert handed_in.returncode == 0, handed_in.stdout

    form = case.next_form()
    assert form.gates == ["政策审核", "数据审核", "保密性审核"], "every gate is asked about the new content"
    assert f"更正，将发布第 2 版**：{REASON}" in form.description
    for gate in first[:3]:
        case.answer(gate)
        form = case.next_form()
    assert form.gates == ["局领导审核"]
    case.answer("leader")
    assert case.finish() == "Completed"

    with office.installation.records.read() as session:
        found = session.scalars(select(Release).where(Release.cycle_id == case.cycle_id).order_by(Release.version))
        assert [(each.version, each.state) for each in found] == [(1, ReleaseState.LIVE), (2, ReleaseState.LIVE)]
    page = case.page().replace(",", "")
    assert "由62051人更正为62050人" in page
    assert REASON in page
    old = office.settings.home / "site" / "releases" / f"{case.period.id}.v1" / "index.html"
    assert "这是第1版，已经更正。" in old.read_text(encoding="utf-8")


def driver_of(office: Office, cycle_id: int, but: str) -> str:
    """The run that takes the cycle over from ``but``."""

    def look() -> str | None:
        with office.installation.records.read() as session:
            driver = session.get_one(Cycle, cycle_id).driver_run_id
        return driver if driver and driver != but else None

    return office.wait_for(look, "a run for the correction")
