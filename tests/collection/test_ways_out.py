"""Protects that whoever is refused is told what was found, why it matters, and the shortest way out of it."""

from __future__ import annotations

import io
import random
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from disclosure.catalog import load_catalog
from disclosure.collection.narrative.reader import read_narrative
from disclosure.collection.workbook.layout import address
from disclosure.collection.workbook.read.reader import examine
from tests.support.gauntlet import workbook

pytestmark = pytest.mark.unit

DATA = Path(__file__).parents[1] / "data" / "faults"
CATALOG = load_catalog("chuxiong")


def told(content: bytes, name: str) -> str:
    reading = examine(content, name, CATALOG)
    assert not reading.is_accepted
    return "\n".join(problem.sentence for problem in reading.problems)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("esafenet.xlsx", ["被加密软件（亿赛通）加密的文件", "读不出来", "解密"]),
        ("saved-as-old-xls.xls", ["旧式 .xls 文件", "数据不用重填", "另存为", "Excel 工作簿（*.xlsx）"]),
        ("phantom-link.xlsx", ["没有单元格用到它", "名称“_old”", "公式—名称管理器", "数据不用重填"]),
        ("numbers-export.xlsx", ["苹果 Numbers 导出的工作簿", "改了名", "选择性粘贴—数值"]),
        ("backslash-names.xlsx", ["内部名称用了“\\”的工作簿", "另存为"]),
        ("txt-en-dash-minus.xlsx", ["单元格 F24", "“–12.50”", "不是减号", "请用键盘上的减号"]),
    ],
)
def test_a_file_that_was_left_alone_is_told_the_way_out(name: str, says: list[str]) -> None:
    sentence = told((DATA / name).read_bytes(), name)
    assert all(said in sentence for said in says), sentence


def scrambled(size: int = 20_000) -> bytes:
    return random.Random(1).randbytes(size)  # noqa: S311 - no secret


@pytest.mark.parametrize(
    ("head", "name", "says"),
    [
        (b"%TSD-Header-###%", "报表.xlsx", "天锐绿盾"),
        (b"\x08\x7fIP-guard\0", "报表.xlsx", "IP-guard"),
        (b"SCDSA002\0", "报表.xlsx", "Softcamp"),
        (b"\x9b DRMONE  This Document is encrypted", "报表.xlsx", "Fasoo"),
        (b"", "报表.xlsx", "像是被加密软件加密的文件"),
        (b"", "报表.et", "像是被加密软件加密的文件"),
        (b"\0\x05\x16\x07\0\x02", "._报表.xlsx", "不带“._”的那个文件"),
        (b"L\0\0\0\x01\x14\x02\0", "报表.xlsx.lnk", "快捷方式"),
        (b"\x03abc\0", "~$报表.xlsx", "临时文件"),
        (b"GIF89a", "报表.xlsx", "图片"),
    ],
)
def test_other_wrappers_are_named(head: bytes, name: str, says: str) -> None:
    assert says in told(head + scrambled(), name)


@pytest.mark.parametrize("head", [b"\x62\x14\x23\x65\x02\0\x01\0E-SafeNet\0", b""])
def test_an_encrypted_text_is_named_too(head: bytes) -> None:
    (problem,) = read_narrative(head + scrambled(), "文字.docx", CATALOG).problems
    assert "加密软件" in problem.sentence
    assert "解密" in problem.sentence


@pytest.mark.parametrize("size", [1, 4096, 100_000])
def test_a_file_that_did_not_come_whole_is_not_called_another_kind(size: int) -> None:
    """A name whose content a cloud drive or a broken copy never brought: every byte is zero."""
    sentences = [told(bytes(size), "报表.xlsx")]
    for name in ("文字.docx", "文字.md"):
        (problem,) = read_narrative(bytes(size), name, CATALOG).problems
        sentences.append(problem.sentence)
    for sentence in sentences:
        assert "没有下载完或没有传完整" in sentence
        assert "扩展名" not in sentence


def archive(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return out.getvalue()


def test_numbers_and_ofd_are_named() -> None:
    assert "Numbers" in told(archive(**{"Index/Document.iwa": b"x"}), "报表.numbers")
    assert "OFD" in told(archive(**{"OFD.xml": b"<x/>"}), "报表.ofd")


@pytest.fixture(scope="module", autouse=True)
def _good(tmp_path_factory: pytest.TempPathFactory) -> None:
    workbook.start(tmp_path_factory.mktemp("good"))


def test_a_link_in_a_cell_names_the_cell() -> None:
    def link(xml: str) -> str:
        return workbook.put(xml, workbook.CITY, "<f>[1]Sheet1!A1</f><v>3</v>")

    parts = workbook.members(workbook.changed(workbook.PART, link))
    content = workbook.packed(parts | {"xl/externalLinks/externalLink1.xml": b"<externalLink/>"})
    assert f"{workbook.CITY} 的公式引用了别的文件" in told(content, "报表.xlsx")


@pytest.mark.parametrize("columns", [20, 60])
@pytest.mark.slow
def test_thousands_of_formatted_blank_rows_are_named_or_taken(columns: int) -> None:
    def widen(xml: str) -> str:
        cells = "".join(f'<c r="{address(0, column)[:-1]}{{0}}" s="1"/>' for column in range(1, columns + 1))
        rows = "".join(f'<row r="{row}">{cells.format(row)}</row>' for row in range(200, 19_200))
        return xml.replace("</sheetData>", f"{rows}</sheetData>")

    content = workbook.changed(workbook.PART, widen)
    reading = examine(content, "报表.xlsx", CATALOG)
    if reading.is_accepted:
        assert columns == 20
        return
    sentence = "\n".join(problem.sentence for problem in reading.problems)
    assert "工作表“失业”" in sentence
    assert "到第 19199 行的格式" in sentence
    assert "Ctrl+Shift+↓" in sentence
    assert "疑似异常文件" not in sentence


@pytest.mark.parametrize("formula", ['=DISPIMG("ID_8F",1)', '=_xlfn.IMAGE("a.png")', '=_xlfn.DISPIMG("ID_8F",1)'])
def test_a_picture_in_a_cell_is_called_a_picture(formula: str) -> None:
    def fill(book: Workbook) -> None:
        book[workbook.SHEET][workbook.CITY] = formula

    sentence = told(workbook.edited(fill), "报表.xlsx")
    assert "嵌在单元格里的图片" in sentence
    assert "公式" not in sentence.split("；")[0]


def test_a_picture_placed_in_a_cell_by_excel_is_called_a_picture() -> None:
    content = workbook.changed(
        workbook.PART, lambda xml: workbook.put(xml, workbook.CITY, "<v>#VALUE!</v>", ' t="e" vm="1"')
    )
    assert "嵌在单元格里的图片" in told(content, "报表.xlsx")


@pytest.mark.slow
def test_the_way_out_of_an_old_xls_leads_out(tmp_path: Path) -> None:
    program = shutil.which("soffice")
    assert program is not None, "no LibreOffice: apt-get install libreoffice-calc-nogui"
    command = [program, "--headless", f"-env:UserInstallation={(tmp_path / 'own').as_uri()}"]
    command += ["--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(tmp_path)]
    subprocess.run([*command, str(DATA / "saved-as-old-xls.xls")], capture_output=True, check=True, timeout=120)
    reading = examine((tmp_path / "saved-as-old-xls.xlsx").read_bytes(), "报表.xlsx", CATALOG)
    assert reading.problems == ()
    assert len(reading.figures) == 50
