"""Protects what is under way from a disk, a database or a channel that is away for a while, on a real server.

Nothing of it is taken for somebody's decision: no run fails for good, and all goes on by itself once it is back.
"""

from __future__ import annotations

import datetime as dt
import os
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select

from disclosure.catalog import GateId
from disclosure.platform.clock import shanghai, utc_now
from disclosure.platform.errors import is_passing
from disclosure.publication.channels.folder import versions_of
from disclosure.records.tables import LedgerEntry, Release, SupervisionFinding
from tests.flows.test_watching import PROMISED, asking, driver_of, published_at, signed_for, wait_until_public
from tests.support.case import Case
from tests.support.office import Office, office_in

pytestmark = [pytest.mark.faults, pytest.mark.full]

#: Longer than a writer waits for our records, and than three tries take.
AWAY = 35.0


@contextmanager
def channel_away(office: Office) -> Iterator[None]:
    """The website's folder of versions is a file meanwhile: nothing can be put there."""
    versions = versions_of(office.settings.home / "site")
    versions.mkdir(parents=True, exist_ok=True)
    aside = versions.with_name("aside")
    versions.rename(aside)
    versions.write_text("not a folder")
    try:
        yield
    finally:
        versions.unlink()
        aside.rename(versions)


@contextmanager
def records_locked(office: Office) -> Iterator[None]:
    """Somebody holds our records, as a backup or a tool that was left open does."""
    with closing(sqlite3.connect(office.settings.home / "records.db", timeout=30, isolation_level=None)) as records:
        records.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            records.execute("ROLLBACK")


def until(moment: dt.datetime) -> None:
    time.sleep(max(0.0, (moment - utc_now()).total_seconds()))


@contextmanager
def answered_meanwhile(case: Case, gate: GateId) -> Iterator[None]:
    """Somebody answers, and tries again until it is taken; taken for good at the end."""

    def give() -> None:
        while True:
            try:
                case.answer(gate)
            except Exception as error:
                if not is_passing(error):
                    raise
                time.sleep(0.5)
            else:
                return

    with ThreadPoolExecutor(1) as pool:
        given = pool.submit(give)
        yield
        given.result()


def findings(case: Case, kind: str) -> list[SupervisionFinding]:
    wanted = select(SupervisionFinding).where(
        SupervisionFinding.kind == kind, SupervisionFinding.cycle_id == case.cycle_id
    )
    with case.office.installation.records.read() as session:
        return list(session.scalars(wanted))


def test_a_channel_that_is_away_at_the_hour_only_delays(office: Office) -> None:
    case, hour, _ = signed_for(office, 25)
    back = hour + dt.timedelta(seconds=65)
    with channel_away(office):
        until(back)
        # It is told while it lasts, and nobody has given up.
        (late,) = findings(case, "publication_late")
        assert late.settled_at is None
        assert "网站" in late.facts["why"]
        assert office.state_of(driver_of(case))["type"] == "RUNNING"
        assert "到点没有发布" in office.cli("status").stdout
    assert wait_until_public(case, utc_now()) < PROMISED
    case.assert_published_once()
    at = published_at(case)
    assert at is not None
    # Away into the next minute: the page tells the minute at which it was really published.
    with office.installation.records.read() as session:
        of_publication = (LedgerEntry.cycle_id == case.cycle_id, LedgerEntry.event == "release.published")
        really = session.scalars(select(LedgerEntry.at).where(*of_publication)).one()
    assert really >= back
    assert really - at < dt.timedelta(minutes=1)
    home = (
        httpx.get(f"{office.settings.server_url}/site/index.html", trust_env=False, timeout=120).raise_for_status().text
    )
    assert f'<time datetime="{shanghai(at):%Y-%m-%dT%H:%M}' in home
    office.wait_for(lambda: findings(case, "publication_late")[0].settled_at, "the finding to be settled")


def test_records_that_are_locked_at_the_hour_only_delay(office: Office) -> None:
    case, hour, _ = signed_for(office, 20)
    until(hour - dt.timedelta(seconds=2))
    with records_locked(office):
        until(hour + dt.timedelta(seconds=AWAY))
        began = utc_now()
    assert wait_until_public(case, began) < PROMISED
    case.assert_published_once()


def test_records_that_are_locked_at_an_answer_only_delay(office: Office) -> None:
    case = asking(office)
    with answered_meanwhile(case, "finance"):
        with records_locked(office):
            time.sleep(AWAY)
        began = time.monotonic()
    assert case.next_form().gates == ["政策审核", "保密性审核"]
    assert time.monotonic() - began < PROMISED
    assert [gate for _, gate, _ in case.decisions()] == ["finance"]


@pytest.fixture
def small_home(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, so small that a test can fill it."""
    if os.getuid() != 0:
        pytest.fail("only root can make a disk of its own")
    home = tmp_path / "home"
    home.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", home], check=True)
    try:
        yield home
    finally:
        subprocess.run(["umount", "--lazy", home], check=True)


@contextmanager
def disk_full(home: Path) -> Iterator[None]:
    """Nothing can be written any more, by anybody."""
    filler = home / "filler"
    with filler.open("wb", buffering=0) as stream:
        try:
            while stream.write(bytes(65536)):
                pass
        except OSError:
            pass
        try:
            while stream.write(bytes(512)):
                pass
        except OSError:
            pass
    try:
        yield
    finally:
        filler.unlink()


def test_a_disk_that_is_full_at_the_hour_and_at_an_answer_only_delays(small_home: Path) -> None:
    with office_in(small_home).open() as office:
        case, hour, _ = signed_for(office, 25)
        asked = asking(office)
        until(hour - dt.timedelta(seconds=2))
        with answered_meanwhile(asked, "finance"):
            with disk_full(small_home):
                until(hour + dt.timedelta(seconds=AWAY))
            began = utc_now()
        assert wait_until_public(case, began) < PROMISED
        case.assert_published_once()
        with office.installation.records.read() as session:
            assert session.scalars(select(Release.id).where(Release.cycle_id == case.cycle_id)).all()
            assert session.scalar(select(func.min(LedgerEntry.number))) == 1
        asked.run_id = driver_of(asked)
        # A run that could not begin in time on the full disk is replaced by another, be it now.
        asked.was_killed = True
        assert asked.next_form().gates == ["政策审核", "保密性审核"]
