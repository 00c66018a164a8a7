"""Protects withdrawal: the figures leave every channel, an explanation stands there, restoring brings the same bytes.

Three channels: the website, a folder that takes the hand-over package, the official account.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from disclosure.catalog import PROFILES
from disclosure.cycle import compilation, queries
from disclosure.monitoring.board.overview import load_overview
from disclosure.monitoring.supervision.our_snapshots import snapshot_pages
from disclosure.platform.errors import DisclosureError
from disclosure.publication.channels.folder import FolderVersions
from disclosure.publication.openness import publish_openness
from tests.support.bureau import Bureau, bureau_at
from tests.support.corrections import (
    CENTRE,
    INDICATOR,
    REASON,
    approve_all,
    begin,
    events,
    published_bureau,
    restore,
    settle,
    site_files,
    withdraw,
)
from tests.support.wechat_platform import SECRET, Account, Platform

pytestmark = pytest.mark.records

APPID = "wx0123456789abcdef"
HOME = "releases/2016-annual/"
CHANNELS = {
    "portal": {
        "name": "政府信息公开网",
        "office": "publicity_section",
        "kind": "folder",
        "url": "portal",
        "content": "release",
        "folder": "handover",
    },
    "wechat": {
        "name": "微信公众号",
        "office": "publicity_section",
        "kind": "wechat",
        "content": "release",
        "folder": "wechat",
        "options": {"appid": APPID, "poll_seconds": 0.01, "settle_seconds": 0.05},
        "secrets": {"appsecret": {"env": "WECHAT_SECRET"}},
    },
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory, wechat: Platform) -> Iterator[tuple[Bureau, Account]]:
    """Version 1 on all three channels."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WECHAT_SECRET", SECRET)
        folder = tmp_path_factory.mktemp("profile") / "gaogang"
        shutil.copytree(PROFILES / "gaogang-2016", folder)
        channels: dict[str, Any] = {**CHANNELS, "wechat": {**CHANNELS["wechat"], "url": wechat.url}}
        (folder / "channels.yaml").write_text(yaml.safe_dump({"channels": channels}, allow_unicode=True))
        wechat.accounts[APPID] = Account(polls_to_publish=0)
        home = tmp_path_factory.mktemp("published")
        yield (
            published_bureau(bureau_at(home, f"sqlite:///{home / 'records.db'}", profile=str(folder))),
            wechat.accounts[APPID],
        )


@pytest.fixture
def account(base: tuple[Bureau, Account]) -> Iterator[Account]:
    """The official account with the article of version 1, put back afterwards."""
    _, account = base
    before = dict(account.articles)
    yield account
    account.articles.clear()
    account.articles.update(before)
    account.drafts.clear()


@pytest.fixture
def published(base: tuple[Bureau, Account], account: Account, tmp_path: Path) -> Iterator[Bureau]:  # noqa: ARG001
    """A copy to work on."""
    bureau = base[0].copy_to(tmp_path / "own")
    yield bureau
    bureau.installation.records.engine.dispose()


def portal(bureau: Bureau) -> dict[str, bytes]:
    root = bureau.installation.settings.home / "portal"
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def everywhere(bureau: Bureau, account: Account) -> bytes:
    """All bytes of all channels, those at unguessable places too."""
    home = bureau.installation.settings.home
    kept = [
        path.read_bytes()
        for name in ("site.versions", "portal.versions")
        for path in (home / name).rglob("*.*")
        if path.is_file() and path.suffix in {".html", ".csv", ".json", ".xml"}
    ]
    return b"".join(kept) + str(account.articles).encode()


def printed_value(bureau: Bureau) -> str:
    (figure,) = (f for f in bureau.figures(CENTRE) if f.indicator == INDICATOR)
    return figure.printed


def test_the_figures_are_gone_everywhere_and_the_explanation_stands(published: Bureau, account: Account) -> None:
    printed = printed_value(published)
    assert printed.encode() in everywhere(published, account)
    assert len(account.articles) == 1
    assert withdraw(published, "by_order") == ""
    assert set(settle(published)) == {"网站", "政府信息公开网", "微信公众号"}

    files = site_files(published)
    kept = {f"{HOME}{name}" for name in ("index.html", "manifest.json", "manifest.jws")}
    assert {path for path in files if path.startswith("releases/")} == kept
    page = files[f"{HOME}index.html"].decode()
    for words in ("已撤回", "依上级机关要求", REASON.rstrip("。"), "局领导", "请不要再引用"):
        assert words in page
    assert set(portal(published)) == {"index.html"}
    assert "已撤回" in portal(published)["index.html"].decode()
    assert account.articles == {}
    assert printed.encode() not in everywhere(published, account)
    # Lists tell of it, without the figures.
    (entry,) = json.loads(files["releases.json"])["releases"]
    assert entry["withdrawn_at"]
    assert set(entry["files"]) == {"index.html"}
    assert "（已撤回）" in files["feed.xml"].decode()
    assert "已撤回</span>" in files["index.html"].decode()
    assert json.loads(files[f"{HOME}manifest.json"])["release"]["withdrawn"] == "by_order"


def test_the_records_keep_what_was_withdrawn_and_nothing_is_compared_with_it(published: Bureau) -> None:
    release = published.installation.settings.releases
    before = {path: path.read_bytes() for path in release.rglob("*") if path.is_file()}
    assert withdraw(published) == ""
    settle(published)
    assert {path: path.read_bytes() for path in release.rglob("*") if path.is_file()} == before
    with published.installation.records.read() as session:
        assert compilation.published_figures(session, published.catalog) == {}
    assert [event for event in events(published) if event.startswith("release.with")] == [
        "release.withdrawing",
        "release.withdrawn",
    ]


def test_restored_it_is_the_same_bytes(published: Bureau, account: Account) -> None:
    before, package, article = site_files(published), portal(published), list(account.articles.values())
    withdraw(published)
    settle(published)
    assert restore(published) == ""
    settle(published)
    assert site_files(published) == before
    assert portal(published) == package
    assert len(account.articles) == len(article)
    assert snapshot_pages(published.installation) == ()
    assert events(published)[-1] == "release.restored"
    # And once more: an act of its own, with a row of its own.
    assert withdraw(published, "superseded") == ""
    settle(published)
    with published.installation.records.read() as session:
        found = queries.withdrawal_of(session, queries.get_cycle(session, published.cycle_id))
        assert found is not None
        assert (found.number, found.kind, found.state) == (2, "superseded", "withdrawn")


def test_done_again_nothing_happens(published: Bureau) -> None:
    withdraw(published)
    settle(published)
    told, shown = events(published), site_files(published)
    assert withdraw(published) == ""
    assert settle(published) == ()
    assert (events(published), site_files(published)) == (told, shown)
    restore(published)
    settle(published)
    told = events(published)
    assert restore(published) == ""
    assert settle(published) == ()
    assert events(published) == told


def test_neither_publishing_again_nor_another_change_of_the_site_brings_it_back(published: Bureau) -> None:
    withdraw(published)
    settle(published)
    with pytest.raises(DisclosureError, match="已撤回，不能再发布"):
        published.publish()
    publish_openness(published.installation)
    assert set(portal(published)) == {"index.html"}
    assert f"{HOME}figures.csv" not in site_files(published)
    assert snapshot_pages(published.installation) == ()


def test_one_channel_that_fails_keeps_no_other_from_it(
    published: Bureau, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = FolderVersions.set_current

    def full(store: FolderVersions, name: str) -> None:
        if store.root.name == "portal":
            raise OSError(28, "No space left on device")
        plain(store, name)

    monkeypatch.setattr(FolderVersions, "set_current", full)
    withdraw(published)
    with pytest.raises(DisclosureError, match=r"没有在全部渠道办完.*政府信息公开网"):
        settle(published)
    assert f"{HOME}figures.csv" not in site_files(published)
    assert account.articles == {}
    assert any(
        "撤回还没有在全部渠道办完" in c.what for c in load_overview(published.installation, published.now).concerns
    )
    monkeypatch.undo()
    assert settle(published) == ("政府信息公开网",)
    assert not any("撤回" in c.what for c in load_overview(published.installation, published.now).concerns)


def test_corrected_after_a_withdrawal_the_new_version_shows_and_the_old_stays_away(
    published: Bureau, account: Account
) -> None:
    withdraw(published)
    settle(published)
    assert begin(published) == ""
    value = str(int(printed_value(published).replace(",", "")) + 7)
    published.hand_in_all({INDICATOR: value}, centres=[CENTRE])
    approve_all(published)
    published.publish()
    files = site_files(published)
    assert f"{int(value):,}" in files[f"{HOME}index.html"].decode()
    old = files["releases/2016-annual.v1/index.html"].decode()
    assert "已撤回" in old
    assert 'href="../2016-annual/index.html"' in old
    assert "releases/2016-annual.v1/figures.csv" not in files
    assert len(account.articles) == 1
    with pytest.raises(DisclosureError, match="撤回的旧版不能再恢复"):
        restore(published)


def test_a_correction_takes_the_old_article_away(published: Bureau, account: Account) -> None:
    (old,) = account.articles
    assert begin(published) == ""
    published.hand_in_all(centres=[CENTRE])
    approve_all(published)
    published.publish()
    assert len(account.articles) == 1
    assert old not in account.articles


def test_an_article_of_which_nobody_knows_whether_it_came_back_is_waited_for_before_it_is_taken_away(
    published: Bureau, account: Account
) -> None:
    withdraw(published)
    settle(published)
    restore(published)
    account.fault("freepublish/submit", "lost after")
    with pytest.raises(DisclosureError, match="不知道有没有办成"):
        settle(published)
    on_its_way, account.articles = account.articles, {}
    withdraw(published, "by_order")
    with pytest.raises(DisclosureError, match=r"没有在全部渠道办完.*既没有这篇文章，也没有它的草稿"):
        settle(published)
    account.articles.update(on_its_way)
    assert settle(published) == ("微信公众号",)
    assert account.articles == {}
