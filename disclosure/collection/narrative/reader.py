"""Text sections handed in as .docx or Markdown: who wrote what for which section, and everything wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import PurePath

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

from disclosure.calendar.periods import Period, parse_period
from disclosure.catalog import Catalog
from disclosure.collection.narrative.docx import UnfitDocumentError, html_of_docx, open_docx, properties_of, unfit_parts
from disclosure.collection.narrative.sections import NarrativeReading, TextProblem, sections_of
from disclosure.collection.narrative.texts import SCHEMA_VERSION, Head, texts
from disclosure.collection.workbook.ooxml.other_files import (
    ENCRYPTED,
    GET_IT_WHOLE,
    NOT_THERE,
    encryption_maker,
    is_all_zero,
)
from disclosure.confidentiality.public_text import NOTHING_ACCEPTED, Acceptances
from disclosure.figures.narrative import TAGS, TextBlock, blocks_of
from disclosure.platform.errors import DisclosureError

MARKDOWN_SUFFIXES = (".md", ".markdown", ".txt")
#: Names by which a file is taken for a text document rather than a workbook.
TEXT_SUFFIXES = (*MARKDOWN_SUFFIXES, ".docx", ".docm", ".dotx", ".doc", ".wps", ".wpt", ".odt", ".rtf", ".pdf")
MARKDOWN_LIMIT = 192 * 1024
HEAD_LINES, BLOCK_LIMIT = 30, 2000

#: Carry nothing that is seen; pasted along from chat programs and browsers.
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
_MARKDOWN_UNFIT = {
    "image": "正文里有图片，披露文字只收文字，请删去后再交",
    "link_open": "正文里有超链接，请只留文字后再交",
}


def is_text_document(file_name: str) -> bool:
    """Whether a file of this name is handed in as text rather than as a workbook."""
    return PurePath(file_name).suffix.lower() in TEXT_SUFFIXES


def read_narrative(
    content: bytes, file_name: str, catalog: Catalog, acceptances: Acceptances = NOTHING_ACCEPTED
) -> NarrativeReading:
    """Read one file; whatever it holds ends up in ``problems``, nothing is raised for it."""
    try:
        head, html, problems = _opened(content, PurePath(file_name).suffix.lower())
        return sections_of(catalog, head, _sanitised(html), [TextProblem("", words) for words in problems], acceptances)
    except UnfitDocumentError as error:
        return NarrativeReading(None, {}, (TextProblem("", str(error)),))


def _opened(content: bytes, suffix: str) -> tuple[Head, str, list[str]]:
    if not content:
        raise UnfitDocumentError("文件是空的，请重新保存后再交")
    if suffix in {".odt", ".rtf", ".pdf"}:
        raise UnfitDocumentError(
            f"不收 {suffix} 文件，请用下发的文稿填写并保存为 .docx（或 Markdown）后再交；"
            "报数据的，请交下发的 .xlsx 工作簿"
        )
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
    reading = sections_of(catalog, head, _sanitised(html), [TextProblem("", said) for said in problems])
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
    # A bracket behind a stroke is a bracket and begins nothing; a stroke behind a stroke is a stroke.
    if re.search(r"(?<!\\)(?:\\\\)*\[\^[^\]\\\s]{1,40}\]", body):
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
    if is_all_zero(content):
        raise UnfitDocumentError(f"{NOT_THERE}：{GET_IT_WHOLE}")
    if maker := encryption_maker(content):
        raise UnfitDocumentError(f"文件被加密软件（{maker}）加密，{ENCRYPTED}")
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
    """Return the lines between the first two ``---`` as key and value, read as they stand, and the text after them."""
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
