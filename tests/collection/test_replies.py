"""Protects the answer to a centre: its own workbook, as it was typed, every wrong cell marked, told and linked."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from disclosure.collection.handout import hand_out
from disclosure.collection.intake.receipts import Outcome, answer_files
from disclosure.collection.workbook.read.reader import examine
from disclosure.collection.workbook.read.result import Problem, Typed, TypedCell
from disclosure.collection.workbook.replies import Reply, marked_workbook, reply_to, reply_to_refused
from disclosure.collection.workbook.write.writer import WorkbookContents, write_workbook
from disclosure.cycle import queries
from disclosure.cycle.compilation import compile_round
from disclosure.records.tables import Submission
from tests.support.gauntlet import make
from tests.support.gauntlet import workbook as made

pytestmark = pytest.mark.records

Bureau = Any
CENTRE = "social_insurance_centre"


def answered(bureau: Bureau, content: bytes, name: str = "报表.xlsx") -> Reply:
    place = bureau.installation
    return reply_to(place.settings.replies, bureau.catalog, bureau.hand_in(content, name), name)


def spoilt(bureau: Bureau, **cells: Any) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(bureau.workbook(CENTRE)))
    for cell, value in cells.items():
        book["企业养老"][cell] = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_each_wrong_cell_is_marked_told_and_linked(new_bureau: Callable[..., Bureau]) -> None:
    bureau = new_bureau()
    reply = answered(bureau, spoilt(bureau, F6="五万二", F8="=1+1"))
    workbook, text = reply.files
    assert workbook.name == "2016年度-区社保中心-第1轮-请修改.xlsx"
    assert workbook.parent == bureau.installation.settings.replies / "2016年度"
    assert text.read_bytes().decode("utf-8-sig").replace("\r\n", "\n") == reply.text
    assert "没有通过，共 2 处须改正" in reply.text
    assert workbook.name in reply.text
    book = openpyxl.load_workbook(workbook)
    sheet, errors = book["企业养老"], book["错误清单"]
    assert (sheet["F6"].value, sheet["F8"].value, sheet["F8"].data_type) == ("五万二", "=1+1", "s")
    assert {cell.coordinate for row in sheet.iter_rows() for cell in row if cell.comment} == {"F6", "F8"}
    assert "发现：文字“五万二”\n应为：不小于 0 的整数（单位：人）\n请用阿拉伯数字填写" in sheet["F6"].comment.text
    marks = {str(area.sqref): rule.formula for area in sheet.conditional_formatting for rule in area.rules}
    assert marks["F6"] == ['F6="五万二"'], "the mark goes once the cell is changed"
    assert marks["F8"] == ['F8="=1+1"']
    rows = [[cell.value for cell in row] for row in errors.iter_rows(min_row=4)]
    assert [row[2] for row in rows] == ["企业养老 F6", "企业养老 F8"]
    assert [errors.cell(row, 3).hyperlink.location for row in (4, 5)] == ["企业养老!F6", "企业养老!F8"]
    assert book.active.title == "错误清单"


def test_corrected_the_answer_itself_is_taken_and_the_old_answer_goes(new_bureau: Callable[..., Bureau]) -> None:
    bureau = new_bureau()
    (workbook, text) = answered(bureau, spoilt(bureau, F6="五万二")).files
    book = openpyxl.load_workbook(workbook)
    book["企业养老"]["F6"] = 52002
    book.save(workbook)
    reply = answered(bureau, workbook.read_bytes(), workbook.name)
    assert "已收到 22 个数据" in reply.text
    assert reply.files == ()
    assert not workbook.exists()
    assert not text.exists()
    with bureau.installation.records.read() as session:
        standing = queries.standing_submissions(session, queries.get_cycle(session, bureau.cycle_id))[CENTRE]
        assert {o.value for o in standing.observations} == {f.value for f in bureau.figures(CENTRE)}


def test_what_the_answer_shows_no_more_is_confirmed_before_it_is_taken(tmp_path: Path) -> None:
    """A unit that was changed stands again as it was sent, over the figure as it was typed."""
    made.start(tmp_path)
    reading = examine(make.MAKERS["unit-changed"][1](), "报表.xlsx", made.CATALOG)
    marked = marked_workbook(made.CATALOG, reading, reading.problems)
    assert marked is not None
    for _ in range(2):
        again = examine(marked, "报表.xlsx", made.CATALOG)
        (problem,) = again.problems
        assert (problem.sheet, problem.cell, problem.found, problem.expected) == ("失业", "C14", "“亿元”", "“万元”")
        assert problem.why.endswith(
            "请改回原来的单位，并核对这一行的数据是否按它填写；核对后请在“错误清单”G4 选“已核对”"
        )
        marked = marked_workbook(made.CATALOG, again, again.problems)
        assert marked is not None
    book = openpyxl.load_workbook(io.BytesIO(marked))
    assert book["失业"]["C14"].value == "万元"
    assert (book["错误清单"]["G3"].value, book["错误清单"]["G4"].protection.locked) == ("核对结果", False)
    book["失业"]["F14"], book["错误清单"]["G4"] = 81234, "已核对"
    out = io.BytesIO()
    book.save(out)
    right = examine(out.getvalue(), "报表.xlsx", made.CATALOG)
    assert right.problems == ()
    assert [f"{f.value:f}" for f in right.figures if f.source.cell == "F14"] == ["81234.00"]
    del book["错误清单"]
    book.save(out := io.BytesIO())
    (problem,) = examine(out.getvalue(), "报表.xlsx", made.CATALOG).problems
    assert (problem.sheet, problem.found) == ("错误清单", "被删除的工作表")


def test_one_cause_is_confirmed_once(tmp_path: Path) -> None:
    made.start(tmp_path)
    reading = examine(make.MAKERS["white-on-a-condition"][1](), "报表.xlsx", made.CATALOG)
    assert len(reading.problems) == 4
    marked = marked_workbook(made.CATALOG, reading, reading.problems)
    assert marked is not None
    book = openpyxl.load_workbook(io.BytesIO(marked))
    errors = book["错误清单"]
    assert [errors.cell(row, 7).value for row in (4, 5, 6, 7)] == [None, "见第 4 行", "见第 4 行", "见第 4 行"]
    assert len(examine(marked, "报表.xlsx", made.CATALOG).problems) == 4
    errors["G4"] = "已核对"
    book.save(out := io.BytesIO())
    assert examine(out.getvalue(), "报表.xlsx", made.CATALOG).is_accepted


def test_rows_that_were_moved_come_back_in_their_place(tmp_path: Path) -> None:
    made.start(tmp_path)
    for name in ("row-inserted", "rows-sorted", "column-inserted"):
        reading = examine(make.MAKERS[name][1](), "报表.xlsx", made.CATALOG)
        right = examine(made.good(tmp_path), "报表.xlsx", made.CATALOG)
        assert reading.figures == ()
        assert reading.typed is not None
        assert right.typed is not None
        found = {place: cell.value for place, cell in reading.typed.cells.items()}
        wanted = {place: cell.value for place, cell in right.typed.cells.items()}
        assert {place: found[place] for place in found if place in wanted} == {
            place: wanted[place] for place in found if place in wanted
        }
        assert len(found) >= len(wanted) - (11 if name == "column-inserted" else 0)


def test_a_file_that_tells_nothing_is_answered_by_text_alone(tmp_path: Path) -> None:
    reply = reply_to_refused(tmp_path, "../../坏:名字.xlsx", "文件：实际为空文件。")
    (path,) = reply.files
    assert path == tmp_path / "未受理" / "坏_名字-未受理.txt"
    assert "文件：实际为空文件。" in path.read_bytes().decode("utf-8-sig")


#: What a hand or a program can leave in a cell.
ANYTHING = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=20),
    # Excel keeps 15 significant digits.
    st.integers(-(10**15) + 1, 10**15 - 1).map(lambda number: number / 100),
    st.booleans(),
    st.dates(min_value=dt.date(1901, 1, 1)),
)


@settings(max_examples=5, phases=[Phase.explicit, Phase.generate])
@given(data=st.data())
def test_whatever_was_typed_comes_back_as_it_was(data: st.DataObject, tmp_path_factory: Any) -> None:
    folder = tmp_path_factory.mktemp("typed")
    made.start(folder)
    right = examine(made.good(folder), "报表.xlsx", made.CATALOG)
    assert right.typed is not None
    assert right.cover is not None
    places = sorted(right.typed.cells)
    chosen = data.draw(st.dictionaries(st.sampled_from(places), ANYTHING, min_size=1))
    cells = {**right.typed.cells, **{place: TypedCell(value) for place, value in chosen.items()}}
    typed: Typed = replace(right.typed, cells=cells)
    cover = (right.cover.filler, right.cover.checker, right.cover.filled_on)
    problem = Problem("失业", "F6", '“a"b”', "整数", "请改正")
    path = write_workbook(
        folder / "again.xlsx",
        made.CATALOG,
        WorkbookContents(made.PERIOD, made.CENTRE, cover=cover, typed=typed, problems=[problem]),
    )
    again = examine(path.read_bytes(), path.name, made.CATALOG).typed
    assert again is not None
    assert {place: shown(cell.value) for place, cell in again.cells.items()} == {
        place: shown(cell.value) for place, cell in cells.items()
    }


def shown(value: Any) -> Any:
    """A date comes back with the time 00:00, a number as a float; a text trimmed, as everywhere."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int | float):
        return float(value)
    return str(value)[:10] if hasattr(value, "isoformat") else str(value).strip()


def test_a_returned_workbook_has_the_centres_own_figures_explanations_and_the_reviewers_words(
    new_bureau: Callable[..., Bureau],
) -> None:
    bureau = new_bureau()
    book = openpyxl.load_workbook(io.BytesIO(bureau.workbook(CENTRE)))
    for column, text in enumerate(("企业养老", "参保人数", "", "清理了重复参保"), 1):
        book["说明"].cell(4, column, text)
    out = io.BytesIO()
    book.save(out)
    assert bureau.hand_in(out.getvalue()).is_accepted
    bureau.hand_in_all(centres=[centre for centre in bureau.centres if centre != CENTRE])
    with bureau.installation.records.write() as session:
        compile_round(session, bureau.catalog, queries.get_cycle(session, bureau.cycle_id))
    bureau.send_back("policy", CENTRE)
    bureau.begin_next_round()
    (path,) = hand_out(bureau.installation, bureau.cycle_id)
    reading = examine(path.read_bytes(), path.name, bureau.catalog)
    assert reading.is_accepted
    assert {(f.indicator, f.value) for f in reading.figures} == {(f.indicator, f.value) for f in bureau.figures(CENTRE)}
    assert [explanation.text for explanation in reading.explanations] == ["清理了重复参保"]
    assert reading.cover is not None
    assert reading.cover.round == 2
    assert reading.typed is not None
    assert "郑法规：" in reading.typed.message
    with bureau.installation.records.read() as session:
        assert session.query(Submission).count() == 2


def test_an_inbox_answers_with_the_marked_workbook_too(new_bureau: Callable[..., Bureau]) -> None:
    bureau = new_bureau()
    content = spoilt(bureau, F6="五万二")
    receipt = bureau.hand_in(content)
    outcome = Outcome(CENTRE, "报表.xlsx", "0" * 64, receipt.received_at, 1, receipt)
    text, workbook = answer_files(bureau.catalog, outcome).items()
    assert (text[0], workbook[0]) == ("报表.xlsx.回执.txt", "报表-请修改.xlsx")
    assert openpyxl.load_workbook(io.BytesIO(workbook[1]))["企业养老"]["F6"].comment is not None
    torn = examine(content[:500], "报表.xlsx", bureau.catalog)
    unreadable = replace(outcome, receipt=replace(receipt, reading=torn))
    assert list(answer_files(bureau.catalog, unreadable)) == ["报表.xlsx.回执.txt"]


def test_a_file_handed_in_again_after_another_says_which_it_replaces(new_bureau: Callable[..., Bureau]) -> None:
    bureau = new_bureau()
    first, second = bureau.workbook(CENTRE), bureau.workbook(CENTRE, filler="另一人")
    assert first != second
    receipts = [bureau.hand_in(content, name) for content, name in ((first, "甲.xlsx"), (second, "乙.xlsx")) * 2]
    assert [(receipt.is_repeat, receipt.replaced) for receipt in receipts] == [
        (False, ""),
        (False, ""),
        (True, "乙.xlsx"),
        (True, "甲.xlsx"),
    ]
    assert not bureau.hand_in(second, "乙.xlsx").replaced
