"""Protects that a number which Word puts before a paragraph is published as people see it, or refused by name."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from disclosure.calendar.periods import Period
from disclosure.catalog import load_catalog
from disclosure.collection.narrative.reader import read_narrative
from disclosure.collection.narrative.texts import Head
from disclosure.collection.narrative.writer import Template, write_docx
from disclosure.figures.narrative import blocks_of

pytestmark = pytest.mark.unit

DATA = Path(__file__).parents[1] / "data" / "faults"
CATALOG = load_catalog("chuxiong")
HEAD = Head("chuxiong", Period(2025, "annual"), 1, "social_insurance_section", "郑起草")
#: (level, words); level None: a paragraph without a number.
Lines = Sequence[tuple[int | None, str]]


@cache
def untouched() -> bytes:
    with TemporaryDirectory() as folder:
        write_docx(Path(folder) / "x.docx", CATALOG, Template(HEAD, {}, {}))
        return (Path(folder) / "x.docx").read_bytes()


def level(number: int, name: str, text: str, start: int = 1, more: str = "") -> str:
    return (
        f'<w:lvl w:ilvl="{number}"><w:start w:val="{start}"/><w:numFmt w:val="{name}"/>{more}'
        f'<w:lvlText w:val="{text}"/><w:lvlJc w:val="left"/></w:lvl>'
    )


def numbered(levels: str, lines: Lines, *, overrides: str = "", style: str = "") -> bytes:
    """A document whose section 参保情况 has these lines in one list, in the style of that name where there is one."""
    document: Any = docx.Document(io.BytesIO(untouched()))
    numbering = document.part.numbering_part.element
    numbering.insert(0, parse_xml(f'<w:abstractNum {nsdecls("w")} w:abstractNumId="90">{levels}</w:abstractNum>'))
    for id_, inner in (("90", ""), ("91", overrides)):
        numbering.append(
            parse_xml(f'<w:num {nsdecls("w")} w:numId="{id_}"><w:abstractNumId w:val="90"/>{inner}</w:num>')
        )
    number = "91" if overrides else "90"
    if style:
        properties = f'<w:pPr {nsdecls("w")}><w:numPr><w:numId w:val="{number}"/></w:numPr></w:pPr>'
        document.styles[style].element.insert(1, parse_xml(properties))
    place = [p.text for p in document.paragraphs].index("参保情况")
    following = document.paragraphs[place + 1]
    for depth, words in lines:
        paragraph = following.insert_paragraph_before(words, style=style or None)
        if depth is not None and not style:
            properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()
            properties.get_or_add_ilvl().val = depth
            properties.get_or_add_numId().val = int(number)
    made = io.BytesIO()
    document.save(made)
    return made.getvalue()


def published(content: bytes) -> list[str]:
    reading = read_narrative(content, "文稿.docx", CATALOG)
    assert reading.problems == ()
    (html,) = reading.sections.values()
    return [line for block in blocks_of(html) for line in block.lines]


TWO: Lines = ((0, "甲事"), (0, "乙事"))
#: A short line after 一、 would be a heading.
SAID: Lines = ((0, "甲事，已办"), (0, "乙事，已办"))
CASES: dict[str, tuple[str, Lines, list[str]]] = {
    "plain": (level(0, "decimal", "%1."), TWO, ["1. 甲事", "2. 乙事"]),
    "starts at three": (level(0, "decimal", "%1.", 3), TWO, ["3. 甲事", "4. 乙事"]),
    "goes on after a sentence": (
        level(0, "decimal", "%1."),
        ((0, "甲事"), (None, "说明一句。"), (0, "乙事")),
        ["1. 甲事", "说明一句。", "2. 乙事"],
    ),
    "brackets": (level(0, "chineseCounting", "（%1）"), TWO, ["（一）甲事", "（二）乙事"]),
    "articles": (level(0, "chineseCountingThousand", "第%1条"), TWO, ["第一条 甲事", "第二条 乙事"]),
    "years": (level(0, "decimal", "%1年", 2025), TWO, ["2025年 甲事", "2026年 乙事"]),
    "tenth": (level(0, "chineseCounting", "%1、", 10), SAID, ["十、甲事，已办", "十一、乙事，已办"]),
    "hundred and first": (level(0, "chineseCounting", "%1、", 101), TWO, ["一百零一、甲事", "一百零二、乙事"]),
    "circled": (level(0, "decimalEnclosedCircleChinese", "%1"), TWO, ["① 甲事", "② 乙事"]),
    "roman": (level(0, "lowerRoman", "%1.", 3), TWO, ["iii. 甲事", "iv. 乙事"]),
    "letters": (level(0, "upperLetter", "%1)", 26), TWO, ["Z) 甲事", "AA) 乙事"]),
    "stems": (level(0, "ideographTraditional", "%1、"), TWO, ["甲、甲事", "乙、乙事"]),
    "digits in chinese": (level(0, "ideographDigital", "%1年", 2025), TWO, ["二〇二五年 甲事", "二〇二六年 乙事"]),
    "levels": (
        level(0, "decimal", "%1.") + level(1, "decimal", "%1.%2"),
        ((0, "甲事"), (1, "其一"), (1, "其二"), (0, "乙事"), (1, "其一")),
        ["1. 甲事", "1.1 其一", "1.2 其二", "2. 乙事", "2.1 其一"],
    ),
    "levels of two kinds": (
        level(0, "chineseCounting", "%1、") + level(1, "decimal", "（%2）"),
        ((0, "甲事，已办"), (1, "其一"), (0, "乙事，已办"), (1, "其一")),
        ["一、甲事，已办", "（1）其一", "二、乙事，已办", "（1）其一"],
    ),
    "legal": (
        level(0, "chineseCounting", "第%1章") + level(1, "decimal", "%1.%2", more="<w:isLgl/>"),
        ((0, "甲事"), (1, "其一")),
        ["第一章 甲事", "1.1 其一"],
    ),
    "never again from one": (
        level(0, "chineseCounting", "%1、") + level(1, "decimal", "%2）", more='<w:lvlRestart w:val="0"/>'),
        ((0, "甲事，已办"), (1, "其一"), (0, "乙事，已办"), (1, "其二")),
        ["一、甲事，已办", "1）其一", "二、乙事，已办", "2）其二"],
    ),
    "dots": (level(0, "bullet", "•"), TWO, ["· 甲事", "· 乙事"]),
    "dots of a font": (level(0, "bullet", "\uf06c"), TWO, ["· 甲事", "· 乙事"]),
    "a word for a mark": (level(0, "bullet", "注："), TWO, ["注：甲事", "注：乙事"]),
    "without": (level(0, "none", ""), TWO, ["甲事", "乙事"]),
    "without a gap": (
        level(0, "decimal", "%1", more='<w:suff w:val="nothing"/>'),
        TWO,
        ["1甲事", "2乙事"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_word_shows_before_a_paragraph_is_published(name: str) -> None:
    levels, lines, wanted = CASES[name]
    assert published(numbered(levels, lines)) == wanted


def test_a_list_that_starts_again_starts_again() -> None:
    override = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="7"/></w:lvlOverride>'
    lines = published(numbered(level(0, "decimal", "%1."), TWO, overrides=override))
    assert lines == ["7. 甲事", "8. 乙事"]


@pytest.mark.parametrize("style", ["List Number", "Heading 2"])
def test_a_number_that_the_style_brings_is_published(style: str) -> None:
    content = numbered(level(0, "chineseCounting", "（%1）"), ((None, "甲事"), (None, "乙事")), style=style)
    assert published(content) == ["（一）甲事", "（二）乙事"]


def test_the_list_that_starts_at_three_is_published_so() -> None:
    lines = published((DATA / "docx-list-start3.docx").read_bytes())
    assert "3. 第三项工作" in lines
    assert "4. 第四项工作" in lines
    assert "1. 第三项工作" not in lines


@pytest.mark.parametrize(
    ("levels", "says"),
    [
        (level(0, "hindiCounting", "%1、"), "编号的样式（hindiCounting）不能照样刊登"),
        (level(0, "custom", "%1、"), "编号的样式（custom"),
        (level(0, "bullet", "\uf0fc"), "符号本身有意思"),
        (level(0, "bullet", "×"), "符号本身有意思"),
        (level(0, "decimalEnclosedCircle", "%1", 25), "不能照样刊登"),
    ],
)
def test_a_number_that_cannot_be_published_as_it_is_shown_is_refused(levels: str, says: str) -> None:
    reading = read_narrative(numbered(levels, TWO), "文稿.docx", CATALOG)
    (problem,) = reading.problems
    assert says in problem.sentence
    assert "请" in problem.sentence
