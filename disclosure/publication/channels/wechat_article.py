"""An article of the official account: read from a tree, and recognised again among drafts and what is published.

The platform rewrites an article's HTML (addresses of pictures, attributes), so an article is known by its title and its
words without any white space, and by how many pictures it shows.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from disclosure.platform.errors import DisclosureError

#: The files of an article's tree; whatever else lies there is a picture that ``article.html`` shows by its name.
CONTENT, FACTS, COVERS = "article.html", "article.json", ("cover.png", "cover.jpg")
_SOURCE = re.compile(r"""(<img\b[^>]*?\ssrc=["'])([^"']+)(["'])""", re.IGNORECASE)


@dataclass(frozen=True)
class Article:
    """What the public is to read: ``content`` is an HTML fragment, ``cover`` a picture's file name."""

    title: str
    author: str
    summary: str
    content: str
    source_url: str
    cover: str
    pictures: Mapping[str, bytes]

    @property
    def identity(self) -> str:
        """SHA-256 of what the platform keeps as it is."""
        return identity(self.title, self.content)

    def with_pictures(self, uploaded: Callable[[str, bytes], str]) -> str:
        """Return the content with each picture's address as ``uploaded`` (name, bytes) gives it, asked for once."""
        addresses: dict[str, str] = {}

        def address(found: re.Match[str]) -> str:
            name = found[2]
            if name not in self.pictures:
                raise DisclosureError(f"公众号文章里的图片 {name} 不在发布件中，不能发布，请退回一轮重新生成。")
            if name not in addresses:
                addresses[name] = uploaded(name, self.pictures[name])
            return f"{found[1]}{addresses[name]}{found[3]}"

        return _SOURCE.sub(address, self.content)


def read_article(files: Mapping[str, bytes]) -> Article:
    """Read the article of a tree.

    Raises:
        DisclosureError: when a file is missing or ``article.json`` has no title.
    """
    cover = next((name for name in COVERS if name in files), "")
    missing = [name for name in (CONTENT, FACTS) if name not in files] + ([] if cover else [COVERS[0]])
    if missing:
        raise DisclosureError(f"发布件里缺少公众号文章的 {'、'.join(missing)}，不能发布到公众号。")
    facts: Any = json.loads(files[FACTS])
    if not isinstance(facts, dict) or not facts.get("title"):
        raise DisclosureError(f"公众号文章的 {FACTS} 里没有标题 title，不能发布到公众号。")
    return Article(
        title=str(facts["title"]),
        author=str(facts.get("author", "")),
        summary=str(facts.get("digest", "")),
        content=files[CONTENT].decode(),
        source_url=str(facts.get("content_source_url", "")),
        cover=cover,
        pictures={name: content for name, content in files.items() if name not in (CONTENT, FACTS)},
    )


def identity(title: str, content: str) -> str:
    """Return what an article is known by wherever it lies."""
    words = _ArticleWords()
    words.feed(content)
    words.close()
    said = [title, "".join("".join(words.found).split()), words.picture_count]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


class _ArticleWords(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.picture_count = 0

    def handle_data(self, data: str) -> None:
        self.found.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.picture_count += tag == "img"
