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

from disclosure.collection.answers import Receipt
from disclosure.collection.intake.arrivals import ArrivalKey, arrival_of, refuse_unread
from disclosure.collection.intake.misplaced_files import files_beside_inboxes
from disclosure.collection.intake.receipts import Outcome, answer_files
from disclosure.collection.intake.source_rows import is_rows_file, same_rows
from disclosure.collection.intake.tidying import tidy_inbox
from disclosure.collection.sources import Delivery, Poll, PollContext, Source, WaitingCycle, load_sources
from disclosure.collection.sources.base import DeliveryOutcome, GoneError
from disclosure.collection.sources.inbox import InboxSource, shortened
from disclosure.collection.submit import SelfCheck, submit_file
from disclosure.cycle import queries
from disclosure.platform.clock import shanghai, utc_now
from disclosure.platform.errors import DisclosureError
from disclosure.platform.file_names import printable_name
from disclosure.platform.secrets import Secrets, from_environment
from disclosure.records.file_store import file_path
from disclosure.records.installation import Installation
from disclosure.records.states import UNDER_WAY
from disclosure.records.tables import Cycle
from disclosure.review import asks

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
#: What one inbox may have taken at once: a flood in one holds up the others for a few minutes, not for hours.
_MOST_AT_ONCE = 500
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

    ``misplaced``: what lies in or beside the inboxes and is never taken. ``postponed``: where more waits than is taken
    at once. ``tidied``: from which inboxes old files were taken away.
    """

    taken: tuple[Taken, ...]
    arriving: tuple[str, ...]
    failures: tuple[str, ...]
    misplaced: tuple[str, ...] = ()
    postponed: tuple[str, ...] = ()
    tidied: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """One Chinese sentence."""
        counts = [
            f"{word} {count} 份"
            for verdict, word in RESULTS.items()
            if (count := sum(line.verdict == verdict for line in self.taken))
        ]
        counts += [f"还在传输 {len(self.arriving)} 份"] if self.arriving else []
        counts += [f"放错了地方 {len(self.misplaced)} 处"] if self.misplaced else []
        counts += [f"留待下次 {len(self.postponed)} 处"] if self.postponed else []
        counts += [f"没有取到 {len(self.failures)} 处"] if self.failures else []
        return f"收件：{'，'.join(counts) or '没有新的报表'}。"


def take_in(
    installation: Installation,
    secret: Secrets = from_environment,
    *,
    again: bool = False,
    self_check: SelfCheck | None = None,
) -> Intake:
    """Visit every source once. A source or file that fails holds up no other.

    Databases and CSV files are asked only for a centre that a cycle waits for; ``again`` asks them for those that
    have handed in as well, and takes what is unchanged since it was returned.

    Raises:
        DisclosureError: when ``sources.yaml`` has a mistake.
    """
    sources = load_sources(installation.catalog)
    taken: list[Taken] = []
    arriving: list[str] = []
    failures: list[str] = []
    postponed: list[str] = []
    tidied: list[str] = []
    misplaced = list(files_beside_inboxes(installation.settings.inbox, installation.catalog, sources))
    with ExitStack() as stack:
        polls: list[tuple[Source, Poll]] = []
        must_wait = False
        for source in sources:
            try:
                context = PollContext(
                    installation.catalog, installation.settings.home, _due(installation, source, again=again), secret
                )
                poll = source.begin_poll(context)
                stack.callback(poll.close)
                must_wait = poll.first_look() or must_wait
            except DisclosureError as error:
                failures.append(f"{installation.catalog.offices[source.centre].name}：{error}")
                continue
            polls.append((source, poll))
        if must_wait:
            time.sleep(installation.settings.intake_settle_seconds)
        inboxes = {source.centre: poll for source, poll in reversed(polls) if source.is_inbox}
        for source, poll in polls:
            centre = installation.catalog.offices[source.centre].name
            deliveries = poll.deliveries()
            for _ in range(_MOST_AT_ONCE):
                try:
                    delivery = next(deliveries, None)
                    if delivery is None:
                        break
                    inbox = inboxes.get(source.centre)
                    taken.append(_take(installation, source, delivery, inbox, again=again, self_check=self_check))
                except GoneError:
                    # Another intake at the same moment has it, or its owner took it back.
                    continue
                except DisclosureError as error:
                    failures.append(f"{centre}：{error}")
            if (left := poll.waiting - _MOST_AT_ONCE) > 0:
                postponed.append(
                    f"{centre}：{source.where}里还有 {left} 份，下次再取（一次最多取 {_MOST_AT_ONCE} 份）。"
                )
            arriving += [f"{centre}：{printable_name(name)}" for name in poll.arriving]
            try:
                misplaced += [f"{centre}：{words}" for words in _tell_misplaced(poll)]
                if removed := tidy_inbox(installation, source, poll, utc_now()):
                    tidied.append(
                        f"{centre}：{source.where}里较早的 {removed} 份退回或重复的文件已移走，原件都已留存。"
                    )
            except DisclosureError as error:
                failures.append(f"{centre}：{error}")
    return Intake(tuple(taken), tuple(arriving), tuple(failures), tuple(misplaced), tuple(postponed), tuple(tidied))


def _tell_misplaced(poll: Poll) -> Iterator[str]:
    """Yield what lies astray in an inbox; its owner finds a note beside the answers, once."""
    for name, words in poll.misplaced().items():
        poll.answer({f"没有收-{shortened(printable_name(name))}.txt": f"{words}\r\n".encode("utf-8-sig")})
        yield words


def prepare_inboxes(installation: Installation) -> None:
    """Make the local inboxes, so that the centres find them before the first intake.

    Raises:
        DisclosureError: when ``sources.yaml`` has a mistake.
    """
    context = PollContext(installation.catalog, installation.settings.home, (), from_environment)
    for source in load_sources(installation.catalog):
        if isinstance(source, InboxSource) and not source.url:
            source.begin_poll(context).close()


def _take(
    installation: Installation,
    source: Source,
    delivery: Delivery,
    inbox: Poll | None,
    *,
    again: bool,
    self_check: SelfCheck | None,
) -> Taken:
    """Record one delivery, answer it, put it away; each step does no harm when done again.

    Raises:
        DisclosureError: when its source fails; it is then taken again next time.
    """
    name = printable_name(delivery.name)[:_LONGEST_NAME]
    content = b"".join(delivery.chunks()) if delivery.size <= _MOST_BYTES else None
    if content is not None and len(content) != delivery.size:
        raise DisclosureError(f"{name} 在读取时变了，下次再取。")
    if (
        content is not None
        and delivery.due
        and not again
        and _is_as_returned(installation, source, delivery.due, content)
    ):
        words = "与被退回的上一轮完全相同，没有报送。改正后会自动再取；确实无误的，请运行 disclosure intake --again。"
        return _line(installation, source, name, "unchanged", words)
    outcome = _recorded(installation, source, delivery, name, content, self_check=self_check)
    files = answer_files(installation.catalog, outcome)
    label = f"{shanghai(outcome.at):%Y%m%d-%H%M%S}"
    if source.is_inbox:
        delivery.settle(DeliveryOutcome(outcome.is_accepted, f"{label}-{outcome.number}号", files))
    elif inbox is not None:
        inbox.answer({f"{label}-{answer}": bytes_ for answer, bytes_ in files.items()})
    return _line(installation, source, name, *_told(outcome))


def _recorded(
    installation: Installation,
    source: Source,
    delivery: Delivery,
    name: str,
    content: bytes | None,
    *,
    self_check: SelfCheck | None,
) -> Outcome:
    """Return what became of it, by our records: committed when this returns."""
    came = ArrivalKey(source.id, source.centre, delivery.modified) if source.is_inbox else None
    records, files = installation.records, installation.settings.files
    receipt: Receipt | None = None
    refusal = ""
    if content is None:
        assert came is not None  # noqa: S101 - files of rows are never that large
        refusal = f"“{name}”有 {delivery.size >> 20} MB，超过 {_MOST_BYTES >> 20} MB，没有读取，请核对后只交报表本身。"
        sha256 = refuse_unread(records, files, delivery.chunks(), name, refusal, came=came)
    else:
        sha256 = hashlib.sha256(content).hexdigest()
        try:
            receipt = submit_file(installation, content, name, came=came, self_check=self_check)
        except DisclosureError as error:
            refusal = str(error)
    at, number = (receipt.received_at if receipt else utc_now()), 0
    if came:
        with records.read() as session:
            arrival = arrival_of(session, came, name, sha256)
            assert arrival is not None  # noqa: S101 - recorded just now
            at, number = arrival.taken_at, arrival.id
    return Outcome(source.centre, name, sha256, at, number, receipt, refusal)


def _told(outcome: Outcome) -> tuple[Verdict, str]:
    """Return the verdict and what there is to say about it."""
    receipt = outcome.receipt
    if receipt is None:
        return "refused", outcome.refusal
    where = f"{receipt.period_label}第 {receipt.round} 轮"
    if not receipt.is_accepted:
        verdict: Verdict = "repeated" if receipt.is_repeat else "rejected"
        return verdict, f"{where}，{receipt.must_count} 处要改正：{receipt.problems[0].sentence}"
    missing = f"，还缺{'、'.join(receipt.still_missing)}" if receipt.still_missing else "，已到齐"
    remarks = f"；另有 {receipt.remarks}" if receipt.remarks else ""
    return ("repeated" if receipt.is_repeat else "accepted"), f"{where}，{receipt.taken}{missing}{remarks}"


def _line(installation: Installation, source: Source, name: str, verdict: Verdict, words: str) -> Taken:
    return Taken(installation.catalog.offices[source.centre].name, source.where, name, verdict, words)


def _due(installation: Installation, source: Source, *, again: bool) -> tuple[WaitingCycle, ...]:
    """Return the cycles that wait for the source's centre, or with ``again`` all that it may still hand in for."""
    found = []
    with installation.records.read() as session:
        for cycle in _collecting(session, installation):
            asked = queries.centres_to_hand_in if again else queries.missing_centres
            if source.centre in {office.id for office in asked(session, installation.catalog, cycle)}:
                found.append(WaitingCycle(queries.period_of(cycle), cycle.round))
    return tuple(found)


def cycles_to_wake(installation: Installation) -> list[int]:
    """Cycles whose run waits for files and has something new to see: all is there, or more than when it asked."""
    found = []
    with installation.records.read() as session:
        for cycle in _collecting(session, installation):
            ask = asks.open_ask_of(session, cycle)
            if ask is None or ask.step != "collect":
                continue
            came = [
                *((s.round, s.received_at) for s in queries.standing_submissions(session, cycle).values()),
                *((text.round, text.received_at) for text in queries.standing_narratives(session, cycle).values()),
            ]
            is_newer = any(round_ == cycle.round and at > ask.put_at for round_, at in came)
            if is_newer or not queries.missing_centres(session, installation.catalog, cycle):
                found.append(cycle.id)
    return found


def _collecting(session: Session, installation: Installation) -> Iterator[Cycle]:
    """Cycles of this profile whose current round is not compiled yet."""
    mine = (
        select(Cycle)
        .where(Cycle.profile == installation.catalog.profile.id, Cycle.step.in_(UNDER_WAY))
        .order_by(Cycle.id)
    )
    for cycle in session.scalars(mine).all():
        if queries.compilation_of(session, cycle) is None:
            yield cycle


def _is_as_returned(installation: Installation, source: Source, due: WaitingCycle, content: bytes) -> bool:
    """Whether a later round is offered the very rows that were sent back: nobody has mended anything yet."""
    if due.round == 1:
        return False
    with installation.records.read() as session:
        cycle = queries.find_cycle(session, installation.catalog, due.period)
        earlier = queries.standing_submissions(session, cycle).get(source.centre) if cycle else None
    if earlier is None or earlier.round == due.round:
        return False
    kept = file_path(installation.settings.files, earlier.sha256).read_bytes()
    return is_rows_file(kept) and same_rows(kept, content)
