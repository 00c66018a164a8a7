"""Addresses that stay hold the newest release's own bytes; pages carry the tags government sites are inspected for."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from pydantic import ValidationError

from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog, load_catalog
from disclosure.catalog.models.outlets import SiteFacts
from disclosure.publication import SiteRelease, build_site, make_manifest
from disclosure.rendering.site.superseded import WithdrawalNotice
from tests.support.site_releases import release_of

pytestmark = [pytest.mark.unit, pytest.mark.slow]

KUNMING = load_catalog("kunming-2017")
QUARTER, YEAR = Period(2017, "q1"), Period(2017, "annual")
STATED = SiteFacts(
    address="https://rsj.km.example/shebao/",
    host="昆明市<人社局>",
    identification_code="5301000001",
    icp="示例ICP备00000000号",
    police="示例公网安备00000000000000号",
)


@pytest.fixture(scope="module")
def releases() -> list[SiteRelease]:
    return [release_of(KUNMING, QUARTER), release_of(KUNMING, YEAR)]


def of_site(catalog: Catalog, facts: SiteFacts) -> Catalog:
    return replace(catalog, outlets=catalog.outlets.model_copy(update={"site": facts}))


def test_latest_addresses_hold_the_signed_bytes_of_each_kind(releases: list[SiteRelease]) -> None:
    corrected = release_of(KUNMING, YEAR, version=2, scale=2)
    site = build_site(KUNMING, [*releases, corrected])
    assert {path for path in site if path.startswith("latest/")} == {
        f"latest/{kind}/{name}" for kind in ("q1", "annual") for name in ("figures.csv", "document.json")
    }
    assert site["latest/annual/document.json"] == corrected.files["document.json"]
    assert site["latest/q1/document.json"] == releases[0].files["document.json"]
    page = site["open-data.html"].decode()
    assert 'href="latest/annual/figures.csv"' in page
    assert "2017年度第2版</a>" in page
    for name in ("region_code", "status"):
        assert f'<th scope="row">{name}</th>' in page


def test_what_was_withdrawn_is_not_the_latest(releases: list[SiteRelease]) -> None:
    gone = {"index.html": b"withdrawn"}
    notice = WithdrawalNotice("t", "2017年度", "in_error", "r", releases[1].published_at, "o", "", True, "s")
    manifest = make_manifest(gone, release={"period": YEAR.id, "version": "1"})
    site = build_site(KUNMING, [releases[0], replace(releases[1], files=gone, manifest=manifest, withdrawn=notice)])
    assert [path for path in site if path.startswith("latest/annual")] == []
    assert "latest/q1/figures.csv" in site


def tags(page: bytes) -> dict[str, str]:
    return dict(re.findall(r'<meta name="([A-Z]\w+)" content="([^"]*)">', page.decode()))


def test_every_page_of_the_site_says_what_site_and_column_it_is_of(releases: list[SiteRelease]) -> None:
    site = build_site(of_site(KUNMING, STATED), releases)
    for path in site:
        if path.endswith(".html") and not path.startswith("releases/"):
            told = tags(site[path])
            assert told["SiteName"] == KUNMING.profile.title, path
            assert (told["SiteDomain"], told["SiteIDCode"]) == ("rsj.km.example", "5301000001")
            assert all(told[f"Column{each}"] for each in ("Name", "Description", "Keywords", "Type"))
    foot = site["index.html"].decode().rpartition("<footer")[2]
    for line in ("主办单位：昆明市&lt;人社局&gt;", "网站标识码：5301000001", STATED.icp, STATED.police):
        assert line in foot


def test_what_a_bureau_does_not_state_is_not_shown(releases: list[SiteRelease]) -> None:
    home = build_site(KUNMING, releases)["index.html"].decode()
    assert "SiteIDCode" not in home
    assert "网站标识码" not in home
    assert "主办单位" not in home


def test_an_identification_code_has_ten_places() -> None:
    with pytest.raises(ValidationError):
        SiteFacts(address="https://rsj.km.example/", identification_code="53010")
