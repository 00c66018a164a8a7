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


def archive(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return out.getvalue()


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


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        ("险种\t指标\n失业\t1\n".encode("utf-16"), "报表.xls", ["文本或 CSV 文件"]),
        ("<html><table></table></html>".encode("utf-16"), "报表.xls", ["网页（HTML）文件"]),
        (b"\r\n<meta charset=gbk><style>td{}</style>" + b" " * 5000 + b"<table>", "报表.xls", ["网页（HTML）文件"]),
        (b"<!DOCTYPE html><html><title>login</title>", "报表.xlsx", ["登录过期", "重新下载"]),
        (b'{"code":401,"msg":"not login"}', "报表.xlsx", ["登录后重新下载"]),
        (b"MIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n\r\n<html>", "报表.xls", [".mht", "数据不用重填"]),
        (b'<?xml version="1.0"?><office:document xmlns:office="urn">', "报表.fods", ["LibreOffice", "数据不用重填"]),
        (b"ID;PWXL;N;E\r\nP;PGeneral", "报表.slk", ["SYLK"]),
        (b"From: a@b\r\nSubject: x\r\n", "报表.eml", ["邮件", "附件"]),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1", "照片.xlsx", ["图片"]),
        (b"\0\0\0\x18ftypmp42", "x.xlsx", ["视频"]),
        (b"a.xlsx".ljust(257, b"\0") + b"ustar\0", "报表.tar", ["tar 压缩包", "解压"]),
        (b"PK\x03\x04abc", "报表.xlsx.crdownload", ["没有下载完", ".crdownload"]),
        (b"bplist00\xd1", "报表.xlsx.icloud", ["没有下载完"]),
        (bytes.fromhex("D0CF11E0A1B11AE1") + "__substg1.0_".encode("utf-16-le"), "报表.msg", ["邮件", "附件"]),
        (
            bytes.fromhex("D0CF11E0A1B11AE1") + "EncryptedPackage".encode("utf-16-le"),
            "报表.xlsx",
            ["数据不用重填", "清空密码"],
        ),
        (archive(**{"报表.xlsx": b"x"}), "报表.zip", ["里面有“报表.xlsx”", "解压后逐个报送"]),
        (archive(**{"a.zip": b"x"}), "报表.zip", ["套着压缩包的压缩包"]),
        (archive(**{"报表/xl/workbook.xml": b"x"}), "报表.xlsx", ["多套了一层文件夹"]),
        (archive(**{"content.xml": b"x"}), "报表.ods", ["数据不用重填", "LibreOffice"]),
        (archive(**{"xl/vbaProject.bin": b"x", "xl/workbook.xml": b"x"}), "报表.xlsm", ["宏", "数据不用重填"]),
        (b"%PDF-1.7", "报表.pdf.xlsx", ["PDF"]),
    ],
)
def test_every_other_kind_is_named_with_its_way_out(content: bytes, name: str, says: list[str]) -> None:
    sentence = told(content, name)
    assert all(said in sentence for said in says), sentence


def test_lines_like_those_of_a_letter_hold_nobody_up() -> None:
    """No pattern tries all the ways in which such lines could be parted: that would take for ever."""
    (problem,) = examine(b"a: b c: d\n" * 400, "报表.xlsx", CATALOG).problems
    assert "文本或 CSV 文件" in problem.sentence


def test_names_in_an_archive_of_chinese_windows_are_read() -> None:
    plain = archive(**{"xxxx.xlsx": b"x"}).replace(b"xxxx", "报表".encode("gbk"))
    assert "里面有“报表.xlsx”" in told(plain, "报表.zip")


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


@pytest.mark.parametrize(
    ("part", "content", "says"),
    [
        (workbook.PART, b"<x14:cf><xm:f>[1]S!A1</xm:f></x14:cf>", "条件格式或数据有效性"),
        ("xl/charts/chart1.xml", b"<c:f>[1]S!$A$1</c:f>", "自己加的图表"),
        ("xl/pivotCache/pivotCacheDefinition1.xml", b"<pivotCacheDefinition/>", "数据透视表"),
    ],
)
def test_a_link_elsewhere_names_what_holds_it(part: str, content: bytes, says: str) -> None:
    content = workbook.packed(
        workbook.members() | {"xl/externalLinks/externalLink1.xml": b"<externalLink/>", part: content}
    )
    sentence = told(content, "报表.xlsx")
    assert says in sentence
    assert "数据不用重填" in sentence


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_sheet_that_nobody_sees_is_told_how_to_be_found(state: str) -> None:
    def add(book: Workbook) -> None:
        book.create_sheet("Sheet9")["A1"] = 1
        book["Sheet9"].sheet_state = state

    sentence = told(workbook.edited(add), "报表.xlsx")
    assert "隐藏的工作表" in sentence
    assert "取消隐藏" in sentence


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
