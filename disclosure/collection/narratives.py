"""Text sections in and out: handing out what they are drafted in, and taking what was written."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure import cycles
from disclosure.catalog import Catalog
from disclosure.clock import utc_now
from disclosure.collection.arrivals import Came, arrival_of, check_inbox, new_arrival, refuse
from disclosure.collection.files import keep_file
from disclosure.collection.narrative_reader import LONGEST_NAME, NarrativeReading, TextProblem, read_narrative
from disclosure.collection.narrative_texts import Head, document_name
from disclosure.collection.narrative_writer import Template, write_docx, write_markdown
from disclosure.compilation import published_narratives, submitted_narrative
from disclosure.errors import DisclosureError
from disclosure.records import Records, ledger
from disclosure.records.tables import Arrival, Cycle, Narrative
from disclosure.workplace import Workplace


@dataclass(frozen=True)
class NarrativeReceipt:
    """The answer to the office that wrote, in the shape of a workbook's receipt.

    ``centre`` is the office's name; ``sections`` are the names of those with text, ``blank`` of those left without.
    """

    narrative_id: int
    cycle_id: int
    centre: str
    period_label: str
    round: int
    is_accepted: bool
    problems: tuple[TextProblem, ...]
    sections: tuple[str, ...]
    blank: tuple[str, ...]
    is_repeat: bool
    still_missing: tuple[str, ...]
    received_at: dt.datetime
    replaced: str = ""

    @property
    def taken(self) -> str:
        """What was taken, in words."""
        left = f"；没有文字、不刊登的部分：{'、'.join(self.blank)}" if self.blank else ""
        return f"{len(self.sections)} 个部分的文字（{'、'.join(self.sections)}{left}）"


def hand_in_narrative(
    records: Records, files: Path, catalog: Catalog, content: bytes, file_name: str, *, came: Came | None = None
) -> NarrativeReceipt:
    """Take in one text document. It is kept whatever it holds; its text counts only when nothing is wrong.

    Steps: keep the bytes; read; find the cycle it names; refuse what is not due; record the text and a ledger
    entry in one transaction. A file that ``came`` by an inbox leaves its arrival in that transaction, and is
    answered as before when it is taken again.

    Raises:
        DisclosureError: when the file belongs to no open round of ours; it is kept as a refused file.
    """
    with records.write() as session:
        sha256 = keep_file(session, files, content)
    reading = read_narrative(content, file_name, catalog)

    def before(session: Session) -> Arrival | None:
        return arrival_of(session, came, file_name, sha256) if came else None

    try:
        with records.write() as session:
            if answered := _answered_before(session, catalog, before(session), reading):
                return answered
            head = _head_of(reading) if reading.head else _unmarked(catalog, reading, came)
            check_inbox(catalog, head.office, came, "文稿")
            cycle = _cycle_for(session, catalog, head, file_name)
            cycles.lock(session, cycle)
            # Another process may have taken the same file meanwhile.
            if answered := _answered_before(session, catalog, before(session), reading):
                return answered
            _check_due(session, catalog, cycle, head)
            narrative = session.scalars(
                select(Narrative).where(
                    Narrative.cycle_id == cycle.id,
                    Narrative.round == cycle.round,
                    Narrative.office == head.office,
                    Narrative.sha256 == sha256,
                )
            ).one_or_none()
            is_repeat, replaced = narrative is not None, ""
            if narrative is None:
                narrative = _record(session, cycle, reading, sha256, file_name)
            else:
                replaced = _stand_again(session, cycle, narrative)
            if came:
                session.add(new_arrival(came, file_name, sha256, narrative=narrative, is_repeat=is_repeat))
            receipt = _receipt(session, catalog, narrative, reading, is_repeat=is_repeat)
            return replace(receipt, replaced=replaced)
    except DisclosureError as error:
        refuse(records, sha256, file_name, str(error), came)
        raise


def _answered_before(
    session: Session, catalog: Catalog, arrival: Arrival | None, reading: NarrativeReading
) -> NarrativeReceipt | None:
    """The answer to an arrival that is recorded already, the same as the first time.

    Raises:
        DisclosureError: when the answer was a refusal.
    """
    if arrival is None:
        return None
    if arrival.refused_file is not None:
        raise DisclosureError(arrival.refused_file.reason)
    assert arrival.narrative is not None  # noqa: S101 - text is recorded as nothing else
    return _receipt(session, catalog, arrival.narrative, reading, is_repeat=arrival.is_repeat)


def _receipt(
    session: Session, catalog: Catalog, narrative: Narrative, reading: NarrativeReading, *, is_repeat: bool
) -> NarrativeReceipt:
    session.flush()
    cycle = cycles.get_cycle(session, narrative.cycle_id)
    return NarrativeReceipt(
        narrative_id=narrative.id,
        cycle_id=cycle.id,
        centre=catalog.offices[narrative.office].name,
        period_label=cycles.period_of(cycle).label,
        round=narrative.round,
        is_accepted=narrative.is_accepted,
        problems=reading.problems,
        sections=tuple(catalog.sections[section].name for section in reading.sections),
        blank=reading.blank,
        is_repeat=is_repeat,
        still_missing=tuple(office.name for office in cycles.missing_centres(session, catalog, cycle)),
        received_at=narrative.received_at,
    )


def _unmarked(catalog: Catalog, reading: NarrativeReading, came: Came | None) -> Head:
    """Always raises: a text that does not say whose it is, in words that fit the inbox it lies in."""
    if came and came.centre not in {office.id for office in catalog.writers}:
        ours, writers = catalog.offices[came.centre].name, "、".join(office.name for office in catalog.writers)
        whose = f"文字部分由{writers}报送，请放进它的收件夹；" if writers else ""
        raise DisclosureError(
            f"这里是“{ours}”的收件夹，只收本系统下发的 .xlsx 报表，没有收取这份文稿。{whose}其他材料请另行送交。"
        )
    return _head_of(reading)


def _head_of(reading: NarrativeReading) -> Head:
    if reading.head is None:
        raise DisclosureError("\n".join(problem.sentence for problem in reading.problems))
    return reading.head


def _cycle_for(session: Session, catalog: Catalog, head: Head, file_name: str) -> Cycle:
    if head.profile != catalog.profile.id:
        raise DisclosureError(f"“{file_name}”是“{head.profile}”的文稿，本系统为“{catalog.profile.id}”，请核对。")
    if head.office not in {office.id for office in catalog.writers}:
        wanted = "、".join(office.name for office in catalog.writers)
        raise DisclosureError(
            f"“{file_name}”标识里的科室“{head.office}”不报送文字部分，应为 {wanted}。"
            if wanted
            else f"“{catalog.profile.title}”不收文字部分（地区配置 profile.yaml 的 narratives 为 none）。"
        )
    cycle = cycles.find_cycle(session, catalog, head.period)
    if cycle is None:
        label, name = head.period.label, head.period.id
        raise DisclosureError(f"“{file_name}”是{label}的文稿，该周期尚未开启。请先运行 disclosure open {name}。")
    return cycle


def _check_due(session: Session, catalog: Catalog, cycle: Cycle, head: Head) -> None:
    """Only an office that may write in the round being collected may hand in."""
    label, name = head.period.label, catalog.offices[head.office].name
    if head.round != cycle.round:
        raise DisclosureError(
            f"这是{label}第 {head.round} 轮的文稿，现在是第 {cycle.round} 轮，请用第 {cycle.round} 轮的文稿填写。"
        )
    release = cycles.release_of(session, cycle)
    if release is not None and release.is_visible:
        raise DisclosureError(f"{label}已经发布，不能再交。发现已发布的文字有误，请告诉宣传信息科。")
    if cycles.compilation_of(session, cycle) is not None:
        raise DisclosureError(f"{label}第 {cycle.round} 轮已经汇总，不能再交。确需修改的，请由审核人退回后重报。")
    if head.office not in {office.id for office in cycles.sections_to_write(session, catalog, cycle)}:
        raise DisclosureError(f"{label}第 {cycle.round} 轮没有退回“{name}”，无需重报；上一轮的文字继续有效。")


def _record(session: Session, cycle: Cycle, reading: NarrativeReading, sha256: str, file_name: str) -> Narrative:
    head = _head_of(reading)
    author = head.author[:LONGEST_NAME]
    narrative = Narrative(
        cycle_id=cycle.id,
        round=cycle.round,
        office=head.office,
        sha256=sha256,
        file_name=file_name,
        author=author,
        is_accepted=reading.accepted,
        problems=[{"section": problem.section, "words": problem.words} for problem in reading.problems],
        sections=reading.sections,
        received_at=utc_now(),
    )
    session.add(narrative)
    session.flush()
    ledger.append(
        session,
        "narrative.accepted" if narrative.is_accepted else "narrative.rejected",
        actor=author or head.office,
        cycle_id=cycle.id,
        office=head.office,
        round=cycle.round,
        sha256=sha256,
        problems=len(reading.problems),
    )
    return narrative


def _stand_again(session: Session, cycle: Cycle, narrative: Narrative) -> str:
    """A file handed in once more after another one is the newest again; returns the name of the one it replaces.

    When it first came is in the ledger, with its own entry.
    """
    standing = cycles.standing_narratives(session, cycle).get(narrative.office)
    if narrative.is_accepted and standing is not None and standing is not narrative:
        first, narrative.received_at = narrative.received_at, utc_now()
        ledger.append(
            session,
            "narrative.restored",
            actor=narrative.author,
            cycle_id=cycle.id,
            office=narrative.office,
            round=narrative.round,
            sha256=narrative.sha256,
            first_received_at=first.isoformat(),
        )
        return standing.file_name
    return ""


def hand_out_documents(place: Workplace, session: Session, cycle: Cycle) -> list[Path]:
    """Write the current round's documents below ``home/workbooks/PERIOD``; one that exists is left alone.

    What was published for the period before stands under each heading for reference; in a returned round an
    office gets its own text back with the reviewer's words.
    """
    catalog, period = place.catalog, cycles.period_of(cycle)
    before = published_narratives(session, catalog, period)
    standing = cycles.standing_narratives(session, cycle)
    returned = cycles.returned_centres(session, cycle, cycle.round - 1) if cycle.round > 1 else {}
    written = []
    for office in cycles.sections_to_write(session, catalog, cycle):
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
            path = place.settings.workbooks / period.id / name
            if not path.exists():
                write(path, catalog, template)
            written.append(path)
    return written
