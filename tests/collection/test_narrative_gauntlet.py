"""Protects the reading of text sections from files that are none, or would do harm: each gets its Chinese sentence."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure.collection.narrative import docx as narrative_docx
from disclosure.collection.narrative.reader import read_narrative
from tests.support.narrative_files import CATALOG, assert_refused, document, repacked

pytestmark = pytest.mark.unit

ENTITY = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


def with_doctype(content: bytes, member: str, doctype: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        xml = archive.read(member)
    start = xml.index(b"?>") + 2
    return repacked(content, {member: xml[:start] + doctype + xml[start:]})


def crowded(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        xml = archive.read("word/document.xml")
    return repacked(content, {"word/document.xml": xml.replace(b"<w:sectPr", b"<w:p/>" * 40_000 + b"<w:sectPr", 1)})


def deep(content: bytes) -> bytes:
    xml = b"<w:document xmlns:w='w'>" + b"<w:sdt>" * 5000 + b"</w:sdt>" * 5000 + b"</w:document>"
    return repacked(content, {"word/document.xml": xml})


GAUNTLET = {
    "empty": (lambda _: b"", "文件是空的", "x.docx"),
    "text named docx": (lambda _: "参保情况".encode(), "不是 Word 文档", "x.docx"),
    "old doc": (lambda _: bytes.fromhex("D0CF11E0A1B11AE1") + b"\0" * 600, "旧式的 .doc 文件", "x.doc"),
    "doc named docx": (lambda _: bytes.fromhex("D0CF11E0A1B11AE1") + b"\0" * 600, "旧式的 .doc 文件", "x.docx"),
    "wps": (lambda _: bytes.fromhex("D0CF11E0A1B11AE1") + b"\0" * 600, "WPS 的 .wps 文件", "x.wps"),
    "password": (
        lambda _: bytes.fromhex("D0CF11E0A1B11AE1") + "EncryptedPackage".encode("utf-16-le"),
        "设有打开密码",
        "x.docx",
    ),
    "odt": (lambda content: content, "不收 .odt 文件", "x.odt"),
    "pdf": (lambda _: b"%PDF-1.7", "不收 .pdf 文件", "x.pdf"),
    "truncated": (lambda content: content[: len(content) // 2], "损坏或不完整", "x.docx"),
    "torn": (lambda content: content[:400] + bytes(200) + content[600:], "损坏或不完整", "x.docx"),
    "macros": (
        lambda content: repacked(content, {"word/vbaProject.bin": b"x"}),
        "含有宏",
        "x.docx",
    ),
    "embedded": (lambda content: repacked(content, {"word/embeddings/a.xlsx": b"x"}), "嵌入的对象", "x.docx"),
    "workbook": (lambda _: workbook(), "是别的格式的文件", "x.docx"),
    "macro document": (
        lambda content: retyped(content, "application/vnd.ms-word.document.macroEnabled.main+xml"),
        "启用宏的格式（.docm）",
        "x.docx",
    ),
    "zip": (lambda _: repacked(empty_zip(), {"a.txt": b"x"}), "是别的格式的文件", "x.docx"),
    "xxe": (lambda content: with_doctype(content, "word/document.xml", ENTITY), "DOCTYPE", "x.docx"),
    "laughs": (lambda content: with_doctype(content, "word/styles.xml", LAUGHS), "DOCTYPE", "x.docx"),
    "laughs in the marks": (lambda content: with_doctype(content, "docProps/custom.xml", LAUGHS), "DOCTYPE", "x.docx"),
    "bomb": (
        lambda content: repacked(content, {"word/media/a.bin": bytes(32_000_000)}),
        "解压后有 31 MB",
        "x.docx",
    ),
    "large part": (
        lambda content: repacked(content, {"word/numbering.xml": b" " * (5 * 1024 * 1024)}),
        "疑似异常文件",
        "x.docx",
    ),
    "many parts": (
        lambda content: repacked(content, {f"a/{number}": b"" for number in range(600)}),
        "个部件，疑似异常文件",
        "x.docx",
    ),
    "too much": (crowded, "内容过多", "x.docx"),
    "too deep": (deep, "层层嵌套", "x.docx"),
    "no marks": (
        lambda content: repacked(content, {"docProps/custom.xml": b"<Properties/>"}),
        "没有本系统的标识",
        "x.docx",
    ),
    "no XML": (lambda content: repacked(content, {"word/document.xml": b"<w:document"}), "损坏或不完整", "x.docx"),
    "binary markdown": (lambda _: b"\x00\x01\x02", "不是文字文件", "x.md"),
    "markdown without marks": (lambda _: "## 参保情况".encode(), "没有本系统的标识", "x.md"),
    "markdown with half its marks": (lambda _: "---\n期间: 2025\n".encode(), "没有配对", "x.md"),
    "large markdown": (lambda _: b"a" * 600_000, "超过 192 KB", "x.md"),
}


def workbook() -> bytes:
    made = io.BytesIO()
    openpyxl.Workbook().save(made)
    return made.getvalue()


def retyped(content: bytes, main_type: str) -> bytes:
    """The document with another type for its main part."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        types = archive.read("[Content_Types].xml").decode()
    usual = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    return repacked(content, {"[Content_Types].xml": types.replace(usual, main_type).encode()})


def empty_zip() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("readme", b"x")
    return made.getvalue()


@pytest.fixture(scope="module")
def right() -> bytes:
    return document()


@pytest.mark.parametrize("case", GAUNTLET)
def test_no_file_harms_and_each_gets_its_sentence(right, case):
    make, words, name = GAUNTLET[case]
    assert_refused(make(right), words, name)


def test_a_file_of_two_gigabytes_is_refused_by_its_size(monkeypatch, right):
    monkeypatch.setattr(narrative_docx, "FILE_LIMIT", 1000)
    assert_refused(right, "超过 10 MB")


@given(st.data())
@settings(max_examples=8)
def test_a_damaged_document_never_makes_it_stumble(data):
    content = bytearray(DAMAGED)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    reading = read_narrative(bytes(content), "x.docx", CATALOG)
    assert reading.problems or reading.sections


DAMAGED = document()
