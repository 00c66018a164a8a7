"""Handing out: which centre gets which workbook, pre-filled with what, and which section its text document."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure.catalog import Catalog
from disclosure.collection.narrative.texts import Head, document_name
from disclosure.collection.narrative.writer import Template, write_docx, write_markdown
from disclosure.collection.workbook.layout import lay_out
from disclosure.collection.workbook.problem_lines import KINDS, problem_of_finding
from disclosure.collection.workbook.read.result import Explanation, Problem
from disclosure.collection.workbook.write.writer import WorkbookContents, write_workbook
from disclosure.cycle import queries
from disclosure.cycle.compilation import (
    history,
    published_narratives,
    submission_figures,
    submitted_narrative,
)
from disclosure.records.installation import Installation
from disclosure.records.tables import AuditRun, Compilation, Cycle


def hand_out(installation: Installation, cycle_id: int) -> list[Path]:
    """Write the current round's workbooks and text documents below ``home/workbooks/PERIOD``.

    One that exists is left alone. In a returned round a centre gets its own figures back with the reviewer's words,
    and with what the audit found in them marked, commented and listed.
    """
    with installation.records.read() as session:
        cycle = queries.get_cycle(session, cycle_id)
        period = queries.period_of(cycle)
        centres = queries.centres_to_hand_in(session, installation.catalog, cycle)
        known = history(session, installation.catalog, period)
        standing = queries.standing_submissions(session, cycle)
        returned = queries.returned_centres(session, cycle, cycle.round - 1) if cycle.round > 1 else {}
        folder = installation.settings.workbooks / period.id
        written = []
        for centre in centres:
            path = folder / workbook_name(period.label, centre.name, cycle.round)
            if not path.exists():
                earlier = standing.get(centre.id)
                write_workbook(
                    path,
                    installation.catalog,
                    WorkbookContents(
                        period,
                        centre.id,
                        round_number=cycle.round,
                        only=cycle.only,
                        earlier=known,
                        filled=submission_figures(earlier) if earlier else (),
                        explanations=[Explanation(**said) for said in earlier.explanations] if earlier else (),
                        message=returned.get(centre.id, ""),
                        cover=(earlier.filler, earlier.checker, "") if earlier else ("", "", ""),
                        problems=_found(session, installation.catalog, cycle, centre.id),
                    ),
                )
            written.append(path)
        return written + _hand_out_documents(installation, session, cycle)


def _found(session: Session, catalog: Catalog, cycle: Cycle, centre: str) -> list[Problem]:
    """Return what the audit of the round before found in the centre's figures, at the cells of its workbook."""
    audit = session.scalars(
        select(AuditRun)
        .join(Compilation, Compilation.id == AuditRun.compilation_id)
        .where(Compilation.cycle_id == cycle.id, Compilation.round == cycle.round - 1)
    ).one_or_none()
    if audit is None:
        return []
    layout = lay_out(catalog, queries.period_of(cycle), centre, cycle.only)
    found = (finding for finding in audit.findings if finding.centre == centre)
    return sorted(
        (problem_of_finding(layout, finding) for finding in found), key=lambda problem: KINDS.index(problem.kind)
    )


def workbook_name(period_label: str, centre_name: str, round_number: int) -> str:
    """``2025年度-州社保中心-第1轮.xlsx``."""
    return f"{period_label}-{centre_name}-第{round_number}轮.xlsx"


def _hand_out_documents(installation: Installation, session: Session, cycle: Cycle) -> list[Path]:
    """Write the current round's documents below ``home/workbooks/PERIOD``; one that exists is left alone.

    What was published for the period before stands under each heading for reference; in a returned round an
    office gets its own text back with the reviewer's words.
    """
    catalog, period = installation.catalog, queries.period_of(cycle)
    before = published_narratives(session, catalog, period)
    standing = queries.standing_narratives(session, cycle)
    returned = queries.returned_centres(session, cycle, cycle.round - 1) if cycle.round > 1 else {}
    written = []
    for office in queries.sections_to_write(session, catalog, cycle):
        own, last = standing.get(office.id), before.get(office.id)
        head = Head(catalog.profile.id, period, cycle.round, office.id, own.author if own else "")
        template = Template(
            head,
            filled=submitted_narrative(catalog, own).blocks if own else {},
            last=last.blocks if last else {},
            message=returned.get(office.id, ""),
        )
        for suffix, write in ((".docx", write_docx), (".md", write_markdown)):
            name = document_name(period.label, office.name, cycle.round, suffix)
            path = installation.settings.workbooks / period.id / name
            if not path.exists():
                write(path, catalog, template)
            written.append(path)
    return written
