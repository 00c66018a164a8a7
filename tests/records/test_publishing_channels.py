"""Protects the one act: every channel shows the release or none does (or the records say which do not yet), once.

Four channels on real servers of this machine: a folder, SFTP, S3 and the official account. One fails at each step,
under both policies; the publisher is killed at every commit.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dying
import fsspec
import pytest
import servers
import yaml
from bureau import Bureau, bureau_at
from sqlalchemy import select, update
from wechat_platform import SECRET, Account, Platform

from disclosure.catalog.catalog import PROFILES
from disclosure.clock import utc_now
from disclosure.errors import DisclosureError
from disclosure.kept_secrets import from_environment
from disclosure.publication import publish
from disclosure.publication.channels.folder import FolderShelf
from disclosure.publication.channels.s3 import S3Shelf
from disclosure.publication.channels.sftp import SftpShelf
from disclosure.publication.publish import PartlyPublishedError, stage_round
from disclosure.publication.turn import turn
from disclosure.publication.upkeep import put_site, recorded_site
from disclosure.records.tables import ChannelDelivery, LedgerEntry, Release
from disclosure.settings import Settings
from disclosure.workplace import Workplace

pytestmark = pytest.mark.records

S3_KEYS = {"key": "AKIAIOSFODNN7EXAMPLE", "secret": "geheim/geheim"}
APPID = "wx0123456789abcdef"
ALL = {"folder", "sftp", "s3", "wechat"}


@pytest.fixture(scope="module")
def environment() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in S3_KEYS.items():
            patch.setenv(f"THEIR_{name.upper()}", value)
        patch.setenv("WECHAT_SECRET", SECRET)
        yield patch


@pytest.fixture(scope="module")
def s3(s3_server: str, environment: pytest.MonkeyPatch) -> dict[str, Any]:  # noqa: ARG001 - the keys are set
    """Options of the bucket ``releases``, which is there."""
    options = {"endpoint_url": s3_server, "client_kwargs": {"region_name": "cn-north-1"}}
    fs = fsspec.filesystem("s3", **S3_KEYS, **options)
    fs.makedirs("releases", exist_ok=True)
    return options


@pytest.fixture(scope="module")
def signed_once(
    tmp_path_factory: pytest.TempPathFactory, sftp_server: servers.Sftp, s3: dict[str, Any], wechat: Platform
) -> Bureau:
    """高港区 2016 approved at every gate."""
    channels = {
        "mirror": {
            "name": "政务公开网",
            "office": "publicity_section",
            "kind": "sftp",
            "url": f"sftp://{sftp_server.user}@127.0.0.1:{sftp_server.port}{{home}}/remote/site",
            "options": {"key_filename": str(sftp_server.user_key), "host_key": sftp_server.host_key},
        },
        "store": {
            "name": "12333公共服务网",
            "office": "publicity_section",
            "kind": "s3",
            "url": "s3://releases{home}",
            "content": "release",
            "folder": "wechat",
            "options": s3,
            "secrets": {"key": {"env": "THEIR_KEY"}, "secret": {"env": "THEIR_SECRET"}},
        },
        "wechat": {
            "name": "微信公众号",
            "office": "publicity_section",
            "kind": "wechat",
            "url": wechat.url,
            "content": "release",
            "folder": "wechat",
            "options": {"appid": APPID, "poll_seconds": 0.01, "settle_seconds": 0.05},
            "secrets": {"appsecret": {"env": "WECHAT_SECRET"}},
        },
    }
    folder = tmp_path_factory.mktemp("profile")
    for policy in ("all_or_none", "partially"):
        shutil.copytree(PROFILES / "gaogang-2016", folder / policy)
        (folder / policy / "channels.yaml").write_text(yaml.safe_dump({"channels": channels}, allow_unicode=True))
        with (folder / policy / "profile.yaml").open("a") as facts:
            facts.write(f"on_channel_failure: {policy}\n")
    home = tmp_path_factory.mktemp("signed")
    bureau = bureau_at(home, f"sqlite:///{home / 'records.db'}", profile=str(folder / "all_or_none"))
    bureau.sign_all()
    return bureau


@pytest.fixture
def account(wechat: Platform) -> Account:
    """The platform with a new account."""
    wechat.accounts[APPID] = Account(polls_to_publish=0)
    return wechat.accounts[APPID]


@pytest.fixture
def signed(signed_once: Bureau, tmp_path: Path, account: Account) -> Bureau:  # noqa: ARG001 - the account is new
    """A copy for one test."""
    return signed_once.copy_to(tmp_path / "home")


@pytest.fixture
def partially(signed: Bureau) -> Bureau:
    """The same under the other policy."""
    settings = signed.place.settings
    other = str(Path(settings.profile).with_name("partially"))
    signed.place = Workplace(settings.model_copy(update={"profile": other}))
    return signed


def showing(bureau: Bureau, account: Account) -> set[str]:
    """On which channels the public finds the release."""
    home = bureau.place.settings.home
    page = "releases/2016-annual/index.html"
    bucket = fsspec.filesystem("s3", **S3_KEYS, **bureau.catalog.channels["store"].options)
    bucket.invalidate_cache()
    pointer = f"releases{home}/current.json"
    path = json.loads(bucket.cat_file(pointer))["path"] if bucket.exists(pointer) else ""
    found = {
        "folder": (home / "site" / page).is_file(),
        "sftp": (home / "remote/site" / page).is_file(),
        "s3": bool(path) and bucket.exists(f"releases{home}/{path}article.html"),
        "wechat": len(account.articles) == 1,
    }
    return {name for name, there in found.items() if there}


def release_of(bureau: Bureau) -> Release:
    with bureau.place.records.read() as session:
        return session.scalars(select(Release)).one()


def states(bureau: Bureau, action: str) -> dict[str, str]:
    with bureau.place.records.read() as session:
        rows = session.scalars(select(ChannelDelivery).where(ChannelDelivery.action == action))
        return {row.channel: row.state for row in rows}


def events(bureau: Bureau) -> list[str]:
    with bureau.place.records.read() as session:
        told = session.scalars(select(LedgerEntry.event).order_by(LedgerEntry.number))
        return [event for event in told if event.startswith("release.") and event != "release.rendered"]


def fail(patch: pytest.MonkeyPatch, owner: type, name: str) -> None:
    def failing(*_: object) -> None:
        raise OSError(28, "No space left on device")

    patch.setattr(owner, name, failing)


def rotten(
    patch: pytest.MonkeyPatch, owner: type, whenever: Callable[[Any, str], bool], lost: str = "index.html"
) -> None:
    """What is read back lacks a file where ``whenever`` says so."""
    plain = owner.hashes  # type: ignore[attr-defined]

    def hashes(self: Any, name: str) -> dict[str, str]:
        found = dict(plain(self, name))
        if whenever(self, name):
            found.pop(lost)
        return found

    patch.setattr(owner, "hashes", hashes)


def when_live(shelf: Any, name: str) -> bool:
    return bool(shelf.pointed() == name)


def always(_shelf: Any, _name: str) -> bool:
    return True


def test_all_show_it_and_a_second_time_nothing_is_done(signed: Bureau, account: Account) -> None:
    signed.publish()
    assert showing(signed, account) == ALL
    assert set(states(signed, "switch").values()) == {"done"}
    told = events(signed)
    assert told == ["release.publishing", "release.published"]
    calls = len(account.calls)
    signed.publish()
    assert events(signed) == told
    assert (account.published_ever, account.drafts) == (1, {})
    assert not {"draft/add", "freepublish/submit"} & set(account.calls[calls:])


@pytest.mark.parametrize("where", ["stage", "staged bytes", "switch", "live bytes"])
def test_one_fails_and_all_are_brought_back(
    signed: Bureau, account: Account, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    with monkeypatch.context() as patch:
        if where == "stage":
            fail(patch, FolderShelf, "write")
        elif where == "staged bytes":
            rotten(patch, FolderShelf, always)
        elif where == "switch":
            fail(patch, FolderShelf, "point")
        else:
            rotten(patch, FolderShelf, when_live)
        with pytest.raises(DisclosureError, match="没有发布，各渠道都保持原样：渠道“网站”：") as told:
            signed.publish()
        assert not isinstance(told.value, PartlyPublishedError)
    assert showing(signed, account) == set()
    release = release_of(signed)
    assert (release.is_live, release.is_partial) == (False, False)
    assert events(signed)[1:] == ([] if where.startswith("stage") else ["release.brought_back"])
    signed.publish()
    assert showing(signed, account) == ALL
    assert events(signed)[-1] == "release.published"
    assert len(account.articles) == 1


def test_listed_by_another_publication_meanwhile_it_is_taken_off_again(
    signed: Bureau, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(SftpShelf, "point", killed)
        with pytest.raises(KeyboardInterrupt):
            signed.publish()
    # Whoever publishes next builds the site from the records, which have this release half way out.
    assert put_site(signed.place, recorded_site(signed.place), lambda: None, from_environment)
    assert {"folder", "sftp"} <= showing(signed, account)
    with monkeypatch.context() as patch:
        rotten(patch, S3Shelf, always, "article.html")
        with pytest.raises(DisclosureError, match="没有发布，各渠道都保持原样：渠道“12333公共服务网”："):
            signed.publish()
    assert showing(signed, account) == set()
    signed.publish()
    assert showing(signed, account) == ALL


def test_the_account_refuses_and_nobody_else_is_switched(signed: Bureau, account: Account) -> None:
    account.polls_to_publish, account.verdict = 1, 4
    with pytest.raises(DisclosureError, match="渠道“微信公众号”：平台审核没有通过"):
        signed.publish()
    assert showing(signed, account) == set()
    assert set(states(signed, "switch")) == {"wechat"}
    account.verdict = 0
    signed.publish()
    assert showing(signed, account) == ALL


def test_what_cannot_be_brought_back_is_told_as_partial(
    signed: Bureau, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        fail(patch, FolderShelf, "point")
        account.fault("freepublish/delete", 45009)
        with pytest.raises(PartlyPublishedError, match=r"部分发布：.*退回时也出错：渠道“微信公众号”：今天调用"):
            signed.publish()
    assert showing(signed, account) == {"wechat"}
    assert release_of(signed).is_partial
    signed.publish()
    assert showing(signed, account) == ALL
    assert account.published_ever == 1


def test_an_answer_that_was_lost_is_settled_by_the_next_attempt(signed: Bureau, account: Account) -> None:
    account.fault("freepublish/submit", "lost after")
    with pytest.raises(PartlyPublishedError, match="不知道有没有办成"):
        signed.publish()
    assert showing(signed, account) == {"wechat"}
    signed.publish()
    assert (showing(signed, account), account.published_ever) == (ALL, 1)


@pytest.mark.parametrize("where", ["stage", "switch", "live bytes"])
def test_partially_goes_on_until_whole(
    partially: Bureau, account: Account, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    with monkeypatch.context() as patch:
        if where == "stage":
            fail(patch, SftpShelf, "write")
        elif where == "switch":
            fail(patch, SftpShelf, "point")
        else:
            rotten(patch, SftpShelf, when_live)
        for _ in range(2):
            with pytest.raises(PartlyPublishedError, match=r"部分发布：已在.*网站.*发布；渠道“政务公开网”：") as told:
                partially.publish()
        assert "会从未完成的渠道继续" in str(told.value)
    if where != "switch":
        assert showing(partially, account) == ALL - {"sftp"}
    release = release_of(partially)
    assert (release.is_live, release.is_partial, release.is_visible) == (False, True, True)
    assert events(partially).count("release.partly_published") == (1 if where == "stage" else 2)
    partially.publish()
    assert showing(partially, account) == ALL
    assert events(partially)[-1] == "release.published"
    assert (account.published_ever, release_of(partially).is_partial) == (1, False)


def test_a_channel_that_shows_it_is_not_brought_back_for_a_later_attempt_that_cannot_reach_it(
    partially: Bureau, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.fault("draft/add", 45009)
    with pytest.raises(PartlyPublishedError, match="微信公众号"):
        partially.publish()
    with monkeypatch.context() as patch:
        fail(patch, FolderShelf, "versions")
        with pytest.raises(PartlyPublishedError, match="渠道“网站”：写不进去"):
            partially.publish()
    assert showing(partially, account) == ALL
    assert "release.brought_back" not in events(partially)


def test_partially_on_no_channel_is_not_published(
    partially: Bureau, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        for owner in (FolderShelf, SftpShelf, S3Shelf):
            fail(patch, owner, "finish")
        account.fault("draft/add", 45009)
        with pytest.raises(DisclosureError, match="没有发布，各渠道都保持原样"):
            partially.publish()
    assert (showing(partially, account), release_of(partially).is_partial) == (set(), False)


def test_killed_at_every_commit_there_is_exactly_one_release(signed: Bureau, account: Account) -> None:
    """Fourteen publishers in a row; each gets one commit further than the one before."""
    given = {"home": signed.place.settings.home, "profile": signed.place.settings.profile}
    given["database_url"] = signed.place.settings.database_url
    signed.place.records.engine.dispose()
    deaths = 0
    publishers = dying.kills("records", dying.publish_cycle, given, signed.cycle_id, prepare=dying.load_profile)
    for was_killed in publishers:
        deaths += was_killed
        assert release_of(signed).is_live != was_killed
        assert len(account.drafts) + len(account.articles) <= 1
    assert deaths > 10
    assert showing(signed, account) == ALL
    assert events(signed) == ["release.publishing", "release.published"]
    assert (account.published_ever, account.drafts) == (1, {})
    home = signed.place.settings.home
    assert len([path for path in (home / "site.versions").iterdir() if path.is_dir()]) == 1
    assert len([path for path in (home / "remote/site.versions").iterdir() if path.is_dir()]) == 1


def test_staged_ahead_of_its_hour_nothing_is_seen_and_at_the_hour_nothing_is_sent(
    signed: Bureau, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    hour = utc_now() + dt.timedelta(hours=1)
    with signed.place.records.write() as session:
        session.execute(update(Release).values(planned_for=hour))
    assert stage_round(signed.place, signed.cycle_id) == ""
    assert showing(signed, account) == set()
    with pytest.raises(DisclosureError, match="现在还不到时间"):
        signed.publish()
    assert showing(signed, account) == set()
    for owner in (FolderShelf, SftpShelf, S3Shelf):
        fail(monkeypatch, owner, "write")
    monkeypatch.setattr(publish, "utc_now", lambda: hour + dt.timedelta(seconds=3))
    signed.publish()
    assert showing(signed, account) == ALL
    assert release_of(signed).published_at == hour


def test_what_cannot_be_staged_ahead_is_told(signed: Bureau, account: Account) -> None:
    account.fault("draft/add", 45009)
    assert "渠道“微信公众号”：今天调用公众号接口的次数已用完" in stage_round(signed.place, signed.cycle_id)


def test_publishers_on_two_machines_take_turns(postgres_url: str, tmp_path: Path) -> None:
    """They share our records and no folder."""
    places = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        places.append(Workplace(Settings(home=tmp_path / name, profile="gaogang-2016", database_url=postgres_url)))
    entered = threading.Event()

    def wait_for_turn() -> None:
        with turn(places[1]):
            entered.set()

    other = threading.Thread(target=wait_for_turn)
    with turn(places[0]):
        other.start()
        assert not entered.wait(0.3)
    other.join()
    assert entered.is_set()
    places[0].records.engine.dispose()
