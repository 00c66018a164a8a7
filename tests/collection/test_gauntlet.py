"""Protects that whatever arrives is answered with one clear sentence naming sheet and cell, kept, and harms nothing.

The files are made by the modules of ``gauntlet`` and handed in through the function people use; what each must be
answered with, or which figures it must give, stands in ``gauntlet/expected.yaml``.
"""

from __future__ import annotations

import hashlib
import os
import re
import resource
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import event, select

from disclosure.collection.answers import Receipt
from disclosure.collection.submit import submit_path
from disclosure.collection.workbook.ooxml.package import FILE_LIMIT
from disclosure.collection.workbook.problem_lines import causes
from disclosure.collection.workbook.read.reader import examine
from disclosure.collection.workbook.replies import Reply, reply_to, reply_to_refused
from disclosure.cycle import queries
from disclosure.platform.errors import DisclosureError
from disclosure.platform.settings import Settings
from disclosure.records.file_store import file_path
from disclosure.records.installation import Installation
from disclosure.records.tables import RefusedFile, StoredFile
from tests.support.gauntlet import make, workbook
from tests.support.self_check import first_problem

pytestmark = pytest.mark.records

EXPECTED: dict[str, Any] = yaml.safe_load(Path(make.__file__).with_name("expected.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """One bureau in which everything arrives, one file after the other."""
    home = tmp_path_factory.mktemp("gauntlet")
    workbook.start(tmp_path_factory.mktemp("good"))
    installation = Installation(Settings(home=home / "var", profile="chuxiong"))

    @event.listens_for(installation.records.engine, "connect")
    def _hurry(connection: Any, _record: Any) -> None:
        # What survives a power cut is not the matter here, and costs a quarter of a minute.
        connection.execute("PRAGMA synchronous = OFF")

    installation.records.engine.dispose()
    with installation.records.write() as session:
        queries.open_cycle(session, installation.catalog, workbook.PERIOD)
    return installation


def figures_of(reading: Any) -> dict[str, str]:
    return {f.source.cell: f"{f.value:f}" if f.value is not None else f.printed for f in reading.figures}


@pytest.fixture(scope="module")
def good_figures(installation: Installation) -> dict[str, str]:
    reading = examine(workbook.good(workbook.folder()), "报表.xlsx", installation.catalog)
    assert reading.is_accepted
    assert len(reading.figures) == len(workbook.filled()) > 40
    return figures_of(reading)


def test_the_table_and_the_files_are_the_same() -> None:
    assert list(EXPECTED) == list(make.MAKERS)
    assert len([name for name, wanted in EXPECTED.items() if "says" in wanted]) > 100


@pytest.mark.parametrize("name", make.MAKERS)
def test_it_is_answered_exactly_so(
    name: str, installation: Installation, good_figures: dict[str, str], tmp_path: Path
) -> None:
    suffix, maker = make.MAKERS[name]
    content, wanted = maker(), EXPECTED[name]
    path = tmp_path / f"{name}{suffix}"
    path.write_bytes(content)
    answered, receipt, reply = answer_to(installation, path)
    if receipt is not None and receipt.is_accepted:
        # None in the table: the cell is blank there.
        given = {**good_figures, **wanted["accepted"]}
        assert figures_of(receipt.reading) == {cell: value for cell, value in given.items() if value is not None}
        assert reply.files == ()
    else:
        assert answered == wanted
        assert_answered(installation, receipt, reply)
    assert path.read_bytes() == content
    if len(content) <= FILE_LIMIT:
        kept = file_path(installation.settings.files, hashlib.sha256(content).hexdigest())
        assert kept.read_bytes() == content
    assert {entry.name for entry in tmp_path.iterdir()} == {path.name}
    assert {entry.name for entry in installation.settings.home.iterdir()} <= {"files", "replies", *RECORDS}


def answer_to(installation: Installation, path: Path) -> tuple[dict[str, Any], Receipt | None, Reply]:
    """Hand a file in, as the command does; what was answered in the words of the table, and the reply."""
    folder = installation.settings.replies
    try:
        receipt = submit_path(installation, path)
    except DisclosureError as error:
        return {"refused": True, "says": [str(error)]}, None, reply_to_refused(folder, path.name, str(error))
    at = [f"{problem.sheet}!{problem.cell}".strip("!") for problem in receipt.problems]
    answered = {"at": at, "says": [problem.sentence for problem in receipt.problems]}
    return answered, receipt, reply_to(folder, installation.catalog, receipt, path.name)


RECORDS = ("records.db", "records.db-wal", "records.db-shm", "ledger.head", "ledger.key")


def assert_answered(installation: Installation, receipt: Receipt | None, reply: Reply) -> None:
    """The text says it all; the workbook that goes back, where there is one, holds what was typed, and nothing else."""
    assert reply.text.replace("\n", "\r\n") == reply.files[-1].read_bytes().decode("utf-8-sig")
    if receipt is None or receipt.reading.typed is None:
        assert [file.suffix for file in reply.files] == [".txt"]
        return
    told = [cause.whole for cause in causes(receipt.problems)]
    assert all(text in reply.text for p in told for text in (p.where, p.found, p.expected, p.why))
    marked, _ = reply.files
    again = examine(marked.read_bytes(), marked.name, installation.catalog)
    assert again.cover == receipt.reading.cover
    # Handed in as it came back, it is refused again, and for no other reason.
    assert not again.is_accepted
    assert {(p.sheet, p.cell) for p in again.problems} <= {(p.sheet, p.cell) for p in receipt.problems}
    assert again.typed is not None
    typed = receipt.reading.typed
    assert again.typed.cells.keys() == typed.cells.keys()
    assert again.typed.past == typed.past
    assert again.typed.notes == typed.notes
    parts = workbook.members(marked.read_bytes())
    formulas = re.findall(rb"<f>([^<]*)</f>", parts[workbook.PART.replace("2", "3")])
    assert not [formula for formula in formulas if b"WEBSERVICE" in formula or b"cmd" in formula]


def test_a_file_of_two_gigabytes_is_refused_unread(installation: Installation, tmp_path: Path) -> None:
    path = tmp_path / "报表.xlsx"
    with path.open("wb") as stream:
        stream.write(b"PK\x03\x04")
        stream.truncate(2 * 1024**3)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(DisclosureError) as caught:
        submit_path(installation, path)
    assert str(caught.value) == (
        "文件：实际为2,048 MB 的文件，应为不超过 20 MB 的工作簿；文件过大，请删去多余的工作表和图片后再交。"
    )
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024
    with installation.records.read() as session:
        refused = session.scalars(select(RefusedFile).order_by(RefusedFile.id.desc()).limit(1)).one()
        stored = session.get_one(StoredFile, refused.sha256)
    note = file_path(installation.settings.files, stored.sha256).read_text(encoding="utf-8")
    assert '"size": 2147483648' in note
    assert path.stat().st_size == 2 * 1024**3


def test_what_is_no_file_is_an_os_error_and_waits_for_nothing(installation: Installation, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "none.xlsx", tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(OSError, match=r"\[Errno"):
            submit_path(installation, path)


MEMORY = """
import re, resource, sys, time
from pathlib import Path
from disclosure.catalog import load_catalog
from disclosure.collection import submit
from disclosure.collection.workbook import replies
from disclosure.collection.workbook.read.reader import examine
catalog = load_catalog("chuxiong")
def peak():
    # Not getrusage, which counts what the parent held before.
    return int(re.findall(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[0]) // 1024
files = sorted(Path(sys.argv[1]).iterdir())
examine(Path(sys.argv[2]).read_bytes(), "good.xlsx", catalog)
before = peak()
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
for file in files:
    began = time.process_time()
    examine(file.read_bytes(), file.name, catalog)
    print(file.stem, peak() - before, round(time.process_time() - began, 2))
"""
HEAVY = (
    "zip-bomb", "zip-bomb-in-a-sheet", "zip-bomb-that-lies", "far-cell", "too-many-cells", "huge-shared-string",
    "many-newlines-in-a-cell", "deep-nesting", "many-styles", "billion-laughs", "good-absurd-dimension",
    "thousand-members",
)  # fmt: skip


@pytest.mark.usefixtures("installation")
def test_the_worst_of_them_cost_little_memory_and_time(tmp_path: Path) -> None:
    """Measured in a process of its own, whose address space is limited."""
    for name in HEAVY:
        (tmp_path / f"{name}.xlsx").write_bytes(make.MAKERS[name][1]())
    good = workbook.folder() / "good.xlsx"
    good.write_bytes(workbook.good(workbook.folder()))
    command = [sys.executable, "-c", MEMORY, str(tmp_path), str(good)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, timeout=100)
    assert done.returncode == 0, done.stderr
    measured = {
        name: (int(megabytes), float(seconds)) for name, megabytes, seconds in map(str.split, done.stdout.splitlines())
    }
    assert measured.keys() == set(HEAVY)
    assert max(megabytes for megabytes, _ in measured.values()) < 250, measured
    assert max(seconds for _, seconds in measured.values()) < 10, measured


def test_after_all_of_them_the_ledger_is_whole_and_the_good_one_counts(installation: Installation) -> None:
    assert first_problem(installation) == ""
    with installation.records.read() as session:
        cycle = queries.find_cycle(session, installation.catalog, workbook.PERIOD)
        assert cycle is not None
        standing = queries.standing_submissions(session, cycle)[workbook.CENTRE]
        kept = {(o.region, o.indicator): o.value for o in standing.observations}
    assert all(isinstance(value, Decimal | None) for value in kept.values())
