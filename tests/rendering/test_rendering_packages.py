"""Other people's platforms take what we hand over: metadata, plain tags, WeChat's limits, the right pictures.

Figures: the sample figures of 楚雄州; 高港区 2016 and 昆明市 2017 as their governments published them.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from posixpath import join, normpath
from urllib.parse import unquote

import pytest
from PIL import Image

from disclosure.calendar.periods import Period
from disclosure.catalog import load_catalog
from disclosure.catalog.models.outlets import SiteFacts
from disclosure.figures.narrative import NarrativeText
from disclosure.platform.errors import DisclosureError
from disclosure.rendering import package_paths, public_paths
from disclosure.rendering.outlets import index_number, outlets_of
from disclosure.rendering.wechat import article_content, wechat_package
from tests.support.rendered import example, example_of, rendered

pytestmark = pytest.mark.unit

FACTS = load_catalog("chuxiong").outlets
PLAIN = {"div", "section", "p", "span", "strong", "em", "br", "h2", "h3", "h4", "ul", "ol", "li"}
TABLE = {"table", "caption", "thead", "tbody", "tr", "th", "td"}


class Tags(HTMLParser):
    """Every tag and attribute of a fragment; all that open are closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.addresses: set[str] = set()
        self.styles = ""
        self._open: list[str] = []
        self.feed(html)
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.addresses |= {value or "" for name, value in attrs if name in {"href", "src"}}
        self.styles += dict(attrs).get("style") or ""
        if tag != "br":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag


def test_release_is_a_site_and_packages_that_the_site_does_not_show() -> None:
    files = rendered().files
    assert set(public_paths(files)) == set(rendered().site)
    assert "packages/index.html" in files
    assert not any(path.startswith("packages/") for path in rendered().site)
    for name, package in rendered().packages.items():
        assert {inner: files[path] for inner, path in package_paths(files, name).items()} == package
    assert set(rendered().packages) == {"handover", "wechat", "hall"}


def test_list_for_the_leader_leads_to_every_sheet_and_package() -> None:
    page = rendered().files["packages/index.html"].decode()
    linked = {normpath(join("packages", unquote(address))) for address in links(page)}
    assert linked <= set(rendered().files)
    assert {path for path in rendered().files if path.endswith(".pdf")} <= linked


def links(page: str) -> set[str]:
    return set(re.findall(r'href="([^"]+)"', page))


# The government site and 12333


def test_body_needs_nothing_but_itself_and_its_attachments() -> None:
    package = rendered().packages["handover"]
    tags = Tags(package["content.html"].decode())
    assert tags.names <= PLAIN | TABLE | {"a"}
    assert tags.attributes <= {"style", "scope", "colspan", "href"}
    assert {f"attachments/{name}" for name in ("disclosure.pdf", "tables.xlsx", "figures.csv")} == tags.addresses
    assert tags.addresses <= set(package)
    assert "url(" not in tags.styles
    assert b"class=" not in package["content.html"]
    assert (
        b'<td style="border:1px solid #b9c5d2;padding:4px 8px;text-align:right">283,892</td>' in package["content.html"]
    )


def test_metadata_is_in_the_words_of_each_site() -> None:
    package = rendered().packages["handover"]
    government = json.loads(package["government_site.json"])["元数据"]
    wanted = {
        "索引号": "CXRSJ-SBXXPL/2025-04",
        "名称": "2025年度楚雄州社会保险信息披露",
        "发布机构": "楚雄州人力资源和社会保障局",
        "成文日期": "2026-03-10",
        "发布期限": "2026-03-15",
        "文号": "无",
        "主题分类": "劳动、人事、监察/社会保障",
        "公开形式": "主动公开",
        "有效性": "有效",
    }
    assert wanted.items() <= government.items()
    other = json.loads(package["service_12333.json"])["元数据"]
    assert other["标题"] == wanted["名称"]
    assert other["信息来源"] == wanted["发布机构"]
    assert not {"名称", "发布机构", "体裁分类"} & other.keys()
    for site in ("government_site", "service_12333"):
        for listed in json.loads(package[f"{site}.json"])["附件"]:
            content = package[listed["文件"]]
            assert (listed["字节"], listed["SHA-256"]) == (len(content), hashlib.sha256(content).hexdigest())
    note = package["交接说明.txt"].decode("utf-8-sig")
    assert "可发布到：政府信息公开网、12333公共服务网" in note


def test_every_period_has_an_index_number_of_its_own() -> None:
    kinds = ("annual", "q1", "h1", "q3")
    periods = [Period(year, kind) for year in (2024, 2025, 2026) for kind in kinds]
    periods += [Period(2026, "special", name) for name in ("工伤", "失业")]
    numbers = [index_number(FACTS, period) for period in periods]
    assert len(set(numbers)) == len(periods)
    assert numbers[-2] == "CXRSJ-SBXXPL/2026-05-工伤"


def test_name_that_nothing_fills_is_told() -> None:
    catalog = example().catalog
    fields = {**FACTS.handover.fields, "编号": "{unheard_of}"}
    wrong = replace(
        catalog, outlets=FACTS.model_copy(update={"handover": FACTS.handover.model_copy(update={"fields": fields})})
    )
    with pytest.raises(DisclosureError, match="unheard_of"):
        outlets_of(wrong, example().document)


@pytest.mark.parametrize("address", ["shebao.example/", "https://shebao.example", "https://社保.example/"])
def test_site_address_that_would_break_the_codes_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="网站地址应以 https:// 开头、以 / 结尾"):
        SiteFacts(address=address)


# WeChat


@pytest.mark.parametrize(
    ("profile", "period"),
    [("chuxiong", "2025-annual"), ("gaogang-2016", "2016-annual"), ("kunming-2017", "2017-q3")],
)
def test_article_keeps_to_the_platforms_limits(profile: str, period: str) -> None:
    package = rendered(profile, period).packages["wechat"]
    draft, content = json.loads(package["article.json"]), package["article.html"].decode()
    assert len(draft["title"]) <= 64
    assert len(draft["digest"]) <= 120
    assert len(content) < 20_000
    assert len(content.encode()) < 1_000_000
    assert draft["title"].endswith("（演示）")
    assert draft["content_source_url"] == example(profile, period).outlets.page
    tags = Tags(content)
    assert tags.names <= PLAIN | TABLE
    assert tags.attributes <= {"style", "align", "rules"}
    assert "http" not in content
    assert content in package["preview.html"].decode()
    assert draft["author"] not in content.partition("说明")[0], "the platform prints it above the article"
    for name, size in ((draft["cover"], (900, 383)), (draft["thumb"], (500, 500))):
        with Image.open(io.BytesIO(package[name])) as picture:
            assert (picture.format, picture.size) == ("PNG", size)


def article(text: str) -> str:
    narrative = NarrativeText("office", "郑起草", "0" * 64, "文字.md", {"participation": text})
    found = example_of("chuxiong", "2025-annual", narratives=(narrative,))
    return article_content(found.document, found.outlets)


def test_article_that_would_be_too_long_leaves_out_tables_first_and_never_a_head_figure() -> None:
    whole = article_content(example().document, example().outlets)
    assert "企业职工基本养老保险主要指标（2025年度）" in whole
    longer = article(f"<p>{'长' * 8_000}</p>")
    assert "长" * 8_000 in longer
    assert "主要指标（2025年度）" not in longer
    longest = article(f"<p>{'长' * 30_000}</p>")
    assert "长长" not in longest
    assert "截至2025年12月底，全州企业职工基本养老保险参保人数283,892人" in longest
    for shown in (whole, longer, longest):
        assert len(shown) < 20_000
        assert all(f">{card.lead.cell.text}<" in shown for card in example().document.cards)


def test_article_that_cannot_be_short_enough_is_told() -> None:
    tight = replace(
        example().outlets,
        facts=FACTS.model_copy(update={"article": FACTS.article.model_copy(update={"content": 1_000})}),
    )
    with pytest.raises(DisclosureError, match=r"最短也有 \d+ 个字符，平台最多 1000 个"):
        article_content(example().document, tight)


def test_title_too_long_for_the_platform_is_told() -> None:
    long = replace(example().document, title="长" * 70)
    with pytest.raises(DisclosureError, match=r"标题.*有 74 个字，平台最多 64 个"):
        wechat_package(long, example().outlets)


def test_covers_hold_the_longest_names() -> None:
    long = replace(
        example("gaogang-2016", "2016-annual").document,
        site_title="西双版纳傣族自治州城乡居民和城镇职工社会保险信息披露" * 2,
        publisher="人力资源局",
        compiled_on=dt.date(2026, 3, 10).isoformat(),
    )
    package = wechat_package(long, example().outlets)
    with Image.open(io.BytesIO(package["thumb.png"])) as picture:
        assert picture.size == (500, 500)
