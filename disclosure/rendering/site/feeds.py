"""The Atom feed of new releases, and the site map for search engines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.etree import ElementTree

from feedgen.feed import FeedGenerator

from disclosure.catalog import Catalog
from disclosure.rendering.phrases import load_phrases
from disclosure.rendering.site.entries import SiteEntry

#: A feed reader wants what is new, not the archive.
NEWEST = 40


def atom_feed(catalog: Catalog, entries: Sequence[SiteEntry], address: str) -> bytes:
    """The newest of ``entries`` (newest first, at least one); links are absolute where ``address`` is known."""
    profile = catalog.profile
    phrases = load_phrases(catalog)
    demo, withdrawn = phrases.demo_label, phrases.withdrawal.label
    feed = FeedGenerator()
    feed.id(address or f"urn:disclosure:{profile.id}")
    feed.title(profile.title)
    feed.author(name=profile.publisher)
    feed.language("zh-CN")
    feed.generator("disclosure")
    feed.link(href=f"{address}index.html", rel="alternate")
    if address:
        feed.link(href=f"{address}feed.xml", rel="self")
    feed.updated(max(entry.changed_at for entry in entries))
    for entry in entries[:NEWEST]:
        told = feed.add_entry(order="append")
        told.id(entry.permanent_id(profile.id))
        marks = [*([demo] if entry.demo else []), *([withdrawn] if entry.withdrawn_at else [])]
        told.title("".join(f"（{mark}）" for mark in marks) + entry.title)
        told.summary(entry.summary or entry.title)
        told.link(href=address + entry.address)
        told.published(entry.published_at)
        told.updated(entry.changed_at)
    content: bytes = feed.atom_str(pretty=True)
    return content


def sitemap(address: str, pages: Iterable[tuple[str, str]]) -> bytes:
    """sitemaps.org of ``pages``: path ready for a link, and the ISO time of its last change (may be empty)."""
    root = ElementTree.Element("urlset", xmlns="http://www.sitemaps.org/schemas/sitemap/0.9")
    for path, changed in pages:
        url = ElementTree.SubElement(root, "url")
        ElementTree.SubElement(url, "loc").text = address + path
        if changed:
            ElementTree.SubElement(url, "lastmod").text = changed
    ElementTree.indent(root, " ")
    content: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def robots(address: str) -> bytes:
    """Everything may be read; where the site map is."""
    return f"User-agent: *\nAllow: /\nSitemap: {address}sitemap.xml\n".encode()
