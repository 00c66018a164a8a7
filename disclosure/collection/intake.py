"""Intake: what has arrived at the centres' sources is recorded, answered, and only then put away."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure import cycles
from disclosure.clock import shanghai, utc_now
from disclosure.collection.arrivals import Came, arrival_of, refuse, refuse_unread
from disclosure.collection.files import file_path, keep_file
from disclosure.collection.narrative_reader import is_text_document
from disclosure.collection.narratives import NarrativeReceipt, hand_in_narrative
from disclosure.collection.receipts import Outcome, answer_files
from disclosure.collection.rows import is_rows_file, same_rows
from disclosure.collection.sources import Delivery, Due, Errand, Source, Visit, load_sources
from disclosure.collection.sources.base import GoneError, Settled
from disclosure.collection.sources.inbox import InboxSource, shortened
from disclosure.collection.strays import beside_inboxes
from disclosure.collection.submissions import Receipt, hand_in
from disclosure.errors import DisclosureError
from disclosure.file_names import printable_name
from disclosure.kept_secrets import Secrets, from_environment
from disclosure.records.tables import Cycle
from disclosure.review import asks
from disclosure.workplace import Workplace

Verdict = Literal["accepted", "repeated", "rejected", "refused", "unchanged"]
#: A verdict as people read it.
RESULTS: dict[Verdict, str] = {
    "accepted": "已收",
    "repeated": "重复",
    "rejected": "退回",
    "refused": "没有收取",
    "unchanged": "没有变化",
}
#: No workbook is larger; what is, is kept and not read.
_MOST_BYTES = 64 << 20
#: The kinds of text document that are handed out.
_MARKED_TEXTS = (".docx", ".md")
#: Longest file name the records keep, in characters.
_LONGEST_NAME = 255


@dataclass(frozen=True)
class Taken:
    """One file and what became of it, for people."""

    centre: str
    source: str
    file_name: str
    verdict: Verdict
    words: str

    @property
    def result(self) -> str:
        """The verdict in a word."""
        return RESULTS[self.verdict]


@dataclass(frozen=True)
class Intake:
    """One round of all sources: what was taken, what is still arriving, which sources could not be asked and why.

    ``strays``: what lies in or beside the inboxes and is never taken.
    """

    taken: tuple[Taken, ...]
    arriving: tuple[str, ...]
    failures: tuple[str, ...]
    strays: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """One Chinese sentence."""
        counts = [
            f"{word} {count} 份"
            for verdict, word in RESULTS.items()
            if (count := sum(line.verdict == verdict for line in self.taken))
        ]
        counts += [f"还在传输 {len(self.arriving)} 份"] if self.arriving else []
        counts += [f"放错了地方 {len(self.strays)} 处"] if self.strays else []
        counts += [f"没有取到 {len(self.failures)} 处"] if self.failures else []
        return f"收件：{'，'.join(counts) or '没有新的报表'}。"


def take_in(place: Workplace, secret: Secrets = from_environment, *, again: bool = False) -> Intake:
    """Visit every source once. A source or file that fails holds up no other.

    Databases and CSV files are asked only for a centre that a cycle waits for; ``again`` asks them for those that
    have handed in as well, and takes what is unchanged since it was returned.

    Raises:
        DisclosureError: when ``sources.yaml`` has a mistake.
    """
    sources = load_sources(place.catalog)
    taken: list[Taken] = []
    arriving: list[str] = []
    failures: list[str] = []
    strays = list(beside_inboxes(place.settings.inbox, place.catalog, sources))
    with ExitStack() as stack:
        visits: list[tuple[Source, Visit]] = []
        must_wait = False
        for source in sources:
            try:
                errand = Errand(place.catalog, place.settings.home, _due(place, source, again=again), secret)
                visit = source.visit(errand)
                stack.callback(visit.close)
                must_wait = visit.first_look() or must_wait
            except DisclosureError as error:
                failures.append(f"{place.catalog.offices[source.centre].name}：{error}")
                continue
            visits.append((source, visit))
        if must_wait:
            time.sleep(place.settings.intake_settle_seconds)
        inboxes = {source.centre: visit for source, visit in reversed(visits) if source.is_inbox}
        for source, visit in visits:
            centre = place.catalog.offices[source.centre].name
            deliveries = visit.deliveries()
            while True:
                try:
                    delivery = next(deliveries, None)
                    if delivery is None:
                        break
                    taken.append(_take(place, source, delivery, inboxes.get(source.centre), again=again))
                except GoneError:
                    # Another intake at the same moment has it, or its owner took it back.
                    continue
                except DisclosureError as error:
                    failures.append(f"{centre}：{error}")
            arriving += [f"{centre}：{printable_name(name)}" for name in visit.arriving]
            try:
                strays += [f"{centre}：{words}" for words in _told_of_strays(visit)]
            except DisclosureError as error:
                failures.append(f"{centre}：{error}")
    return Intake(tuple(taken), tuple(arriving), tuple(failures), tuple(strays))


def _told_of_strays(visit: Visit) -> Iterator[str]:
    """What lies astray in an inbox; its owner finds a note beside the answers, once."""
    for name, words in visit.strays().items():
        visit.answer({f"没有收-{shortened(printable_name(name))}.txt": f"{words}\r\n".encode("utf-8-sig")})
        yield words


def prepare_inboxes(place: Workplace) -> None:
    """Make the local inboxes, so that the centres find them before the first intake.

    Raises:
        DisclosureError: when ``sources.yaml`` has a mistake.
    """
    errand = Errand(place.catalog, place.settings.home, (), from_environment)
    for source in load_sources(place.catalog):
        if isinstance(source, InboxSource) and not source.url:
            source.visit(errand).close()


def _take(place: Workplace, source: Source, delivery: Delivery, inbox: Visit | None, *, again: bool) -> Taken:
    """Record one delivery, answer it, put it away; each step does no harm when done again.

    Raises:
        DisclosureError: when its source fails; it is then taken again next time.
    """
    name = printable_name(delivery.name)[:_LONGEST_NAME]
    content = b"".join(delivery.chunks()) if delivery.size <= _MOST_BYTES else None
    if content is not None and len(content) != delivery.size:
        raise DisclosureError(f"{name} 在读取时变了，下次再取。")
    if content is not None and delivery.due and not again and _is_as_returned(place, source, delivery.due, content):
        words = "与被退回的上一轮完全相同，没有报送。改正后会自动再取；确实无误的，请运行 disclosure intake --again。"
        return _line(place, source, name, "unchanged", words)
    outcome = _recorded(place, source, delivery, name, content)
    files = answer_files(place.catalog, outcome)
    label = f"{shanghai(outcome.at):%Y%m%d-%H%M%S}"
    if source.is_inbox:
        delivery.settle(Settled(outcome.is_accepted, f"{label}-{outcome.number}号", files))
    elif inbox is not None:
        inbox.answer({f"{label}-{answer}": bytes_ for answer, bytes_ in files.items()})
    return _line(place, source, name, *_told(outcome))


def _recorded(place: Workplace, source: Source, delivery: Delivery, name: str, content: bytes | None) -> Outcome:
    """What became of it, by our records: committed when this returns."""
    came = Came(source.id, source.centre, delivery.modified) if source.is_inbox else None
    records, files = place.records, place.settings.files
    receipt: Receipt | NarrativeReceipt | None = None
    refusal = ""
    if content is None:
        assert came is not None  # noqa: S101 - files of rows are never that large
        refusal = f"“{name}”有 {delivery.size >> 20} MB，超过 {_MOST_BYTES >> 20} MB，没有读取，请核对后只交报表本身。"
        sha256 = refuse_unread(records, files, delivery.chunks(), name, refusal, came=came)
    else:
        sha256 = hashlib.sha256(content).hexdigest()
        try:
            receipt = _handed_in(place, content, name, came)
        except DisclosureError as error:
            refusal = str(error)
    at, number = (receipt.received_at if receipt else utc_now()), 0
    if came:
        with records.read() as session:
            arrival = arrival_of(session, came, name, sha256)
            assert arrival is not None  # noqa: S101 - recorded just now
            at, number = arrival.taken_at, arrival.id
    return Outcome(source.centre, name, sha256, content, at, number, receipt, refusal)


def _handed_in(place: Workplace, content: bytes, name: str, came: Came | None) -> Receipt | NarrativeReceipt:
    """Hand in a workbook, rows, or a text document, as its name and the inbox tell.

    Raises:
        DisclosureError: when it is refused; it is kept.
    """
    records, files, catalog = place.records, place.settings.files, place.catalog
    is_centres = came is None or came.centre in {office.id for office in catalog.centres}
    # Of a centre a scanned report is a workbook gone wrong, of a section a text.
    if came and (name.lower().endswith(_MARKED_TEXTS) if is_centres else is_text_document(name)):
        return hand_in_narrative(records, files, catalog, content, name, came=came)
    if came and not is_centres and not name.lower().endswith(".xlsx"):
        reason = (
            f"这里是“{catalog.offices[came.centre].name}”的收件夹，只收文字部分的文稿（.docx 或 .md），"
            f"没有收取“{name}”。请用本系统下发的文稿填写；其他材料请另行送交。"
        )
        with records.write() as session:
            sha256 = keep_file(session, files, content)
        refuse(records, sha256, name, reason, came)
        raise DisclosureError(reason)
    return hand_in(records, files, catalog, content, name, came=came)


def _told(outcome: Outcome) -> tuple[Verdict, str]:
    """The verdict and what there is to say about it."""
    receipt = outcome.receipt
    if receipt is None:
        return "refused", outcome.refusal
    where = f"{receipt.period_label}第 {receipt.round} 轮"
    if not receipt.is_accepted:
        verdict: Verdict = "repeated" if receipt.is_repeat else "rejected"
        return verdict, f"{where}，{len(receipt.problems)} 处要改正：{receipt.problems[0].sentence}"
    missing = f"，还缺{'、'.join(receipt.still_missing)}" if receipt.still_missing else "，已到齐"
    return ("repeated" if receipt.is_repeat else "accepted"), f"{where}，{receipt.taken}{missing}"


def _line(place: Workplace, source: Source, name: str, verdict: Verdict, words: str) -> Taken:
    return Taken(place.catalog.offices[source.centre].name, source.where, name, verdict, words)


def _due(place: Workplace, source: Source, *, again: bool) -> tuple[Due, ...]:
    """The cycles that wait for the source's centre, or with ``again`` all that it may still hand in for."""
    found = []
    with place.records.read() as session:
        for cycle in _collecting(session, place):
            asked = cycles.centres_to_hand_in if again else cycles.missing_centres
            if source.centre in {office.id for office in asked(session, place.catalog, cycle)}:
                found.append(Due(cycles.period_of(cycle), cycle.round))
    return tuple(found)


def cycles_to_wake(place: Workplace) -> list[int]:
    """Cycles whose run waits for files and has something new to see: all is there, or more than when it asked."""
    found = []
    with place.records.read() as session:
        for cycle in _collecting(session, place):
            ask = asks.open_ask_of(session, cycle)
            if ask is None or ask.step != "collect":
                continue
            came = [
                *((s.round, s.received_at) for s in cycles.standing_submissions(session, cycle).values()),
                *((text.round, text.received_at) for text in cycles.standing_narratives(session, cycle).values()),
            ]
            is_newer = any(round_ == cycle.round and at > ask.asked_at for round_, at in came)
            if is_newer or not cycles.missing_centres(session, place.catalog, cycle):
                found.append(cycle.id)
    return found


def _collecting(session: Session, place: Workplace) -> Iterator[Cycle]:
    """Cycles of this profile whose current round is not compiled yet."""
    mine = select(Cycle).where(Cycle.profile == place.catalog.profile.id, Cycle.step != "archive").order_by(Cycle.id)
    for cycle in session.scalars(mine).all():
        if cycles.compilation_of(session, cycle) is None:
            yield cycle


def _is_as_returned(place: Workplace, source: Source, due: Due, content: bytes) -> bool:
    """Whether a later round is offered the very rows that were sent back: nobody has mended anything yet."""
    if due.round == 1:
        return False
    with place.records.read() as session:
        cycle = cycles.find_cycle(session, place.catalog, due.period)
        earlier = cycles.standing_submissions(session, cycle).get(source.centre) if cycle else None
    if earlier is None or earlier.round == due.round:
        return False
    kept = file_path(place.settings.files, earlier.sha256).read_bytes()
    return is_rows_file(kept) and same_rows(kept, content)
