"""Writing the document that text sections are drafted in: .docx for Word and WPS, and the same as Markdown."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import docx
from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_PARAGRAPH_ALIGNMENT
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt, RGBColor

from disclosure.catalog import Catalog
from disclosure.collection.narrative.texts import DEEPEST_LIST, PROPERTY, SCHEMA_VERSION, Head, mark_of, texts, title_of
from disclosure.figures.narrative import ListItem, TextBlock, TextSpan, as_markdown
from disclosure.records.file_store import write_whole

_FORMAT_ID = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"
_PROPERTIES_TYPE = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
_PROPERTIES_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/custom-properties"
_TABLE_STYLES = frozenset({"Normal Table", "Table Grid"})
_UNSEEN_PARTS = ("/stylesWithEffects", "/thumbnail")

Sections = Mapping[str, Sequence[TextBlock]]


@dataclass(frozen=True)
class Template:
    """What one office gets to write in: ``filled`` is its own text of the round before, ``last`` what was
    published for the period before, ``message`` the reviewers' words."""

    head: Head
    filled: Sections
    last: Sections
    message: str = ""

    @property
    def introduction(self) -> list[str]:
        """The paragraphs for reference before the first heading, each with its marker."""
        markers = texts()["markers"]
        said = [markers["review"] + line for line in self.message.splitlines() if line.strip()]
        return said + [markers["guide"] + line for line in texts()["guides"]]

    def last_lines(self, section: str) -> list[str]:
        """Return what was published under ``section`` before, each line with its marker."""
        lines = (line for block in self.last.get(section, ()) for line in block.lines)
        return [texts()["markers"]["last"] + line for line in lines]

    def properties(self, catalog: Catalog) -> dict[str, str]:
        """Return what marks the document as ours, by the names the reader knows."""
        handed_out = [*self.introduction, *(line for s in catalog.sections for line in self.last_lines(s))]
        return {
            "schema": str(SCHEMA_VERSION),
            "profile": self.head.profile,
            "period": self.head.period.id,
            "round": str(self.head.round),
            "office": self.head.office,
            "guide": " ".join(dict.fromkeys(map(mark_of, handed_out))),
        }


def write_markdown(path: Path, catalog: Catalog, template: Template) -> None:
    """Write the document as Markdown with its marks between two ``---``."""
    names = texts()["front_matter"]
    given = {**template.properties(catalog), "author": template.head.author}
    lines = ["---", *(f"{name}: {given[key]}".rstrip() for key, name in names.items()), "---", ""]
    lines += [f"# {title_of(template.head.period)}", "", *_quoted(template.introduction)]
    for section in catalog.sections.values():
        lines += [f"## {section.name}", "", *_quoted(template.last_lines(section.id))]
        for block in template.filled.get(section.id, ()):
            lines += [*_markdown(block), ""]
    write_whole(path, ("\n".join(lines).rstrip() + "\n").encode())


def _quoted(lines: Sequence[str]) -> list[str]:
    return [written for line in lines for written in (f"> {as_markdown(line)}", "")]


def _markdown(block: TextBlock) -> list[str]:
    if block.kind == "heading":
        return [f"{'#' * (block.level + 2)} {_inline(block.spans)}"]
    if block.kind == "list":
        return list(_markdown_items(block.items, block.ordered))
    if block.kind == "table":
        rows = [f"| {' | '.join(as_markdown(cell) for cell in row)} |" for row in block.rows]
        return [rows[0], "|" + " --- |" * len(block.rows[0]), *rows[1:]]
    return [_inline(block.spans)]


def _markdown_items(items: Sequence[ListItem], ordered: bool, indent: str = "") -> Iterator[str]:
    for number, item in enumerate(items, 1):
        lead = f"{number}. " if ordered else "- "
        yield f"{indent}{lead}{_inline(item.spans)}"
        yield from _markdown_items(item.items, item.ordered, indent + " " * len(lead))


def _inline(spans: Sequence[TextSpan]) -> str:
    def one(span: TextSpan) -> str:
        stars = "*" * (2 * span.strong + span.emphasis)
        return f"{stars}{as_markdown(span.text)}{stars}"

    return "".join(map(one, spans))


def write_docx(path: Path, catalog: Catalog, template: Template) -> None:
    """Write the document for Word and WPS, with its marks in custom properties."""
    document = docx.Document()
    _lighten(document)
    _set_up(document)
    head = template.head
    document.core_properties.title = title_of(head.period)
    document.core_properties.author = catalog.profile.publisher
    document.add_paragraph(title_of(head.period), style="Title")
    labels = texts()["head"]
    rows = {
        labels["period"]: head.period.label,
        labels["round"]: texts()["round"].format(round=head.round),
        labels["office"]: catalog.offices[head.office].name,
        labels["author"]: head.author,
    }
    _add_table(document, tuple(rows.items()))
    guide = texts()["guide_style"]
    for line in template.introduction:
        document.add_paragraph(line, style=guide)
    for section in catalog.sections.values():
        document.add_paragraph(section.name, style="Heading 1")
        for line in template.last_lines(section.id):
            document.add_paragraph(line, style=guide)
        for block in template.filled.get(section.id, ()):
            _add_block(document, block)
        if not template.filled.get(section.id):
            document.add_paragraph()
    _add_properties(document, template.properties(catalog))
    content = io.BytesIO()
    document.save(content)
    write_whole(path, content.getvalue())


def _lighten(document: Document) -> None:
    """Take out what python-docx's own blank document brings along and nobody sees: nine tenths of a text's bytes.

    A hundred looks of tables, all styles once more as Word 2010 kept them, a picture of an empty page. Whoever reads a
    text that is handed in would read all of it each time.
    """
    for style in list(document.styles):
        if style.type is WD_STYLE_TYPE.TABLE and style.name not in _TABLE_STYLES:
            style.delete()
    for relations in (document.part.rels, document.part.package.rels):
        for key in [key for key, one in relations.items() if one.reltype.endswith(_UNSEEN_PARTS)]:
            del relations[key]


def _set_up(document: Document) -> None:
    """A4, Chinese fonts, and the style of what is there for reference."""
    page = document.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = Mm(26)
    styles: Any = document.styles
    styles.add_style(texts()["guide_style"], WD_STYLE_TYPE.PARAGRAPH).base_style = styles["Normal"]
    looks = {
        "Normal": ("宋体", 12, None),
        "Title": ("黑体", 18, None),
        "Heading 1": ("黑体", 15, None),
        "Heading 2": ("黑体", 13, None),
        "Heading 3": ("黑体", 12, None),
        texts()["guide_style"]: ("楷体", 10, RGBColor(0x60, 0x6A, 0x74)),
    }
    for name, (font, size, colour) in looks.items():
        style = styles[name]
        style.font.size = Pt(size)
        style.font.color.rgb = colour or RGBColor(0, 0, 0)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for theme in [key for key in fonts.attrib if key.endswith("Theme")]:
            del fonts.attrib[theme]
        fonts.set(qn("w:eastAsia"), font)
    styles["Title"].paragraph_format.alignment = WD_PARAGRAPH_ALIGNMENT.CENTER


def _add_block(document: Document, block: TextBlock) -> None:
    if block.kind == "heading":
        _add_spans(document.add_paragraph(style=f"Heading {block.level + 1}"), block.spans)
    elif block.kind == "list":
        _add_items(document, block.items, block.ordered)
    elif block.kind == "table":
        _add_table(document, block.rows)
    else:
        _add_spans(document.add_paragraph(), block.spans)


def _add_items(document: Document, items: Sequence[ListItem], ordered: bool, depth: int = 0) -> None:
    """Give a list its own numbering: Word would go on counting from the list before."""
    number = _new_list(document, ordered)
    for item in items:
        paragraph: Any = document.add_paragraph(style="List Paragraph")
        properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()
        properties.get_or_add_ilvl().val = depth
        properties.get_or_add_numId().val = number
        _add_spans(paragraph, item.spans)
        if item.items:
            _add_items(document, item.items, item.ordered, depth + 1)


def _new_list(document: Document, ordered: bool) -> int:
    """Return the id of a new list in the document's numbering part."""
    numbering: Any = document.part.numbering_part.element
    number = max((int(n.get(qn("w:abstractNumId"))) for n in numbering.findall(qn("w:abstractNum"))), default=0) + 1
    levels = "".join(
        f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="{"decimal" if ordered else "bullet"}"/>'
        f'<w:lvlText w:val="{f"%{level + 1}." if ordered else "·"}"/><w:lvlJc w:val="left"/>'
        f'<w:pPr><w:ind w:left="{(level + 1) * 480}" w:hanging="360"/></w:pPr></w:lvl>'
        for level in range(DEEPEST_LIST)
    )
    abstract = parse_xml(f'<w:abstractNum {nsdecls("w")} w:abstractNumId="{number}">{levels}</w:abstractNum>')
    # All abstract lists stand before the first that uses one.
    numbering.insert(len(numbering.findall(qn("w:abstractNum"))), abstract)
    return int(numbering.add_num(number).numId)


def _add_spans(paragraph: Any, spans: Sequence[TextSpan]) -> None:
    for span in spans:
        run = paragraph.add_run(span.text)
        run.bold, run.italic = span.strong or None, span.emphasis or None


def _add_table(document: Document, rows: Sequence[Sequence[str]]) -> None:
    table = document.add_table(len(rows), len(rows[0]), style="Table Grid")
    for row, cells in zip(table.rows, rows, strict=True):
        for cell, words in zip(row.cells, cells, strict=True):
            cell.text = words
    document.add_paragraph()


def _add_properties(document: Document, given: Mapping[str, str]) -> None:
    written = "".join(
        f'<property fmtid="{_FORMAT_ID}" pid="{number}" name="{PROPERTY}{key}"><vt:lpwstr>{escape(value)}</vt:lpwstr>'
        "</property>"
        for number, (key, value) in enumerate(given.items(), 2)
    )
    xml = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"'
        f' xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes">{written}</Properties>'
    )
    package = document.part.package
    part = Part(PackURI("/docProps/custom.xml"), _PROPERTIES_TYPE, xml.encode(), package)
    package.relate_to(part, _PROPERTIES_RELATION)
