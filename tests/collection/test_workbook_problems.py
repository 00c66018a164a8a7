"""Protects the answer to a centre: each thing that can be wrong with a file gives one clear sentence, no guess."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.workbook import Workbook

from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog, load_catalog
from disclosure.collection import WorkbookContents, WorkbookReading, read_workbook, write_workbook
from disclosure.collection.workbook.ooxml.package import FILE_LIMIT, UNPACKED_LIMIT
from disclosure.figures.figures import Figure

pytestmark = pytest.mark.unit

CATALOG = load_catalog("chuxiong")
PERIOD = Period(2025, "annual")
CENTRE = "employment_centre"
SHEET = "失业"
#: 参保人数 of 全州, 州本级 and 楚雄市; 基金收入 of 全州 and the grey cell beside it.
PEOPLE, OWN, CITY, INCOME, GREY = "F6", "G6", "H6", "F14", "G14"


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A workbook of 州就业中心 with two figures in it."""
    filled = [
        Figure("532300", "unemployment.participants", PERIOD, "人", Decimal(160132)),
        Figure("532300", "unemployment.income", PERIOD, "万元", Decimal("8123.40")),
    ]
    path = tmp_path_factory.mktemp("issued") / "报表.xlsx"
    return write_workbook(path, CATALOG, WorkbookContents(PERIOD, CENTRE, filled=filled)).read_bytes()


def read(content: bytes, name: str = "报表.xlsx", catalog: Catalog = CATALOG) -> WorkbookReading:
    return read_workbook(content, name, catalog)


def edited(issued: bytes, edit: Callable[[Workbook], object]) -> bytes:
    """``issued`` after a person changed it with another program."""
    book = openpyxl.load_workbook(io.BytesIO(issued))
    edit(book)
    changed = io.BytesIO()
    book.save(changed)
    return changed.getvalue()


def with_cells(issued: bytes, **cells: Any) -> WorkbookReading:
    def fill(book: Workbook) -> None:
        for cell, value in cells.items():
            book[SHEET][cell] = value

    return read(edited(issued, fill))


def repacked(issued: bytes, change: Callable[[dict[str, bytes]], object]) -> bytes:
    """``issued`` with its members changed, as no office program would."""
    with zipfile.ZipFile(io.BytesIO(issued)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return packed.getvalue()


def only_problem(reading: WorkbookReading) -> str:
    """The one sentence of a reading that took nothing."""
    (problem,) = reading.problems
    assert reading.figures == ()
    assert not reading.is_accepted
    assert problem.sentence.endswith("。")
    assert "\n" not in problem.sentence
    return problem.sentence


def test_the_edits_themselves_are_harmless(issued: bytes) -> None:
    reading = read(edited(issued, lambda _: None))
    assert reading.is_accepted
    assert [figure.value for figure in reading.figures] == [Decimal(160132), Decimal("8123.40")]
    assert read(repacked(issued, lambda _: None)) == read(repacked(issued, lambda _: None))
    assert read(repacked(issued, lambda _: None)).is_accepted


OLE = bytes.fromhex("D0CF11E0A1B11AE1") + bytes(504)


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"", "报表.xlsx", "空文件"),
        ("险种,指标\n失业,1\n".encode(), "报表.xlsx", "CSV"),
        (b"<html><table></table></html>", "报表.xlsx", "网页"),
        (OLE + "Workbook".encode("utf-16-le"), "报表.xls", ".xls"),
        (OLE + "Workbook".encode("utf-16-le"), "报表.et", ".et"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "报表.xlsx", "密码"),
        (b"PK\x03\x04" + bytes(100), "报表.xlsx", "损坏"),
        (b"PK\x03\x04" + bytes(FILE_LIMIT), "报表.xlsx", "20 MB"),
    ],
)
def test_what_is_no_workbook_is_refused(content: bytes, name: str, says: str) -> None:
    reading = read(content, name)
    assert says in only_problem(reading)
    assert reading.cover is None


@pytest.mark.parametrize("kept", [0.02, 0.3, 0.6, 0.95, 0.999])
def test_a_truncated_file_is_refused(issued: bytes, kept: float) -> None:
    assert "损坏" in only_problem(read(issued[: int(len(issued) * kept)]))


@settings(max_examples=60)
@given(place=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255))
def test_a_changed_byte_never_changes_a_figure(issued: bytes, place: float, byte: int) -> None:
    """Either the checksums find it, or it changed nothing that counts."""
    damaged = bytearray(issued)
    damaged[int(place * len(issued))] = byte
    reading = read(bytes(damaged))
    values = [figure.value for figure in reading.figures]
    assert values == [] or (reading.is_accepted and values == [Decimal(160132), Decimal("8123.40")])
    assert bool(values) == reading.is_accepted


def test_a_zip_bomb_is_refused_before_it_is_opened(issued: bytes) -> None:
    packed = io.BytesIO(issued)
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("xl/media/image1.png", b"0" * 1000)
        archive.filelist[-1].file_size = UNPACKED_LIMIT + 1
    assert "64 MB" in only_problem(read(packed.getvalue()))


def test_a_member_that_lies_about_its_size_is_refused(issued: bytes) -> None:
    packed = io.BytesIO(issued)
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/image1.png", b"0" * 1_000_000)
        archive.filelist[-1].file_size = 10
    assert "损坏" in only_problem(read(packed.getvalue()))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda m: m.update({"xl/vbaProject.bin": b"x"}), "宏"),
        (lambda m: m.update({"xl/workbook.bin": m.pop("xl/workbook.xml")}), ".xlsb"),
        (lambda m: m.pop("xl/workbook.xml"), "压缩包"),
        (lambda m: m.pop("xl/_rels/workbook.xml.rels"), "损坏"),
        (lambda m: m.update({"xl/workbook.xml": m["xl/workbook.xml"][:-30]}), "损坏"),
        (lambda m: m.update({"xl/worksheets/sheet2.xml": b"<worksheet>"}), "损坏"),
    ],
)
def test_a_strange_package_is_refused(issued: bytes, change: Callable[[dict[str, bytes]], object], says: str) -> None:
    assert says in only_problem(read(repacked(issued, change)))


def test_no_entity_is_expanded(issued: bytes) -> None:
    def declare(members: dict[str, bytes]) -> None:
        declaration = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><worksheet'
        members["xl/worksheets/sheet2.xml"] = members["xl/worksheets/sheet2.xml"].replace(b"<worksheet", declaration, 1)

    assert "DOCTYPE" in only_problem(read(repacked(issued, declare)))


def test_a_cell_at_the_far_end_does_not_cost_memory(issued: bytes) -> None:
    """calamine would lay out 17 thousand million cells."""
    assert "XFD1048576" in only_problem(with_cells(issued, XFD1048576="x"))


@pytest.mark.parametrize("sheet", [SHEET, "封面"])
def test_a_missing_sheet_is_named(issued: bytes, sheet: str) -> None:
    sentence = only_problem(read(edited(issued, lambda book: book.remove(book[sheet]))))
    assert f"工作表“{sheet}”" in sentence
    assert "改名或删除" in sentence


def test_a_renamed_sheet_is_told_by_both_names_and_its_figures_are_kept_for_the_answer(issued: bytes) -> None:
    reading = read(edited(issued, lambda book: setattr(book[SHEET], "title", "改了名")))
    assert only_problem(reading) == "工作表“失业”：实际为工作表“改了名”，应为工作表“失业”；工作表被改名，请改回“失业”。"
    assert reading.typed is not None
    assert {cell.value for cell in reading.typed.cells.values()} == {160132, 8123.4}


def test_missing_notes_are_a_problem_but_hide_no_figure(issued: bytes) -> None:
    reading = read(edited(issued, lambda book: book.remove(book["说明"])))
    (problem,) = reading.problems
    assert problem.sheet == "说明"
    assert len(reading.figures) == 2


def test_another_workbook_is_not_ours(issued: bytes) -> None:
    assert "不是本系统下发" in only_problem(read(edited(issued, lambda book: book.remove(book["元数据"]))))
    own = io.BytesIO()
    openpyxl.Workbook().save(own)
    assert "不是本系统下发" in only_problem(read(own.getvalue()))


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("schema_version", "0", "第 0 版工作簿"),
        ("schema_version", 1, "第 1 版工作簿"),
        ("schema_version", None, "没有版本号"),
        ("profile", "kunming-2017", "kunming-2017"),
        ("period", "2025-q2", "2025-q2"),
        ("period", None, "期间"),
        ("centre", "tax_office", "tax_office"),
        ("centre", "publicity_section", "publicity_section"),
        ("round", "0", "轮次"),
        ("round", "一", "轮次"),
        ("layout", "0" * 64, "指标目录有变动"),
        ("period", "2025-q1", "指标目录有变动"),
    ],
)
def test_a_workbook_of_another_time_or_place_is_refused(issued: bytes, key: str, value: object, says: str) -> None:
    def change(book: Workbook) -> None:
        cell = next(row[1] for row in book["元数据"].iter_rows() if row[0].value == key)
        cell.value = value

    assert says in only_problem(read(edited(issued, change)))


def test_the_catalogue_may_not_move_under_a_workbook(issued: bytes) -> None:
    """Another profile, whose ids it claims to be, has other indicators."""
    other = load_catalog("gaogang-2016")
    assert "gaogang-2016" in only_problem(read(issued, catalog=other))


def moved_in_column(book: Workbook) -> None:
    book[SHEET].move_range("H6:H12", rows=1)


def moved_in_row(book: Workbook) -> None:
    book[SHEET].move_range("G6:R6", cols=1)


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda book: book[SHEET].insert_rows(6), "有行被插入、删除或移动"),
        (lambda book: book[SHEET].delete_rows(14), "有行被插入、删除或移动"),
        (lambda book: book[SHEET].move_range("A14:R14", rows=-1), "有行被插入、删除或移动"),
        (lambda book: book[SHEET].insert_cols(8), "有列被插入、删除或移动"),
        (lambda book: book[SHEET].delete_cols(7), "有列被插入、删除或移动"),
        (lambda book: book[SHEET].delete_cols(1), "有列被插入、删除或移动"),
        (lambda book: book[SHEET].merge_cells("F6:G6"), "请取消合并"),
        (lambda book: book[SHEET].merge_cells("F6:F7"), "请取消合并"),
        (lambda book: book["封面"].insert_rows(2), "封面"),
        (moved_in_row, "单元格被插入、删除"),
    ],
)
def test_a_moved_table_is_read_by_nobody(issued: bytes, edit: Callable[[Workbook], object], says: str) -> None:
    assert says in only_problem(read(edited(issued, edit)))


def test_a_changed_unit_is_no_detail(issued: bytes) -> None:
    def in_ten_thousands(book: Workbook) -> None:
        cell = next(c for c in book[SHEET]["C"] if c.value == "人")
        cell.value = "万人"

    reading = read(edited(issued, in_ten_thousands))
    assert "实际为“万人”，应为“人”；计量单位被改动" in only_problem(reading)
    assert reading.figures == ()


def test_the_place_of_a_deleted_row_is_told(issued: bytes) -> None:
    sentence = only_problem(read(edited(issued, lambda book: book[SHEET].delete_rows(6))))
    assert "工作表“失业”单元格 B6" in sentence
    assert "应为“参保人数”行" in sentence


def test_a_number_where_none_is_asked_is_not_lost_silently(issued: bytes) -> None:
    (problem,) = with_cells(issued, **{GREY: 12}).problems
    assert (problem.sheet, problem.cell) == (SHEET, GREY)
    assert "不需要填" in problem.sentence
    filled = edited(issued, lambda book: book[SHEET].__setitem__(CITY, 5))
    assert not read(edited(filled, moved_in_column)).is_accepted


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("12万", "带了单位"),
        ("5%", "百分号"),
        ("(12)", "负数请用减号"),
        (-3, "不会小于 0"),
        (1.5, "小数位过多"),
        (True, "逻辑值"),
        (dt.date(2025, 12, 31), "日期"),
        ("#REF!", "错误值"),
        ("=F6+1", "选择性粘贴"),
        ("大约", "请只填数字"),
        ("未提供", "须说明原因"),
        ("不适用", "须说明原因"),
    ],
)
def test_a_bad_cell_is_one_problem_and_the_others_are_read(issued: bytes, value: object, says: str) -> None:
    reading = with_cells(issued, **{CITY: value})
    (problem,) = reading.problems
    assert (problem.sheet, problem.cell) == (SHEET, CITY)
    assert problem.sentence.startswith(f"工作表“{SHEET}”单元格 {CITY}（参保人数）：实际为")
    assert says in problem.sentence
    assert [figure.source.cell for figure in reading.figures] == [PEOPLE, INCOME]


def test_text_that_means_a_number_is_read(issued: bytes) -> None:
    reading = with_cells(issued, **{OWN: " １２，３４５ ", INCOME: "8,123.4"})
    assert reading.is_accepted
    assert [str(figure.value) for figure in reading.figures] == ["160132", "12345", "8123.40"]


def note(issued: bytes, *cells: str, state: str = "未提供") -> WorkbookReading:
    def fill(book: Workbook) -> None:
        book[SHEET][CITY] = state
        for column, text in enumerate(cells, 1):
            book["说明"].cell(4, column, text)

    return read(edited(issued, fill))


@pytest.mark.parametrize(
    "cells",
    [
        ("失业", "参保人数", "楚雄市", "系统升级"),
        ("失业保险", "参保人数", "", "系统升级"),
        ("失业", "", "", "系统升级"),
        (" 失业 ", "参保人数 ", "楚雄市", " 系统升级 "),
    ],
)
def test_the_reason_for_a_state_comes_from_the_notes(issued: bytes, cells: tuple[str, ...]) -> None:
    reading = note(issued, *cells)
    assert reading.is_accepted
    figure = next(figure for figure in reading.figures if figure.source.cell == CITY)
    assert (figure.state, figure.value, figure.text) == ("not_provided", None, "系统升级")
    (explanation,) = reading.explanations
    assert (explanation.insurance, explanation.text, explanation.cell) == ("unemployment", "系统升级", "D4")


def test_the_most_exact_note_counts(issued: bytes) -> None:
    def fill(book: Workbook) -> None:
        book[SHEET][CITY] = "不适用"
        book["说明"].append([])
        for row, cells in enumerate([("失业", "", "", "总的"), ("失业", "参保人数", "楚雄市", "就是它")], 4):
            for column, text in enumerate(cells, 1):
                book["说明"].cell(row, column, text)

    reading = read(edited(issued, fill))
    assert next(figure.text for figure in reading.figures if figure.source.cell == CITY) == "就是它"


@pytest.mark.parametrize(
    ("cells", "cell", "says"),
    [
        (("工伤", "参保人数", "", "x"), "A4", "下拉列表"),
        (("", "参保人数", "", "x"), "A4", "空白"),
        (("失业", "查无此项", "", "x"), "B4", "查无此项"),
        (("失业", "参保人数", "昆明市", "x"), "C4", "昆明市"),
        (("失业", "参保人数", "楚雄市", ""), "D4", "没有写说明"),
        (("失业", "参保人数", "楚雄市", "长" * 2001), "D4", "2001"),
    ],
)
def test_a_note_that_says_nothing_for_certain_is_a_problem(
    issued: bytes, cells: tuple[str, ...], cell: str, says: str
) -> None:
    problem = next(p for p in note(issued, *cells).problems if p.sheet == "说明")
    assert problem.cell == cell
    assert says in problem.sentence


def test_an_empty_workbook_is_a_problem(issued: bytes) -> None:
    assert "没有填任何数据" in only_problem(with_cells(issued, **{PEOPLE: None, INCOME: "  "}))


def test_a_blank_cell_is_simply_no_figure(issued: bytes) -> None:
    reading = with_cells(issued, **{PEOPLE: None})
    assert reading.is_accepted
    assert [figure.source.cell for figure in reading.figures] == [INCOME]


def test_dates_on_the_cover_are_read_as_people_write_them(issued: bytes) -> None:
    def fill(book: Workbook) -> None:
        book["封面"]["C9"], book["封面"]["C11"] = "张三", dt.datetime(2026, 2, 20)  # noqa: DTZ001 - as Excel keeps it

    cover = read(edited(issued, fill)).cover
    assert cover is not None
    assert (cover.filler, cover.filled_on) == ("张三", "2026-02-20")


def test_no_sentence_speaks_of_ids(issued: bytes) -> None:
    """People know 指标 and 地区 by name."""
    for reading in (with_cells(issued, **{CITY: "未提供"}), read(edited(issued, lambda b: b[SHEET].delete_rows(6)))):
        for problem in reading.problems:
            assert not re.search(r"[a-z]+\.[a-z]+|5323", problem.sentence)


def test_nothing_is_written_where_reading_happens(issued: bytes, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    read(issued)
    assert list(tmp_path.iterdir()) == []
