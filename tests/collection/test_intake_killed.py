"""Protects what is handed in while intake is killed (-9) at any of its writes: waiting or recorded, never neither.

A helper process that has everything at hand forks a child for each write; the child takes in until just before that
write, and kills itself.
"""

from __future__ import annotations

import hashlib
import itertools
import multiprocessing
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select

from disclosure.collection.intake.intake import take_in
from disclosure.platform.settings import Settings
from disclosure.records.file_store import file_path
from disclosure.records.installation import Installation
from disclosure.records.tables import Arrival, LedgerEntry, RefusedFile, Submission

pytestmark = [pytest.mark.records, pytest.mark.full]

CENTRE, OTHER = "social_insurance_centre", "medical_centre"
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def place_in(home: Path) -> Installation:
    return Installation(Settings(home=home, profile="gaogang-2016", intake_settle_seconds=0))


def take_in_and_die(home: Path, doomed: int) -> None:
    """Runs in the child: killed just before its write number ``doomed`` (from 0), or ends well when there are fewer."""
    installation = place_in(home)
    installation.catalog, installation.records  # noqa: B018 - opened before the first write is counted
    done = 0

    def before_a_write(*_: object) -> None:
        nonlocal done
        if done == doomed:
            os.kill(os.getpid(), signal.SIGKILL)
        done += 1

    def audited(name: str, arguments: tuple[Any, ...]) -> None:
        if name == "open":
            path, _, flags = arguments
            is_write = isinstance(path, str) and flags & WRITING
        else:
            path = arguments[0]
            is_write = name in ("os.rename", "os.remove", "os.mkdir")
        if is_write and str(path).startswith(str(home)):
            before_a_write()

    event.listen(installation.records.engine, "commit", before_a_write)
    sys.addaudithook(audited)
    assert take_in(installation).failures == ()


def kill_at_every_write(first: Path, below: Path) -> None:
    """Runs in a process of its own: one copy of the home ``first`` and one killed child for each write there is."""
    place_in(first).catalog  # noqa: B018 - read once, for all children
    for doomed in itertools.count():
        home = below / f"{doomed:03}"
        shutil.copytree(first, home)
        child = os.fork()
        if not child:
            try:
                take_in_and_die(home, doomed)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            sys.exit(os.WEXITSTATUS(status))


def test_killed_at_every_write_each_file_waits_or_is_recorded(new_bureau: Callable[..., Any], tmp_path: Path) -> None:
    bureau = new_bureau(enrolled=False)
    first = bureau.installation.settings.home
    good, foreign = bureau.workbook(CENTRE), b"no workbook"
    wanted = {
        hashlib.sha256(content).hexdigest(): (centre, name, content)
        for centre, name, content in ((CENTRE, "好.xlsx", good), (OTHER, "别的.txt", foreign))
    }
    for centre, name, content in wanted.values():
        (first / "inbox" / centre).mkdir(parents=True, exist_ok=True)
        (first / "inbox" / centre / name).write_bytes(content)
    bureau.installation.records.engine.dispose()
    homes = tmp_path / "homes"
    killer = multiprocessing.get_context("spawn").Process(target=kill_at_every_write, args=(first, homes))

    killer.start()
    killer.join(120)
    assert killer.exitcode == 0

    *killed, whole = sorted(homes.iterdir())
    # Folders, files kept, commits, receipts in two places and moves of two files: the count misses none of them.
    assert len(killed) > 30
    waiting_after = []
    for home in killed:
        installation = place_in(home)
        recorded = recorded_in(installation)
        for sha256, (centre, name, content) in wanted.items():
            waits = (home / "inbox" / centre / name).exists()
            assert waits or recorded.count(sha256) == 1, (home.name, name)
            if sha256 in recorded:
                assert file_path(installation.settings.files, sha256).read_bytes() == content
        waiting_after.append(len(wanted) - len(recorded))
        assert take_in(installation).failures == ()
        assert_all_taken_once(installation, wanted)
        installation.records.engine.dispose()
    # The kills were spread over the whole of the work.
    assert set(waiting_after) == {0, 1, 2}
    assert waiting_after == sorted(waiting_after, reverse=True)
    assert_all_taken_once(place_in(whole), wanted)


def recorded_in(installation: Installation) -> list[str]:
    """SHA-256 of everything that has a submission or a refusal."""
    with installation.records.read() as session:
        return [*session.scalars(select(Submission.sha256)), *session.scalars(select(RefusedFile.sha256))]


def assert_all_taken_once(installation: Installation, wanted: dict[str, tuple[str, str, bytes]]) -> None:
    assert sorted(recorded_in(installation)) == sorted(wanted)
    with installation.records.read() as session:
        assert sorted(session.scalars(select(Arrival.sha256))) == sorted(wanted)
        events = select(LedgerEntry.event, func.count()).group_by(LedgerEntry.event)
        told = {name: count for name, count in session.execute(events) if name.startswith(("submission", "file"))}
    assert told == {"submission.accepted": 1, "file.refused": 1}
    for centre, name, content in wanted.values():
        inbox = installation.settings.inbox / centre
        assert not (inbox / name).exists()
        away = [path for folder in ("已收", "退回") for path in (inbox / folder).glob(f"*-{name}")]
        assert [path.read_bytes() for path in away] == [content]
        receipt = away[0].with_name(f"{away[0].name}.回执.txt").read_bytes()
        (answer,) = (inbox / "回执").glob(f"*-{name}.回执.txt")
        assert answer.read_bytes() == receipt
