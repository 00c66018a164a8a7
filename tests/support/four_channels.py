"""A release on four channels, on real servers of this machine: a folder, SFTP, S3 and the official account."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
import yaml
from sqlalchemy import select

from disclosure.catalog.catalog import PROFILES
from disclosure.records.installation import Installation
from disclosure.records.tables import ChannelDelivery, LedgerEntry, Release
from tests.support import servers
from tests.support.bureau import Bureau, bureau_at
from tests.support.wechat_platform import SECRET, Account, Platform

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
        shutil.copytree(PROFILES / "chuxiong/openness", folder / policy / "openness", dirs_exist_ok=True)
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
    settings = signed.installation.settings
    other = str(Path(settings.profile).with_name("partially"))
    signed.installation = Installation(settings.model_copy(update={"profile": other}))
    return signed


def showing(bureau: Bureau, account: Account) -> set[str]:
    """On which channels the public finds the release."""
    home = bureau.installation.settings.home
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
    with bureau.installation.records.read() as session:
        return session.scalars(select(Release)).one()


def states(bureau: Bureau, action: str) -> dict[str, str]:
    with bureau.installation.records.read() as session:
        rows = session.scalars(select(ChannelDelivery).where(ChannelDelivery.action == action))
        return {row.channel: row.state for row in rows}


def events(bureau: Bureau, subject: str = "release") -> list[str]:
    prefix = "openness." if subject == "openness" else "release."
    with bureau.installation.records.read() as session:
        told = session.scalars(select(LedgerEntry.event).order_by(LedgerEntry.number))
        return [event for event in told if event.startswith(prefix) and event != "release.rendered"]


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


def when_live(store: Any, name: str) -> bool:
    return bool(store.current() == name)


def always(_store: Any, _name: str) -> bool:
    return True
