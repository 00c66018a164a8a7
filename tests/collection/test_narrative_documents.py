"""Protects the text sections as files: what is written comes back word for word, whatever else a document can hold is
refused in one Chinese sentence, headings are found however they are numbered, and nothing but text reaches a page.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

import docx
import nh3
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from disclosure.collection.narrative.reader import read_narrative
from disclosure.collection.narrative.texts import Head, texts, title_of
from disclosure.collection.narrative.writer import Template, write_docx, write_markdown
from disclosure.confidentiality.draft_marks import draft_marks
from disclosure.figures.narrative import ListItem, TextBlock, TextSpan, as_markdown, blocks_of, html_of
from tests.support.narrative_files import CATALOG, HEAD, PERIOD, SENTENCE, assert_refused, document

pytestmark = pytest.mark.unit


def paragraph(*spans: TextSpan | str) -> TextBlock:
    return TextBlock("paragraph", tuple(TextSpan(span) if isinstance(span, str) else span for span in spans))


def written(tmp_path: Path, suffix: str, sections, last=None, *, head: Head = HEAD, message: str = "") -> bytes:
    path = tmp_path / f"文稿{suffix}"
    write = write_docx if suffix == ".docx" else write_markdown
    write(path, CATALOG, Template(head, sections, last or {}, message))
    return path.read_bytes()


def markdown(body: str, **changed: str) -> bytes:
    given = {"profile": "chuxiong", "period": "2025-annual", "round": "1", "office": HEAD.office, "author": "郑起草"}
    lines = [f"{texts()['front_matter'][key]}: {value}" for key, value in (given | changed).items()]
    return "\n".join(["---", *lines, "---", body]).encode()


def blocks(content: bytes, name: str = "文稿.docx") -> dict[str, tuple[TextBlock, ...]]:
    reading = read_narrative(content, name, CATALOG)
    assert reading.problems == ()
    return {section: blocks_of(html) for section, html in reading.sections.items()}


# What is written comes back


WORDS = (
    st.text(
        st.characters(codec="gb2312", exclude_categories=("C", "Z"), exclude_characters="〔"), min_size=1, max_size=12
    )
    .map(lambda text: f"文{text}字")
    .filter(lambda words: not draft_marks(words))
)
SPANS = st.builds(TextSpan, WORDS, st.booleans(), st.booleans()).map(lambda span: (span,)) | WORDS.map(
    lambda w: (TextSpan(w),)
)
ITEMS = st.lists(
    st.builds(
        ListItem,
        SPANS,
        st.lists(st.builds(ListItem, SPANS), max_size=2).map(tuple),
        st.booleans(),
    ).map(lambda item: item if item.items else ListItem(item.spans)),
    min_size=2,
    max_size=3,
).map(tuple)
BLOCKS = st.lists(
    st.builds(lambda spans: TextBlock("paragraph", spans), SPANS)
    | st.builds(lambda items, ordered: TextBlock("list", items=items, ordered=ordered), ITEMS, st.booleans())
    | st.lists(st.lists(WORDS, min_size=2, max_size=2).map(tuple), min_size=2, max_size=3).map(
        lambda rows: TextBlock("table", rows=tuple(rows))
    )
    | st.builds(lambda words: TextBlock("heading", (TextSpan(f"（一）{words}"),), level=1), WORDS),
    min_size=1,
    max_size=5,
).map(tuple)


def apart(found: tuple[TextBlock, ...]) -> tuple[TextBlock, ...]:
    """Two lists in a row are one list in either form: a sentence is put between them."""
    kept: list[TextBlock] = []
    for block in found:
        if kept and kept[-1].kind == block.kind == "list":
            kept.append(paragraph("间隔"))
        kept.append(block)
    return tuple(kept)


@given(BLOCKS)
def test_blocks_are_html_and_back(found):
    html = html_of(found)
    assert blocks_of(html) == found
    assert html_of(blocks_of(nh3.clean(html, attributes={}))) == html


@pytest.mark.parametrize("suffix", [".docx", ".md"])
def test_what_is_written_is_read_back_word_for_word(tmp_path_factory, suffix):
    folder = tmp_path_factory.mktemp("written")

    @settings(max_examples=4 if suffix == ".docx" else 40)
    @given(BLOCKS.map(apart))
    @example((paragraph("文[^]字，见[^1]和\\[^2]。"),))  # brackets of a footnote that are meant as they stand
    def holds(found):
        assert blocks(written(folder, suffix, {"benefits": found}), f"文稿{suffix}") == {"benefits": found}

    holds()


@pytest.mark.parametrize("suffix", [".docx", ".md"])
def test_an_untouched_template_has_no_text_and_names_what_is_missing(tmp_path, suffix):
    head = Head("chuxiong", PERIOD, 1, HEAD.office)
    reading = read_narrative(written(tmp_path, suffix, {}, head=head), f"x{suffix}", CATALOG)
    assert reading.head is not None
    assert (reading.head.period, reading.head.round, reading.head.office) == (PERIOD, 1, HEAD.office)
    assert [problem.found[:9] for problem in reading.problems] == ["各部分都没有文字，", "没有填写起草人，文"]
    assert len(reading.blank) == 10


@pytest.mark.parametrize("suffix", [".docx", ".md"])
def test_what_stands_there_for_reference_is_not_text_unless_somebody_changed_it(tmp_path, suffix):
    last = {"funds": (paragraph("上期的文字。"), TextBlock("table", rows=(("甲", "乙"), ("1", "2"))))}
    content = written(tmp_path, suffix, {"funds": (paragraph(SENTENCE),)}, last, message="郑法规：请核对。\n请改正。")
    assert blocks(content, f"x{suffix}") == {"funds": (paragraph(SENTENCE),)}
    if suffix == ".md":
        touched = content.replace("上期的文字".encode(), "本期的文字".encode())
        assert_refused(touched, "〔上期〕本期的文字。”像是下发时的参考文字，但改动过", "x.md")
    else:
        assert "〔审核意见〕郑法规：请核对。" in [p.text for p in docx.Document(io.BytesIO(content)).paragraphs]


# Headings


@pytest.mark.parametrize(
    "typed",
    [
        "## 参保情况",
        "# 一、参保情况",
        "### （一）参保情况：",
        "## 1. 参保情况",
        "## 1、社会保险参保情况",
        "## 第一部分 参保情况",
        "**一、参保情况**",
        "一、参保情况",
        "参保情况",
        "1. 参保情况",
        "## 参加社会保险情况",
    ],
)
def test_a_section_is_known_by_its_name_or_alias_however_it_is_numbered(typed):
    assert blocks(markdown(f"{typed}\n\n{SENTENCE}\n"), "x.md") == {"participation": (paragraph(SENTENCE),)}


def test_sections_come_in_the_order_of_the_notice_with_sub_headings_of_two_levels():
    body = "# 二、缴费情况\n\n缴。\n\n# 一、参保情况\n\n### 甲\n\n一。\n\n##### 乙\n\n二。\n\n（三）丙\n\n三。\n"
    found = blocks(markdown(body), "x.md")
    assert list(found) == ["participation", "contributions"]
    headings = [(block.text, block.level) for block in found["participation"] if block.kind == "heading"]
    assert headings == [("甲", 1), ("乙", 2), ("（三）丙", 1)]


def test_word_headings_numbered_by_word_are_found():
    def number_it(_opened, following):
        at = following._p.getprevious()
        at.getparent().remove(at)
        new = following.insert_paragraph_before("参保情况", style="List Number")
        assert new.text

    assert blocks(document(number_it)) == {"participation": (paragraph(SENTENCE),)}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (f"## 天气情况\n\n{SENTENCE}", "不认识标题“天气情况”，应为 参保情况、缴费情况"),
        (f"## 参保情况\n\n{SENTENCE}\n\n十一、天气情况\n\n晴。", "不认识标题“十一、天气情况”"),
        (f"## 参保情况\n\n{SENTENCE}\n\n## 参保扩面情况\n\n又。", "“参保情况”部分：这个标题出现了两次"),
        (f"前言。\n\n## 参保情况\n\n{SENTENCE}", "第一个标题之前有文字“前言。”"),
        ("## 参保情况\n\n## 缴费情况\n", "各部分都没有文字"),
        ("", "各部分都没有文字"),
        (f"## 参保情况\n\n{'字' * 5001}", "“参保情况”部分：有 5001 个字，超过 5000 个字"),
        ("## 参保情况\n\n![图](a.png)", "正文里有图片"),
        ("## 参保情况\n\n见[网站](https://example.org)。", "正文里有超链接"),
        ("## 参保情况\n\n见<https://example.org>。", "正文里有超链接"),
        ("## 参保情况\n\n见注[^1]。\n\n[^1]: 注", "正文里有脚注"),
        ("## 参保情况\n\n| 甲 | 乙 |\n| --- | --- |\n", "表格只有一行"),
        ("## 参保情况\n\n| 甲 |  |\n| --- | --- |\n| 1 | 2 |\n", "表格第一行（表头）有空格子"),
        ("## 参保情况\n\n- 一\n  - 二\n    - 三\n      - 四\n", "列表套了 4 层"),
        ("## 参保情况\n\n好\N{GRINNING FACE}。", "印不出的字符 “\N{GRINNING FACE}”"),
        ("## 参保情况\n\n好\u202e反。", "印不出的字符 U+202E"),
    ],
)
def test_what_is_wrong_with_a_text_is_told_in_words(body, words):
    assert_refused(markdown(body), words, "x.md")


def test_ten_sections_too_long_together_are_refused():
    body = "".join(f"## {section.name}\n\n{'字' * 2100}\n\n" for section in CATALOG.sections.values())
    assert_refused(markdown(body), "全文 21000 个字，超过 20000 个字", "x.md")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"period": "明年"}, "看不懂期间“明年”，应写成"),
        ({"round": "一"}, "轮次“一”应为数字"),
        ({"author": ""}, "没有填写起草人"),
        ({"author": "起" * 61}, "起草人超过 60 个字"),
    ],
)
def test_marks_and_author_are_checked(changed, words):
    assert_refused(markdown(f"## 参保情况\n\n{SENTENCE}", **changed), words, "x.md")


def test_raw_html_is_words_and_not_markup():
    found = blocks(markdown('## 参保情况\n\n<script>alert(1)</script> <b onclick="x">粗</b>&lt;i&gt;\n'), "x.md")
    (block,) = found["participation"]
    assert block.text == '<script>alert(1)</script> <b onclick="x">粗</b><i>'
    reading = read_narrative(markdown("## 参保情况\n\n<img src=x onerror=alert(1)>文"), "x.md", CATALOG)
    assert reading.sections == {"participation": "<p>&lt;img src=x onerror=alert(1)&gt;文</p>"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_markdown_in_the_encodings_of_chinese_windows(encoding):
    content = markdown(f"## 参保情况\n\n{SENTENCE}").decode().encode(encoding)
    assert blocks(content, "x.md") == {"participation": (paragraph(SENTENCE),)}


@pytest.mark.parametrize("body", ["[" * 20_000, "*a_ " * 10_000, "- " * 20_000, "> " * 20_000, "| a " * 20_000])
def test_hostile_markdown_takes_no_time_and_no_stack(body):
    reading = read_narrative(markdown(f"## 参保情况\n\n{body}"), "x.md", CATALOG)
    assert reading.problems


@given(st.text(st.characters(codec="gb2312"), max_size=30))
def test_words_written_as_markdown_are_those_words(text):
    words = " ".join(re.sub(r"[^\w，。*_`#\[\]()<>&|!~+=.\\-]", "", text).split())
    if not words or words.startswith("〔") or draft_marks(f"句{words}尾"):
        return
    found = blocks(markdown(f"## 参保情况\n\n句{as_markdown(words)}尾"), "x.md")
    assert found["participation"][0].text == f"句{words}尾"


# What a .docx can hold


def run_with(xml: str):
    """Puts this XML into the paragraph."""

    def change(_opened, following) -> None:
        following._p.append(parse_xml(re.sub(r"^<(w:\w+)", rf"<\1 {nsdecls('w')}", xml)))

    return change


def merged_table(opened, _following) -> None:
    table = opened.add_table(2, 2)
    table.cell(0, 0).merge(table.cell(0, 1))


def nested_table(opened, _following) -> None:
    opened.add_table(2, 2).cell(0, 0).add_table(1, 1)


def picture(_opened, following) -> None:
    drawn = io.BytesIO()
    Image.new("RGB", (2, 2)).save(drawn, "PNG")
    drawn.seek(0)
    following.add_run().add_picture(drawn)


def font(**set_to: bool):
    def change(_opened, following) -> None:
        for name, value in set_to.items():
            setattr(following.runs[0].font, name, value)

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (run_with("<w:ins w:id='1' w:author='a'><w:r><w:t>新</w:t></w:r></w:ins>"), "尚未接受的修订"),
        (run_with("<w:del w:id='1' w:author='a'><w:r><w:delText>旧</w:delText></w:r></w:del>"), "尚未接受的修订"),
        (run_with("<w:r><w:rPr><w:rPrChange w:id='1' w:author='a'/></w:rPr><w:t>字</w:t></w:r>"), "格式修订"),
        (run_with("<w:r><w:commentReference w:id='0'/></w:r>"), "批注"),
        (run_with("<w:r><w:footnoteReference w:id='1'/></w:r>"), "脚注或尾注"),
        (run_with("<w:r><w:endnoteReference w:id='1'/></w:r>"), "脚注或尾注"),
        (run_with("<w:hyperlink w:anchor='x'><w:r><w:t>链</w:t></w:r></w:hyperlink>"), "超链接"),
        (run_with("<w:r><w:instrText>HYPERLINK x</w:instrText></w:r>"), "域（自动目录"),
        (run_with("<w:r><w:object/></w:r>"), "嵌入的对象"),
        (run_with("<w:r><w:pict/></w:r>"), "图片、图形或文本框"),
        (run_with("<w:r><w:sym w:font='Wingdings' w:char='F0FE'/></w:r>"), "符号字体"),
        (run_with("<w:altChunk/>"), "嵌入了另一个文件"),
        (picture, "图片、图形或文本框"),
        (merged_table, "合并的单元格"),
        (nested_table, "表格里套着表格"),
        (font(hidden=True), "隐藏的文字"),
        (font(strike=True), "删除线"),
        (font(superscript=True), "上标或下标"),
        (run_with("<w:r><w:rPr><w:color w:val='FFFFFF'/></w:rPr><w:t>白</w:t></w:r>"), "看不见的文字"),
        (run_with("<w:r><w:rPr><w:sz w:val='2'/></w:rPr><w:t>小</w:t></w:r>"), "看不见的文字"),
        (
            run_with(
                "<w:r><w:rPr><w:color w:val='000000'/><w:shd w:val='clear' w:fill='000000'/></w:rPr><w:t>黑</w:t></w:r>"
            ),
            "看不见的文字",
        ),
    ],
)
def test_what_would_be_lost_or_seen_by_nobody_is_refused_by_name(change, words):
    assert_refused(document(change), words)


def test_white_letters_on_a_dark_ground_are_seen():
    shaded = "<w:rPr><w:color w:val='FFFFFF'/><w:shd w:val='clear' w:fill='1F4E79'/></w:rPr>"
    assert (
        read_narrative(document(run_with(f"<w:r>{shaded}<w:t>白字</w:t></w:r>")), "文稿.docx", CATALOG).problems == ()
    )


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("联系人身份证11010519491231002X。", "身份证号码（1101**********002X）"),
        ("证件号 110105 19491231 002x 已核", "身份证号码（1101**********002X）"),
        ("咨询１３８００００１２３４。", "手机号码（138****1234）"),
        ("电话+86 138-0000-1234", "手机号码（138****1234）"),
        ("证件号110105194912310021", ""),
        ("基金收入13800001234元，结余13800001234.50元", ""),
        ("咨询电话0878-3123456，12333", ""),
    ],
)
def test_numbers_of_persons_are_refused_with_their_middle_left_out(words, found):
    reading = read_narrative(markdown(f"# 参保情况\n\n{words}"), "文稿.md", CATALOG)
    assert [found in problem.found for problem in reading.problems] == ([True] if found else [])


def test_switched_off_properties_and_a_single_column_are_nothing():
    assert blocks(document(font(hidden=False, strike=False))) == {"participation": (paragraph(SENTENCE),)}


def test_the_title_is_no_text_of_a_section():
    body = f"# {title_of(PERIOD)}\n\n## 参保情况\n\n{SENTENCE}"
    assert blocks(markdown(body), "x.md") == {"participation": (paragraph(SENTENCE),)}
