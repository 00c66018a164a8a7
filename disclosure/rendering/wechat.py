"""The article of the WeChat official account: body, covers, and the draft as the platform's interface takes it."""

from __future__ import annotations

import json

from disclosure.platform.errors import DisclosureError
from disclosure.platform.templating import render_text
from disclosure.rendering.document.document import DisclosureDocument, Table
from disclosure.rendering.outlets import Outlets
from disclosure.rendering.print.typesetting import as_json, set_picture
from disclosure.rendering.site.inlining import inlined

#: ``article.json`` has the fields of ``draft/add`` but two: ``content`` is ``article.html``, and ``thumb_media_id``
#: is what the platform answers when the cover is uploaded.
ARTICLE, CONTENT, PREVIEW, COVER, THUMB = "article.json", "article.html", "preview.html", "cover.png", "thumb.png"
_LEVELS = 4


def wechat_package(document: DisclosureDocument, outlets: Outlets) -> dict[str, bytes]:
    """File name -> bytes: the article's fields and its body, a preview for people, the two covers.

    Raises:
        DisclosureError: when even the shortest form breaks a limit of the platform.
    """
    limits = outlets.facts.article
    title = document.title + (f"（{document.demo_label}）" if document.demo else "")
    author = limits.author_name or document.publisher
    for what, text, most in (("标题", title, limits.title), ("作者", author, limits.author)):
        if len(text) > most:
            raise DisclosureError(
                f"微信文章的{what}“{text}”有 {len(text)} 个字，平台最多 {most} 个，请在地区配置中改短。"
            )
    content = article_content(document, outlets)
    draft = {
        "article_type": "news",
        "title": title,
        "author": author,
        "digest": _shortened(document.summary, limits.digest),
        "content_source_url": outlets.page,
        "need_open_comment": 0,
        "only_fans_can_comment": 0,
        "cover": COVER,
        "thumb": THUMB,
    }
    return {
        ARTICLE: (json.dumps(draft, ensure_ascii=False, indent=1) + "\n").encode(),
        CONTENT: content.encode(),
        PREVIEW: render_text("wechat/preview.html.j2", draft=draft, content=content).encode(),
        COVER: _cover(document, "wide"),
        THUMB: _cover(document, "square"),
    }


def article_content(document: DisclosureDocument, outlets: Outlets) -> str:
    """Return the body: the longest of its four forms that the platform takes.

    Raises:
        DisclosureError: when none is short enough.
    """
    limits = outlets.facts.article
    tables = [table for block in document.blocks for table in block.tables if _is_narrow(table)]
    for level in range(_LEVELS):
        html = render_text("wechat/article.html.j2", document=document, outlets=outlets, tables=tables, level=level)
        content = inlined(html, "wechat/article.css")
        if len(content) <= limits.content and len(content.encode()) <= limits.content_bytes:
            return content
    raise DisclosureError(
        f"微信文章最短也有 {len(content)} 个字符，平台最多 {limits.content} 个，"
        "请在 phrases.yaml 的 highlights 中减少概览卡片上的指标。"
    )


def _is_narrow(table: Table) -> bool:
    """Whether its rows are indicators with a unit and a value, which a phone shows in two columns."""
    return not table.columns[1].numeric


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _cover(document: DisclosureDocument, shape: str) -> bytes:
    told = {
        "shape": shape,
        "period": document.period_label,
        "site": document.site_title,
        "publisher": document.publisher,
        "demo": document.demo_label,
    }
    return set_picture("wechat/cover.typ", {"told": as_json(told)})
