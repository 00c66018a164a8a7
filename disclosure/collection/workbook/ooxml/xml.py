"""The XML of a workbook's parts, and the error that says why a file cannot be taken.

A document type declaration is refused in every part, so no entity is ever expanded.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from xml.etree import ElementTree
from xml.parsers import expat

from disclosure.collection.workbook.read.result import Problem

WANTED = "本系统下发的 .xlsx 工作簿"
DAMAGED = ("损坏或不完整的文件", "文件可能没有传完，请在 Excel 或 WPS 中打开原文件，重新保存后再交")


class UnreadableError(Exception):
    """The file cannot be taken; ``problem`` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.sentence)
        self.problem = problem


def unreadable(found: str, why: str, expected: str = WANTED, sheet: str = "", cell: str = "") -> UnreadableError:
    """Return the error for one problem of the file or a sheet."""
    return UnreadableError(Problem(sheet, cell, found, expected, why))


def has_doctype() -> UnreadableError:
    """Return the error for a part with a document type declaration."""
    return unreadable("含有文档类型声明（DOCTYPE）的文件", "正常的工作簿里没有这种内容，请重新下载工作簿填报")


def walk(xml: bytes, start: Callable[[str, dict[str, str]], None], text: Callable[[str], None] | None = None) -> None:
    """Call ``start(local name, attributes)`` for every element, and ``text`` for what stands between."""

    def forbid(*_: object) -> None:
        raise has_doctype()

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = forbid
    parser.StartElementHandler = lambda name, attributes: start(name.rpartition(":")[2], attributes)
    if text is not None:
        parser.CharacterDataHandler = text
    try:
        parser.Parse(xml, True)
    except (expat.ExpatError, ValueError) as error:
        # ValueError: an encoding that Python does not know.
        raise unreadable(*DAMAGED) from error


def tree(xml: bytes) -> ElementTree.Element:
    """Return the elements of a sheet. In the encodings let through, a document type was looked for before."""
    declared = re.match(rb"(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']*)", xml[:200])
    if declared and declared[1].lower() not in (b"utf-8", b"us-ascii", b"ascii"):
        raise unreadable(*DAMAGED)
    if not declared and not xml.lstrip()[:4].startswith((b"<", b"\xef\xbb\xbf<", b"\xff\xfe<\0", b"\xfe\xff\0<")):
        raise unreadable(*DAMAGED)
    try:
        return ElementTree.fromstring(xml)  # noqa: S314 - it has no document type
    except (ElementTree.ParseError, ValueError) as error:
        raise unreadable(*DAMAGED) from error


@lru_cache(maxsize=1000)
def local(name: str) -> str:
    """Return an element's name without its namespace."""
    return name.rpartition("}")[2]
