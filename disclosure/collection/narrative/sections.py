"""Blocks of a text document sorted into the sections they belong to, with everything wrong with them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import nh3

from disclosure.catalog import Catalog, DisclosureSection
from disclosure.collection.narrative.texts import DEEPEST_LIST, Head, is_guide, mark_of, texts, title_of
from disclosure.collection.workbook.read.result import Problem
from disclosure.collection.workbook.read.signatures import LONGEST_NAME
from disclosure.confidentiality.draft_marks import draft_fault
from disclosure.confidentiality.personal_data import PersonalDatum
from disclosure.confidentiality.public_text import NOTHING_ACCEPTED, Acceptances, advise, search_public_text
from disclosure.confidentiality.wrong_words import object_to_wrong_words
from disclosure.figures.narrative import TAGS, ListItem, TextBlock, html_of
from disclosure.platform.fonts import missing_glyphs

ROW_LIMIT, COLUMN_LIMIT = 60, 10

_NUMERAL = "[一二三四五六七八九十]"
#: ``一、`` ``（一）`` ``1.`` ``1、`` ``第一部分`` before a heading.
_NUMBER = re.compile(
    rf"^(?:第(?:{_NUMERAL}{{1,3}}|\d{{1,2}})[部分章节项条篇款]{{1,2}}[、：:\s]*|{_NUMERAL}{{1,3}}[、.．]\s*"
    rf"|[（(](?:{_NUMERAL}{{1,3}}|\d{{1,2}})[）)]、?\s*|\d{{1,2}}(?:[.．]\d{{1,2}})*(?:[、.．)）]\s*|\s+))"
)
#: Typed like a heading of the first or the second order: short, and no sentence.
_TYPED_TOP = re.compile(rf"^{_NUMERAL}{{1,3}}、[^。！？；，,：:]{{1,25}}$")
_TYPED_SUB = re.compile(rf"^[（(]{_NUMERAL}{{1,3}}[）)][^。！？；，,：:]{{1,28}}$")
_LONGEST_HEADING = 30


class TextProblem(Problem):
    """Something that must be put right before the text can be taken; without a section, of the whole file."""

    def __init__(self, section: str, words: str, persons: tuple[PersonalDatum, ...] = ()) -> None:
        super().__init__(section, "", words, "", "", persons=persons)

    @property
    def where(self) -> str:
        """``“参保情况”部分``, empty for the whole file."""
        return f"“{self.sheet}”部分" if self.sheet else ""

    @property
    def sentence(self) -> str:
        """One Chinese sentence: where, what was found, what to do."""
        return f"{self.where}：{self.found}。" if self.sheet else f"{self.found}。"


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
    def is_accepted(self) -> bool:
        """Nothing stands against taking it."""
        return not self.problems


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

    def say(self, words: str, section: str = "", persons: tuple[PersonalDatum, ...] = ()) -> None:
        problem = TextProblem(section, words, persons)
        if problem not in self.problems:
            self.problems.append(problem)


def sections_of(
    catalog: Catalog,
    head: Head,
    blocks: tuple[TextBlock, ...],
    problems: list[TextProblem],
    acceptances: Acceptances = NOTHING_ACCEPTED,
) -> NarrativeReading:
    """Sort ``blocks`` into the sections they belong to; ``problems`` are those of the file."""
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
            _check_persons(catalog, draft, section.name, tidy, acceptances)
            if fault := draft_fault("\n".join(_all_words(tidy))):
                draft.say(fault, section.name)
            if fault := object_to_wrong_words(catalog, _all_words(tidy)):
                draft.say(f"正文里{fault}后再交", section.name)
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


def _check_persons(
    catalog: Catalog, draft: _Draft, name: str, blocks: Iterable[TextBlock], acceptances: Acceptances
) -> None:
    """Nobody's identity or mobile number goes out; a number may be written with spaces or partly in bold."""
    for datum in search_public_text(catalog, _all_words(blocks), acceptances):
        draft.say(f"正文里有{datum}，{advise(catalog)}后再交", name, (datum,))


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
    """Return the words of a list of one item: a heading that Word numbers by itself looks like that."""
    if block.kind == "list" and len(block.items) == 1 and not block.items[0].items:
        return "".join(span.text for span in block.items[0].spans)
    return ""


def _section_of(catalog: Catalog, words: str) -> DisclosureSection | None:
    if not words or len(words) > _LONGEST_HEADING:
        return None
    bare = words.strip().rstrip("：:。")
    return catalog.find_section(bare) or catalog.find_section(_NUMBER.sub("", bare, count=1))


def _is_unknown_heading(draft: _Draft, block: TextBlock, words: str) -> bool:
    if block.kind == "heading":
        return draft.is_before or not draft.current or block.level <= draft.level
    return block.kind == "paragraph" and bool(_TYPED_TOP.match(words))


def _begin(draft: _Draft, section: DisclosureSection, block: TextBlock) -> None:
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
