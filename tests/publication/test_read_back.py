"""Protects that what is live is read back: its bytes, and every number out of every channel, against the compilation.

Figures: 泰州市高港区 2016 as its government published them. The official account is a server that answers like it.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from sqlalchemy import select

from deployments.cli.commands.status import _read
from disclosure.catalog import PROFILES
from disclosure.monitoring.board.overview import load_overview
from disclosure.monitoring.supervision.findings import Discrepancy
from disclosure.monitoring.supervision.our_snapshots import snapshot_pages, snapshot_records
from disclosure.monitoring.supervision.rules import judge
from disclosure.monitoring.supervision.snapshots import Snapshots
from disclosure.monitoring.supervision.texts import kinds
from disclosure.platform.clock import utc_now
from disclosure.publication.read_back import Read, read_back
from disclosure.records.tables import ReadBack, Release
from tests.support.bureau import Bureau, bureau_at
from tests.support.wechat_platform import SECRET, Account, Platform

pytestmark = pytest.mark.records

APPID = "wx0000000000000082"
PAGE = "releases/2016-annual/index.html"


@pytest.fixture(scope="module")
def published_once(tmp_path_factory: pytest.TempPathFactory, wechat: Platform) -> Iterator[Bureau]:
    """高港区 2016 on its website, in a folder for each package, and on the official account."""
    common = {"office": "publicity_section", "content": "release"}
    channels = {
        name: {**common, "name": name, "kind": "folder", "url": f"out/{name}", "folder": name}
        for name in ("handover", "hall")
    }
    channels["wechat"] = {
        **common,
        "name": "微信公众号",
        "kind": "wechat",
        "url": wechat.url,
        "folder": "wechat",
        "options": {"appid": APPID, "poll_seconds": 0.01, "settle_seconds": 0.05},
        "secrets": {"appsecret": {"env": "WECHAT_SECRET"}},
    }
    profile = tmp_path_factory.mktemp("profile") / "here"
    shutil.copytree(PROFILES / "gaogang-2016", profile)
    (profile / "channels.yaml").write_text(yaml.safe_dump({"channels": channels}, allow_unicode=True))
    home = tmp_path_factory.mktemp("published")
    wechat.accounts[APPID] = Account(polls_to_publish=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WECHAT_SECRET", SECRET)
        bureau = bureau_at(home, f"sqlite:///{home / 'records.db'}", profile=str(profile))
        bureau.sign_all()
        bureau.publish()
        yield bureau


@pytest.fixture
def published(published_once: Bureau, tmp_path: Path) -> Bureau:
    return published_once.copy_to(tmp_path / "home")


def wrong(read: list[Read]) -> dict[tuple[str, str], tuple[str, ...]]:
    return {(each.channel, each.path): each.problems for each in read if each.problems}


def findings(bureau: Bureau) -> list[Discrepancy]:
    """What supervision makes of the pages."""
    now = utc_now()
    worlds = Snapshots(now, snapshot_records(bureau.installation, now), None, snapshot_pages(bureau.installation))
    return [one for one in judge(worlds).found if "pages" in kinds()[one.kind].worlds]


def told(bureau: Bureau) -> str:
    """What status says about it."""
    (one,) = (one for one in load_overview(bureau.installation, utc_now()).cycles if one.released)
    assert one.released is not None
    return _read(one.view.read_back)


def test_every_number_comes_back_from_every_channel(published: Bureau) -> None:
    assert told(published) == ""
    read = read_back(published.installation)
    assert wrong(read) == {}
    count = {(each.channel, each.path.split("/")[-1]): each.figures for each in read}
    # 34 figures were published; posters and articles print those they have room for.
    for path in ("index.html", "figures.csv", "disclosure.pdf", "large.pdf", "tables.xlsx"):
        assert count["website", path] == 34, path
    for path in ("content.html", "figures.csv", "disclosure.pdf", "tables.xlsx"):
        assert count["handover", path] == 34, path
    assert 0 < count["website", "poster.pdf"] < 34
    assert 0 < count["wechat", "article.html"] <= 34
    assert count["hall", "2-公告A4.pdf"] > 0
    with published.installation.records.read() as session:
        assert session.query(ReadBack).count() == len(read)
    assert told(published).endswith("个数字，与汇总全部相符")
    assert findings(published) == []
    # Once more: the rows are the same ones, and what has not changed is not parsed again.
    assert read_back(published.installation) == read


def test_a_digit_changed_on_the_site_is_found_and_told(published: Bureau) -> None:
    page = published.site / PAGE
    page.write_bytes(page.read_bytes().replace(b"52,002", b"52,003"))
    found = wrong(read_back(published.installation))
    assert found["website", ""] == ("文件 index.html 的内容与发布的不符。",)
    assert set(found) == {("website", "")}
    assert {one.kind for one in findings(published)} == {"page_altered"}
    assert "读回发现 1 处不符：文件 index.html 的内容与发布的不符。" in told(published)


def test_an_article_that_was_changed_or_removed_is_found(published: Bureau, wechat: Platform) -> None:
    articles = wechat.accounts[APPID].articles
    assert len(articles) == 1
    kept = dict(articles)
    articles.clear()
    found = wrong(read_back(published.installation))
    articles.update(kept)
    assert found == {("wechat", ""): ("公众号里没有这篇文章，或者内容与发布的不符。",)}
    assert wrong(read_back(published.installation)) == {}


def test_numbers_that_were_never_compiled_are_found_although_every_byte_is_as_noted(published: Bureau) -> None:
    """Somebody who changes the files, the live site and the hashes in our records is betrayed by the compilation."""
    with published.installation.records.write() as session:
        release = session.scalars(select(Release)).one()
        kept = published.installation.settings.releases / release.digest[:16]
        for path, old, new in (("index.html", b"52,002", b"52,003"), ("figures.csv", b"52002", b"52003")):
            content = (kept / path).read_bytes()
            assert old in content
            for file in (kept / path, (published.site / PAGE).parent / path):
                file.unlink()
                file.write_bytes(content.replace(old, new))
            hashes = dict(release.files)
            hashes[path] = hashlib.sha256(content.replace(old, new)).hexdigest()
            release.files = hashes
    found = wrong(read_back(published.installation))
    assert set(found) == {("website", "index.html"), ("website", "figures.csv")}
    for problems in found.values():
        assert any("应为 52002" in problem for problem in problems)
    (finding,) = (one for one in findings(published) if one.kind == "figures_differ")
    assert "应为 52002" in kinds()["figures_differ"].found.format(**finding.facts)
