"""The site holds every release as it was signed, newest first, and its manifest tells any change.

Release pages are rendered from the figures 泰州市高港区 published for 2016.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from dataclasses import replace
from posixpath import dirname, join, normpath
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disclosure.calendar.periods import Period
from disclosure.catalog import load_catalog
from disclosure.platform.errors import DisclosureError
from disclosure.publication import Manifest, SiteRelease, build_site, make_manifest
from tests.support.rendered import rendered as render_example

pytestmark = pytest.mark.unit

CATALOG = load_catalog("gaogang-2016")
YEAR = Period(2016, "annual")


def release(
    files: dict[str, bytes],
    period: Period = YEAR,
    *,
    version: int = 1,
    day: int = 15,
    title: str = "披露",
    demo: bool = True,
) -> SiteRelease:
    return SiteRelease(
        period=period,
        version=version,
        title=title,
        summary="摘要",
        published_at=dt.datetime(2017, 3, day, 1, tzinfo=dt.UTC),
        files=files,
        manifest=make_manifest(files, release={"period": period.id, "version": str(version)}),
        demo=demo,
    )


@pytest.fixture(scope="module")
def rendered() -> dict[str, bytes]:
    return dict(render_example("gaogang-2016", "2016-annual").site)


def test_release_is_on_the_site_byte_for_byte_with_its_manifest(rendered: dict[str, bytes]) -> None:
    site = build_site(CATALOG, [release(rendered)])
    folder = "releases/2016-annual/"
    assert {path.removeprefix(folder): content for path, content in site.items() if path.startswith(folder)} == {
        **rendered,
        "manifest.json": site[folder + "manifest.json"],
    }
    manifest = Manifest.from_json(site[folder + "manifest.json"])
    assert manifest.files == {path: hashlib.sha256(content).hexdigest() for path, content in rendered.items()}
    insurances = {"all_insurances", "employee_medical", "employee_pension", "institution_pension", "maternity"}
    insurances |= {"resident_medical", "resident_pension", "unemployment", "work_injury"}
    others = {path for path in site if not path.startswith(folder)}
    assert {path for path in others if "/" not in path} == {
        *(
            "index.html",
            "search.html",
            "verify.html",
            "schedule.html",
            "schedule.ics",
            "glossary.html",
            "data.html",
            "open-data.html",
            "accessibility.html",
            "search-index.json",
            "releases.json",
            "catalog.jsonld",
            "feed.xml",
        ),
    }
    pages = {f"insurances/{each}.html" for each in insurances}
    assert {path for path in others if "/" in path and path.endswith(".html")} <= pages
    assert {path.replace(".html", ".csv") for path in others if path.startswith("insurances/")} <= others


def test_every_link_of_every_page_leads_to_a_file(rendered: dict[str, bytes]) -> None:
    special = release({"index.html": b"x", "figures.csv": b"y"}, Period(2017, "special", "工伤"), day=20)
    site = build_site(CATALOG, [release(rendered), release(rendered, version=2), special])
    for page in (path for path in site if path.endswith(".html")):
        text = site[page].decode()
        for address in re.findall(r'(?:href|src|action|data-index)="([^"#][^"]*)"', text):
            if address != "data:,":
                path, _, anchor = address.partition("#")
                path, anchor = path.partition("?")[0], unquote(anchor)
                target = normpath(join(dirname(page), unquote(path)))
                assert target in site, (page, address)
                assert not anchor or f'id="{anchor}"' in site[target].decode(), (page, address)


def test_newest_release_comes_first_whatever_the_order_given() -> None:
    files = {"index.html": b"x"}
    days = {Period(2016, "q1"): 1, Period(2016, "q3"): 9, Period(2016, "h1"): 5}
    quarters = [release(files, period, day=day, title=period.kind) for period, day in days.items()]
    site = build_site(CATALOG, quarters)
    assert site == build_site(CATALOG, quarters[::-1])
    assert [each["period"] for each in json.loads(site["releases.json"])["releases"]] == [
        "2016-q3",
        "2016-h1",
        "2016-q1",
    ]
    home = site["index.html"].decode()
    assert home.index(">q3</a>") < home.index(">h1</a>") < home.index(">q1</a>")
    assert "2017年3月9日发布" in home


def test_correction_takes_the_address_and_the_old_version_stays() -> None:
    first, second = release({"index.html": b"1"}), release({"index.html": b"2"}, version=2, day=20)
    site = build_site(CATALOG, [first, second])
    assert site["releases/2016-annual/index.html"] == b"2"
    assert site["releases/2016-annual.v1/index.html"] == b"1"
    assert "第2版" in site["index.html"].decode()
    assert 'href="releases/2016-annual.v1/index.html"' in site["index.html"].decode()


def test_empty_site_says_so_and_gives_the_dates() -> None:
    site = build_site(load_catalog("chuxiong"), [])
    home, schedule = site["index.html"].decode(), site["schedule.html"].decode()
    assert "尚未发布披露信息" in home
    assert "次年3月15日前" in schedule
    assert "当年11月15日前" in schedule
    assert "演示" not in home + schedule


def test_demonstration_is_labelled_and_real_releases_are_not() -> None:
    assert "演示：" in build_site(CATALOG, [release({"index.html": b"x"})])["index.html"].decode()
    assert "演示" not in build_site(CATALOG, [release({"index.html": b"x"}, demo=False)])["index.html"].decode()


def test_hostile_title_is_escaped() -> None:
    home = build_site(CATALOG, [release({"index.html": b"x"}, title="<script>alert(1)</script>")])[
        "index.html"
    ].decode()
    assert "<script>alert" not in home
    assert "&lt;script&gt;" in home
    told = json.loads(re.findall(r'<script type="application/ld\+json">(.*?)</script>', home)[0])
    assert told["dataset"][0]["name"] == "<script>alert(1)</script>"


def test_what_was_not_signed_is_not_published() -> None:
    signed = release({"index.html": b"signed", "a": b"", "b": b""})
    changed = replace(signed, files={"index.html": b"other", "a": b"", "c": b""})
    with pytest.raises(DisclosureError, match=r"文件 index\.html .*多出文件 c|缺少文件 b.*多出文件 c"):
        build_site(CATALOG, [changed])
    with pytest.raises(DisclosureError, match="版本号相同"):
        build_site(CATALOG, [signed, signed])
    with pytest.raises(DisclosureError, match="时区"):
        build_site(CATALOG, [replace(signed, published_at=dt.datetime(2017, 3, 1))])  # noqa: DTZ001


@given(
    st.dictionaries(st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8})?", fullmatch=True), st.binary(max_size=20), max_size=5),
    st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
)
def test_manifest_survives_its_json(files: dict[str, bytes], about: dict[str, str]) -> None:
    manifest = make_manifest(files, release=about)
    assert Manifest.from_json(manifest.to_json()) == manifest
    assert manifest == make_manifest(dict(reversed(files.items())), release=about)
    assert manifest.differences(files) == ()


@given(st.data())
def test_any_changed_character_of_a_manifest_is_noticed(data: st.DataObject) -> None:
    text = make_manifest({"index.html": b"x"}, release={"period": "2016-annual"}).to_json()
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.characters(codec="ascii").filter(lambda c: c != text[place]))
    tampered = text[:place] + letter + text[place + 1 :]
    try:
        same = json.loads(tampered) == json.loads(text)
    except ValueError:
        same = False
    if same:  # white space between tokens
        return
    with pytest.raises(DisclosureError):
        Manifest.from_json(tampered)
