"""The Atom feed of new releases, and the site map for search engines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit
from xml.etree import ElementTree

from disclosure.catalog import Catalog
from disclosure.platform.templating import render_text
from disclosure.rendering.document.phrases import load_phrases
from disclosure.rendering.site.entries import SiteEntry
from disclosure.rendering.site.superseded import PAGE

#: A feed reader wants what is new, not the archive.
NEWEST = 40


def atom_feed(catalog: Catalog, entries: Sequence[SiteEntry], address: str) -> bytes:
    """Return the newest of ``entries`` (newest first, at least one) as Atom; absolute where ``address`` is known."""
    phrases = load_phrases(catalog)
    return render_text(
        "site/feed.xml.j2",
        profile=catalog.profile,
        entries=entries,
        newest=NEWEST,
        address=address,
        demo=phrases.demo_label,
        withdrawn=phrases.withdrawal.label,
    ).encode()


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


def robots(address: str, superseded: Iterable[str] = ()) -> bytes:
    """Return robots.txt: all may be read, but of each ``superseded`` folder its page alone; where the site map is.

    ``superseded`` are folders ready for a link, relative to ``address`` and ending in ``/``. The page itself stays
    open, since what may not be fetched cannot say that it is not to be indexed; the longer path wins
    (RFC 9309, 2.2.2).
    """
    root = urlsplit(address).path or "/"
    lines = ["User-agent: *", "Allow: /"]
    for folder in superseded:
        lines += [f"Disallow: {root}{folder}", f"Allow: {root}{folder}{PAGE}"]
    return "\n".join([*lines, f"Sitemap: {address}sitemap.xml", ""]).encode()
