"""What a year's archive holds, gathered from our records and the files they name: every file with what it is.

Tables are CSV with a mark that spreadsheets know UTF-8 by; nothing of it needs this software to be read.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from disclosure.catalog.models.archive import ArchivedKind
from disclosure.cycle import queries
from disclosure.platform.clock import shanghai
from disclosure.platform.errors import DisclosureError
from disclosure.publication.contents.contents import list_site_releases, release_folder
from disclosure.publication.contents.site import MANIFEST, SIGNATURE, SiteRelease
from disclosure.publication.contents.tree import Tree
from disclosure.records.installation import Installation
from disclosure.records.states import PUBLISHED
from disclosure.records.tables import (
    AuditRun,
    Compilation,
    Correction,
    Cycle,
    Decision,
    LedgerEntry,
    Narrative,
    Person,
    Release,
    Submission,
    Withdrawal,
)
from disclosure.review.forms import OUTCOME_NAMES

LEDGER = "ledger.jsonl"


@dataclass(frozen=True)
class Archived:
    """Some files of one kind that were made together: ``files`` by path in the archive, ``by`` is responsible."""

    kind: ArchivedKind
    title: str
    by: str
    formed_on: dt.date
    is_annual: bool
    files: Tree


def gather(session: Session, installation: Installation, cycles: Sequence[Cycle]) -> Iterator[Archived]:
    """Yield everything about ``cycles``; ``session`` must be one that writes, since what is not signed is signed.

    Raises:
        DisclosureError: when a file that the records name is not there, or is not what was signed.
    """
    public = list_site_releases(session, installation)
    for cycle in cycles:
        period = queries.period_of(cycle)
        yield from _releases(session, installation, cycle, [one for one in public if one.period == period])
        yield from _reports(session, installation, cycle)
        yield from _tables(session, installation, cycle)


def ledger_excerpt(session: Session, cycles: Sequence[Cycle]) -> str:
    """Return the ledger from the first entry about ``cycles`` to the last, a JSON object a line, nothing left out."""
    ids = [cycle.id for cycle in cycles]
    first, last = session.execute(
        select(func.min(LedgerEntry.number), func.max(LedgerEntry.number)).where(LedgerEntry.cycle_id.in_(ids))
    ).one()
    if first is None:
        return ""
    entries = session.scalars(
        select(LedgerEntry).where(LedgerEntry.number.between(first, last)).order_by(LedgerEntry.number)
    )
    return "".join(f"{json.dumps(_told(entry), ensure_ascii=False)}\n" for entry in entries)


def as_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return a table as a spreadsheet opens it."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(header)
    writer.writerows(rows)
    return stream.getvalue().encode("utf-8-sig")


def _told(entry: LedgerEntry) -> dict[str, object]:
    return {
        "number": entry.number,
        "at": entry.at.astimezone(dt.UTC).isoformat(),
        "actor": entry.actor,
        "event": entry.event,
        "cycle_id": entry.cycle_id,
        "details": entry.details,
        "rows": entry.rows or "",
        "previous_hash": entry.previous_hash,
        "hash": entry.hash,
    }


def _releases(
    session: Session, installation: Installation, cycle: Cycle, public: Sequence[SiteRelease]
) -> Iterator[Archived]:
    """Yield each version that was published: as the public reads it, signed; and all that the leader signed."""
    leader = installation.catalog.gate_office("leader").name
    period, publisher = queries.period_of(cycle), installation.catalog.profile.publisher
    for shown in public:
        signed = {MANIFEST: shown.manifest.to_json().encode(), SIGNATURE: shown.signature}
        tree = Tree.joined({f"{period.id}/public/v{shown.version}/": Tree.of(shown.files) | signed})
        day = shanghai(shown.published_at).date()
        yield Archived("release", f"{shown.title}（公布第{shown.version}版）", publisher, day, _is_annual(cycle), tree)
    rows = session.scalars(
        select(Release).where(Release.cycle_id == cycle.id, Release.state.in_(PUBLISHED)).order_by(Release.version)
    )
    for release in rows:
        folder = release_folder(installation.settings.releases, release.digest)
        tree = Tree.joined({f"{period.id}/signed/v{release.version}/": Tree.of_folder(folder, release.files)})
        title = f"{release.title}（签发第{release.version}版）"
        yield Archived("release", title, leader, shanghai(release.rendered_at).date(), _is_annual(cycle), tree)


def _reports(session: Session, installation: Installation, cycle: Cycle) -> Iterator[Archived]:
    """Yield the quality report of every round."""
    period, finance = queries.period_of(cycle), installation.catalog.gate_office("finance").name
    rows = session.execute(
        select(AuditRun.report, AuditRun.finished_at, Compilation.round)
        .join(Compilation, AuditRun.compilation_id == Compilation.id)
        .where(Compilation.cycle_id == cycle.id)
        .order_by(Compilation.round, AuditRun.id)
    )
    for report, finished_at, number in rows:
        file = installation.settings.reports / report
        path = f"{period.id}/reports/{Path(report).name}"
        try:
            tree = Tree.of({path: file.read_bytes()})
        except OSError as error:
            raise DisclosureError(
                f"{period.label}第 {number} 轮的数据质量报告 {file} 不在，不能归档。"
                f"请从备份恢复，或运行 disclosure audit {period.id} 重新生成。"
            ) from error
        title = f"{period.label}数据质量报告（第{number}轮）"
        yield Archived("report", title, finance, shanghai(finished_at).date(), _is_annual(cycle), tree)


def _tables(session: Session, installation: Installation, cycle: Cycle) -> Iterator[Archived]:
    """Yield who decided what, what was corrected and withdrawn, and what was handed in, each as a table."""
    period, publisher = queries.period_of(cycle), installation.catalog.profile.publisher
    made: tuple[tuple[ArchivedKind, str, str, tuple[str, ...], list[tuple[object, ...]]], ...] = (
        ("decisions", "审核签发结论", "decisions.csv", _DECIDED, _decisions(session, installation, cycle)),
        ("decisions", "更正与撤回", "changes.csv", _CHANGED, _changes(session, cycle)),
        ("received", "报送文件登记", "received.csv", _RECEIVED, _received(session, installation, cycle)),
    )
    for kind, title, name, header, rows in made:
        tree = Tree.of({f"{period.id}/{name}": as_csv(header, rows)})
        day = shanghai(cycle.opened_at).date()
        yield Archived(kind, f"{period.label}{title}", publisher, day, _is_annual(cycle), tree)


_DECIDED = ("轮", "环节", "姓名", "单位", "结论", "意见", "内容摘要", "时间", "沿用第几号结论")
_CHANGED = ("事项", "版", "理由", "姓名", "时间")
_RECEIVED = ("轮", "单位", "种类", "文件名", "SHA-256", "是否收下", "填报或撰写人", "复核人", "收到时间")
_WITHDRAWN = {"in_error": "撤回：有误", "superseded": "撤回：被取代", "by_order": "撤回：依上级要求"}


def _decisions(session: Session, installation: Installation, cycle: Cycle) -> list[tuple[object, ...]]:
    catalog = installation.catalog
    rows = session.scalars(select(Decision).where(Decision.cycle_id == cycle.id).order_by(Decision.id))
    return [
        (
            row.round,
            catalog.gates[row.gate].name,
            row.person.name,
            _office(installation, row.person.office),
            OUTCOME_NAMES[row.outcome],
            row.opinion,
            row.digest,
            _moment(row.decided_at),
            row.carried_from_id or "",
        )
        for row in rows
    ]


def _changes(session: Session, cycle: Cycle) -> list[tuple[object, ...]]:
    corrections = session.scalars(select(Correction).where(Correction.cycle_id == cycle.id))
    found: list[tuple[dt.datetime, tuple[object, ...]]] = [
        (row.begun_at, ("更正", row.version, row.reason, row.person.name, _moment(row.begun_at))) for row in corrections
    ]
    for row in session.scalars(select(Withdrawal).where(Withdrawal.cycle_id == cycle.id)):
        told = (_WITHDRAWN[row.kind], row.version, row.reason, row.person.name, _moment(row.withdrawn_at))
        found.append((row.withdrawn_at, told))
        if row.restored_at is not None:
            restorer = session.get_one(Person, row.restored_by_id).name
            told = ("恢复公开", row.version, row.restore_reason, restorer, _moment(row.restored_at))
            found.append((row.restored_at, told))
    return [told for _, told in sorted(found, key=lambda each: each[0])]


def _received(session: Session, installation: Installation, cycle: Cycle) -> list[tuple[object, ...]]:
    submissions = session.scalars(select(Submission).where(Submission.cycle_id == cycle.id))
    narratives = session.scalars(select(Narrative).where(Narrative.cycle_id == cycle.id))
    found = [
        (row.received_at, row, row.centre, "报表", row.filler, row.checker) for row in submissions
    ] + [(row.received_at, row, row.office, "文字", row.author, "") for row in narratives]  # fmt: skip
    return [
        (
            row.round,
            _office(installation, office),
            kind,
            row.file_name,
            row.sha256,
            "收下" if row.is_accepted else "未收下",
            author,
            checker,
            _moment(at),
        )
        for at, row, office, kind, author, checker in sorted(found, key=lambda each: each[0])
    ]


def _office(installation: Installation, office: str) -> str:
    known = installation.catalog.offices
    return known[office].name if office in known else office


def _moment(at: dt.datetime) -> str:
    return shanghai(at).isoformat(timespec="seconds")


def _is_annual(cycle: Cycle) -> bool:
    return queries.period_of(cycle).kind == "annual"
