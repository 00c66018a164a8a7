"""Text sections handed in as .docx or Markdown: who wrote what for which section, and everything wrong with it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import PurePath

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

from disclosure.catalog import Catalog, Section
from disclosure.collection.narrative_docx import (
    UnfitDocumentError,
    html_of_docx,
    open_docx,
    properties_of,
    unfit_parts,
)
from disclosure.collection.narrative_texts import SCHEMA_VERSION, Head, is_guide, mark_of, texts, title_of
from disclosure.collection.narrative_writer import DEEPEST_LIST
from disclosure.errors import DisclosureError
from disclosure.narrative import TAGS, ListItem, TextBlock, blocks_of, html_of
from disclosure.periods import Period, parse_period
from disclosure.personal_data import personal_numbers

MARKDOWN_SUFFIXES = (".md", ".markdown", ".txt")
#: Names by which a file is taken for a text document rather than a workbook.
TEXT_SUFFIXES = (*MARKDOWN_SUFFIXES, ".docx", ".docm", ".dotx", ".doc", ".wps", ".wpt", ".odt", ".rtf", ".pdf")
MARKDOWN_LIMIT = 192 * 1024
HEAD_LINES, BLOCK_LIMIT, ROW_LIMIT, COLUMN_LIMIT, LONGEST_NAME = 30, 2000, 60, 10, 60

_NUMERAL = "[一二三四五六七八九十]"
#: ``一、`` ``（一）`` ``1.`` ``1、`` ``第一部分`` before a heading.
_NUMBER = re.compile(
    rf"^(?:第(?:{_NUMERAL}{{1,3}}|\d{{1,2}})[部分章节项]{{1,2}}[、：:\s]*|{_NUMERAL}{{1,3}}[、.．]\s*"
    rf"|[（(](?:{_NUMERAL}{{1,3}}|\d{{1,2}})[）)]、?\s*|\d{{1,2}}(?:[.．]\d{{1,2}})*(?:[、.．)）]\s*|\s+))"
)
#: Typed like a heading of the first or the second order: short, and no sentence.
_TYPED_TOP = re.compile(rf"^{_NUMERAL}{{1,3}}、[^。！？；，,：:]{{1,25}}$")
_TYPED_SUB = re.compile(rf"^[（(]{_NUMERAL}{{1,3}}[）)][^。！？；，,：:]{{1,28}}$")
_LONGEST_HEADING = 30
#: Carry nothing that is seen; pasted along from chat programs and browsers.
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
_MARKDOWN_UNFIT = {
    "image": "正文里有图片，披露文字只收文字，请删去后再交",
    "link_open": "正文里有超链接，请只留文字后再交",
}


@dataclass(frozen=True)
class TextProblem:
    """Something that must be put right before the text can be taken; ``section`` is empty for the whole file."""

    section: str
    words: str

    @property
    def sentence(self) -> str:
        """One Chinese sentence: where, what was found, what to do."""
        return f"“{self.section}”部分：{self.words}。" if self.section else f"{self.words}。"


@dataclass(frozen=True)
class NarrativeReading:
    """The outcome of reading one file.

    ``head`` is None when the file does not tell what it is. ``sections`` is sanitised HTML by section id in the
    catalogue's order, without those left blank (``blank``: their names).
    """

    head: Head | None
    sections: dict[str, str]
    problems: tuple[TextProblem, ...]
    blank: tuple[str, ...] = ()

    @property
    def accepted(self) -> bool:
        """Nothing stands against taking it."""
        return not self.problems


def is_text_document(file_name: str) -> bool:
    """Whether a file of this name is handed in as text rather than as a workbook."""
    return PurePath(file_name).suffix.lower() in TEXT_SUFFIXES


def read_narrative(content: bytes, file_name: str, catalog: Catalog) -> NarrativeReading:
    """Read one file; whatever it holds ends up in ``problems``, nothing is raised for it."""
    try:
        head, html, problems = _opened(content, PurePath(file_name).suffix.lower())
        return _read_blocks(catalog, head, _sanitised(html), [TextProblem("", words) for words in problems])
    except UnfitDocumentError as error:
        return NarrativeReading(None, {}, (TextProblem("", str(error)),))


def _opened(content: bytes, suffix: str) -> tuple[Head, str, list[str]]:
    if not content:
        raise UnfitDocumentError("文件是空的，请重新保存后再交")
    if suffix in {".odt", ".rtf", ".pdf"}:
        raise UnfitDocumentError(f"不收 {suffix} 文件，请用下发的文稿填写并保存为 .docx（或 Markdown）后再交")
    if suffix in MARKDOWN_SUFFIXES and not content.startswith(b"PK\x03\x04"):
        return _from_markdown(content)
    return _from_docx(content, suffix)


def sections_of_markdown(catalog: Catalog, words: str, period: Period) -> dict[str, tuple[TextBlock, ...]]:
    """Section id -> blocks of a Markdown text of our own, which has no marks.

    Raises:
        DisclosureError: with everything that would be refused if it were handed in.
    """
    head = Head(catalog.profile.id, period, 1, "", "-")
    html, problems = _rendered(words)
    reading = _read_blocks(catalog, head, _sanitised(html), [TextProblem("", said) for said in problems])
    if reading.problems:
        raise DisclosureError("\n".join(problem.sentence for problem in reading.problems))
    return {section: blocks_of(own) for section, own in reading.sections.items()}


def _sanitised(html: str) -> tuple[TextBlock, ...]:
    clean = nh3.clean(html.translate(_INVISIBLE), tags=set(TAGS), attributes={}, link_rel=None)
    blocks = blocks_of(clean, first_heading=1)
    if len(blocks) > BLOCK_LIMIT:
        raise UnfitDocumentError(f"文件有 {len(blocks)} 段，超过 {BLOCK_LIMIT} 段，请精简后再交")
    return blocks


# The two forms


def _from_docx(content: bytes, suffix: str) -> tuple[Head, str, list[str]]:
    archive = open_docx(content, suffix)
    problems = unfit_parts(archive)
    given = properties_of(archive)
    html, unread = html_of_docx(content) if not problems else ("", [])
    return _head(given), html, problems + unread


def _from_markdown(content: bytes) -> tuple[Head, str, list[str]]:
    if len(content) > MARKDOWN_LIMIT:
        raise UnfitDocumentError(f"文件有 {len(content) // 1024} KB，超过 {MARKDOWN_LIMIT // 1024} KB，请精简后再交")
    words = _decoded(content)
    given, body = _front_matter(words)
    html, problems = _rendered(body)
    return _head(given), html, problems


def _rendered(body: str) -> tuple[str, list[str]]:
    """Markdown as HTML, and sentences for what cannot be taken."""
    tokens = _markdown().parse(body)
    problems: dict[str, None] = {}
    for token in _all_tokens(tokens):
        if token.type in _MARKDOWN_UNFIT:
            problems[_MARKDOWN_UNFIT[token.type]] = None
    if re.search(r"\[\^[^\]\s]{1,40}\]", body):
        problems["正文里有脚注，请把注释写进正文后再交"] = None
    return _markdown().renderer.render(tokens, _markdown().options, {}), list(problems)


def _decoded(content: bytes) -> str:
    """UTF-8, or what Chinese Windows calls ANSI (GB 18030), or UTF-16 with its mark."""
    encodings = ("utf-16",) if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            words = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", words):
            return words
    raise UnfitDocumentError("不是文字文件，请用下发的文稿填写，保存为 .docx 或 UTF-8 编码的 .md 后再交")


@cache
def _markdown() -> MarkdownIt:
    # Indented text is a paragraph, not code: people indent by habit. Raw HTML comes out as the words it is.
    rules = ["code", "fence", "backticks", "reference", "lheading", "html_block", "html_inline"]
    return MarkdownIt("commonmark", {"html": False}).enable("table").disable(rules)


def _all_tokens(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _all_tokens(token.children or ())


def _front_matter(words: str) -> tuple[dict[str, str], str]:
    """The lines between the first two ``---`` as key and value, read as they stand, and the text after them."""
    names = {name: key for key, name in texts()["front_matter"].items()}
    lines = words.replace("\r\n", "\n").replace("\r", "\n").lstrip("\n").split("\n")
    if lines[0].strip() != "---":
        return {}, "\n".join(lines)
    ends = next((n for n, line in enumerate(lines[1:HEAD_LINES], 1) if line.strip() == "---"), None)
    if ends is None:
        raise UnfitDocumentError("文件开头的“---”没有配对，请照下发的文稿保留开头两行“---”之间的内容")
    given: dict[str, str] = {}
    for line in lines[1:ends]:
        name, _, value = line.replace("：", ":").partition(":")
        if name.strip() in names:
            given[names[name.strip()]] = value.strip()
    return given, "\n".join(lines[ends + 1 :])


def _head(given: dict[str, str]) -> Head:
    if not {"profile", "period", "round", "office"} <= given.keys():
        raise UnfitDocumentError(
            "文件没有本系统的标识，不知道是哪个周期、哪个科室的文字，请用下发的文稿填写（不要把内容另建文件）"
        )
    if given.get("schema", str(SCHEMA_VERSION)) != str(SCHEMA_VERSION):
        raise UnfitDocumentError("文稿是别的版本的模板，请运行 disclosure workbook 重新生成后填写")
    try:
        period = parse_period(given["period"])
    except DisclosureError as error:
        raise UnfitDocumentError(f"文稿标识里的期间有误，请用下发的文稿填写：{str(error).rstrip('。')}") from error
    if not re.fullmatch(r"[0-9]{1,3}", given["round"]):
        raise UnfitDocumentError(f"文稿标识里的轮次“{given['round'][:20]}”应为数字，请用下发的文稿填写")
    marks = frozenset(re.findall(r"[0-9a-f]{16}", given.get("guide", "")))
    return Head(given["profile"], period, int(given["round"]), given["office"], given.get("author", ""), marks)


# From blocks to sections


@dataclass
class _Draft:
    """Blocks sorted into sections as they are read."""

    head: Head
    problems: list[TextProblem]
    sections: dict[str, list[TextBlock]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    current: str = ""
    level: int = 0
    is_before: bool = True

    def say(self, words: str, section: str = "") -> None:
        problem = TextProblem(section, words)
        if problem not in self.problems:
            self.problems.append(problem)


def _read_blocks(
    catalog: Catalog, head: Head, blocks: tuple[TextBlock, ...], problems: list[TextProblem]
) -> NarrativeReading:
    if problems:
        return NarrativeReading(head, {}, tuple(problems))
    draft = _Draft(head, problems)
    for block in blocks:
        _take(catalog, draft, block)
    sections: dict[str, str] = {}
    for section in catalog.sections.values():
        if own := draft.sections.get(section.id):
            tidy = _ranked(own)
            _check_section(draft, section.name, tidy)
            _check_persons(draft, section.name, tidy)
            sections[section.id] = nh3.clean(html_of(tidy), tags=set(TAGS), attributes={}, link_rel=None)
    if not sections and not draft.problems:
        draft.say("各部分都没有文字，请填写后再交")
    words = texts()["head"]
    if not draft.head.author.strip():
        draft.say(f"没有填写{words['author']}，文字须有人负责，请在文稿开头填写姓名后再交")
    elif len(draft.head.author) > LONGEST_NAME:
        draft.say(f"{words['author']}超过 {LONGEST_NAME} 个字，请只写姓名")
    total = sum(map(len, _all_words(b for own in draft.sections.values() for b in own)))
    if total > texts()["limits"]["total"]:
        draft.say(f"全文 {total} 个字，超过 {texts()['limits']['total']} 个字，请精简后再交")
    blank = tuple(draft.names[section] for section in draft.names if not draft.sections.get(section))
    return NarrativeReading(draft.head, {} if draft.problems else sections, tuple(draft.problems), blank)


def _check_persons(draft: _Draft, name: str, blocks: Iterable[TextBlock]) -> None:
    """Nobody's identity or mobile number goes out; a number may be written with spaces or partly in bold."""
    for number in dict.fromkeys(number for words in _all_words(blocks) for number in personal_numbers(words)):
        advice = "属于个人信息，不能披露，请删去后再交；要公布联系方式的，请用单位的固定电话"
        draft.say(f"正文里有{number}，{advice}", name)


def _take(catalog: Catalog, draft: _Draft, block: TextBlock) -> None:
    words = block.text or _only_item(block)
    if block.kind == "paragraph" and is_guide(words):
        if mark_of(words) not in draft.head.guide:
            draft.say(
                f"“{_short(words)}”像是下发时的参考文字，但改动过，不能判断是否刊登；"
                "要刊登的文字请另起一段，并去掉开头的〔〕",
                draft.names.get(draft.current, ""),
            )
        return
    if re.sub(r"\s", "", words) == re.sub(r"\s", "", title_of(draft.head.period)) and draft.is_before:
        return
    section = _section_of(catalog, words)
    if section is not None:
        _begin(draft, section, block)
    elif _is_unknown_heading(draft, block, words):
        allowed = "、".join(each.name for each in catalog.sections.values())
        draft.say(f"不认识标题“{_short(words)}”，应为 {allowed} 之一；如是小标题，请用“（一）”编号并放在所属部分之下")
        draft.current, draft.is_before = "", False
    elif draft.is_before:
        _before_first(draft, block)
    elif draft.current:
        if block.kind == "paragraph" and _TYPED_SUB.match(words):
            block = replace(block, kind="heading", level=draft.level + 1)
        draft.sections[draft.current].append(block)


def _only_item(block: TextBlock) -> str:
    """The words of a list of one item: a heading that Word numbers by itself looks like that."""
    if block.kind == "list" and len(block.items) == 1 and not block.items[0].items:
        return "".join(span.text for span in block.items[0].spans)
    return ""


def _section_of(catalog: Catalog, words: str) -> Section | None:
    if not words or len(words) > _LONGEST_HEADING:
        return None
    bare = words.strip().rstrip("：:。")
    return catalog.find_section(bare) or catalog.find_section(_NUMBER.sub("", bare, count=1))


def _is_unknown_heading(draft: _Draft, block: TextBlock, words: str) -> bool:
    if block.kind == "heading":
        return draft.is_before or not draft.current or block.level <= draft.level
    return block.kind == "paragraph" and bool(_TYPED_TOP.match(words))


def _begin(draft: _Draft, section: Section, block: TextBlock) -> None:
    draft.is_before = False
    draft.current = section.id
    draft.level = block.level
    draft.names[section.id] = section.name
    if section.id in draft.sections:
        draft.say("这个标题出现了两次（别名也算），请合并成一处", section.name)
    draft.sections.setdefault(section.id, [])


def _before_first(draft: _Draft, block: TextBlock) -> None:
    if block.kind == "table" and all(len(row) == 2 for row in block.rows):
        labels = texts()["head"]
        given = {re.sub(r"\s", "", row[0]): row[1].strip() for row in block.rows}
        if labels["author"] in given:
            draft.head = replace(draft.head, author=given[labels["author"]])
            return
    draft.say(f"第一个标题之前有文字“{_short(' '.join(block.lines))}”，请移到所属的标题之下，或删去")


def _ranked(blocks: list[TextBlock]) -> tuple[TextBlock, ...]:
    """Sub-headings brought to levels 1 and 2 without a gap."""
    order = sorted({block.level for block in blocks if block.kind == "heading"})
    seen_first = False
    ranked = []
    for block in blocks:
        if block.kind == "heading":
            level = min(2, order.index(block.level) + 1) if seen_first else 1
            seen_first = True
            ranked.append(replace(block, level=level))
        else:
            ranked.append(block)
    return tuple(ranked)


def _check_section(draft: _Draft, name: str, blocks: tuple[TextBlock, ...]) -> None:
    words = list(_all_words(blocks))
    length, limit = sum(map(len, words)), texts()["limits"]["section"]
    if length > limit:
        draft.say(f"有 {length} 个字，超过 {limit} 个字，请精简后再交", name)
    for block in blocks:
        if block.kind == "table":
            _check_table(draft, name, block)
        elif block.kind == "list" and _depth(block.items) > DEEPEST_LIST:
            draft.say(f"列表套了 {_depth(block.items)} 层，请改为不超过 {DEEPEST_LIST} 层", name)
    if unfit := _unprintable("".join(words)):
        shown = "、".join(
            f"“{char}”（U+{ord(char):04X}）" if char.isprintable() else f"U+{ord(char):04X}" for char in unfit
        )
        draft.say(f"有印不出的字符 {shown}，请改用普通文字后再交", name)


def _check_table(draft: _Draft, name: str, table: TextBlock) -> None:
    widths = {len(row) for row in table.rows}
    if len(table.rows) < 2:
        draft.say("表格只有一行，简单表格至少要有表头和一行内容；请补全或改写成文字", name)
    elif len(widths) > 1:
        draft.say("表格各行的列数不同，请改成每行列数相同的简单表格后再交", name)
    elif len(table.rows) > ROW_LIMIT or max(widths) > COLUMN_LIMIT:
        draft.say(
            f"表格有 {len(table.rows)} 行 {max(widths)} 列，超过 {ROW_LIMIT} 行 {COLUMN_LIMIT} 列，请精简后再交", name
        )
    elif not all(table.rows[0]):
        draft.say("表格第一行（表头）有空格子，请填写各列的名称", name)


def _depth(items: tuple[ListItem, ...]) -> int:
    return 1 + max((_depth(item.items) for item in items if item.items), default=0)


def _all_words(blocks: Iterable[TextBlock]) -> Iterator[str]:
    for block in blocks:
        yield from block.lines


def _unprintable(words: str) -> list[str]:
    """Characters that the printed sheet has no sign for, and controls that would change how others are shown."""
    unusual = {char for char in words if not _is_usual(char)}
    if not unusual:
        return []
    from disclosure.rendering.fonts import missing_glyphs

    controls = {char for char in unusual if unicodedata.category(char).startswith("C")}
    return sorted(controls | missing_glyphs(unusual - controls))


def _is_usual(char: str) -> bool:
    """In GB 2312, which every Chinese font covers."""
    try:
        char.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def _short(words: str) -> str:
    return words if len(words) <= 20 else words[:20] + "…"
