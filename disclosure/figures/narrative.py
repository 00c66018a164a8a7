"""Text sections: paragraphs, sub-headings, lists and plain tables, and nothing else that could stand in a page.

``blocks_of`` and ``html_of`` turn sanitised HTML into blocks and back. A renderer prints blocks, so whatever the
HTML in a record says, only text, emphasis and these four shapes ever reach a page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from html import escape
from html.parser import HTMLParser
from typing import Literal

BlockKind = Literal["paragraph", "heading", "list", "table"]

#: The tags that survive; ``nh3`` removes all others, and every attribute.
TAGS = frozenset({
    *("p", "br", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "strong", "em", "b", "i"),
    *("table", "thead", "tbody", "tfoot", "tr", "th", "td"),
})  # fmt: skip


@dataclass(frozen=True)
class TextSpan:
    """A piece of a sentence, plain or emphasised."""

    text: str
    strong: bool = False
    emphasis: bool = False


@dataclass(frozen=True)
class ListItem:
    """One item; ``items`` are those below it, numbered where ``ordered``."""

    spans: tuple[TextSpan, ...]
    items: tuple[ListItem, ...] = ()
    ordered: bool = False


@dataclass(frozen=True)
class TextBlock:
    """One block of a text section.

    ``spans`` of a paragraph or sub-heading; ``level`` of a sub-heading (1 or 2); ``items`` of a list, numbered
    where ``ordered``; ``rows`` of a table, the first of which is its head.
    """

    kind: BlockKind
    spans: tuple[TextSpan, ...] = ()
    level: int = 0
    items: tuple[ListItem, ...] = ()
    ordered: bool = False
    rows: tuple[tuple[str, ...], ...] = ()

    @property
    def text(self) -> str:
        """The words of a paragraph or sub-heading."""
        return plain(self.spans)

    @property
    def lines(self) -> tuple[str, ...]:
        """The block as lines of plain text, for people who read it outside a page."""
        if self.kind == "list":
            return tuple(_item_lines(self.items, self.ordered))
        if self.kind == "table":
            return tuple("｜".join(row) for row in self.rows)
        return (self.text,)


@dataclass(frozen=True)
class NarrativeText:
    """What one office wrote: its sections in the catalogue's order, and the file they came in."""

    office: str
    author: str
    document: str
    file_name: str
    sections: Mapping[str, str]

    @property
    def blocks(self) -> dict[str, tuple[TextBlock, ...]]:
        """Section id -> its blocks."""
        return {section: blocks_of(html) for section, html in self.sections.items()}


def plain(spans: Iterable[TextSpan]) -> str:
    """Return the words without emphasis."""
    return "".join(span.text for span in spans)


def as_markdown(text: str) -> str:
    """``text`` written so that Markdown reads it as just these words."""
    text = re.sub(r"([\\`*_\[\]<>&|#!~])", r"\\\1", text)
    return re.sub(r"^(\d+)([.)])|^([-+=])", lambda m: f"{m[1]}\\{m[2]}" if m[1] else f"\\{m[3]}", text)


def _item_lines(items: tuple[ListItem, ...], ordered: bool, indent: str = "") -> Iterator[str]:
    for number, item in enumerate(items, 1):
        yield f"{indent}{f'{number}.' if ordered else '·'} {plain(item.spans)}"
        yield from _item_lines(item.items, item.ordered, indent + "　")


# Writing


def html_of(blocks: Iterable[TextBlock]) -> str:
    """``blocks`` as HTML without attributes; sub-headings are h3 and h4."""
    return "".join(_block_html(block) for block in blocks)


def _block_html(block: TextBlock) -> str:
    if block.kind == "list":
        return _list_html(block.items, block.ordered)
    if block.kind == "table":
        head, *body = ("".join(f"<{{0}}>{escape(cell)}</{{0}}>" for cell in row) for row in block.rows)
        rows = "".join(f"<tr>{row.replace('{0}', 'td')}</tr>" for row in body)
        return f"<table><thead><tr>{head.replace('{0}', 'th')}</tr></thead><tbody>{rows}</tbody></table>"
    tag = f"h{block.level + 2}" if block.kind == "heading" else "p"
    return f"<{tag}>{_spans_html(block.spans)}</{tag}>"


def _list_html(items: tuple[ListItem, ...], ordered: bool) -> str:
    tag = "ol" if ordered else "ul"
    inner = "".join(
        f"<li>{_spans_html(item.spans)}{_list_html(item.items, item.ordered) if item.items else ''}</li>"
        for item in items
    )
    return f"<{tag}>{inner}</{tag}>"


def _spans_html(spans: Iterable[TextSpan]) -> str:
    def one(span: TextSpan) -> str:
        text = escape(span.text)
        if span.emphasis:
            text = f"<em>{text}</em>"
        return f"<strong>{text}</strong>" if span.strong else text

    return "".join(map(one, spans))


# Reading


def blocks_of(html: str, *, first_heading: int = 3) -> tuple[TextBlock, ...]:
    """Return the blocks of sanitised HTML.

    A sub-heading of level 1 is an ``h3``, or an ``h1`` where ``first_heading`` says so; a line break begins a new
    paragraph. Tags that are not in ``TAGS`` are passed over, their text is kept.
    """
    reader = _NarrativeParser(first_heading)
    reader.feed(html)
    reader.close()
    reader.end_paragraph()
    return tuple(reader.blocks)


@dataclass
class _List:
    ordered: bool
    items: list[ListItem] = field(default_factory=list)


class _NarrativeParser(HTMLParser):
    def __init__(self, first_heading: int) -> None:
        super().__init__(convert_charrefs=True)
        self._first_heading = first_heading
        self.blocks: list[TextBlock] = []
        self._spans: list[TextSpan] = []
        self._strong = self._emphasis = self._level = 0
        self._lists: list[_List] = []
        self._rows: list[tuple[str, ...]] | None = None
        self._row: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - has none
        if tag in {"strong", "b"}:
            self._strong += 1
        elif tag in {"em", "i"}:
            self._emphasis += 1
        elif tag in {"br", "p"} and (self._lists or self._rows is not None):
            # A second line of an item or a cell goes on after a space.
            if self._spans:
                self._spans.append(TextSpan(" "))
        elif tag in {"br", "p"}:
            self.end_paragraph()
        elif re.fullmatch("h[1-6]", tag) and not self._lists and self._rows is None:
            self.end_paragraph()
            self._level = int(tag[1])
        elif tag in {"ul", "ol"} and self._rows is None:
            self._begin_list(tag == "ol")
        elif tag == "table":
            self.end_paragraph()
            self._rows = []
        elif tag == "tr":
            self._row = []
        elif tag in {"td", "th"}:
            self._spans = []

    def handle_endtag(self, tag: str) -> None:
        if tag in {"strong", "b"}:
            self._strong = max(0, self._strong - 1)
        elif tag in {"em", "i"}:
            self._emphasis = max(0, self._emphasis - 1)
        elif tag == "p" or re.fullmatch("h[1-6]", tag):
            self.end_paragraph()
        elif tag == "li":
            self._end_item()
        elif tag in {"ul", "ol"} and self._rows is None:
            self._end_list()
        elif tag in {"td", "th"} and self._rows is not None:
            self._row.append(plain(_tidy(self._spans)))
            self._spans = []
        elif tag == "tr" and self._rows is not None and self._row:
            self._rows.append(tuple(self._row))
        elif tag == "table" and self._rows is not None:
            if self._rows:
                self.blocks.append(TextBlock("table", rows=tuple(self._rows)))
            self._rows = None

    def handle_data(self, data: str) -> None:
        self._spans.append(TextSpan(data, bool(self._strong), bool(self._emphasis)))

    def end_paragraph(self) -> None:
        """Make a block of whatever was read since the last one."""
        level, self._level = self._level, 0
        if self._lists or self._rows is not None:
            return
        spans, self._spans = _tidy(self._spans), []
        if spans and level:
            # A heading is bold anyway.
            spans = _tidy(replace(span, strong=False) for span in spans)
            self.blocks.append(TextBlock("heading", spans, max(1, level - self._first_heading + 1)))
        elif spans:
            self.blocks.append(TextBlock("paragraph", spans))

    def _begin_list(self, ordered: bool) -> None:
        if self._lists:
            self._end_item()
        else:
            self.end_paragraph()
        self._lists.append(_List(ordered))

    def _end_item(self) -> None:
        spans, self._spans = _tidy(self._spans), []
        if spans and self._lists:
            self._lists[-1].items.append(ListItem(spans))

    def _end_list(self) -> None:
        if not self._lists:
            return
        self._end_item()
        ended = self._lists.pop()
        if not ended.items:
            return
        items = tuple(ended.items)
        if not self._lists:
            self.blocks.append(TextBlock("list", items=items, ordered=ended.ordered))
            return
        above = self._lists[-1].items
        if above and not above[-1].items:
            above[-1] = replace(above[-1], items=items, ordered=ended.ordered)
        elif above:
            above[-1] = replace(above[-1], items=(*above[-1].items, *items))
        else:
            above.extend(items)


def _tidy(spans: Iterable[TextSpan]) -> tuple[TextSpan, ...]:
    """Neighbours of one kind joined; white space made one space, and none where a line broke between Chinese."""
    joined: list[TextSpan] = []
    for span in spans:
        if joined and (joined[-1].strong, joined[-1].emphasis) == (span.strong, span.emphasis):
            joined[-1] = replace(span, text=joined[-1].text + span.text)
        elif span.text:
            joined.append(span)
    tidy = [replace(span, text=_one_space(span.text)) for span in joined]
    while tidy and not tidy[0].text.strip():
        del tidy[0]
    while tidy and not tidy[-1].text.strip():
        del tidy[-1]
    if tidy:
        tidy[0] = replace(tidy[0], text=tidy[0].text.lstrip())
        tidy[-1] = replace(tidy[-1], text=tidy[-1].text.rstrip())
    return tuple(tidy)


def _one_space(text: str) -> str:
    text = re.sub(r"(?<=[^\x00-\x7f])[ \t]*[\r\n]+[ \t]*(?=[^\x00-\x7f])", "", text)
    return re.sub(r"\s+", " ", text)
