"""Protects that the look of letters, and of the numbers before paragraphs, is never lost without a word."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from disclosure.catalog import load_catalog
from disclosure.collection.narrative.looks import elements
from disclosure.collection.narrative.reader import read_narrative
from tests.collection.test_narrative_numbering import TWO, level, numbered, published

pytestmark = pytest.mark.unit

CATALOG = load_catalog("chuxiong")
#: Properties of letters, and the kind of look that is lost with them.
LOOKS = {
    '<w:color w:val="FFFFFF"/>': "unseen",
    '<w:sz w:val="2"/>': "unseen",
    '<w:strike/>': "struck",
    '<w:dstrike w:val="true"/>': "struck",
    '<w:vertAlign w:val="superscript"/>': "raised",
    '<w:rFonts w:ascii="Wingdings" w:hAnsi="Wingdings"/>': "symbol",
    '<w:highlight w:val="yellow"/>': "highlight",
    '<w:shd w:val="clear" w:color="auto" w:fill="FFFF00"/>': "highlight",
}  # fmt: skip
LETTERS = level(0, "lowerLetter", "%1.")


def changed(content: bytes, change: Callable[[Any], None]) -> bytes:
    opened: Any = docx.Document(io.BytesIO(content))
    change(opened)
    made = io.BytesIO()
    opened.save(made)
    return made.getvalue()


def paragraphs(opened: Any) -> list[Any]:
    return [each for each in opened.paragraphs if each.text in {"甲事", "乙事", "丙事"}]


def problems(content: bytes) -> list[str]:
    return [problem.sentence for problem in read_narrative(content, "文稿.docx", CATALOG).problems]


@pytest.mark.parametrize("properties", LOOKS)
def test_a_number_whose_look_would_be_lost_is_told_once(properties: str) -> None:
    (sentence,) = problems(numbered(LETTERS.replace("</w:lvl>", f"<w:rPr>{properties}</w:rPr></w:lvl>"), TWO))
    assert f"自动编号“a.”{elements()['numbers']['looks'][LOOKS[properties]]}" in sentence


@pytest.mark.parametrize("properties", [*LOOKS, "<w:vanish/>"])
def test_a_number_looks_as_the_mark_of_its_paragraph(properties: str) -> None:
    def mark(opened: Any) -> None:
        made = parse_xml(f"<w:rPr {nsdecls('w')}>{properties}</w:rPr>")
        paragraphs(opened)[0]._p.get_or_add_pPr().append(made)

    (sentence,) = problems(changed(numbered(LETTERS, TWO), mark))
    assert "自动编号“a.”" in sentence
    switched_off = LETTERS.replace(
        "</w:lvl>", '<w:rPr><w:strike w:val="0"/><w:dstrike w:val="0"/><w:color w:val="auto"/></w:rPr></w:lvl>'
    )
    if LOOKS.get(properties) == "struck" or "color" in properties.partition("/")[0].partition(" ")[0]:
        assert problems(changed(numbered(switched_off, TWO), mark)) == []


def test_a_number_in_capitals_is_published_in_capitals() -> None:
    assert published(numbered(LETTERS.replace("</w:lvl>", "<w:rPr><w:caps/></w:rPr></w:lvl>"), TWO)) == [
        "A. 甲事",
        "B. 乙事",
    ]


@pytest.mark.parametrize("kind", ["character", "paragraph"])
@pytest.mark.parametrize("properties", [*LOOKS, "<w:vanish/>", "<w:caps/>"])
def test_a_look_that_a_style_brings_is_refused_also_by_another_that_is_based_on_it(properties: str, kind: str) -> None:
    def style(opened: Any) -> None:
        for id_, more in (("one", f"<w:rPr>{properties}</w:rPr>"), ("two", '<w:basedOn w:val="one"/>')):
            inner = f'<w:name w:val="{id_}"/>{more}'
            opened.styles.element.append(
                parse_xml(f'<w:style {nsdecls("w")} w:type="{kind}" w:styleId="{id_}">{inner}</w:style>')
            )
        paragraph = paragraphs(opened)[0]
        if kind == "paragraph":
            paragraph._p.get_or_add_pPr()._add_pStyle().val = "two"
        else:
            paragraph.runs[0]._r.get_or_add_rPr()._add_rStyle().val = "two"

    (sentence,) = problems(changed(numbered("", ((None, "甲事"),)), style))
    wanted = LOOKS.get(properties, "hidden" if "vanish" in properties else "capitals")
    assert sentence == f"{elements()['sentences'][wanted]}。"


@pytest.mark.parametrize("fill", ["D9D9D9", "F2F2F2", "FFFFFF", "auto"])
def test_grey_behind_letters_is_layout(fill: str) -> None:
    def shade(opened: Any) -> None:
        made = parse_xml(f'<w:rPr {nsdecls("w")}><w:shd w:val="clear" w:fill="{fill}"/></w:rPr>')
        paragraphs(opened)[0].runs[0]._r.insert(0, made)

    assert problems(changed(numbered("", ((None, "甲事"),)), shade)) == []


def test_numbers_are_counted_through_content_controls() -> None:
    def wrap(opened: Any) -> None:
        for paragraph in paragraphs(opened):
            control = parse_xml(f"<w:sdt {nsdecls('w')}><w:sdtPr/><w:sdtContent/></w:sdt>")
            paragraph._p.addprevious(control)
            control[1].append(paragraph._p)

    assert published(changed(numbered(level(0, "decimal", "%1.", 3), TWO), wrap)) == ["3. 甲事", "4. 乙事"]
    assert published(changed(numbered(level(0, "chineseCounting", "（%1）"), TWO), wrap)) == [
        "（一）甲事",
        "（二）乙事",
    ]


def test_numbers_are_counted_through_tables_in_the_order_of_the_text() -> None:
    def lay(opened: Any) -> None:
        first, second, _ = paragraphs(opened)
        table = opened.add_table(rows=2, cols=1)
        table.cell(0, 0).text = "表头"
        first._p.addnext(table._tbl)
        cell = table.cell(1, 0)
        cell._tc.remove(cell.paragraphs[0]._p)
        cell._tc.append(second._p)

    three = ((0, "甲事"), (0, "乙事"), (0, "丙事"))
    lines = published(changed(numbered(level(0, "decimal", "%1."), three), lay))
    assert lines == ["1. 甲事", "表头", "2. 乙事", "3. 丙事"]


def test_a_number_without_words_that_others_are_counted_from_is_told() -> None:
    (sentence,) = problems(numbered(level(0, "decimal", "%1."), ((0, "甲事"), (0, ""), (0, "丙事"))))
    assert "只有编号、没有文字" in sentence
    assert published(numbered(level(0, "decimal", "%1."), ((0, "甲事"), (0, "")))) == ["1. 甲事"]


def test_a_list_that_does_not_say_where_it_starts_starts_at_nought() -> None:
    levels = level(0, "decimal", "%1.").replace('<w:start w:val="1"/>', "")
    assert published(numbered(levels, TWO)) == ["0. 甲事", "1. 乙事"]


@pytest.mark.parametrize(
    ("font", "sign", "says"),
    [
        ("Wingdings", "\u00fc", True), ("Wingdings", "\uf0fc", True), ("Wingdings", "\uf081", True),
        ("Wingdings 2", "P", True), ("Webdings", "a", True), ("Wingdings", "l", False), ("Wingdings", "\uf06c", False),
        ("Symbol", "\uf0b7", False),
    ],
)  # fmt: skip
def test_a_sign_before_a_paragraph_that_says_something_is_refused(font: str, sign: str, says: bool) -> None:
    properties = f'<w:rPr><w:rFonts w:ascii="{font}" w:hAnsi="{font}"/></w:rPr></w:lvl>'
    content = numbered(level(0, "bullet", sign).replace("</w:lvl>", properties), TWO)
    if says:
        assert "符号本身有意思" in problems(content)[0]
    else:
        assert published(content) == ["· 甲事", "· 乙事"]


def test_a_letter_before_a_paragraph_in_a_font_of_letters_is_a_word() -> None:
    properties = '<w:rPr><w:rFonts w:ascii="Arial" w:hAnsi="Arial"/></w:rPr></w:lvl>'
    assert published(numbered(level(0, "bullet", "n").replace("</w:lvl>", properties), TWO)) == ["n 甲事", "n 乙事"]


@pytest.mark.parametrize(
    "inner", ["<w:r><w:t>（征求意见稿）</w:t></w:r>", "<w:r><w:t>草</w:t></w:r><w:r><w:t>稿</w:t></w:r>"]
)
def test_a_draft_that_is_told_in_the_header_is_a_draft(inner: str) -> None:
    def head(opened: Any) -> None:
        paragraph = opened.sections[0].header.paragraphs[0]
        for run in parse_xml(f"<w:p {nsdecls('w')}>{inner}</w:p>"):
            paragraph._p.append(run)

    (sentence,) = problems(changed(numbered("", ((None, "甲事"),)), head))
    assert sentence.startswith("页眉、页脚或水印里有没有定稿的记号“")


def test_a_watermark_that_says_draft_is_told() -> None:
    def head(opened: Any) -> None:
        mark = '<v:shape xmlns:v="urn:schemas-microsoft-com:vml"><v:textpath string="DRAFT"/></v:shape>'
        run = parse_xml(f"<w:r {nsdecls('w')}><w:pict>{mark}</w:pict></w:r>")
        opened.sections[0].header.paragraphs[0]._p.append(run)

    (sentence,) = problems(changed(numbered("", ((None, "甲事"),)), head))
    assert "水印里有没有定稿的记号“DRAFT”" in sentence
