"""Protects the report in our records: page and sheets beside each other, renewed by what is said later, seeded errors
of the demonstration at the door and in the audit, changes told from round to round."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from data_checks.recording import renew_report
from disclosure.calendar.periods import CycleKind, parse_period
from disclosure.collection.answers import Receipt
from disclosure.collection.submit import submit_file
from disclosure.collection.workbook.write.writer import WorkbookContents, write_workbook
from disclosure.cycle import queries
from disclosure.platform.errors import DisclosureError
from disclosure.platform.settings import Settings
from disclosure.records.installation import Installation
from disclosure.simulation.demo_errors import seeded_errors, with_errors
from disclosure.simulation.demo_figures import demo_figures, demo_history

pytestmark = pytest.mark.records

Bureau = Any
TOTAL = "employee_pension.socialised_payment"


KINDS = ("annual", "q1", "h1", "q3")


@pytest.mark.parametrize("kind", KINDS)
def test_the_door_refuses_what_the_demonstration_says_and_takes_the_rest(tmp_path: Path, kind: CycleKind) -> None:
    installation = Installation(Settings(home=tmp_path, profile="chuxiong", database_url=""))
    catalog = installation.catalog
    period = replace(parse_period(catalog.profile.demo_period), kind=kind)
    with installation.records.write() as session:
        queries.open_cycle(session, catalog, period, is_demo=True)
    history = demo_history(catalog, period)

    def handed_in(centre: str, *, at_door: bool) -> Receipt:
        chosen = {n: e for n, e in seeded_errors(catalog.folder).items() if e.stopped_at_door == at_door}
        figures = with_errors(catalog, demo_figures(catalog, period), history, chosen)
        path = tmp_path / f"{centre}.xlsx"
        filled = [figure for figure in figures if catalog.indicators[figure.indicator].centre == centre]
        write_workbook(path, catalog, WorkbookContents(period, centre, filled=filled, cover=("甲", "乙", "2026-02-20")))
        return submit_file(installation, path.read_bytes(), path.name)

    for error in seeded_errors(catalog.folder).values():
        if error.stopped_at_door:
            refused = handed_in(catalog.indicators[error.indicators[0]].centre, at_door=True)
            assert not refused.is_accepted
            assert "单元格 H6" in refused.problems[0].sentence
    for centre in catalog.centres:
        taken = handed_in(centre.id, at_door=False)
        assert taken.is_accepted, taken.problems


def test_the_report_is_renewed_with_what_was_said_and_decided(bureau: Bureau) -> None:
    bureau.hand_in_all()
    with pytest.raises(DisclosureError, match="还没有检查数据"):
        renew_report(bureau.installation, bureau.cycle_id)
    bureau.compile()
    audit = bureau.audit()
    page = bureau.installation.settings.reports / audit.report
    first = page.read_text(encoding="utf-8")
    assert page.with_suffix(".pdf").read_bytes().startswith(b"%PDF")
    assert f'href="{page.with_suffix(".pdf").name}"' in first
    assert "Data Docs" not in first
    assert audit.warning_count == first.count('class="finding warning open"'), "what finance must explain"
    answered = bureau.answer("finance")
    assert answered == ""
    assert renew_report(bureau.installation, bureau.cycle_id, data_docs=True) == page
    renewed = page.read_text(encoding="utf-8")
    assert renewed.count("已认可（钱财务）") == audit.warning_count
    docs = page.parent / re.search(r'href="([^"]+index\.html)"', renewed)[1]  # type: ignore[index]
    assert f'href="../{page.name}"' in docs.read_text(encoding="utf-8")
    assert re.search(r"审核时间</dt><dd>([^<]+)", renewed)[1] == re.search(r"审核时间</dt><dd>([^<]+)", first)[1]  # type: ignore[index]


def test_a_returned_round_tells_what_was_corrected(bureau: Bureau) -> None:
    bureau.hand_in_all({TOTAL: "13645"})
    bureau.compile()
    wrong = bureau.audit()
    assert "这是第一轮审核" in (bureau.installation.settings.reports / wrong.report).read_text(encoding="utf-8")
    for gate in ("policy", "confidentiality"):
        assert bureau.answer(gate) == ""
    assert bureau.answer("finance", "returned", returned_to=("social_insurance_centre",)) == ""
    bureau.begin_next_round()
    bureau.hand_in_all(centres=["social_insurance_centre"])
    bureau.compile()
    right = bureau.audit()
    shown = (bureau.installation.settings.reports / right.report).read_text(encoding="utf-8")
    found = {finding.rule for finding in wrong.findings} - {finding.rule for finding in right.findings}
    assert "R601" in found
    assert re.search(r"与第1轮相比：已更正 [1-9]\d* 个", shown)
    assert "13,645" in shown.split('id="changes"')[1].split('id="coverage"')[0]
