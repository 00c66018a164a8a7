"""Service guides (服务指南): Markdown documents of nine fixed sections, and Markdown made into safe HTML."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup, escape

from disclosure.catalog import Catalog
from disclosure.catalog.models.openness import BLANK, blanks_in
from disclosure.platform.errors import DisclosureError

#: In this order, each once, each with something in it.
SECTIONS = (
    "事项名称",
    "办理依据",
    "受理条件",
    "申请材料",
    "办理流程",
    "办理时限",
    "办理地点",
    "联系电话",
    "收费标准",
)
#: A paragraph of quoted words before the first section that begins so marks a sample.
SAMPLE = "示例"


@dataclass(frozen=True)
class Guide:
    """A guide: ``sections`` by name as Markdown, ``sample`` what it says of itself being 示例 (empty: it is not)."""

    title: str
    sample: str
    sections: Mapping[str, str]

    @property
    def blanks(self) -> tuple[str, ...]:
        """What somebody still has to fill in: a guide with blanks cannot be made public."""
        return tuple(blank for words in self.sections.values() for blank in blanks_in(words))


def parse_guide(text: str, where: str) -> Guide:
    """Read one guide; ``where`` names it in errors (a file).

    Raises:
        DisclosureError: all that is wrong at once, each with its line: no title, sections that are missing, unknown,
            repeated, empty or out of order.
    """
    lines = text.splitlines()
    tokens = _parser().parse(text)
    heads = [
        (opening.tag, tokens[place + 1].content, (opening.map or [0])[0])
        for place, opening in enumerate(tokens)
        if opening.type == "heading_open" and opening.level == 0 and opening.tag in {"h1", "h2"}
    ]
    titles = [(name, line) for tag, name, line in heads if tag == "h1"]
    found = [(name, line) for tag, name, line in heads if tag == "h2"]
    mistakes = [] if len(titles) == 1 and heads[0][0] == "h1" else [f"{where} 第 1 行：应以一个“# 标题”开头。"]
    names = [name for name, _ in found]
    known = [name for name in names if name in SECTIONS]
    for place, (name, line) in enumerate(found):
        if name not in SECTIONS:
            mistakes.append(f"{where} 第 {line + 1} 行：服务指南没有“{name}”一节，应为{'、'.join(SECTIONS)}。")
        elif name in names[:place]:
            mistakes.append(f"{where} 第 {line + 1} 行：“{name}”写了两次，请合并成一节。")
    mistakes += [f"{where}：缺少“{name}”一节。" for name in SECTIONS if name not in names]
    if not mistakes and known != list(SECTIONS):
        mistakes.append(f"{where}：各节的顺序应为{'、'.join(SECTIONS)}。")
    ends = [*(line for _, line in found[1:]), len(lines)][: len(found)]
    bodies = [_body(lines, line, end) for (_, line), end in zip(found, ends, strict=True)]
    mistakes += [
        f"{where} 第 {line + 1} 行：“{name}”一节是空的，不知道的写明由谁填写，例如〔由州社保中心填写〕。"
        for (name, line), body in zip(found, bodies, strict=True)
        if not body
    ]
    if mistakes:
        raise DisclosureError("\n".join(mistakes))
    return Guide(titles[0][0], _sample(tokens), dict(zip(names, bodies, strict=True)))


def load_guides(catalog: Catalog) -> dict[str, Guide]:
    """Return the profile's drafts by item number: ``openness/NN-….md``; an item without one has no entry.

    Raises:
        DisclosureError: for a file that is no guide, of no item, or two of one item.
    """
    found: dict[str, Guide] = {}
    for path in catalog.files("openness", "*.md"):
        number = path.name.partition("-")[0]
        if number not in catalog.openness_items:
            raise DisclosureError(f"{path}：文件名应以目录中的两位序号加“-”开头，例如 01-enterprise-registration.md。")
        if number in found:
            raise DisclosureError(f"{path}：第 {number} 项已经有一份服务指南，请删去一份。")
        try:
            found[number] = parse_guide(path.read_text(encoding="utf-8"), str(path))
        except UnicodeDecodeError as error:
            raise DisclosureError(f"{path} 不是 UTF-8 编码，请用文本编辑器另存为 UTF-8 后重试。") from error
    return found


def markdown_html(text: str) -> Markup:
    """Return ``text`` as HTML that cannot carry anything but paragraphs, lists, tables and emphasis.

    HTML in it is shown as it was typed; there are no links or pictures; a blank (〔由…〕) is told as not provided yet.
    """
    return Markup(_parser().render(text))  # noqa: S704 - html is off, no links: all text comes out escaped


def _body(lines: Sequence[str], heading: int, end: int) -> str:
    return "\n".join(lines[heading + 1 : end]).strip()


def _sample(tokens: Sequence[Token]) -> str:
    for token in tokens:
        if token.type == "heading_open" and token.tag == "h2":
            break
        if token.type == "inline" and token.content.startswith(SAMPLE):
            return token.content
    return ""


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.disable(["link", "image", "autolink", "reference", "html_block", "html_inline"])
    parser.add_render_rule("text", _marked)
    return parser


def _marked(_self: RendererHTML, tokens: Sequence[Token], place: int, _options: OptionsDict, _env: EnvType) -> str:
    """Return a text token, escaped; a blank says that its office has not told it yet."""
    return BLANK.sub(_told, str(escape(tokens[place].content)))


def _told(blank: re.Match[str]) -> str:
    """Return ``咨询电话（州社保中心尚未提供）`` for ``〔由州社保中心填写：咨询电话〕``."""
    parts = re.match(r"由(.*?)(?:填写|提供)[：:]?(.*)", blank[1])
    office, what = parts.groups() if parts else ("", "")
    return f"<mark>{what}（{office}尚未提供）</mark>"
