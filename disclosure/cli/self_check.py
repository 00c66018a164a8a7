"""What the data audit says of one workbook before it is handed in, cell by cell.

Only the centre's own indicators are looked at. Earlier figures are those the workbook itself shows beside
the inputs; nothing else is asked for.
"""

from __future__ import annotations

from data_checks.audit import run_audit
from data_checks.findings import Finding
from disclosure.catalog import Catalog
from disclosure.collection.workbook_layout import WorkbookLayout, lay_out
from disclosure.collection.workbook_reading import Problem, WorkbookReading


def findings_of(catalog: Catalog, reading: WorkbookReading) -> tuple[Problem, ...]:
    """The audit's findings on what could be read, at the cells they are about.

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
    found = [_problem(layout, finding) for finding in result.findings if not _is_explained(reading, catalog, finding)]
    found += [
        Problem("", "", f"规则“{rule.name}”没有运行", "每条规则都运行", rule.error.rstrip("。"), "critical")
        for rule in result.not_run
    ]
    return tuple(problem for problem in found if not problem.cell or (problem.sheet, problem.cell) not in unread)


def _is_explained(reading: WorkbookReading, catalog: Catalog, finding: Finding) -> bool:
    indicator = catalog.indicators.get(finding.indicator)
    return (
        finding.severity != "critical"
        and indicator is not None
        and any(e.covers(indicator.insurance, indicator.id, finding.region) for e in reading.explanations)
    )


def _problem(layout: WorkbookLayout, finding: Finding) -> Problem:
    sheet, cell = layout.place_of(finding.indicator, finding.region)
    why = f"{finding.message.rstrip('。')}。{finding.cause}".rstrip("。")
    return Problem(
        sheet=sheet,
        cell=cell,
        found=finding.value,
        expected=finding.expected,
        why=why,
        kind=finding.severity,
        cause=finding.cause_group,
    )
