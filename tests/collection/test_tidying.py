"""Protects the bound of an inbox: old returned files go, their bytes stay as evidence, nothing else is touched."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from disclosure.collection.intake import intake
from disclosure.collection.intake.intake import Intake, take_in
from disclosure.collection.intake.tidying import beyond_bounds, tidy_inbox
from disclosure.collection.sources import PollContext, load_sources
from disclosure.platform.clock import utc_now
from disclosure.platform.secrets import from_environment
from disclosure.platform.settings import SHANGHAI
from disclosure.records.file_store import file_path
from disclosure.records.installation import Installation
from disclosure.records.tables import LedgerEntry, StoredFile

Bureau = Any
CENTRE, OTHER = "social_insurance_centre", "medical_centre"
KEEP = 10


@pytest.fixture
def bureau(open_bureau: Callable[..., Bureau]) -> Bureau:
    return open_bureau(enrolled=False)


def bounded(bureau: Bureau) -> Installation:
    update = {"intake_settle_seconds": 0, "inbox_keep": KEEP, "inbox_keep_days": 7}
    return Installation(bureau.installation.settings.model_copy(update=update))


def inbox(bureau: Bureau, centre: str = CENTRE) -> Path:
    folder: Path = bureau.installation.settings.inbox / centre
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def leave_rubbish(bureau: Bureau, count: int, begin: int = 0) -> Intake:
    for number in range(begin, begin + count):
        (inbox(bureau) / f"{number:03}.txt").write_text(f"no workbook {number}")
    return take_in(bounded(bureau))


def files(bureau: Bureau, folder: str) -> list[str]:
    """Files put away, without receipts and the note."""
    names = (path.name for path in (inbox(bureau) / folder).iterdir())
    return sorted(name for name in names if not name.endswith((".回执.txt", "更早的已移走.txt")))


def tidy_at(bureau: Bureau, now: dt.datetime) -> int:
    installation = bounded(bureau)
    (source,) = (one for one in load_sources(installation.catalog) if one.centre == CENTRE)
    poll = source.begin_poll(PollContext(installation.catalog, installation.settings.home, (), from_environment))
    return tidy_inbox(installation, source, poll, now)


def tidied(bureau: Bureau) -> list[LedgerEntry]:
    with bureau.installation.records.read() as session:
        return list(session.scalars(select(LedgerEntry).where(LedgerEntry.event == "inbox.tidied")))


@pytest.mark.unit
def test_beyond_the_bounds_is_what_is_old_or_too_many() -> None:
    names = [f"20260302-09{minute:02}00-{minute}号-报表.xlsx" for minute in range(1, 6)]
    receipts = [f"{name}.回执.txt" for name in names]
    theirs = ["我自己的.xlsx", "20269999-090000-1号-报表.xlsx", "更早的已移走.txt"]
    since = dt.datetime(2026, 3, 2, 9, 3, tzinfo=SHANGHAI)
    assert [one.number for one in beyond_bounds(names + receipts + theirs, 2, since - dt.timedelta(1))] == [1, 2, 3]
    assert [one.number for one in beyond_bounds(names + receipts + theirs, 100, since)] == [1, 2]
    assert beyond_bounds(theirs, 1, since) == []


@pytest.mark.records
def test_the_oldest_returned_files_go_and_stay_as_evidence(bureau: Bureau) -> None:
    (inbox(bureau) / "报表.xlsx").write_bytes(bureau.workbook(CENTRE))
    assert leave_rubbish(bureau, KEEP).tidied == ()
    assert tidied(bureau) == []
    found = leave_rubbish(bureau, 3, begin=KEEP)
    (words,) = found.tidied
    assert (
        words == "区社保中心：收件夹 inbox/social_insurance_centre里较早的 3 份退回或重复的文件已移走，原件都已留存。"
    )
    returned = files(bureau, "退回")
    assert len(returned) == KEEP
    assert sorted(name.rpartition("-")[2] for name in returned) == [f"{n:03}.txt" for n in range(3, KEEP + 3)]
    # Each with its receipt still, and the note.
    assert len(list((inbox(bureau) / "退回").iterdir())) == 2 * KEEP + 1
    note = (inbox(bureau) / "退回" / "更早的已移走.txt").read_text("utf-8-sig")
    assert "移走 3 份" in note
    assert "收件号" in note
    # What was accepted lies there with its answer; the answers to what went are gone too.
    assert len(files(bureau, "已收")) == 1
    assert len(list((inbox(bureau) / "回执").iterdir())) == KEEP + 1
    with bureau.installation.records.read() as session:
        stored = session.scalars(select(StoredFile.sha256)).all()
    assert len(stored) == KEEP + 3 + 1
    assert all(file_path(bureau.installation.settings.files, sha256).is_file() for sha256 in stored)
    (entry,) = tidied(bureau)
    assert '"count": 3' in entry.details
    assert take_in(bounded(bureau)).tidied == ()


@pytest.mark.records
def test_a_file_sent_back_long_ago_goes_by_its_age(bureau: Bureau) -> None:
    leave_rubbish(bureau, 2)
    assert tidy_at(bureau, utc_now() + dt.timedelta(days=6)) == 0
    assert tidy_at(bureau, utc_now() + dt.timedelta(days=8)) == 2
    assert files(bureau, "退回") == []
    assert list((inbox(bureau) / "回执").iterdir()) == []


@pytest.mark.records
def test_what_is_no_evidence_of_ours_is_never_removed(bureau: Bureau) -> None:
    leave_rubbish(bureau, 3)
    first, second, third = (inbox(bureau) / "退回" / name for name in files(bureau, "退回"))
    first.write_text("worked on since")
    own = inbox(bureau) / "退回" / "自己的.txt"
    own.write_text("theirs")
    # As if of another arrival, and of a moment at which nothing came.
    second = second.rename(second.with_name(second.name.replace("-2号-", "-3号-")))
    third = third.rename(third.with_name(f"20200101-000000-{3}号-x.txt"))
    assert tidy_at(bureau, utc_now() + dt.timedelta(days=8)) == 0
    assert first.read_text() == "worked on since"
    assert all(path.is_file() for path in (own, second, third))
    assert tidied(bureau) == []


@pytest.mark.records
def test_a_file_whose_evidence_is_lost_stays(bureau: Bureau) -> None:
    leave_rubbish(bureau, 1)
    with bureau.installation.records.read() as session:
        (sha256,) = session.scalars(select(StoredFile.sha256))
    file_path(bureau.installation.settings.files, sha256).unlink()
    assert tidy_at(bureau, utc_now() + dt.timedelta(days=8)) == 0
    assert len(files(bureau, "退回")) == 1


@pytest.mark.records
def test_repeats_of_what_was_accepted_are_bounded_the_first_stays(bureau: Bureau) -> None:
    for number in range(3):
        (inbox(bureau) / f"{number}.xlsx").write_bytes(bureau.workbook(CENTRE))
    take_in(bounded(bureau))
    assert len(files(bureau, "已收")) == 3
    assert tidy_at(bureau, utc_now() + dt.timedelta(days=8)) == 2
    (name,) = files(bureau, "已收")
    assert "-1号-" in name


@pytest.mark.records
def test_a_flood_in_one_inbox_does_not_hold_up_the_others(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "_MOST_AT_ONCE", 2)
    (inbox(bureau, OTHER) / "报表.xlsx").write_bytes(bureau.workbook(OTHER))
    found = leave_rubbish(bureau, 5)
    assert [line.result for line in found.taken] == ["没有收取", "没有收取", "已收"]
    (words,) = found.postponed
    assert "还有 3 份，下次再取" in words
    assert [len(take_in(bounded(bureau)).taken) for _ in range(3)] == [2, 1, 0]
