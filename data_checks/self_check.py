"""What the data audit says of one workbook before it is handed in, cell by cell.

Only the centre's own indicators are looked at. Earlier figures are those the workbook itself shows beside
the inputs; nothing else is asked for.
"""

from __future__ import annotations

from data_checks.audit import run_audit
from data_checks.findings import AuditFinding
from disclosure.catalog import Catalog
from disclosure.collection.workbook.layout import lay_out
from disclosure.collection.workbook.problem_lines import problem_of_finding
from disclosure.collection.workbook.read.result import Problem, WorkbookReading


def findings_of(catalog: Catalog, reading: WorkbookReading) -> tuple[Problem, ...]:
    """Return the audit's findings on what could be read, at the cells they are about.

    A warning that 说明 explains is left out, and so is what is found at a cell that could not be read. A rule
    that could not run is critical, as everywhere.
    """
    cover, typed = reading.cover, reading.typed
    if cover is None or typed is None or not reading.tentative:
        return ()
    unread = {(problem.sheet, problem.cell) for problem in reading.problems}
    read = {catalog.indicators[figure.indicator].insurance for figure in reading.tentative}
    asked = [i for i in catalog.indicators_for(cover.period, cover.centre, cover.only) if i.insurance in read]
    past = [figure for figure in typed.past if figure.value is not None]
    result = run_audit(catalog, cover.period, reading.tentative, past, only=[indicator.id for indicator in asked])
    layout = lay_out(catalog, cover.period, cover.centre, cover.only)
    found = [
        problem_of_finding(layout, finding)
        for finding in result.findings
        if not _is_explained(reading, catalog, finding)
    ]
    found += [
        Problem("", "", f"规则“{rule.name}”没有运行", "每条规则都运行", rule.error.rstrip("。"), "critical")
        for rule in result.not_run
    ]
    return tuple(problem for problem in found if not problem.cell or (problem.sheet, problem.cell) not in unread)


def _is_explained(reading: WorkbookReading, catalog: Catalog, finding: AuditFinding) -> bool:
    indicator = catalog.indicators.get(finding.indicator)
    return (
        finding.severity != "critical"
        and indicator is not None
        and any(e.covers(indicator.insurance, indicator.id, finding.region) for e in reading.explanations)
    )
