"""The manual of each person, as the workspace shows it: Markdown in ``docs/manual``, which reads well as files too."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt

#: Beside this package, in the checkout the product is run from.
MANUAL = Path(__file__).parents[2] / "docs" / "manual"
FIRST = "index"
_NAME = re.compile(r"[a-z]+")
_LINK = re.compile(r'href="([a-z]+)\.md"')
_TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
_ON_SCREEN = re.compile(r"【([^【】<>]+)】")


@dataclass(frozen=True)
class Chapter:
    """One chapter: ``html`` is what stands below its title."""

    name: str
    title: str
    html: str


def list_chapters() -> tuple[Chapter, ...]:
    """Return every chapter in the order in which the first one leads to them."""
    first = (MANUAL / f"{FIRST}.md").read_text(encoding="utf-8")
    names = dict.fromkeys(re.findall(r"\(([a-z]+)\.md\)", first))
    return tuple(chapter for name in (FIRST, *names) if (chapter := find_chapter(name)) is not None)


@cache
def find_chapter(name: str) -> Chapter | None:
    """Return the chapter of that name; None where there is none."""
    file = MANUAL / f"{name}.md"
    if not _NAME.fullmatch(name) or not file.is_file():
        return None
    text = file.read_text(encoding="utf-8")
    title = _TITLE.match(text)
    if title is None:
        return None
    return Chapter(name, title[1], _rendered(text[title.end() :]))


def words_on_screen(text: str) -> list[str]:
    """Return what a chapter says stands on a page: the words in 【】."""
    return _ON_SCREEN.findall(text)


def _rendered(text: str) -> str:
    html = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    html = _LINK.sub(lambda link: f'href="/manual{"" if link[1] == FIRST else f"/{link[1]}"}"', html)
    html = _ON_SCREEN.sub(r'<strong class="key">\1</strong>', html)
    # Regions that can be scrolled need a name each.
    for number in range(1, html.count("<table>") + 1):
        scrolled = f'<div class="scroll" tabindex="0" role="region" aria-label="表 {number}"><table >'
        html = html.replace("<table>", scrolled, 1)
    return html.replace("<table >", "<table>").replace("</table>", "</table></div>")
