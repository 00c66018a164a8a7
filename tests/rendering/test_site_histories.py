"""The site's own pages repeat what releases printed and nothing else; only what changed is made again.

Figures are those 昆明市 published for the quarters and the year of 2017, and 楚雄's sample figures where counties and
several years are needed.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import pytest

from disclosure.calendar.periods import Period
from disclosure.catalog import load_catalog
from disclosure.figures.figures import FigureSource
from disclosure.platform.errors import DisclosureError
from disclosure.publication import SiteCache, SiteRelease, Tree, build_site, make_manifest
from disclosure.rendering.document.phrases import load_phrases
from disclosure.rendering.site.collected import collect, printed_figures
from disclosure.rendering.site.entries import SiteEntry
from disclosure.rendering.site.history import insurance_history
from disclosure.rendering.site.superseded import WithdrawalNotice, withdrawn_page
from disclosure.simulation.demo_figures import demo_figures, demo_history
from tests.support.site_releases import release_of as release

pytestmark = [pytest.mark.unit, pytest.mark.slow]

KUNMING, CHUXIONG = load_catalog("kunming-2017"), load_catalog("chuxiong")
QUARTERS = tuple(Period(2017, kind) for kind in ("q1", "h1", "q3", "annual"))  # type: ignore[arg-type]
YEARS = (Period(2024, "annual"), Period(2025, "annual"))
ADDRESS = "https://www.example.gov.cn/shebao/"
ATOM = "{http://www.w3.org/2005/Atom}"


def as_withdrawn(release: SiteRelease) -> SiteRelease:
    """``release`` with its explanation in its place."""
    notice = WithdrawalNotice(
        title=release.title,
        period_label=release.period.label,
        kind="in_error",
        reason="基金支出误报",
        withdrawn_at=dt.datetime(2026, 4, 1, tzinfo=dt.UTC),
        office="规划财务科",
        newer="",
        demo=release.demo,
        sentence="已撤回。",
    )
    files = {"index.html": withdrawn_page(CHUXIONG, notice)}
    about = {"period": release.period.id, "version": str(release.version)}
    return replace(release, files=files, manifest=make_manifest(files, release=about), withdrawn=notice)


@pytest.fixture(scope="module")
def kunming() -> list[SiteRelease]:
    return [release(KUNMING, period) for period in QUARTERS]


@pytest.fixture(scope="module")
def chuxiong() -> list[SiteRelease]:
    return [release(CHUXIONG, period) for period in YEARS]


@pytest.fixture(scope="module")
def site(chuxiong: list[SiteRelease]) -> Tree:
    return build_site(CHUXIONG, chuxiong, address=ADDRESS)


def rows(site: Mapping[str, bytes], path: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(site[path].decode("utf-8-sig"), newline="")))


def test_histories_hold_every_published_figure_once(site: Tree) -> None:
    given = {
        "/".join(figure.key): f"{figure.value:f}"
        for period in YEARS
        for figure in demo_figures(CHUXIONG, period)
        if figure.value is not None
    }
    whole = [row for insurance in CHUXIONG.insurances for row in rows(site, f"insurances/{insurance}.csv")]
    shown = {row["id"]: row["value"] for row in whole}
    assert len(shown) == len(whole)
    assert given.items() <= shown.items()
    county = {row["id"]: row["value"] for row in rows(site, "counties/532302.csv")}
    assert county == {key: value for key, value in given.items() if key.startswith("532302/")}
    assert {row["release"] for row in whole} == {"releases/2024-annual/", "releases/2025-annual/"}


def test_year_without_a_release_is_known_by_what_it_was_compared_with(site: Tree) -> None:
    page = site["insurances/work_injury.html"].decode()
    bases = {"/".join(f.key): f.printed for f in demo_history(CHUXIONG, YEARS[0]) if f.period == Period(2023, "annual")}
    key = "532300/work_injury.participants/2023-annual"
    assert f'data-figure="{key}">{bases[key]}<' in page
    assert "2023年度在本站没有当期披露" in page
    assert "2024年度在本站没有" not in page


def test_quarters_and_years_stand_in_tables_of_their_own(kunming: list[SiteRelease]) -> None:
    page = build_site(KUNMING, kunming)["insurances/work_injury.html"].decode()
    annual, quarterly = page[page.index("各年度数据") :].split("各季度数据", 1)
    assert "2017年度</th>" in annual
    assert "季度</th>" not in annual
    heads = quarterly[: quarterly.index("</thead>")]
    places = [heads.index(f"{period.label}</th>") for period in reversed(QUARTERS[:3])]
    assert places == sorted(places)


def test_correction_replaces_the_figures_in_the_history(chuxiong: list[SiteRelease]) -> None:
    """Version 2 gives every second figure; the others are gone from the history with the version they came from."""
    site = build_site(CHUXIONG, [*chuxiong, release(CHUXIONG, YEARS[1], version=2, scale=2)])
    kept = {"/".join(f.key) for f in demo_figures(CHUXIONG, YEARS[1])[::2] if f.value is not None}
    shown = {
        row["id"]
        for insurance in CHUXIONG.insurances
        for row in rows(site, f"insurances/{insurance}.csv")
        if row["period"] == "2025-annual" and row["value"]
    }
    assert shown == {key for key in kept if key.startswith("532300/")} | {
        key for key in kept if not key.startswith("532300/") and key.replace(key[:6], "532300", 1)
    }


def test_unit_that_changed_is_printed_with_its_figure() -> None:
    """Charts show only the newest unit; the table says which figure has another."""
    entries = {period: entry_of(period) for period in YEARS}
    old = ["532300/work_injury.participants/2024-annual", "24.59", "24.59", "万人"]
    new = ["532300/work_injury.participants/2025-annual", "250,235", "250235", "人"]
    collected = collect([
        (entries[YEARS[0]], json.dumps([old]).encode()),
        (entries[YEARS[1]], json.dumps([new]).encode()),
    ])  # fmt: skip
    history = insurance_history(CHUXIONG, load_phrases(CHUXIONG), collected, "work_injury")
    assert history is not None
    cells = history.tables[0].groups[0].rows[0].cells
    assert [cell.text for cell in cells] == ["人", "250,235", "24.59万人"]
    assert history.drawn == ()


def test_what_was_published_before_stands_beside_what_this_site_published(chuxiong: list[SiteRelease]) -> None:
    """All years known stand in the table, marked; nothing imported stands in the place of a release's own figure."""
    history = demo_history(CHUXIONG, YEARS[0])
    wrong = [replace(figure, value=Decimal(1)) for figure in demo_figures(CHUXIONG, YEARS[1])]
    told = [replace(figure, source=FigureSource(origin="楚雄州 2021 年公报")) for figure in history]
    site = build_site(CHUXIONG, chuxiong, imported=[*told, *wrong])
    page = site["insurances/work_injury.html"].decode()
    for year in (2021, 2022):
        assert f">{year}年度（往期公布）</th>" in page
    assert ">2024年度</th>" in page
    assert "来源：楚雄州 2021 年公报。" in page
    listed = {row["id"]: row for row in rows(site, "insurances/work_injury.csv")}
    for figure in history:
        key = "/".join(figure.key)
        if key in listed and not listed[key]["release"]:
            assert (listed[key]["value"], listed[key]["source"]) == (f"{figure.value:f}", "楚雄州 2021 年公报")
    assert {row["period"] for row in listed.values()} >= {"2021-annual", "2022-annual", "2025-annual"}
    own = {"/".join(figure.key): f"{figure.value:f}" for figure in demo_figures(CHUXIONG, YEARS[1]) if figure.value}
    assert {key: row["value"] for key, row in listed.items() if key in own}.items() <= own.items()
    assert page.count("<circle") > 12, "the course over the years, with a point for each"


def test_what_was_withdrawn_does_not_come_back_as_imported(chuxiong: list[SiteRelease]) -> None:
    imported = [replace(figure, source=FigureSource()) for figure in demo_figures(CHUXIONG, YEARS[1])]
    notice = WithdrawalNotice("t", "2025年度", "in_error", "r", chuxiong[1].published_at, "o", "", True, "s")
    explanation = {"index.html": b"withdrawn"}
    manifest = make_manifest(explanation, release={"period": YEARS[1].id, "version": "1"})
    gone = replace(chuxiong[1], files=explanation, manifest=manifest, withdrawn=notice)
    site = build_site(CHUXIONG, [chuxiong[0], gone], imported=imported)
    shown = [row for each in CHUXIONG.insurances for row in rows(site, f"insurances/{each}.csv")]
    assert {row["period"] for row in shown} & {YEARS[1].id} == set()


def test_imported_figures_alone_make_no_page() -> None:
    site = build_site(CHUXIONG, [], imported=demo_figures(CHUXIONG, YEARS[0]))
    assert not [path for path in site if path.startswith(("insurances/", "counties/"))]


def test_quarters_of_long_ago_are_folded_below(chuxiong: list[SiteRelease]) -> None:
    quarters = [Period(year, kind) for year in range(2019, 2026) for kind in ("q1", "h1", "q3")]  # type: ignore[arg-type]
    figures = [figure for period in quarters for figure in demo_figures(CHUXIONG, period)]
    page = build_site(CHUXIONG, chuxiong, imported=figures)["insurances/unemployment.html"].decode()
    whole, folded = page.split('<div class="fold">', 1)
    assert "2022年1季度（往期公布）</th>" in whole
    assert "2019年1季度（往期公布）</th>" not in whole
    assert "：2019年1季度至2021年1-3季度</summary>" in folded
    assert "2019年1季度（往期公布）</th>" in folded


def entry_of(period: Period) -> SiteEntry:
    published = dt.datetime(period.year + 1, 3, 15, tzinfo=dt.UTC)
    return SiteEntry(period, 1, "披露", "", published, False, f"releases/{period.id}/", {}, "")


def test_document_of_another_kind_is_refused() -> None:
    with pytest.raises(DisclosureError, match=r"document\.json 不是"):
        printed_figures(b'{"observations": []}')


def test_feed_names_releases_newest_first_and_ids_outlive_addresses(chuxiong: list[SiteRelease], site: Tree) -> None:
    feed = ElementTree.fromstring(site["feed.xml"])  # noqa: S314 - our own
    told = feed.findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}title") for entry in told] == [
        "（演示）2025年度楚雄州社会保险信息披露",
        "（演示）2024年度楚雄州社会保险信息披露",
    ]
    link = told[0].find(f"{ATOM}link")
    assert link is not None
    assert link.get("href") == f"{ADDRESS}releases/2025-annual/index.html"
    assert feed.findtext(f"{ATOM}updated") == "2026-03-15T01:00:00+00:00"
    moved = ElementTree.fromstring(build_site(CHUXIONG, chuxiong)["feed.xml"])  # noqa: S314 - our own
    ids = [entry.findtext(f"{ATOM}id") for entry in moved.findall(f"{ATOM}entry")]
    assert ids == [entry.findtext(f"{ATOM}id") for entry in told]
    assert len(set(ids)) == 2


def test_site_map_lists_every_page_where_the_address_is_known(chuxiong: list[SiteRelease], site: Tree) -> None:
    found = {
        element.text
        for element in ElementTree.fromstring(site["sitemap.xml"]).iter()  # noqa: S314 - our own
        if element.tag.endswith("}loc")
    }
    assert found == {ADDRESS + path for path in site if path.endswith(".html")}
    assert site["robots.txt"].decode().endswith(f"Sitemap: {ADDRESS}sitemap.xml\n")
    assert not {"sitemap.xml", "robots.txt"} & set(build_site(CHUXIONG, chuxiong))


def test_search_engines_are_offered_nothing_that_was_corrected_or_withdrawn(chuxiong: list[SiteRelease]) -> None:
    corrected = release(CHUXIONG, YEARS[0], version=2)
    withdrawn = as_withdrawn(chuxiong[1])
    site = build_site(CHUXIONG, [chuxiong[0], corrected, withdrawn], address=ADDRESS)
    listed = site["sitemap.xml"].decode()
    assert f"{ADDRESS}releases/2024-annual/index.html" in listed
    assert "2024-annual.v1" not in listed
    assert "2025-annual" not in listed
    # Only the page that says what holds may be fetched of what no longer does (RFC 9309: the longer path wins).
    assert site["robots.txt"].decode().splitlines() == [
        "User-agent: *",
        "Allow: /",
        "Disallow: /shebao/releases/2025-annual/",
        "Allow: /shebao/releases/2025-annual/index.html",
        "Disallow: /shebao/releases/2024-annual.v1/",
        "Allow: /shebao/releases/2024-annual.v1/index.html",
        f"Sitemap: {ADDRESS}sitemap.xml",
    ]
    # A portal that knows the withdrawn one is told so, and gets no file of it.
    listed_for_portals = json.loads(site["catalog.jsonld"])["dcat:dataset"]
    (gone,) = [each for each in listed_for_portals if "2025-annual" in each.get("dcat:landingPage", {}).get("@id", "")]
    assert gone["adms:status"]["@id"].endswith("/Withdrawn")
    assert not gone["dcat:distribution"]


def test_dcat_names_files_that_are_there(site: Tree) -> None:
    catalog = json.loads(site["catalog.jsonld"])
    assert catalog["@context"]["@base"] == ADDRESS
    assert catalog["dct:conformsTo"] == {"@id": "https://www.w3.org/TR/vocab-dcat-3/"}
    newest, before = (each for each in catalog["dcat:dataset"] if each["@type"] == "dcat:Dataset")
    files = {each["dcat:downloadURL"]["@id"]: each for each in newest["dcat:distribution"]}
    assert set(files) == {"releases/2025-annual/figures.csv", "releases/2025-annual/document.json"}
    for path, told in files.items():
        assert told["dcat:byteSize"]["@value"] == str(len(site[path]))
        assert told["spdx:checksum"]["spdx:checksumValue"]["@value"] == site.hashes[path]
    (series,) = (each for each in catalog["dcat:dataset"] if each["@type"] == "dcat:DatasetSeries")
    assert {each["dcat:inSeries"]["@id"] for each in (newest, before)} == {series["@id"]}
    assert newest["dcat:prev"]["@id"] == before["@id"]


def test_dcat_leads_from_a_version_to_the_one_it_replaced(chuxiong: list[SiteRelease]) -> None:
    site = build_site(CHUXIONG, [*chuxiong, release(CHUXIONG, YEARS[1], version=2)])
    datasets = {each["@id"]: each for each in json.loads(site["catalog.jsonld"])["dcat:dataset"]}
    (newest,) = (each for each in datasets.values() if each.get("dcat:version") == "2")
    old = datasets[newest["dcat:previousVersion"]["@id"]]
    assert (old["dcat:version"], old["dct:isReplacedBy"]["@id"]) == ("1", newest["@id"])
    assert old["dct:identifier"] == newest["dct:identifier"]
    assert {each["dcat:downloadURL"]["@id"] for each in old["dcat:distribution"]} <= set(site)


def test_search_index_leads_to_pages_and_tells_the_latest_figure(site: Tree) -> None:
    entries = json.loads(site["search-index.json"])["entries"]
    assert {address.partition("#")[0] for _, address, _, _ in entries} <= set(site)
    told = {title: more for title, _, more, _ in entries}
    latest = next(f for f in demo_figures(CHUXIONG, YEARS[1]) if f.key[:2] == ("532300", "work_injury.participants"))
    assert told["工伤保险参保人数"] == f"2025年度 {latest.printed}人"


def test_search_index_knows_what_people_call_things(site: Tree) -> None:
    entries = json.loads(site["search-index.json"])["entries"]
    words = {title: set(others.split()) for title, _, _, others in entries}
    assert {"医保", "职工医保", "职工医疗保险", "2025年"} <= words["职工基本医疗保险（含生育）历年数据"]
    assert {"退休金", "养老钱", "企业养老"} <= words["企业职工基本养老保险享受待遇人数"]
    counties = [(title, address) for title, address, _, _ in entries if title.startswith("双柏县失业保险")]
    assert ("双柏县失业保险参保人数", "counties/532322.html#532322/unemployment.participants/2025-annual") in counties


# Only what changed


def test_nothing_is_made_twice_and_a_lost_or_damaged_cache_is_no_loss(
    chuxiong: list[SiteRelease], tmp_path: Path
) -> None:
    def build(releases: list[SiteRelease]) -> tuple[Tree, int]:
        cache = SiteCache(tmp_path / "cache")
        return build_site(CHUXIONG, releases, cache=cache), cache.made

    whole, first = build(chuxiong)
    again, second = build(chuxiong)
    assert (whole, second) == (again, 0)
    kept = sorted(path for path in (tmp_path / "cache").rglob("*") if path.is_file())
    assert len(kept) == first
    kept[0].write_bytes(b"")
    kept[1].write_bytes(kept[1].read_bytes()[:-1] + b"\x00")
    kept[2].unlink()
    assert build(chuxiong) == (whole, 3)
    # A release less: what is not needed any more goes, and the site is as if it had never been.
    one, _ = build(chuxiong[1:])
    assert one == build_site(CHUXIONG, chuxiong[1:])
    assert len([path for path in (tmp_path / "cache").rglob("*") if path.is_file()]) < first


def test_unchanged_page_is_not_made_again_when_a_release_comes(chuxiong: list[SiteRelease], tmp_path: Path) -> None:
    build_site(CHUXIONG, chuxiong, cache=SiteCache(tmp_path))
    cache = SiteCache(tmp_path)
    special = release(CHUXIONG, Period(2025, "special", "补充"), scale=1000)
    build_site(CHUXIONG, [*chuxiong, special], cache=cache)
    # Its own figures, and the page of the one insurance they are of.
    assert cache.made == 2


def test_release_is_read_only_where_it_must_be(chuxiong: list[SiteRelease], tmp_path: Path) -> None:
    """Older releases are not read again: not even their hashes are taken until their bytes are asked for."""
    for each in chuxiong:
        for name, content in each.files.items():
            (tmp_path / each.period.id).mkdir(exist_ok=True)
            (tmp_path / each.period.id / name).write_bytes(content)
    stored = [
        SiteRelease(**{**vars(each), "files": Tree.of_folder(tmp_path / each.period.id, each.manifest.files)})
        for each in chuxiong
    ]
    cache = tmp_path / "cache"
    before = build_site(CHUXIONG, stored, cache=SiteCache(cache))
    assert before == build_site(CHUXIONG, chuxiong)
    (tmp_path / "2024-annual" / "index.html").write_bytes(b"other")
    after = build_site(CHUXIONG, stored, cache=SiteCache(cache))
    with pytest.raises(DisclosureError, match=r"index\.html 的内容与签发的不符"):
        after["releases/2024-annual/index.html"]
    (tmp_path / "2024-annual" / "index.html").unlink()
    with pytest.raises(DisclosureError, match=r"缺少文件 releases/2024-annual/index\.html"):
        after["releases/2024-annual/index.html"]
    assert after["releases/2025-annual/index.html"] == b"page"


def test_hashes_of_a_tree_are_those_of_its_bytes(site: Tree) -> None:
    assert make_manifest(site, release={}).differences(dict(site)) == ()
    assert list(site) == sorted(site)


@pytest.mark.parametrize("shape", [dict, Tree.of])
def test_pages_made_elsewhere_join_the_site(shape: Callable[[dict[str, bytes]], Mapping[str, bytes]]) -> None:
    told = {"title": "目录", "items": [{"name": "企业参保登记", "page": "01.html", "matter": {"name": "登记"}}]}
    extra = shape({"openness/catalog.json": json.dumps(told).encode(), "openness/index.html": b"x"})
    site = build_site(CHUXIONG, [], extra=extra)
    assert site["openness/index.html"] == b"x"
    assert '<a href="openness/index.html">目录</a>' in site["index.html"].decode()
    entries = json.loads(site["search-index.json"])["entries"]
    assert ["企业参保登记", "openness/01.html", "目录 登记"] in [entry[:3] for entry in entries]
