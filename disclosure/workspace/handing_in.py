"""Handing in behind the door: checked and taken by the functions that the command line and the inboxes use."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from disclosure.access.embargo import MaterialState
from disclosure.access.looks import Seer, look_at
from disclosure.access.materials import Material
from disclosure.calendar.periods import parse_period
from disclosure.catalog import Catalog
from disclosure.collection.answers import FileAnswer, Receipt
from disclosure.collection.kinds import read_file, subject_of
from disclosure.collection.submit import SelfCheck, check_file, hold_persons, submit_file
from disclosure.collection.workbook.ooxml.package import FILE_LIMIT, too_large
from disclosure.collection.workbook.read.result import WorkbookReading
from disclosure.collection.workbook.replies import check_name, marked_workbook
from disclosure.cycle import queries
from disclosure.platform.errors import DisclosureError
from disclosure.records.installation import Installation, Work
from disclosure.records.tables import Cycle, Narrative, Submission
from disclosure.review.personal.holding import read_acceptances
from disclosure.workspace.waiting import list_waiting

_KEPT_SHOWN = 40


@dataclass(frozen=True)
class Upload:
    """A file as it came by a form; of one above the limit ``content`` is empty and ``size`` is what it has."""

    name: str
    content: bytes
    size: int


@dataclass(frozen=True)
class UploadAnswer:
    """What is said of one file: an answer, which is a receipt once it was handed in, or why it was not read.

    ``marked`` is the workbook with what was found marked, empty where there is none.
    """

    name: str
    sha256: str
    answer: FileAnswer | None = None
    refusal: str = ""
    marked: bytes = b""
    marked_name: str = ""

    @property
    def receipt(self) -> Receipt | None:
        """The receipt, once it was handed in."""
        return self.answer if isinstance(self.answer, Receipt) else None

    @property
    def is_good(self) -> bool:
        """Whether nothing must be mended."""
        return self.answer is not None and not self.answer.must_count


@dataclass(frozen=True)
class KeptFile:
    """A file that was handed in before."""

    at: dt.datetime
    subject: str
    office: str
    name: str
    sha256: str
    is_accepted: bool
    problem_count: int


def offices_of_visitor(catalog: Catalog, offices: Collection[str]) -> frozenset[str]:
    """Return those of ``offices`` that hand something in."""
    return frozenset({office.id for office in (*catalog.centres, *catalog.writers)} & set(offices))


def check_uploads(
    installation: Installation, offices: Collection[str], uploads: Iterable[Upload], self_check: SelfCheck, by: str
) -> list[UploadAnswer]:
    """Say of each file what would be said if it were handed in.

    Nothing is kept but the data of persons it would be refused for: ``by`` may ask to have them accepted.
    """
    catalog, acceptances, answers = installation.catalog, read_acceptances(installation), []
    for upload in uploads:
        refusal = _object_to_upload(catalog, offices, upload)
        answer = None if refusal else check_file(catalog, upload.content, upload.name, self_check, acceptances)
        if answer is not None and any(problem.persons for problem in answer.problems):
            with installation.records.write() as session:
                hold_persons(session, catalog, answer.reading, by)
        answers.append(_told(catalog, upload, answer, refusal))
    return answers


def hand_in_uploads(
    installation: Installation, offices: Collection[str], uploads: Sequence[Upload], *, by: str, self_check: SelfCheck
) -> list[UploadAnswer]:
    """Take each file in; whatever is of another office or too large is refused before it is kept."""
    answers = []
    for upload in uploads:
        refusal, receipt = _object_to_upload(installation.catalog, offices, upload), None
        if not refusal:
            try:
                receipt = submit_file(installation, upload.content, upload.name, self_check=self_check, by=by)
            except DisclosureError as error:
                refusal = str(error)
        answers.append(_told(installation.catalog, upload, receipt, refusal))
    return answers


def open_blank(work: Work, seer: Seer, workbooks: Path, file_name: str) -> Path | None:
    """Return the file handed out that somebody is to fill in, and note the look: one returned shows its figures.

    None when it is not theirs, or not there.
    """
    if file_name not in {item.workbook for item in list_waiting(work, seer.viewer.name) if item.workbook}:
        return None
    path = next((path for path in workbooks.glob("*/*") if path.name == file_name), None)
    cycle = queries.find_cycle(work.session, work.catalog, parse_period(path.parent.name)) if path else None
    if path is None or cycle is None:
        return None
    state = MaterialState(offices=offices_of_visitor(work.catalog, seer.viewer.offices))
    where = path.relative_to(workbooks).as_posix()
    return None if look_at(work, seer, Material("reply", where, file_name, state, cycle.id)) else path


def list_kept(work: Work, offices: Collection[str]) -> list[KeptFile]:
    """Return what these offices handed in, the newest first."""
    found: list[KeptFile] = []
    for table, owner in ((Submission, Submission.centre), (Narrative, Narrative.office)):
        wanted = select(table, owner, Cycle.period_id).join(Cycle, Cycle.id == table.cycle_id)
        newest = wanted.where(owner.in_(offices)).order_by(table.received_at.desc()).limit(_KEPT_SHOWN)
        for row, office, period in work.session.execute(newest):
            subject = f"{parse_period(period).label}第 {row.round} 轮"
            name = work.catalog.offices[office].name if office in work.catalog.offices else office
            found.append(
                KeptFile(row.received_at, subject, name, row.file_name, row.sha256, row.is_accepted, len(row.problems))
            )
    return sorted(found, key=lambda kept: kept.at, reverse=True)[:_KEPT_SHOWN]


def _object_to_upload(catalog: Catalog, offices: Collection[str], upload: Upload) -> str:
    """Return why the file is not looked at, an empty text when it is."""
    if upload.size > FILE_LIMIT:
        return too_large(upload.size).problem.sentence
    try:
        office = subject_of(catalog, read_file(catalog, upload.content, upload.name)).office
    except DisclosureError as error:
        return str(error)
    if office in offices:
        return ""
    theirs = catalog.offices[office].name if office in catalog.offices else office
    ours = "、".join(catalog.offices[one].name for one in sorted(offices))
    return f"“{upload.name}”是“{theirs}”的，你只能报送“{ours}”的文件，没有收取。请由该单位的人登录报送。"


def _told(catalog: Catalog, upload: Upload, answer: FileAnswer | None, refusal: str) -> UploadAnswer:
    marked = None
    if answer is not None and answer.found and isinstance(answer.reading, WorkbookReading):
        marked = marked_workbook(catalog, answer.reading, answer.found)
    return UploadAnswer(
        upload.name,
        hashlib.sha256(upload.content).hexdigest() if upload.content else "",
        answer,
        refusal,
        marked or b"",
        f"{check_name(upload.name)}.xlsx",
    )
