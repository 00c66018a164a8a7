"""Protects handing in: every file is kept, the verdict is told in words, and only what is right and due counts."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import func, select

from disclosure.calendar.periods import Period
from disclosure.collection import submit
from disclosure.collection.answers import Receipt
from disclosure.collection.workbook.layout import address, lay_out
from disclosure.cycle import queries
from disclosure.cycle.compilation import compile_round
from disclosure.platform.errors import DisclosureError
from disclosure.records import ledger
from disclosure.records.file_store import file_path
from disclosure.records.tables import Cycle, LedgerEntry, Observation, RefusedFile, StoredFile, Submission

pytestmark = pytest.mark.records

Bureau = Any
CENTRE, OTHER = "social_insurance_centre", "medical_centre"
PARTICIPANTS = "employee_pension.participants"


def rows(bureau: Bureau, table: type[Any]) -> list[Any]:
    with bureau.installation.records.read() as session:
        return list(session.scalars(select(table)))


def kept(bureau: Bureau, content: bytes) -> bool:
    """Whether the file lies under its SHA-256, byte for byte, and is noted."""
    sha256 = hashlib.sha256(content).hexdigest()
    path = file_path(bureau.installation.settings.files, sha256)
    noted = [(f.size, f.stored_at.tzinfo) for f in rows(bureau, StoredFile) if f.sha256 == sha256]
    return path.read_bytes() == content and noted == [(len(content), dt.UTC)]


def assert_refused(bureau: Bureau, content: bytes, *words: str, name: str = "报表.xlsx") -> None:
    """The file is refused with these words, kept, noted as refused, and gives no figure."""
    before = len(rows(bureau, RefusedFile)), len(rows(bureau, Submission)), len(rows(bureau, Observation))
    with pytest.raises(DisclosureError) as caught:
        bureau.hand_in(content, name)
    assert all(word in str(caught.value) for word in words), str(caught.value)
    refused = rows(bureau, RefusedFile)
    assert (len(refused) - 1, len(rows(bureau, Submission)), len(rows(bureau, Observation))) == before
    assert (refused[-1].file_name, refused[-1].reason) == (name, str(caught.value))
    assert refused[-1].sha256 == hashlib.sha256(content).hexdigest()
    assert kept(bureau, content)
    assert rows(bureau, LedgerEntry)[-1].event == "file.refused"


def test_a_right_workbook_is_taken_with_every_figure_and_cell(bureau: Bureau) -> None:
    content = bureau.workbook(CENTRE)
    receipt = bureau.hand_in(content, "社保中心.xlsx")
    assert (receipt.is_accepted, receipt.is_repeat, receipt.problems) == (True, False, ())
    assert receipt.still_missing == (bureau.catalog.offices[OTHER].name,)
    figures = bureau.figures(CENTRE)
    assert receipt.figure_count == len(figures) == 22
    taken = rows(bureau, Observation)
    assert {(o.region, o.indicator, o.unit, f"{o.value:f}") for o in taken} == {
        (f.region, f.indicator, f.unit, f"{f.value:f}") for f in figures
    }
    assert all(o.sheet and o.cell and o.centre == CENTRE and o.period_id == "2016-annual" for o in taken)
    assert kept(bureau, content)
    (submission,) = rows(bureau, Submission)
    assert (submission.filler, submission.checker, submission.round) == ("吴填报", "冯复核", 1)
    assert rows(bureau, LedgerEntry)[-1].event == "submission.accepted"


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"\x00" * 999, b"%PDF-1.7", "区域,数值\n高港区,1".encode()], ids=range(5)
)
def test_a_file_that_is_no_workbook_is_kept_and_refused(bureau: Bureau, content: bytes) -> None:
    assert_refused(bureau, content, "文件")


def test_the_same_file_twice_is_one_submission(bureau: Bureau) -> None:
    content = bureau.workbook(CENTRE)
    first = bureau.hand_in(content, "一.xlsx")
    entries = len(rows(bureau, LedgerEntry))
    second = bureau.hand_in(content, "二.xlsx")
    assert (first.is_repeat, second.is_repeat) == (False, True)
    assert second.record_id == first.record_id
    assert second.figure_count == first.figure_count
    assert len(rows(bureau, Submission)) == 1
    assert len(rows(bureau, Observation)) == 22
    assert len(rows(bureau, LedgerEntry)) == entries


def test_a_newer_file_replaces_the_one_before_and_both_are_kept(bureau: Bureau) -> None:
    old, new = bureau.workbook(CENTRE), bureau.workbook(CENTRE, changed={PARTICIPANTS: "52003"})
    bureau.hand_in(old)
    receipt = bureau.hand_in(new)
    with bureau.installation.records.read() as session:
        standing = queries.standing_submissions(session, queries.get_cycle(session, bureau.cycle_id))
        assert standing[CENTRE].id == receipt.record_id
    assert len(rows(bureau, Submission)) == 2
    assert kept(bureau, old)
    assert kept(bureau, new)
    bureau.hand_in(bureau.workbook(OTHER))
    assert '"52003"' in bureau.compile().content


def test_an_earlier_file_handed_in_again_stands_again(bureau: Bureau) -> None:
    right, mistaken = bureau.workbook(CENTRE), bureau.workbook(CENTRE, changed={PARTICIPANTS: "52003"})
    for content in (right, mistaken, right):
        assert bureau.hand_in(content).is_accepted
    assert len(rows(bureau, Submission)) == 2
    bureau.hand_in(bureau.workbook(OTHER))
    assert '"52002"' in bureau.compile().content


def test_a_rejected_workbook_names_the_cell_and_records_no_figure(bureau: Bureau) -> None:
    content = with_cell(bureau, bureau.workbook(CENTRE), PARTICIPANTS, "五万二")
    receipt = bureau.hand_in(content)
    assert not receipt.is_accepted
    assert receipt.figure_count == 0
    assert bureau.catalog.offices[CENTRE].name in receipt.still_missing
    (problem,) = receipt.problems
    assert (problem.sheet, problem.cell) == ("企业养老", cell_of(bureau, PARTICIPANTS))
    assert "五万二" in problem.found
    (submission,) = rows(bureau, Submission)
    assert [(p["sheet"], p["cell"]) for p in submission.problems] == [(problem.sheet, problem.cell)]
    assert rows(bureau, Observation) == []
    assert kept(bureau, content)
    assert rows(bureau, LedgerEntry)[-1].event == "submission.rejected"


def test_a_workbook_nobody_signed_is_rejected_with_the_cells_to_fill_in(bureau: Bureau) -> None:
    # Second eyes need names: who drafted may not review.
    receipt = bureau.hand_in(bureau.workbook(CENTRE, filler="", checker="　"))
    assert not receipt.is_accepted
    assert [(problem.sheet, problem.cell) for problem in receipt.problems] == [("封面", "C9"), ("封面", "C10")]
    assert "填报人的姓名" in receipt.problems[0].sentence
    assert rows(bureau, Observation) == []


def test_a_rejected_workbook_does_not_replace_the_accepted_one(bureau: Bureau) -> None:
    good = bureau.hand_in(bureau.workbook(CENTRE))
    assert not bureau.hand_in(with_cell(bureau, bureau.workbook(CENTRE), PARTICIPANTS, "#")).is_accepted
    with bureau.installation.records.read() as session:
        standing = queries.standing_submissions(session, queries.get_cycle(session, bureau.cycle_id))
        assert standing[CENTRE].id == good.record_id


def test_another_round_is_refused(bureau: Bureau) -> None:
    assert_refused(bureau, bureau.workbook(CENTRE, round_number=2), "第 2 轮", "现在是第 1 轮")


def test_after_compilation_nothing_is_taken(bureau: Bureau) -> None:
    content = bureau.workbook(CENTRE, changed={PARTICIPANTS: "1"})
    bureau.hand_in_all()
    digest = bureau.compile().digest
    assert_refused(bureau, content, "已经汇总", "退回")
    assert bureau.compile().digest == digest


def test_a_period_nobody_opened_is_refused(open_bureau: Callable[..., Bureau]) -> None:
    bureau = open_bureau(profile="kunming-2017", period="2017-q1")
    bureau.period = Period(2017, "h1")
    content = bureau.workbook(CENTRE)
    assert_refused(bureau, content, "2017年1-2季度", "尚未开启")


def test_another_profile_is_refused(open_bureau: Callable[..., Bureau], new_bureau: Callable[..., Bureau]) -> None:
    theirs = new_bureau(profile="kunming-2017", period="2017-q1")
    assert_refused(open_bureau(), theirs.workbook(CENTRE), "kunming-2017", "gaogang-2016")


def test_a_centre_not_returned_to_is_refused(bureau: Bureau) -> None:
    bureau.hand_in_all()
    bureau.compile()
    bureau.send_back("policy", CENTRE)
    bureau.begin_next_round()
    assert_refused(bureau, bureau.workbook(OTHER), "没有退回", "继续有效")
    assert bureau.hand_in(bureau.workbook(CENTRE)).is_accepted


def test_a_long_file_name_is_no_obstacle(bureau: Bureau) -> None:
    name = "表" * 250 + ".xlsx"
    assert_refused(bureau, b"no workbook", name=name)
    assert bureau.hand_in(bureau.workbook(CENTRE), name).is_accepted


def test_a_name_that_is_no_name_is_told_by_its_cell(bureau: Bureau) -> None:
    for cell, names in (("C9", {"filler": "填" * 61}), ("C10", {"checker": "审" * 61})):
        (problem,) = bureau.hand_in(bureau.workbook(CENTRE, **names)).problems
        assert (problem.sheet, problem.cell, problem.found) == ("封面", cell, "61 个字")


def test_killed_between_file_and_row_no_row_is_left_without_its_file(
    bureau: Bureau, run_and_die: Callable[[Bureau, str], None]
) -> None:
    content = bureau.workbook(CENTRE)
    entries = len(rows(bureau, LedgerEntry))
    path = bureau.installation.settings.home / f"{CENTRE}.xlsx"
    path.write_bytes(content)
    for killed_in in ("file_store.utc_now", "submit.Receipt"):
        run_and_die(
            bureau,
            "from disclosure.collection import submit\nfrom disclosure.records import file_store\n"
            f"{killed_in} = die\n"
            f"submit.submit_file(installation, open({str(path)!r}, 'rb').read(), '报表.xlsx')",
        )
        assert all(
            file_path(bureau.installation.settings.files, file.sha256).is_file() for file in rows(bureau, StoredFile)
        )
        assert rows(bureau, Submission) == rows(bureau, Observation) == []
        assert len(rows(bureau, LedgerEntry)) == entries
    receipt = bureau.hand_in(content)
    assert (receipt.is_accepted, receipt.is_repeat) == (True, False)
    assert kept(bureau, content)
    assert [p.name for p in Path(bureau.installation.settings.files).rglob(".partial-*")] == []


def test_a_file_damaged_on_disk_is_whole_again_when_handed_in_again(bureau: Bureau) -> None:
    content = bureau.workbook(CENTRE)
    bureau.hand_in(content)
    file_path(bureau.installation.settings.files, hashlib.sha256(content).hexdigest()).write_bytes(b"torn")
    assert not kept(bureau, content)
    bureau.hand_in(content)
    assert kept(bureau, content)


def test_the_same_file_handed_in_by_two_at_once_is_one_submission(bureau: Bureau) -> None:
    content, receipts = bureau.workbook(CENTRE), []
    together = threading.Barrier(2)

    def one() -> None:
        together.wait()
        receipts.append(bureau.hand_in(content))

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(receipt.is_repeat for receipt in receipts) == [False, True]
    assert len(rows(bureau, Submission)) == 1


def test_a_file_arriving_while_the_round_is_compiled_waits_and_is_refused(bureau: Bureau) -> None:
    bureau.hand_in_all()
    late = bureau.workbook(CENTRE, changed={PARTICIPANTS: "1"})
    answers: list[str] = []

    def hand_in_late() -> None:
        try:
            bureau.hand_in(late, "迟到.xlsx")
        except DisclosureError as error:
            answers.append(str(error))

    with bureau.installation.records.write() as session:
        digest = compile_round(session, bureau.catalog, queries.get_cycle(session, bureau.cycle_id)).digest
        thread = threading.Thread(target=hand_in_late)
        thread.start()
        thread.join(0.4)
        assert thread.is_alive()
    thread.join()
    assert len(answers) == 1
    assert "已经汇总" in answers[0]
    bureau.audit()
    assert bureau.compile().digest == digest


def test_compiling_while_a_file_arrives_waits_for_its_figures(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    bureau.hand_in_all()
    newer = bureau.workbook(CENTRE, changed={PARTICIPANTS: "52003"})
    written, go_on, receipt = threading.Event(), threading.Event(), submit.Receipt

    def slow_receipt(**given: Any) -> Receipt:
        """The last thing before the transaction commits."""
        written.set()
        go_on.wait(5)
        return receipt(**given)

    monkeypatch.setattr(submit, "Receipt", slow_receipt)
    arriving = threading.Thread(target=bureau.hand_in, args=(newer,))
    compiling = threading.Thread(target=bureau.compile)
    arriving.start()
    assert written.wait(5)
    compiling.start()
    compiling.join(0.3)
    assert compiling.is_alive()
    go_on.set()
    arriving.join()
    compiling.join()
    assert '"52003"' in bureau.compile().content
    bureau.audit()


def test_the_rows_and_their_ledger_entry_are_one_transaction(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(ledger, "append", fail)
    content = bureau.workbook(CENTRE)
    with pytest.raises(OSError, match="disk full"):
        bureau.hand_in(content)
    assert rows(bureau, Submission) == rows(bureau, Observation) == []
    assert kept(bureau, content)


def cell_of(bureau: Bureau, indicator: str) -> str:
    """Where the prefecture's figure of this indicator is typed in the workbook of ``CENTRE``."""
    for sheet in lay_out(bureau.catalog, bureau.period, CENTRE).sheets:
        for asked, region, row, column in sheet.inputs():
            if (asked.id, region.code) == (indicator, bureau.catalog.prefecture.code):
                return address(row, column)
    raise AssertionError(indicator)


def with_cell(bureau: Bureau, content: bytes, indicator: str, typed: str) -> bytes:
    """The workbook after somebody typed into one cell, as another program saves it."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    book["企业养老"][cell_of(bureau, indicator)] = typed
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def test_two_bureaus_in_one_database_do_not_see_each_others_files(open_bureau: Callable[..., Bureau]) -> None:
    gaogang = open_bureau()
    kunming = open_bureau(profile="kunming-2017", period="2017-q1", enrolled=False)
    gaogang.hand_in(gaogang.workbook(CENTRE))
    with kunming.installation.records.read() as session:
        assert session.scalar(select(func.count()).select_from(Cycle)) == 2
        assert queries.standing_submissions(session, queries.get_cycle(session, kunming.cycle_id)) == {}
    assert_refused(kunming, gaogang.workbook(CENTRE), "gaogang-2016")
