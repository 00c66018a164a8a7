"""Channels in YAML: what is written wrongly is told with its line, without secrets; what is right can be looked at."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from deployments.doctor import check_environment
from disclosure.catalog import PROFILES, Catalog, load_catalog
from disclosure.platform.errors import DisclosureError
from disclosure.platform.secrets import from_environment
from disclosure.platform.settings import Settings
from disclosure.publication.channel_status import channel_statuses
from tests.support.command import run_command

pytestmark = pytest.mark.unit

OFFICE = {"office": "publicity_section"}
SFTP = {
    "name": "政务公开网",
    "kind": "sftp",
    "url": "sftp://a@127.0.0.1:1/gongkai",
    "options": {"host_key": "ssh-ed25519 AAAA"},
    "secrets": {"password": {"env": "GONGKAI_PASSWORD"}},
    **OFFICE,
}
WECHAT = {
    "name": "微信公众号",
    "kind": "wechat",
    "url": "http://127.0.0.1:1/cgi-bin/",
    "content": "release",
    "folder": "wechat",
    "options": {"appid": "wx0"},
    "secrets": {"appsecret": {"env": "WECHAT_SECRET"}},
    **OFFICE,
}


def profile_with(tmp_path: Path, **channels: dict[str, Any]) -> Path:
    folder = tmp_path / "profile"
    shutil.copytree(PROFILES / "gaogang-2016", folder)
    (folder / "channels.yaml").write_text(yaml.safe_dump({"channels": channels}, allow_unicode=True), encoding="utf-8")
    return folder


def catalog_with(tmp_path: Path, **channels: dict[str, Any]) -> Catalog:
    return load_catalog(str(profile_with(tmp_path, **channels)))


def test_a_profile_adds_channels_and_stops_others(tmp_path: Path) -> None:
    catalog = catalog_with(tmp_path, gongkai=SFTP, website={"active": False})
    assert [channel.id for channel in catalog.publishes_to] == ["gongkai"]
    assert load_catalog("chuxiong").profile.on_channel_failure == "all_or_none"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"kind": "pigeon"}, "kind"),
        ({"url": "s3://bucket"}, "kind 为 sftp 时，url 应为 sftp://"),
        ({"office": "nowhere"}, "科室“nowhere”不存在"),
        ({"options": {"password": "g3heim"}}, "options.password 里写着口令"),
        ({"url": "sftp://a:g3heim@127.0.0.1/x"}, "url 里写着口令"),
        ({"secrets": {"password": "g3heim"}}, "secrets.password 里写着口令"),
        ({"folder": "../x"}, "folder"),
        ({"kind": "wechat", "url": "https://mp.example/"}, "在 options 里写 appid，在 secrets 里写 appsecret"),
        ({**WECHAT, "content": "site"}, "content 应为 release"),
    ],
)
def test_what_is_written_wrongly_is_told_with_its_line(tmp_path: Path, changed: dict[str, Any], words: str) -> None:
    with pytest.raises(DisclosureError) as told:
        catalog_with(tmp_path, gongkai={**SFTP, **changed})
    assert words in str(told.value)
    assert "channels.yaml" in str(told.value)
    assert "g3heim" not in str(told.value)


def test_each_channel_says_whether_it_can_be_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WECHAT_SECRET", "0123456789")
    catalog = catalog_with(tmp_path, gongkai=SFTP, wechat=WECHAT)
    seen = {one.fact.id: one for one in channel_statuses(catalog, tmp_path / "home", from_environment)}
    assert seen["website"].live == "还没有发布任何内容"
    assert seen["gongkai"].trouble == "环境变量 GONGKAI_PASSWORD 没有设置，请把口令放进去后重新启动。"
    assert seen["wechat"].trouble == "连不上公众号接口，请核对地址和网络，稍后重试。"
    monkeypatch.setenv("GONGKAI_PASSWORD", "g3heim")
    (trouble,) = (
        one.trouble for one in channel_statuses(catalog, tmp_path, from_environment) if one.fact.kind == "sftp"
    )
    assert trouble == "连不上，请核对地址、端口和网络。"
    assert not (tmp_path / "home").exists()

    checks = check_environment(Settings(home=tmp_path / "home", server_port=1), catalog)
    found = {check.name: check for check in checks if check.name.startswith("渠道")}
    assert {name: check.status for name, check in found.items()} == {
        "渠道“网站”": "ok",
        "渠道“政务公开网”": "fail",
        "渠道“微信公众号”": "fail",
    }
    assert "active: false" in found["渠道“政务公开网”"].advice


def test_the_command_shows_them_and_fails_when_one_cannot_be_reached(tmp_path: Path) -> None:
    profile = profile_with(tmp_path, gongkai=SFTP)
    told = run_command("channels", folder=tmp_path, width=200, DISCLOSURE_PROFILE=str(profile))
    assert told.returncode == 1
    assert "✓ 还没有发布任何内容" in told.stdout
    assert "✗ 环境变量 GONGKAI_PASSWORD 没有设置" in told.stdout
    assert "有渠道失败时，已切换的渠道全部退回。" in told.stdout
    told = run_command("publish", "2025-annual", folder=tmp_path)
    assert (told.returncode, "还没有开启" in told.stdout + told.stderr) == (1, True)
