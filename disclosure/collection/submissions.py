"""Handing in a workbook: kept first, then read, then a row with its verdict."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure import cycles
from disclosure.catalog import Catalog
from disclosure.clock import utc_now
from disclosure.collection.files import keep_file
from disclosure.collection.workbook_layout import COVER_ROWS, COVER_VALUE_COLUMN, address, texts
from disclosure.collection.workbook_reader import Cover, Problem, WorkbookReading, read_workbook
from disclosure.errors import DisclosureError
from disclosure.figures import Figure
from disclosure.records import Records, ledger
from disclosure.records.tables import Cycle, Observation, RefusedFile, Submission

#: Longest text that is taken for 填报人 or 审核人, in characters.
LONGEST_NAME = 60


@dataclass(frozen=True)
class Receipt:
    """The answer to the centre.

    ``is_repeat``: this very file had been handed in for this round before; it counts again where another one
    had replaced it, otherwise nothing new was recorded.
    ``still_missing``: names of the centres the round still waits for.
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

    @property
    def taken(self) -> str:
        """What was taken, in words."""
        return f"{self.figure_count} 个数据"


def hand_in(records: Records, files: Path, catalog: Catalog, content: bytes, file_name: str) -> Receipt:
    """Take in one workbook. It is kept whatever it holds; figures count only when nothing is wrong.

    Steps: keep the bytes; find the cycle the cover names (a special cycle narrows the layout); read; refuse
    what is not due; record the submission, its observations and a ledger entry in one transaction.

    Raises:
        DisclosureError: when the file belongs to no open round of ours; it is kept as a refused file.
    """
    with records.write() as session:
        sha256 = keep_file(session, files, content)
    reading = read_workbook(content, file_name, catalog)
    try:
        with records.write() as session:
            cycle = _cycle_for(session, catalog, reading, file_name)
            cycles.lock(session, cycle)
            assert reading.cover is not None  # noqa: S101 - _cycle_for refused the rest
            if cycle.only:
                reading = read_workbook(content, file_name, catalog, only=cycle.only)
            assert reading.cover is not None  # noqa: S101 - the same cover as before
            # Who drafted may not review, so a workbook nobody signs cannot be taken.
            centre = reading.cover.centre
            reading = replace(reading, problems=(*reading.problems, *_unsigned(reading.cover)))
            _check_due(session, catalog, cycle, reading)
            submission = session.scalars(
                select(Submission).where(
                    Submission.cycle_id == cycle.id,
                    Submission.round == cycle.round,
                    Submission.centre == centre,
                    Submission.sha256 == sha256,
                )
            ).one_or_none()
            is_repeat = submission is not None
            if submission is None:
                submission = _record(session, cycle, reading, sha256, file_name)
            else:
                _stand_again(session, cycle, submission)
            missing = cycles.missing_centres(session, catalog, cycle)
            return Receipt(
                submission_id=submission.id,
                cycle_id=cycle.id,
                centre=catalog.offices[centre].name,
                period_label=cycles.period_of(cycle).label,
                round=cycle.round,
                is_accepted=submission.is_accepted,
                problems=reading.problems,
                figure_count=len(reading.figures) if submission.is_accepted else 0,
                is_repeat=is_repeat,
                still_missing=tuple(office.name for office in missing),
            )
    except DisclosureError as error:
        with records.write() as session:
            session.add(RefusedFile(sha256=sha256, file_name=file_name, reason=str(error), received_at=utc_now()))
            ledger.append(session, "file.refused", actor="系统", file=file_name, sha256=sha256, reason=str(error))
        raise


def _unsigned(cover: Cover) -> list[Problem]:
    """A problem for each name missing on the cover."""
    words = texts()
    return [
        Problem(
            sheet=words["sheets"]["cover"],
            cell=address(COVER_ROWS[name], COVER_VALUE_COLUMN),
            found="空白",
            expected=f"{words['cover'][name]}的姓名",
            why="填报和审核须有人负责，请填写姓名后再交",
        )
        for name, filled in (("filler", cover.filler), ("checker", cover.checker))
        if not filled.strip()
    ]


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


def _check_due(session: Session, catalog: Catalog, cycle: Cycle, reading: WorkbookReading) -> None:
    """Only a centre that owes figures in the round being collected may hand in."""
    cover = reading.cover
    assert cover is not None  # noqa: S101 - _cycle_for refused the rest
    name = catalog.offices[cover.centre].name
    label = cycles.period_of(cycle).label
    if cover.round != cycle.round:
        raise DisclosureError(
            f"这是{label}第 {cover.round} 轮的报表，现在是第 {cycle.round} 轮，"
            f"请用“{name}”第 {cycle.round} 轮的报表填报。"
        )
    for what, written in (("填报人", cover.filler), ("审核人", cover.checker)):
        if len(written) > LONGEST_NAME:
            raise DisclosureError(f"“{name}”报表封面的{what}超过 {LONGEST_NAME} 个字，请只写姓名。")
    release = cycles.release_of(session, cycle)
    if release is not None and release.is_live:
        raise DisclosureError(f"{label}已经发布，不能再交。发现已发布的数据有误，请告诉宣传信息科。")
    if cycles.compilation_of(session, cycle) is not None:
        raise DisclosureError(f"{label}第 {cycle.round} 轮已经汇总，不能再交。确需修改的，请由审核人退回后重报。")
    if cover.centre not in {office.id for office in cycles.centres_to_hand_in(session, catalog, cycle)}:
        raise DisclosureError(f"{label}第 {cycle.round} 轮没有退回“{name}”，无需重报；上一轮的数据继续有效。")


def _record(session: Session, cycle: Cycle, reading: WorkbookReading, sha256: str, file_name: str) -> Submission:
    cover = reading.cover
    assert cover is not None  # noqa: S101 - _cycle_for refused the rest
    submission = Submission(
        cycle_id=cycle.id,
        round=cycle.round,
        centre=cover.centre,
        sha256=sha256,
        file_name=file_name,
        filler=cover.filler,
        checker=cover.checker,
        is_accepted=reading.accepted,
        problems=[
            {"sheet": p.sheet, "cell": p.cell, "found": p.found, "expected": p.expected, "why": p.why}
            for p in reading.problems
        ],
        explanations=[vars(explanation) for explanation in reading.explanations],
        received_at=utc_now(),
    )
    session.add(submission)
    session.flush()
    if submission.is_accepted:
        session.add_all(observation(figure, submission_id=submission.id) for figure in reading.figures)
    ledger.append(
        session,
        "submission.accepted" if submission.is_accepted else "submission.rejected",
        actor=cover.filler or cover.centre,
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
    return Observation(
        submission_id=submission_id,
        import_id=import_id,
        period_id=figure.period.id,
        region=figure.region,
        indicator=figure.indicator,
        unit=figure.unit,
        value=figure.value,
        text=figure.text,
        state=figure.state,
        centre=figure.centre,
        sheet=figure.source.sheet,
        cell=figure.source.cell,
    )
