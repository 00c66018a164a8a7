"""Handing in a workbook: kept first, then read, then a row with its verdict."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from disclosure import cycles
from disclosure.catalog import Catalog
from disclosure.clock import utc_now
from disclosure.collection.files import TooLargeError, keep_file, read_upload
from disclosure.collection.workbook_package import FILE_LIMIT, too_large
from disclosure.collection.workbook_reader import LONGEST_NAME, Cover, Problem, WorkbookReading, examine
from disclosure.errors import DisclosureError
from disclosure.figures import Figure
from disclosure.records import Records, ledger
from disclosure.records.tables import Cycle, Observation, RefusedFile, Submission


@dataclass(frozen=True)
class Receipt:
    """The answer to the centre.

    ``is_repeat``: this very file had been handed in for this round before; it counts again where another one
    had replaced it, otherwise nothing new was recorded.
    ``still_missing``: names of the centres the round still waits for. ``reading``: all that was found in
    the file, from which ``replies`` writes the workbook that goes back.
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
    reading: WorkbookReading


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
        raise _refused_unread(records, files, path.name, error.size) from error
    return hand_in(records, files, catalog, content, path.name)


def hand_in(records: Records, files: Path, catalog: Catalog, content: bytes, file_name: str) -> Receipt:
    """Take in one workbook. It is kept whatever it holds; figures count only when nothing is wrong.

    Steps: keep the bytes; read; find the cycle the cover names; refuse what is not due; record the
    submission, its observations and a ledger entry in one transaction.

    Raises:
        DisclosureError: when the file belongs to no open round of ours; it is kept as a refused file.
    """
    if len(content) > FILE_LIMIT:
        raise _refused_unread(records, files, file_name, len(content))
    with records.write() as session:
        sha256 = keep_file(session, files, content)
    reading = examine(content, file_name, catalog)
    with _noted_when_refused(records, sha256, file_name), records.write() as session:
        cycle, cover = _cycle_for(session, catalog, reading, file_name)
        cycles.lock(session, cycle)
        _check_due(session, catalog, cycle, cover)
        submission = session.scalars(
            select(Submission).where(
                Submission.cycle_id == cycle.id,
                Submission.round == cycle.round,
                Submission.centre == cover.centre,
                Submission.sha256 == sha256,
            )
        ).one_or_none()
        is_repeat = submission is not None
        if submission is None:
            submission = _record(session, cycle, reading, cover, sha256=sha256, file_name=file_name)
        else:
            _stand_again(session, cycle, submission)
        missing = cycles.missing_centres(session, catalog, cycle)
        return Receipt(
            submission_id=submission.id,
            cycle_id=cycle.id,
            centre=catalog.offices[cover.centre].name,
            period_label=cycles.period_of(cycle).label,
            round=cycle.round,
            is_accepted=submission.is_accepted,
            problems=reading.problems,
            figure_count=len(reading.figures) if submission.is_accepted else 0,
            is_repeat=is_repeat,
            still_missing=tuple(office.name for office in missing),
            reading=reading,
        )


@contextmanager
def _noted_when_refused(records: Records, sha256: str, file_name: str) -> Iterator[None]:
    """What is refused inside leaves no trace but a refused file and its ledger entry."""
    try:
        yield
    except DisclosureError as error:
        _note_refused(records, sha256, file_name, str(error))
        raise


def _note_refused(records: Records, sha256: str, file_name: str, reason: str) -> None:
    with records.write() as session:
        session.add(RefusedFile(sha256=sha256, file_name=file_name, reason=reason, received_at=utc_now()))
        ledger.append(session, "file.refused", actor="系统", file=file_name, sha256=sha256, reason=reason)


def _refused_unread(records: Records, files: Path, file_name: str, size: int) -> DisclosureError:
    """Note a file too large to be read; what is kept is the note."""
    reason = too_large(size).problem.sentence
    note = json.dumps({"file": file_name, "size": size, "refused": reason}, ensure_ascii=False).encode()
    with records.write() as session:
        sha256 = keep_file(session, files, note)
    _note_refused(records, sha256, file_name, reason)
    return DisclosureError(reason)


def _cycle_for(session: Session, catalog: Catalog, reading: WorkbookReading, file_name: str) -> tuple[Cycle, Cover]:
    cover = reading.cover
    if cover is None:
        raise DisclosureError("\n".join(problem.sentence for problem in reading.problems))
    cycle = cycles.find_cycle(session, catalog, cover.period)
    if cycle is None:
        raise DisclosureError(
            f"“{file_name}”是{cover.period.label}的报表，该周期尚未开启。请先运行 disclosure open {cover.period.id}。"
        )
    if tuple(cycle.only) != cover.only:
        raise DisclosureError(
            f"“{file_name}”要报的指标与{cover.period.label}开启时定的不同，请用为该周期下发的报表填报。"
        )
    return cycle, cover


def _check_due(session: Session, catalog: Catalog, cycle: Cycle, cover: Cover) -> None:
    """Only a centre that owes figures in the round being collected may hand in."""
    name = catalog.offices[cover.centre].name
    label = cycles.period_of(cycle).label
    if cover.round != cycle.round:
        raise DisclosureError(
            f"这是{label}第 {cover.round} 轮的报表，现在是第 {cycle.round} 轮，"
            f"请用“{name}”第 {cycle.round} 轮的报表填报。"
        )
    release = cycles.release_of(session, cycle)
    if release is not None and release.is_live:
        raise DisclosureError(f"{label}已经发布，不能再交。发现已发布的数据有误，请告诉宣传信息科。")
    if cycles.compilation_of(session, cycle) is not None:
        raise DisclosureError(f"{label}第 {cycle.round} 轮已经汇总，不能再交。确需修改的，请由审核人退回后重报。")
    if cover.centre not in {office.id for office in cycles.centres_to_hand_in(session, catalog, cycle)}:
        raise DisclosureError(f"{label}第 {cycle.round} 轮没有退回“{name}”，无需重报；上一轮的数据继续有效。")


def _record(
    session: Session, cycle: Cycle, reading: WorkbookReading, cover: Cover, *, sha256: str, file_name: str
) -> Submission:
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
        problems=[_problem(problem) for problem in reading.problems],
        explanations=[vars(explanation) for explanation in reading.explanations],
        received_at=utc_now(),
    )
    session.add(submission)
    session.flush()
    if submission.is_accepted:
        # In bulk: a large workbook has thousands.
        rows = [_columns(figure, submission_id=submission.id) for figure in reading.figures]
        session.execute(insert(Observation), rows)
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


def _stand_again(session: Session, cycle: Cycle, submission: Submission) -> None:
    """A file handed in once more after another one is the newest again."""
    if submission.is_accepted and cycles.standing_submissions(session, cycle)[submission.centre] is not submission:
        submission.received_at = utc_now()
        ledger.append(
            session,
            "submission.restored",
            actor=submission.filler or submission.centre,
            cycle_id=cycle.id,
            centre=submission.centre,
            round=submission.round,
            sha256=submission.sha256,
        )


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


def _problem(problem: Problem) -> dict[str, str]:
    return {
        "sheet": problem.sheet,
        "cell": problem.cell,
        "found": problem.found,
        "expected": problem.expected,
        "why": problem.why,
    }
