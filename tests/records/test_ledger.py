"""Protects the ledger: written with the change it tells of, never in two chains, and no line can be tampered with."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from disclosure.records import Records, ledger, open_records
from disclosure.records.tables import LedgerEntry, StoredFile
from tests.support.ledgers import first_broken

pytestmark = [pytest.mark.records, pytest.mark.both_databases]

NOW = dt.datetime(2026, 3, 15, 4, tzinfo=dt.UTC)


@pytest.fixture
def records(records_url: str) -> Iterator[Records]:
    opened = open_records(records_url)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def chain(records: Records) -> Records:
    """Eight entries."""
    with records.write() as session:
        for number in range(1, 9):
            ledger.append(
                session, "数.记", actor="吴填报", cycle_id=number % 3 or None, figure=f"{number}.00", 说明="“核对”"
            )
    return records


def broken_at(records: Records) -> int | None:
    with records.read() as session:
        entry = first_broken(session)
        return entry.number if entry else None


def test_a_whole_chain_is_whole_after_reopening(chain: Records) -> None:
    assert broken_at(chain) is None
    with chain.read() as session:
        entries = session.scalars(select(LedgerEntry).order_by(LedgerEntry.number)).all()
    assert [entry.number for entry in entries] == list(range(1, 9))
    assert entries[0].previous_hash == ledger.GENESIS
    assert len({entry.hash for entry in entries}) == 8


def test_rolled_back_neither_the_change_nor_its_entry_stays(chain: Records) -> None:
    def write_and_fail(session: Session) -> None:
        session.add(StoredFile(sha256="a" * 64, size=1, stored_at=NOW))
        ledger.append(session, "file.kept", actor="系统", sha256="a" * 64)
        session.flush()
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power"), chain.write() as session:
        write_and_fail(session)
    with chain.read() as session:
        assert session.scalar(select(func.count()).select_from(LedgerEntry)) == 8
        assert session.scalars(select(StoredFile)).all() == []
    assert broken_at(chain) is None


def test_committed_both_stay(chain: Records) -> None:
    with chain.write() as session:
        session.add(StoredFile(sha256="a" * 64, size=1, stored_at=NOW))
        ledger.append(session, "file.kept", actor="系统", sha256="a" * 64)
    with chain.read() as session:
        assert session.scalar(select(func.count()).select_from(LedgerEntry)) == 9
        assert session.scalars(select(StoredFile.size)).all() == [1]


EDITS: dict[str, object] = {
    "at": NOW,
    "actor": "别人",
    "event": "数.改",
    "cycle_id": 77,
    "details": "{}",
    "previous_hash": "f" * 64,
    "hash": "f" * 64,
}


@pytest.mark.parametrize("number", [1, 5, 8])
def test_an_edit_of_any_column_is_found(chain: Records, number: int) -> None:
    for column, value in EDITS.items():
        with Session(chain.engine) as session:
            session.execute(update(LedgerEntry).where(LedgerEntry.number == number).values({column: value}))
            entry = first_broken(session)
            assert entry is not None, column
            assert entry.number == number, column
            session.rollback()
    assert broken_at(chain) is None


def test_an_edit_with_its_own_hash_mended_is_found_at_the_next(chain: Records) -> None:
    with chain.write() as session:
        entry = session.get_one(LedgerEntry, 4)
        entry.details = "{}"
        entry.hash = ledger.entry_hash(entry)
    assert broken_at(chain) == 5


@pytest.mark.parametrize("number", [1, 5])
def test_a_removal_is_found(chain: Records, number: int) -> None:
    with chain.write() as session:
        session.execute(delete(LedgerEntry).where(LedgerEntry.number == number))
    assert broken_at(chain) == number + 1


def test_a_removal_with_the_rest_numbered_anew_is_found(chain: Records) -> None:
    with chain.write() as session:
        session.execute(delete(LedgerEntry).where(LedgerEntry.number == 5))
        for number in (6, 7, 8):
            session.execute(
                text("UPDATE ledger SET number = :to WHERE number = :from"), {"to": number - 1, "from": number}
            )
    assert broken_at(chain) == 5


def shift_up(session: Session, first: int) -> None:
    for number in range(8, first - 1, -1):
        session.execute(text("UPDATE ledger SET number = :to WHERE number = :from"), {"to": number + 1, "from": number})


def test_an_insertion_is_found_even_when_it_follows_from_the_one_before(chain: Records) -> None:
    with chain.write() as session:
        shift_up(session, 5)
        before = session.get_one(LedgerEntry, 4)
        added = LedgerEntry(
            number=5, at=NOW, actor="别人", event="数.记", details="{}", previous_hash=before.hash, hash=""
        )
        added.hash = ledger.entry_hash(added)
        session.add(added)
    assert broken_at(chain) == 6


def test_a_reordering_is_found(chain: Records) -> None:
    with chain.write() as session:
        for to, number in ((99, 3), (3, 6), (6, 99)):
            session.execute(text("UPDATE ledger SET number = :to WHERE number = :from"), {"to": to, "from": number})
    assert broken_at(chain) == 3


def at_once(*work: Callable[[], None]) -> None:
    """Run each in a thread of its own; what one raises is raised here."""
    failures: list[BaseException] = []
    gate = threading.Barrier(len(work))

    def run(one: Callable[[], None]) -> None:
        try:
            gate.wait()
            one()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def test_two_writers_at_once_give_one_unbroken_chain(records: Records) -> None:
    def write(who: str) -> None:
        for number in range(50):
            with records.write() as session:
                ledger.append(session, "count.up", actor=who, number=number)

    at_once(lambda: write("甲"), lambda: write("乙"))
    with records.read() as session:
        counted = dict(session.execute(select(LedgerEntry.actor, func.count()).group_by(LedgerEntry.actor)).all())
    assert counted == {"甲": 50, "乙": 50}
    assert broken_at(records) is None
