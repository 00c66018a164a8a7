"""Protects what is said where the package of an extra is not installed: what is missing, for what, what to do."""

from __future__ import annotations

import importlib
import sys
import tomllib
from pathlib import Path

import pytest

from disclosure.calendar.periods import parse_period
from disclosure.catalog import Channel, load_catalog
from disclosure.collection.sources.base import PollContext, WaitingCycle
from disclosure.collection.sources.sql import SqlSource
from disclosure.platform.errors import DisclosureError
from disclosure.platform.remote_files import _EXTRAS, open_files
from disclosure.platform.secrets import from_environment
from disclosure.publication.channels import open_channel

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]
URLS = {
    "paramiko": "sftp://a@127.0.0.1:1/x",
    "s3fs": "s3://bucket/x",
    "webdav4": "webdav://127.0.0.1:1/x",
}
OPTIONS = {"paramiko": {"host_key": "ssh-ed25519 AAAA"}}


@pytest.fixture
def without(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package that is not installed; what was imported of it, or found by fsspec, is forgotten for the test."""
    package = str(request.param)
    for known in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, known)
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setattr(importlib.import_module("fsspec.registry"), "_registry", {})
    monkeypatch.delitem(sys.modules, "fsspec.implementations.sftp", raising=False)
    return package


def test_every_extra_is_one_of_pyproject() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    offered = {extra: packages for extra, packages in extras.items() if extra not in {"test", "bench"}}
    assert set(offered) == set(_EXTRAS.values())
    for package, extra in _EXTRAS.items():
        assert offered[extra][0].startswith(package)


@pytest.mark.parametrize("without", URLS, indirect=True)
def test_another_machines_files_tell_which_extra_is_missing(without: str, tmp_path: Path) -> None:
    with pytest.raises(DisclosureError) as refused:
        open_files(URLS[without], OPTIONS.get(without, {}), {}, "来源“收件”")
    assert str(refused.value) == (
        f"来源“收件”：没有安装可选软件包 {without}（{_EXTRAS[without]}），"
        "请在本程序所在的文件夹运行 make extras 安装后重试。"
    )
    kind = URLS[without].partition(":")[0]
    options = OPTIONS.get(without, {})
    fact = Channel(id="a", name="对方", office="x", kind=kind, url=URLS[without], options=options)  # type: ignore[arg-type]
    with pytest.raises(DisclosureError, match=f"渠道“对方”：没有安装可选软件包 {without}"):
        open_channel(fact, tmp_path, from_environment)


@pytest.mark.parametrize("without", ["pymysql"], indirect=True)
def test_a_database_tells_which_extra_is_missing(without: str, tmp_path: Path) -> None:
    source = SqlSource(
        id="ledger",
        centre="medical_centre",
        kind="sql",
        url="mysql://reader@127.0.0.1:1/ybzx",
        query="SELECT 1 ORDER BY 1",
        filler="甲",
        checker="乙",
    )
    due = (WaitingCycle(parse_period("2025-annual"), 1),)
    poll = source.begin_poll(PollContext(load_catalog("chuxiong"), tmp_path, due, from_environment))
    with pytest.raises(DisclosureError) as refused:
        list(poll.deliveries())
    assert str(refused.value) == (
        f"数据库 127.0.0.1:1/ybzx（来源 ledger）：没有安装可选软件包 {without}（mysql），"
        "请在本程序所在的文件夹运行 make extras 安装后重试。"
    )
