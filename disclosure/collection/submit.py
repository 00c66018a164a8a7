"""Take a file in: one path for workbooks, rows and text documents, from the command line, an inbox or a database.

``check_file`` says beforehand what ``submit_file`` would say, and keeps nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from disclosure.catalog import Catalog
from disclosure.collection.answers import FileAnswer, Receipt
from disclosure.collection.intake.arrivals import ArrivalKey, arrival_of, check_inbox, new_arrival, refuse
from disclosure.collection.intake.source_rows import is_rows_file
from disclosure.collection.kinds import (
    TEXT,
    FileKind,
    FileReading,
    FileRow,
    FileSubject,
    columns_of_reading,
    kind_of,
    problems_of_row,
    read_file,
    subject_of,
)
from disclosure.collection.narrative.sections import NarrativeReading
from disclosure.collection.observations import columns_of
from disclosure.collection.workbook.ooxml.package import FILE_LIMIT, too_large
from disclosure.collection.workbook.read.result import Problem, WorkbookReading
from disclosure.confidentiality.public_text import NOTHING_ACCEPTED, Acceptances
from disclosure.cycle import queries
from disclosure.cycle.revisions import note_past_figures
from disclosure.platform.clock import utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.platform.file_names import printable_name
from disclosure.records import ledger
from disclosure.records.file_store import TooLargeError, keep_file, read_upload
from disclosure.records.installation import Installation
from disclosure.records.states import SEEN
from disclosure.records.tables import Cycle, Excuse, Narrative, Observation, Submission
from disclosure.review.personal.holding import hold, read_acceptances

#: What the data audit finds in one workbook beforehand; the audit itself stands above this room.
SelfCheck = Callable[[Catalog, WorkbookReading], tuple[Problem, ...]]


def check_path(catalog: Catalog, path: Path, self_check: SelfCheck) -> FileAnswer:
    """Check a file on disk.

    Raises:
        DisclosureError: when it is too large.
        OSError: when it cannot be read.
    """
    try:
        content = read_upload(path, FILE_LIMIT)
    except TooLargeError as error:
        raise DisclosureError(too_large(error.size).problem.sentence) from error
    return check_file(catalog, content, printable_name(path.name), self_check)


def check_file(
    catalog: Catalog, content: bytes, name: str, self_check: SelfCheck, acceptances: Acceptances = NOTHING_ACCEPTED
) -> FileAnswer:
    """Say what there is to say of a file before it is handed in."""
    reading = read_file(catalog, content, name, acceptances=acceptances)
    return FileAnswer(
        kind=kind_of(reading),
        reading=reading,
        problems=tuple(reading.problems),
        findings=_findings(catalog, reading, self_check),
        figure_count=len(reading.figures) if isinstance(reading, WorkbookReading) else 0,
        sections=_section_names(catalog, reading),
    )


def submit_path(installation: Installation, path: Path, *, self_check: SelfCheck | None = None) -> Receipt:
    """Take in a file on disk, of which never more than the limit is read.

    A larger one is refused unread and stays where it is; kept is a note of its name and size, with which
    the records tell of it as of any refused file.

    Raises:
        DisclosureError: as ``submit_file``, and when the file is too large.
        OSError: when it cannot be read.
    """
    name = printable_name(path.name)
    try:
        content = read_upload(path, FILE_LIMIT)
    except TooLargeError as error:
        reason = too_large(error.size).problem.sentence
        note = json.dumps({"file": name, "size": error.size, "refused": reason}, ensure_ascii=False)
        with installation.records.write() as session:
            sha256 = keep_file(session, installation.settings.files, note.encode())
        refuse(installation.records, sha256, name, reason)
        raise DisclosureError(reason) from error
    return submit_file(installation, content, name, self_check=self_check)


def submit_file(
    installation: Installation,
    content: bytes,
    name: str,
    *,
    came: ArrivalKey | None = None,
    self_check: SelfCheck | None = None,
    by: str = "",
) -> Receipt:
    """Take in one file. It is kept whatever it holds; what it says counts only when nothing is wrong.

    Steps: keep the bytes; read; find the cycle it names; refuse what is not due; record the file, its figures or
    text and a ledger entry in one transaction. A file that ``came`` by an inbox leaves its arrival in that
    transaction, and is answered as before when it is taken again. ``by`` is who handed it in, where somebody signed in
    for that; the ledger has it, beside who filled it in.

    Raises:
        DisclosureError: when the file belongs to no open round of ours; it is kept as a refused file.
    """
    records, catalog = installation.records, installation.catalog
    acceptances = read_acceptances(installation)
    with records.write() as session:
        sha256 = keep_file(session, installation.settings.files, content)
    try:
        reading = read_file(catalog, content, name, came.centre if came else "", acceptances=acceptances)
        with records.write() as session:
            receipt = _Taking(session, catalog, name, sha256, came, acceptances=acceptances, by=by).take(
                reading, content
            )
    except DisclosureError as error:
        refuse(records, sha256, name, str(error), came)
        raise
    return replace(receipt, findings=_findings(catalog, receipt.reading, self_check))


def _findings(catalog: Catalog, reading: FileReading, self_check: SelfCheck | None) -> tuple[Problem, ...]:
    return self_check(catalog, reading) if self_check and isinstance(reading, WorkbookReading) else ()


def hold_persons(session: Session, catalog: Catalog, reading: FileReading, by: str = "") -> None:
    """Hold the data of persons that a reading was refused for; ``by`` is who signed in to hand it in, if somebody."""
    if not any(problem.persons for problem in reading.problems):
        return
    subject = subject_of(catalog, reading)
    known = catalog.offices.get(subject.office)
    office = known.name if known else subject.office
    where = f"{subject.period.label}第 {subject.round} 轮 {office}"
    names = "、".join(dict.fromkeys(filter(None, (by, *_signers(reading))))) or office
    for problem in reading.problems:
        place = f"{where} {problem.where}"
        hold(session, catalog.profile.id, problem.persons, door="file", place=place, by=names)


def _signers(reading: FileReading) -> tuple[str, ...]:
    """Return who wrote and who checked it, as it says itself."""
    if isinstance(reading, NarrativeReading):
        return (reading.head.author,) if reading.head else ()
    return (reading.cover.filler, reading.cover.checker) if reading.cover else ()


def _section_names(catalog: Catalog, reading: FileReading) -> tuple[str, ...]:
    found = reading.sections if isinstance(reading, NarrativeReading) else ()
    return tuple(catalog.sections[section].name for section in found)


class _Taking:
    """One file in the transaction that records it."""

    def __init__(
        self,
        session: Session,
        catalog: Catalog,
        name: str,
        sha256: str,
        came: ArrivalKey | None,
        *,
        acceptances: Acceptances,
        by: str,
    ) -> None:
        self.session, self.catalog, self.acceptances = session, catalog, acceptances
        self.name, self.sha256, self.came, self.by = name, sha256, came, by

    def take(self, reading: FileReading, content: bytes) -> Receipt:
        """Record the file, or answer as before.

        Raises:
            DisclosureError: when it is refused, now or before.
        """
        if answered := self._answered_before(reading):
            return answered
        kind, inbox = kind_of(reading), self.came.centre if self.came else ""
        subject = subject_of(self.catalog, reading, inbox)
        cycle = self._cycle_for(kind, subject)
        queries.lock(self.session, cycle)
        # Another process may have taken the same file while ours read it.
        if answered := self._answered_before(reading):
            return answered
        check_inbox(self.catalog, subject.office, self.came, kind.noun)
        if cycle.only and is_rows_file(content):
            # Unlike a workbook, rows do not say what was asked.
            reading = read_file(self.catalog, content, self.name, inbox, only=cycle.only, acceptances=self.acceptances)
            subject = subject_of(self.catalog, reading, inbox)
        self._check_due(kind, cycle, subject)
        hold_persons(self.session, self.catalog, reading, self.by)
        table: Any = kind.table
        row: FileRow | None = self.session.scalars(
            select(table).where(
                table.cycle_id == cycle.id,
                table.round == cycle.round,
                getattr(table, kind.owner) == subject.office,
                table.sha256 == self.sha256,
            )
        ).one_or_none()
        is_repeat, replaced = row is not None, ""
        if row is None:
            row = self._record(kind, cycle, subject, reading)
        elif reading.is_accepted and not row.is_accepted:
            # What it was refused for has been accepted since.
            self._judge_anew(kind, cycle, row, reading)
            is_repeat = False
        elif row.is_accepted and any(problem.persons for problem in reading.problems):
            # What it was let through with has been taken back since.
            raise DisclosureError("\n".join(problem.sentence for problem in reading.problems))
        else:
            replaced = self._restore(kind, cycle, subject, row)
        if self.came:
            became: dict[str, Any] = {kind.event: row}
            self.session.add(new_arrival(self.came, self.name, self.sha256, is_repeat=is_repeat, **became))
        return self._receipt(row, reading, is_repeat=is_repeat, replaced=replaced)

    def _answered_before(self, reading: FileReading) -> Receipt | None:
        """Answer an arrival that is recorded already, the same as the first time.

        Raises:
            DisclosureError: when the answer was a refusal.
        """
        arrival = arrival_of(self.session, self.came, self.name, self.sha256) if self.came else None
        if arrival is None:
            return None
        if arrival.refused_file is not None:
            raise DisclosureError(arrival.refused_file.reason)
        row = arrival.submission or arrival.narrative
        assert row is not None  # noqa: S101 - an arrival has one of the three
        return self._receipt(row, reading, is_repeat=arrival.is_repeat)

    def _receipt(self, row: FileRow, reading: FileReading, *, is_repeat: bool, replaced: str = "") -> Receipt:
        """Answer as the records have it."""
        self.session.flush()
        cycle = queries.get_cycle(self.session, row.cycle_id)
        kind = kind_of(reading)
        of_row = select(func.count()).select_from(Observation).where(Observation.submission_id == row.id)
        return Receipt(
            kind=kind,
            reading=reading,
            problems=problems_of_row(row),
            figure_count=self.session.scalar(of_row) or 0 if isinstance(row, Submission) else 0,
            sections=_section_names(self.catalog, reading),
            record_id=row.id,
            cycle_id=cycle.id,
            centre=self.catalog.offices[getattr(row, kind.owner)].name,
            period_label=queries.period_of(cycle).label,
            round=row.round,
            is_repeat=is_repeat,
            still_missing=tuple(o.name for o in queries.missing_centres(self.session, self.catalog, cycle)),
            received_at=row.received_at,
            replaced=replaced,
        )

    def _cycle_for(self, kind: FileKind, subject: FileSubject) -> Cycle:
        ours, label = self.catalog.profile, subject.period.label
        if subject.profile != ours.id:
            raise DisclosureError(f"“{self.name}”是“{subject.profile}”的{kind.noun}，本系统为“{ours.id}”，请核对。")
        writers = [office.id for office in self.catalog.writers]
        if kind is TEXT and subject.office not in writers:
            wanted = "、".join(office.name for office in self.catalog.writers)
            raise DisclosureError(
                f"“{self.name}”标识里的科室“{subject.office}”不报送文字部分，应为 {wanted}。"
                if wanted
                else f"“{ours.title}”不收文字部分（地区配置 profile.yaml 的 narratives 为 none）。"
            )
        cycle = queries.find_cycle(self.session, self.catalog, subject.period)
        if cycle is None:
            raise DisclosureError(
                f"“{self.name}”是{label}的{kind.noun}，该周期尚未开启。请先运行 disclosure open {subject.period.id}。"
            )
        return cycle

    def _check_due(self, kind: FileKind, cycle: Cycle, subject: FileSubject) -> None:
        """Let only an office hand in that owes something in the round being collected, and what was asked of it."""
        name, label = self.catalog.offices[subject.office].name, queries.period_of(cycle).label
        is_compiled = queries.compilation_of(self.session, cycle) is not None
        release = queries.release_of(self.session, cycle)
        is_live = release is not None and release.state in SEEN
        is_due = subject.office in {office.id for office in kind.due(self.session, self.catalog, cycle)}
        excuse = self._left_out(kind, cycle, subject.office)
        if excuse and not is_live and (is_compiled or not is_due):
            raise DisclosureError(
                f"“{name}”的{label}报表来迟了：第 {excuse.round} 轮已按“未报送”汇总（理由：{excuse.reason}）。"
                "文件已留存，不计入本轮；确需补入的，请告诉宣传信息科，由审核人退回给本单位后，用新一轮的报表再交。"
            )
        if subject.round != cycle.round:
            raise DisclosureError(
                f"这是{label}第 {subject.round} 轮的{kind.noun}，现在是第 {cycle.round} 轮，"
                f"请用“{name}”第 {cycle.round} 轮的{kind.noun}{kind.fill}。"
            )
        if kind is not TEXT and tuple(cycle.only) != subject.only:
            raise DisclosureError(f"“{self.name}”要报的指标与{label}开启时定的不同，请用为该周期下发的报表填报。")
        if is_live:
            raise DisclosureError(f"{label}已经发布，不能再交。发现已发布的{kind.content}有误，请告诉宣传信息科。")
        if is_compiled:
            raise DisclosureError(f"{label}第 {cycle.round} 轮已经汇总，不能再交。确需修改的，请由审核人退回后重报。")
        if not is_due:
            raise DisclosureError(
                f"{label}第 {cycle.round} 轮没有退回“{name}”，无需重报；上一轮的{kind.content}继续有效。"
            )

    def _left_out(self, kind: FileKind, cycle: Cycle, office: str) -> Excuse | None:
        """Return why the cycle goes on without this centre, when it has no figures of it at all."""
        if kind is TEXT or office in kind.standing(self.session, cycle):
            return None
        return queries.excuses(self.session, cycle).get(office)

    def _record(self, kind: FileKind, cycle: Cycle, subject: FileSubject, reading: FileReading) -> FileRow:
        row = kind.table(
            cycle_id=cycle.id,
            round=cycle.round,
            sha256=self.sha256,
            file_name=self.name,
            is_accepted=reading.is_accepted,
            received_at=utc_now(),
            **{kind.owner: subject.office},
            **columns_of_reading(reading),
        )
        self.session.add(row)
        self._take_in(kind, cycle, row, reading)
        return row

    def _judge_anew(self, kind: FileKind, cycle: Cycle, row: FileRow, reading: FileReading) -> None:
        """Let a file count that was refused when it came; the ledger has when, and why, with its own entry."""
        for name, value in columns_of_reading(reading).items():
            setattr(row, name, value)
        row.is_accepted, row.received_at = True, utc_now()
        self._take_in(kind, cycle, row, reading)

    def _take_in(self, kind: FileKind, cycle: Cycle, row: FileRow, reading: FileReading) -> None:
        """Record the figures of what was accepted, and tell the ledger of the verdict."""
        self.session.flush()
        if row.is_accepted and isinstance(reading, WorkbookReading):
            # In bulk: a large workbook has thousands.
            figures = [columns_of(figure, submission_id=row.id) for figure in reading.figures]
            self.session.execute(insert(Observation), figures)
        verdict = "accepted" if row.is_accepted else "rejected"
        self._tell(kind, cycle, row, verdict, problems=len(reading.problems))
        if row.is_accepted and isinstance(reading, WorkbookReading) and reading.typed is not None:
            note_past_figures(self.session, self.catalog, reading.typed.past, self.name)

    def _restore(self, kind: FileKind, cycle: Cycle, subject: FileSubject, row: FileRow) -> str:
        """Make a file that is handed in again after another one the newest; returns the name of the one it replaces.

        When it first came is in the ledger, with its own entry.
        """
        standing: FileRow | None = kind.standing(self.session, cycle).get(subject.office)
        if not row.is_accepted or standing is None or standing is row:
            return ""
        first, row.received_at = row.received_at, utc_now()
        self._tell(kind, cycle, row, "restored", first_received_at=first.isoformat())
        return standing.file_name

    def _tell(self, kind: FileKind, cycle: Cycle, row: FileRow, verdict: str, **facts: Any) -> None:
        """Write what became of the file into the ledger."""
        office = getattr(row, kind.owner)
        ledger.append(
            self.session,
            f"{kind.event}.{verdict}",
            actor=self.by or (row.author if isinstance(row, Narrative) else row.filler) or office,
            cycle_id=cycle.id,
            round=row.round,
            sha256=self.sha256,
            **{kind.owner: office},
            **facts,
        )
