"""Protects: an edited, inserted, removed, reordered, rewritten or shortened ledger is found, at its first bad entry."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from disclosure.platform.clock import utc_now
from disclosure.platform.settings import Settings
from disclosure.records import ledger
from disclosure.records.installation import Installation
from disclosure.records.self_check.inspection import check_records
from disclosure.records.tables import LedgerCheckpoint, LedgerEntry
from tests.support.ledgers import first_broken
from tests.support.self_check import first_problem

pytestmark = [pytest.mark.records, pytest.mark.both_databases]

ENTRIES = 12
SIGNED_AT = (4, 9)


@pytest.fixture
def installation(tmp_path: Path, records_url: str) -> Installation:
    """A ledger of twelve entries, signed after the fourth and the ninth."""
    made = Installation(Settings(home=tmp_path, profile="gaogang-2016", database_url=records_url))
    for number in range(1, ENTRIES + 1):
        with made.records.write() as session:
            ledger.append(session, "test.happened", actor="测试", number=number)
        if number in SIGNED_AT:
            made.sign_ledger()
    return made


def rechain(session: Session) -> None:
    """What somebody does who knows how the chain is made: number and hash everything anew."""
    entries = session.scalars(select(LedgerEntry).order_by(LedgerEntry.number)).all()
    before = ledger.GENESIS
    for number, entry in enumerate(entries, 1):
        entry.number, entry.previous_hash = number, before
        entry.hash = before = ledger.entry_hash(entry)
        session.flush()


def edit(session: Session) -> None:
    session.execute(update(LedgerEntry).where(LedgerEntry.number == 6).values(details='{"number": 66}'))


def remove(session: Session) -> None:
    session.execute(delete(LedgerEntry).where(LedgerEntry.number == 6))


def insert(session: Session) -> None:
    before = session.get_one(LedgerEntry, ENTRIES)
    forged = LedgerEntry(
        number=ENTRIES + 2,
        at=utc_now(),
        actor="外人",
        event="test.forged",
        details="{}",
        previous_hash=before.hash,
    )
    forged.hash = ledger.entry_hash(forged)
    session.add(forged)


def reorder(session: Session) -> None:
    sixth, seventh = session.get_one(LedgerEntry, 6), session.get_one(LedgerEntry, 7)
    sixth.details, seventh.details = seventh.details, sixth.details
    sixth.hash, seventh.hash = seventh.hash, sixth.hash


@pytest.mark.parametrize(("tamper", "first_bad"), [(edit, 6), (remove, 6), (insert, ENTRIES + 1), (reorder, 6)])
def test_a_broken_chain_names_its_first_bad_entry(
    installation: Installation, tamper: Callable[[Session], None], first_bad: int
) -> None:
    assert first_problem(installation) == ""
    with installation.records.write() as session:
        tamper(session)
    assert f"从第 {first_bad} 条起" in first_problem(installation)


def test_a_ledger_rewritten_as_a_whole_contradicts_a_checkpoint(installation: Installation) -> None:
    with installation.records.write() as session:
        edit(session)
        rechain(session)
        assert first_broken(session) is None
    assert "第 9 条或更早的记录" in first_problem(installation)


def test_a_shortened_ledger_is_found_even_when_its_checkpoints_are_gone_too(installation: Installation) -> None:
    with installation.records.write() as session:
        session.execute(delete(LedgerEntry).where(LedgerEntry.number > 7))
        session.execute(delete(LedgerCheckpoint).where(LedgerCheckpoint.length > 7))
        assert first_broken(session) is None
    problem = first_problem(installation)
    assert "截短" in problem
    assert "从第 8 条起缺失" in problem


def test_a_forged_checkpoint_is_found(installation: Installation) -> None:
    with installation.records.write() as session:
        session.execute(update(LedgerCheckpoint).where(LedgerCheckpoint.length == 4).values(head_hash="0" * 64))
    assert "签名不对" in first_problem(installation)


def test_what_is_whole_is_counted(installation: Installation) -> None:
    check = check_records(installation)
    assert (check.entry_count, check.checkpoint_count, check.stopping) == (ENTRIES, len(SIGNED_AT), ())
    lines = installation.settings.checkpoints_file.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["length"] for line in lines] == list(SIGNED_AT)
    assert installation.settings.ledger_key_file.stat().st_mode & 0o077 == 0


def test_a_damaged_checkpoint_file_is_told_in_words(installation: Installation) -> None:
    installation.settings.checkpoints_file.write_text("[]\n", encoding="utf-8")
    assert "看不懂" in first_problem(installation)
