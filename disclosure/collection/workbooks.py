"""Handing out: which centre gets which workbook, pre-filled with what, and which section its text document."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure import cycles
from disclosure.catalog import Catalog
from disclosure.collection.narratives import hand_out_documents
from disclosure.collection.problem_lines import KINDS
from disclosure.collection.workbook_layout import WorkbookLayout, lay_out
from disclosure.collection.workbook_reading import Explanation, Problem, ProblemKind
from disclosure.collection.workbook_writer import write_workbook
from disclosure.compilation import figures_of_period, history, submission_figures
from disclosure.records.tables import AuditRun, Compilation, Cycle, Finding
from disclosure.workplace import Workplace


def hand_out(place: Workplace, cycle_id: int) -> list[Path]:
    """Write the current round's workbooks and text documents below ``home/workbooks/PERIOD``.

    One that exists is left alone. In a returned round a centre gets its own figures back with the reviewer's words,
    and with what the audit found in them marked, commented and listed.
    """
    with place.records.read() as session:
        cycle = cycles.get_cycle(session, cycle_id)
        period = cycles.period_of(cycle)
        centres = cycles.centres_to_hand_in(session, place.catalog, cycle)
        known = history(session, place.catalog, period)
        standing = cycles.standing_submissions(session, cycle)
        returned = cycles.returned_centres(session, cycle, cycle.round - 1) if cycle.round > 1 else {}
        folder = place.settings.workbooks / period.id
        written = []
        for centre in centres:
            path = folder / workbook_name(period.label, centre.name, cycle.round)
            if not path.exists():
                earlier = standing.get(centre.id)
                write_workbook(
                    path,
                    place.catalog,
                    period,
                    centre.id,
                    round_number=cycle.round,
                    only=cycle.only,
                    last=figures_of_period(known, period.previous()),
                    year_before=figures_of_period(known, period.year_before()),
                    filled=submission_figures(earlier) if earlier else (),
                    explanations=[Explanation(**said) for said in earlier.explanations] if earlier else (),
                    message=returned.get(centre.id, ""),
                    cover=(earlier.filler, earlier.checker, "") if earlier else ("", "", ""),
                    problems=_found(session, place.catalog, cycle, centre.id),
                )
            written.append(path)
        return written + hand_out_documents(place, session, cycle)


def _found(session: Session, catalog: Catalog, cycle: Cycle, centre: str) -> list[Problem]:
    """What the audit of the round before found in the centre's figures, at the cells of its workbook."""
    audit = session.scalars(
        select(AuditRun)
        .join(Compilation, Compilation.id == AuditRun.compilation_id)
        .where(Compilation.cycle_id == cycle.id, Compilation.round == cycle.round - 1)
    ).one_or_none()
    if audit is None:
        return []
    layout = lay_out(catalog, cycles.period_of(cycle), centre, cycle.only)
    found = (finding for finding in audit.findings if finding.centre == centre)
    return sorted((_problem(layout, finding) for finding in found), key=lambda problem: KINDS.index(problem.kind))


def _problem(layout: WorkbookLayout, finding: Finding) -> Problem:
    sheet, cell = layout.place_of(finding.indicator, finding.region)
    why = f"{finding.message.rstrip('。')}。{finding.cause}".rstrip("。")
    if finding.explanation:
        why += f"。已说明：{finding.explanation.rstrip('。')}"
    kind = cast("ProblemKind", finding.severity)
    return Problem(sheet, cell, finding.value, finding.expected, why, kind, finding.cause_group)


def workbook_name(period_label: str, centre_name: str, round_number: int) -> str:
    """``2025年度-州社保中心-第1轮.xlsx``."""
    return f"{period_label}-{centre_name}-第{round_number}轮.xlsx"
