"""What stands on the site in place of a release, or above it, once it is no longer what holds: explanation, banner."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from disclosure.catalog import Catalog
from disclosure.platform.clock import shanghai
from disclosure.platform.errors import DisclosureError
from disclosure.platform.templating import render_text
from disclosure.rendering.document.phrases import fill_text, load_phrases
from disclosure.rendering.templates import chinese_date, render_html

#: The page of a release, that page as it was signed where a banner stands above it now, and what explains a withdrawal.
PAGE, SIGNED_PAGE, EXPLANATION = "index.html", "signed.html", "index.html"
#: The banner stands at the end of the page's header, a landmark; every release page has one.
_HEAD_END, _HEADER_END = b"</head>", b"</header>"
#: What is no longer true is not offered to search engines; they may still follow its links to what holds.
_NOT_INDEXED = b'<meta name="robots" content="noindex">\n'


@dataclass(frozen=True)
class Superseded:
    """Version ``version`` was corrected by version ``newer``; addresses are relative to the old version's folder."""

    version: int
    newer: int
    address: str
    signed: str


@dataclass(frozen=True)
class WithdrawalNotice:
    """What the public is told of a withdrawal. ``newer``: where a newer version is, empty for nowhere."""

    title: str
    period_label: str
    kind: str
    reason: str
    withdrawn_at: dt.datetime
    office: str
    newer: str
    demo: bool
    sentence: str


def with_banner(page: bytes, superseded: Superseded) -> bytes:
    """``page`` with a banner that says it is an old version and leads to the new one, and not for search engines.

    Raises:
        DisclosureError: when it is no page of ours.
    """
    head, head_found, body = page.partition(_HEAD_END)
    header, header_found, rest = body.partition(_HEADER_END)
    if not (head_found and header_found):
        raise DisclosureError("旧版的网页里没有页眉，放不上更正提示。请从备份恢复发布件后重试。")
    banner = render_text("site/superseded.html.j2", old=superseded).encode()
    return b"".join((head, _NOT_INDEXED, head_found, header, banner, header_found, rest))


def withdrawn_page(catalog: Catalog, notice: WithdrawalNotice, *, root: str = "../../") -> bytes:
    """Return the explanation as a page; ``root`` is the way to the site's home page."""
    phrases, profile = load_phrases(catalog), catalog.profile
    return render_html(
        "withdrawn.html.j2",
        root=root,
        site=catalog.outlets.site,
        notice=notice,
        kind=phrases.withdrawal.kinds[notice.kind],
        withdrawn_on=chinese_date(shanghai(notice.withdrawn_at).date()),
        withdrawn_at=shanghai(notice.withdrawn_at).isoformat(timespec="seconds"),
        site_title=profile.title,
        publisher=profile.publisher,
        contact=profile.contact,
        demo=fill_text(phrases.notes.demo, origin=profile.demo_figures_origin) if notice.demo else "",
    )


def withdrawal_sentence(catalog: Catalog, kind: str, reason: str, withdrawn_at: dt.datetime) -> str:
    """One sentence for home page, feed and lists."""
    words = load_phrases(catalog).withdrawal
    return fill_text(
        words.sentence, day=chinese_date(shanghai(withdrawn_at).date()), kind=words.kinds[kind], reason=reason
    )
