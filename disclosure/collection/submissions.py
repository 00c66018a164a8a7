"""Handing in a workbook: kept first, then read, then a row with its verdict."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from disclosure import cycles
from disclosure.catalog import Catalog
from disclosure.clock import utc_now
from disclosure.collection.arrivals import Came, arrival_of, check_inbox, new_arrival, refuse
from disclosure.collection.files import TooLargeError, keep_file, read_upload
from disclosure.collection.reading_signatures import LONGEST_NAME, unsigned
from disclosure.collection.rows import is_rows_file, problem_of, read_rows
from disclosure.collection.workbook_package import FILE_LIMIT, too_large
from disclosure.collection.workbook_reader import examine
from disclosure.collection.workbook_reading import Cover, Problem, WorkbookReading
from disclosure.errors import DisclosureError
from disclosure.figures import Figure
from disclosure.file_names import printable_name
from disclosure.records import Records, ledger
from disclosure.records.tables import Cycle, Excuse, Observation, Submission
from disclosure.revisions import note_past_figures


@dataclass(frozen=True)
class Receipt:
    """The answer to the centre.

    ``is_repeat``: this very file had been handed in for this round before; it counts again where another one
    had replaced it, otherwise nothing new was recorded.
    ``replaced`` is then that other file's name.
    ``still_missing``: names of the centres the round still waits for. ``reading``: all that was found in the
    file, from which ``replies`` writes the workbook that goes back; None where the records alone were asked.
    """

    submission_id: int
    cycle_id: int
    centre: str
    period_label: str
    round: int
    is_accepted: bool
    problems: tuple[Problem, ...]
    figure_count: int
    is_repeat: bool
    still_missing: tuple[str, ...]
    received_at: dt.datetime
    reading: WorkbookReading | None = None
    replaced: str = ""

    @property
    def taken(self) -> str:
        """What was taken, in words."""
        return f"{self.figure_count} 个数据"


def hand_in_file(records: Records, files: Path, catalog: Catalog, path: Path) -> Receipt:
    """``hand_in`` for a file on disk, of which never more than the limit is read.

    A larger one is refused unread and stays where it is; kept is a note of its name and size, with which
    the records tell of it as of any refused file.

    Raises:
        DisclosureError: as ``hand_in``, and when the file is too large.
        OSError: when it cannot be read.
    """
    try:
        content = read_upload(path, FILE_LIMIT)
    except TooLargeError as error:
        reason = too_large(error.size).problem.sentence
        note = json.dumps(
            {"file": printable_name(path.name), "size": error.size, "refused": reason}, ensure_ascii=False
        )
        with records.write() as session:
            sha256 = keep_file(session, files, note.encode())
        refuse(records, sha256, printable_name(path.name), reason, None)
        raise DisclosureError(reason) from error
    return hand_in(records, files, catalog, content, printable_name(path.name))


def hand_in(
    records: Records, files: Path, catalog: Catalog, content: bytes, file_name: str, *, came: Came | None = None
) -> Receipt:
    """Take in one workbook or file of rows. It is kept whatever it holds; figures count only when nothing is wrong.

    Steps: keep the bytes; read; find the cycle the cover names; refuse what is not due; record the
    submission, its observations and a ledger entry in one transaction. A file that
    ``came`` by an inbox leaves its arrival in that transaction, and is answered as before when it is taken again.

    Raises:
        DisclosureError: when the file belongs to no open round of ours; it is kept as a refused file.
    """
    with records.write() as session:
        sha256 = keep_file(session, files, content)
        if answered := _answered_before(session, catalog, came, file_name, sha256):
            return answered
    reading = _read(content, file_name, catalog)
    try:
        with records.write() as session:
            cycle = _cycle_for(session, catalog, reading, file_name)
            cycles.lock(session, cycle)
            # Another process may have taken the same file while ours read it.
            if answered := _answered_before(session, catalog, came, file_name, sha256):
                return answered
            assert reading.cover is not None  # noqa: S101 - _cycle_for refused the rest
            check_inbox(catalog, reading.cover.centre, came, "报表")
            if cycle.only and is_rows_file(content):
                # Unlike a workbook, rows do not say what was asked.
                reading = _read(content, file_name, catalog, only=cycle.only)
            assert reading.cover is not None  # noqa: S101 - the same cover as before
            centre = reading.cover.centre
            _check_due(session, catalog, cycle, reading.cover, file_name)
            submission = session.scalars(
                select(Submission).where(
                    Submission.cycle_id == cycle.id,
                    Submission.round == cycle.round,
                    Submission.centre == centre,
                    Submission.sha256 == sha256,
                )
            ).one_or_none()
            is_repeat, replaced = submission is not None, ""
            if submission is None:
                submission = _record(session, cycle, reading, sha256, file_name)
                if submission.is_accepted and reading.typed is not None:
                    note_past_figures(session, catalog, reading.typed.past, file_name)
            else:
                replaced = _stand_again(session, cycle, submission)
            if came:
                session.add(new_arrival(came, file_name, sha256, submission=submission, is_repeat=is_repeat))
            receipt = _receipt(session, catalog, cycle, submission, is_repeat=is_repeat)
            return replace(receipt, reading=reading, replaced=replaced)
    except DisclosureError as error:
        refuse(records, sha256, file_name, str(error), came)
        raise


def _answered_before(
    session: Session, catalog: Catalog, came: Came | None, file_name: str, sha256: str
) -> Receipt | None:
    """The answer to an arrival that is recorded already, the same as the first time.

    Raises:
        DisclosureError: when the answer was a refusal.
    """
    arrival = arrival_of(session, came, file_name, sha256) if came else None
    if arrival is None:
        return None
    if arrival.refused_file is not None:
        raise DisclosureError(arrival.refused_file.reason)
    submission = arrival.submission
    assert submission is not None  # noqa: S101 - an arrival has one of the two
    cycle = cycles.get_cycle(session, submission.cycle_id)
    return _receipt(session, catalog, cycle, submission, is_repeat=arrival.is_repeat)


def _receipt(session: Session, catalog: Catalog, cycle: Cycle, submission: Submission, *, is_repeat: bool) -> Receipt:
    """The answer as the records have it."""
    session.flush()
    count = select(func.count()).select_from(Observation).where(Observation.submission_id == submission.id)
    missing = cycles.missing_centres(session, catalog, cycle)
    return Receipt(
        submission_id=submission.id,
        cycle_id=cycle.id,
        centre=catalog.offices[submission.centre].name,
        period_label=cycles.period_of(cycle).label,
        round=submission.round,
        is_accepted=submission.is_accepted,
        problems=tuple(problem_of(said) for said in submission.problems),
        figure_count=session.scalar(count) or 0,
        is_repeat=is_repeat,
        still_missing=tuple(office.name for office in missing),
        received_at=submission.received_at,
    )


def _read(content: bytes, file_name: str, catalog: Catalog, only: Iterable[str] = ()) -> WorkbookReading:
    if not is_rows_file(content):
        return examine(content, file_name, catalog)
    reading = read_rows(content, file_name, catalog, only=only)
    return unsigned(reading)


def _cycle_for(session: Session, catalog: Catalog, reading: WorkbookReading, file_name: str) -> Cycle:
    if reading.cover is None:
        raise DisclosureError("\n".join(problem.sentence for problem in reading.problems))
    cover = reading.cover
    if cover.profile != catalog.profile.id:
        raise DisclosureError(f"“{file_name}”是“{cover.profile}”的报表，本系统为“{catalog.profile.id}”，请核对。")
    cycle = cycles.find_cycle(session, catalog, cover.period)
    if cycle is None:
        raise DisclosureError(
            f"“{file_name}”是{cover.period.label}的报表，该周期尚未开启。请先运行 disclosure open {cover.period.id}。"
        )
    return cycle


def _check_due(session: Session, catalog: Catalog, cycle: Cycle, cover: Cover, file_name: str) -> None:
    """Only a centre that owes figures in the round being collected may hand in, and what was asked of it."""
    name = catalog.offices[cover.centre].name
    label = cycles.period_of(cycle).label
    compiled = cycles.compilation_of(session, cycle)
    release = cycles.release_of(session, cycle)
    is_live = release is not None and release.is_visible
    excuse = _left_out(session, cycle, cover.centre)
    is_due = cover.centre in {office.id for office in cycles.centres_to_hand_in(session, catalog, cycle)}
    if excuse and not is_live and (compiled is not None or not is_due):
        raise DisclosureError(
            f"“{name}”的{label}报表来迟了：第 {excuse.round} 轮已按“未报送”汇总（理由：{excuse.reason}）。"
            "文件已留存，不计入本轮；确需补入的，请告诉宣传信息科，由审核人退回给本单位后，用新一轮的报表再交。"
        )
    if cover.round != cycle.round:
        raise DisclosureError(
            f"这是{label}第 {cover.round} 轮的报表，现在是第 {cycle.round} 轮，"
            f"请用“{name}”第 {cycle.round} 轮的报表填报。"
        )
    if tuple(cycle.only) != cover.only:
        raise DisclosureError(f"“{file_name}”要报的指标与{label}开启时定的不同，请用为该周期下发的报表填报。")
    if is_live:
        raise DisclosureError(f"{label}已经发布，不能再交。发现已发布的数据有误，请告诉宣传信息科。")
    if compiled is not None:
        raise DisclosureError(f"{label}第 {cycle.round} 轮已经汇总，不能再交。确需修改的，请由审核人退回后重报。")
    if not is_due:
        raise DisclosureError(f"{label}第 {cycle.round} 轮没有退回“{name}”，无需重报；上一轮的数据继续有效。")


def _left_out(session: Session, cycle: Cycle, centre: str) -> Excuse | None:
    """Why the cycle goes on without this centre, when it has no figures of it at all."""
    if centre in cycles.standing_submissions(session, cycle):
        return None
    return cycles.excuses(session, cycle).get(centre)


def _record(session: Session, cycle: Cycle, reading: WorkbookReading, sha256: str, file_name: str) -> Submission:
    cover = reading.cover
    assert cover is not None  # noqa: S101 - _cycle_for refused the rest
    submission = Submission(
        cycle_id=cycle.id,
        round=cycle.round,
        centre=cover.centre,
        sha256=sha256,
        file_name=file_name,
        # A longer one is a problem of its own, with its cell.
        filler=cover.filler[:LONGEST_NAME],
        checker=cover.checker[:LONGEST_NAME],
        is_accepted=reading.accepted,
        problems=[
            {"sheet": p.sheet, "cell": p.cell, "found": p.found, "expected": p.expected, "why": p.why}
            | ({"confirm": "yes"} if p.confirm else {})
            for p in reading.problems
        ],
        explanations=[vars(explanation) for explanation in reading.explanations],
        received_at=utc_now(),
    )
    session.add(submission)
    session.flush()
    if submission.is_accepted:
        # In bulk: a large workbook has thousands.
        session.execute(insert(Observation), [_columns(f, submission_id=submission.id) for f in reading.figures])
    ledger.append(
        session,
        "submission.accepted" if submission.is_accepted else "submission.rejected",
        actor=submission.filler or cover.centre,
        cycle_id=cycle.id,
        centre=cover.centre,
        round=cycle.round,
        sha256=sha256,
        problems=len(reading.problems),
    )
    return submission


def _stand_again(session: Session, cycle: Cycle, submission: Submission) -> str:
    """A file handed in once more after another one is the newest again; returns the name of the one it replaces.

    When it first came is in the ledger, with its own entry.
    """
    standing = cycles.standing_submissions(session, cycle).get(submission.centre)
    if submission.is_accepted and standing is not None and standing is not submission:
        first, submission.received_at = submission.received_at, utc_now()
        ledger.append(
            session,
            "submission.restored",
            actor=submission.filler or submission.centre,
            cycle_id=cycle.id,
            centre=submission.centre,
            round=submission.round,
            sha256=submission.sha256,
            first_received_at=first.isoformat(),
        )
        return standing.file_name
    return ""


def observation(figure: Figure, *, submission_id: int | None = None, import_id: int | None = None) -> Observation:
    """The row that keeps ``figure``."""
    return Observation(**_columns(figure, submission_id=submission_id, import_id=import_id))


def _columns(figure: Figure, *, submission_id: int | None = None, import_id: int | None = None) -> dict[str, Any]:
    return {
        "submission_id": submission_id,
        "import_id": import_id,
        "period_id": figure.period.id,
        "region": figure.region,
        "indicator": figure.indicator,
        "unit": figure.unit,
        "value": figure.value,
        "text": figure.text,
        "state": figure.state,
        "centre": figure.centre,
        "sheet": figure.source.sheet,
        "cell": figure.source.cell,
    }
