"""A channel shows the whole old tree or the whole new one: on this machine, over SFTP, in S3 and over WebDAV alike.

Killed at every write, staged twice, brought back, tampered with; real servers on this machine.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from disclosure.catalog import Channel as ChannelFact
from disclosure.platform.errors import DisclosureError
from disclosure.platform.secrets import from_environment
from disclosure.publication.channels import PublishingChannel, open_channel
from disclosure.publication.channels.objects import ObjectVersions
from disclosure.publication.channels.versions import VersionsChannel
from disclosure.publication.contents.tree import Tree
from tests.support import kill_points, servers

pytestmark = [pytest.mark.unit, pytest.mark.slow]

OLD = {"index.html": b"old", "releases.json": b"{}", "releases/2024-annual/index.html": b"2024"}
NEW = {"index.html": b"new", "releases/2024-annual/index.html": b"2024", "releases/2025-annual/数据.csv": b"1\r\n"}
KINDS = ("folder", "sftp", "s3", "webdav")


@pytest.fixture(params=KINDS)
def fact(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ChannelFact:
    """An empty channel of each kind, as ``channels.yaml`` would say it."""
    return make_fact(request.param, request.getfixturevalue, tmp_path, monkeypatch)


def make_fact(kind: str, get: Callable[[str], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ChannelFact:
    given: dict[str, Any] = {"url": "site"}
    if kind == "sftp":
        server: servers.Sftp = get("sftp_server")
        given = {
            "url": f"sftp://{server.user}@127.0.0.1:{server.port}{tmp_path}/site",
            "options": {"key_filename": str(server.user_key), "host_key": server.host_key},
        }
    elif kind == "s3":
        address: str = get("s3_server")
        monkeypatch.setenv("THEIR_KEY", "AKIAIOSFODNN7EXAMPLE")
        monkeypatch.setenv("THEIR_SECRET", "geheim/geheim")
        given = {
            "url": f"s3://site/{uuid.uuid4().hex}",
            "options": {"endpoint_url": address, "client_kwargs": {"region_name": "cn-north-1"}},
            "secrets": {"key": {"env": "THEIR_KEY"}, "secret": {"env": "THEIR_SECRET"}},
        }
    elif kind == "webdav":
        dav: servers.Webdav = get("webdav_server")
        monkeypatch.setenv("THEIR_PASSWORD", dav.password)
        given = {
            "url": f"webdav://{dav.user}@127.0.0.1:{dav.port}/{uuid.uuid4().hex}",
            "secrets": {"password": {"env": "THEIR_PASSWORD"}},
        }
    fact = ChannelFact(id="theirs", name="对方", office="publicity_section", kind=kind, **given)  # type: ignore[arg-type]
    if kind == "s3":
        with opened(fact, tmp_path) as channel:
            channel.store._fs.makedirs("site", exist_ok=True)
    return fact


def opened(fact: ChannelFact, home: Path) -> Any:
    return open_channel(fact, home, from_environment)


def publish(channel: PublishingChannel, files: dict[str, bytes]) -> Any:
    staged = channel.stage(Tree.of(files))
    assert channel.read_staged(staged, Tree.of(files)) == ()
    channel.switch(staged)
    return staged


def shows(channel: PublishingChannel, files: dict[str, bytes]) -> bool:
    return channel.read_live(Tree.of(files)) == ()


def lying(channel: VersionsChannel) -> list[str]:
    return list(channel.store.versions())


def test_staged_switched_and_brought_back(fact: ChannelFact, tmp_path: Path) -> None:
    with opened(fact, tmp_path) as channel:
        assert channel.live() is None
        assert channel.read_live(Tree.of(OLD)) == ("还没有发布任何内容。",)
        old = channel.stage(Tree.of(OLD))
        assert channel.live() is None
        channel.switch(old)
        assert shows(channel, OLD)
        channel.tidy({""})
        new = channel.stage(Tree.of(NEW))
        assert shows(channel, OLD)
        assert channel.stage(Tree.of(NEW)) == new
        channel.switch(new)
        channel.switch(new)
        assert shows(channel, NEW)
        assert channel.live().token == new.token
        assert "3 个文件" in channel.live().label
        channel.undo(new, old.token)
        channel.undo(new, old.token)
        assert shows(channel, OLD)
        channel.switch(new)
        channel.tidy({old.token})
        assert len(lying(channel)) == 2
        channel.discard(new)
        assert shows(channel, NEW)
        channel.undo(new, "")
        assert channel.live() is None
        channel.discard(new)
        channel.discard(old)
        assert lying(channel) == []
        with pytest.raises(DisclosureError, match="渠道“对方”：暂存的内容已不在"):
            channel.switch(new)


def test_a_name_nobody_can_guess_and_only_what_changed_is_sent(
    fact: ChannelFact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(fact, tmp_path) as channel:
        first = publish(channel, OLD)
        sent: list[str] = []
        write = channel.store.write
        monkeypatch.setattr(
            channel.store, "write", lambda name, path, data: (sent.append(path), write(name, path, data))
        )
        second = publish(channel, NEW)
        assert sorted(sent) == ["index.html", "releases/2025-annual/数据.csv"]
        third = channel.stage(Tree.of(NEW), afresh=True)
        assert len(sent) == 5
        tokens = {staged.token.partition("-")[2] for staged in (first, second, third)}
        assert len(tokens) == 3
        assert {len(token) for token in tokens} == {32}


def test_rotten_and_surplus_files_are_found_and_never_linked_to(fact: ChannelFact, tmp_path: Path) -> None:
    with opened(fact, tmp_path) as channel:
        old = publish(channel, OLD)
        channel.store.write(old.token, "eingeschleust.html", b"x")
        assert channel.read_live(Tree.of(OLD)) == ("多出文件 eingeschleust.html。",)
        channel.discard(old)
        spoil(channel, old.token, "releases/2024-annual/index.html")
        assert "文件 releases/2024-annual/index.html 的内容与发布的不符。" in channel.read_live(Tree.of(OLD))
        new = channel.stage(Tree.of(NEW))
        assert channel.read_staged(new, Tree.of(NEW)) == ("文件 releases/2024-annual/index.html 的内容与发布的不符。",)
        channel.discard(new)
        again = channel.stage(Tree.of(NEW), afresh=True)
        assert channel.read_staged(again, Tree.of(NEW)) == ()


def spoil(channel: VersionsChannel, name: str, path: str) -> None:
    """What a bad disk does to one file."""
    store: Any = channel.store
    if isinstance(store, ObjectVersions):
        store._fs.pipe_file(f"{store._versions}/{name}/{path}", b"rot")
    elif hasattr(store, "_sftp"):
        with store._sftp.open(f"{store._versions}/{name}/{path}", "w") as file:
            file.write(b"rot")
    else:
        (store._versions / name / path).write_bytes(b"rot")


@pytest.mark.parametrize("kind", ["folder", "sftp", "s3"])
def test_killed_at_any_write_it_shows_old_or_new_and_a_rerun_ends_right(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """WebDAV switches as S3 does."""
    fact = make_fact(kind, request.getfixturevalue, tmp_path, monkeypatch)
    old, new = {"index.html": b"old", "a/page.html": b"same"}, {"index.html": b"new", "a/page.html": b"same"}
    seen = []
    with opened(fact, tmp_path) as channel:
        before = publish(channel, old)
        channel.stage(Tree.of({"index.html": b"left over"}))
        for write, _ in enumerate(kill_points.kills("channels", kill_points.put_on, fact, tmp_path, new), 1):
            seen.append(shows(channel, new))
            assert seen[-1] or shows(channel, old), f"torn at write {write}"
            publish(channel, new)
            assert shows(channel, new)
            channel.switch(before)
            channel.tidy(())
            assert lying(channel) == [before.token], f"rubbish left after write {write}"
            assert not list(tmp_path.glob("site.versions/.link-*"))
            channel.stage(Tree.of({"index.html": b"left over"}))
    assert len(seen) > 4
    assert seen == sorted(seen)
    assert seen[-1]


def test_what_is_not_ours_is_left_alone(fact: ChannelFact, tmp_path: Path) -> None:
    with opened(fact, tmp_path) as channel:
        store: Any = channel.store
        if isinstance(store, ObjectVersions):
            store.put(f"{store.root}/current.json", b"theirs")
        else:
            (tmp_path / "site").mkdir()
        with pytest.raises(DisclosureError, match="请先把它移走"):
            channel.stage(Tree.of(NEW))
        assert lying(channel) == []


UNREACHABLE = {
    "sftp": {"url": "sftp://a@127.0.0.1:1/x", "options": {"host_key": "ssh-ed25519 AAAA"}},
    "webdav": {"url": "webdav://127.0.0.1:1/x"},
}


@pytest.mark.parametrize("kind", UNREACHABLE)
def test_what_cannot_be_reached_is_told_in_one_sentence(kind: str, tmp_path: Path) -> None:
    fact = ChannelFact(id="theirs", name="对方", office="publicity_section", kind=kind, **UNREACHABLE[kind])  # type: ignore[arg-type]

    def look() -> None:
        with opened(fact, tmp_path) as channel:
            channel.live()

    with pytest.raises(DisclosureError, match="连不上") as told:
        look()
    assert str(told.value).startswith("渠道“对方”：")
    assert str(told.value).count("。") == 1


def test_a_wrong_password_is_told_without_it(
    webdav_server: servers.Webdav, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fact = make_fact("webdav", lambda _: webdav_server, tmp_path, monkeypatch)
    monkeypatch.setenv("THEIR_PASSWORD", "falsch/falsch")
    with opened(fact, tmp_path) as channel, pytest.raises(DisclosureError, match="没有权限") as told:
        channel.live()
    assert "falsch" not in str(told.value)
