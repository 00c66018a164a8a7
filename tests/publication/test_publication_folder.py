"""A folder channel shows the whole old site or the whole new: run twice, read meanwhile, tampered with afterwards."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from disclosure.platform.errors import DisclosureError
from disclosure.publication import make_manifest
from disclosure.publication.channels import Staged
from disclosure.publication.channels.folder import FolderVersions
from disclosure.publication.channels.versions import VersionsChannel
from disclosure.publication.contents.tree import Tree

pytestmark = pytest.mark.unit

OLD = {"index.html": b"old", "releases.json": b"{}", "releases/2024-annual/index.html": b"old page"}
NEW = {"index.html": b"new", "releases.json": b"[]", "releases/2025-annual/figures.csv": b"1\r\n"}


def published(root: Path) -> dict[str, bytes]:
    """What a reader finds under ``root``."""
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def versions(root: Path) -> list[str]:
    return sorted(p.name for p in root.with_name("site.versions").iterdir() if p.is_dir() and not p.is_symlink())


def channel_at(root: Path) -> VersionsChannel:
    return VersionsChannel(FolderVersions(root), "网站")


def publish(channel: VersionsChannel, tree: Mapping[str, bytes]) -> Staged:
    """Staged, switched, and all but the version before removed: what a publication does."""
    before = channel.live()
    staged = channel.stage(Tree.of(tree))
    channel.switch(staged)
    channel.tidy([before.token] if before else [])
    return staged


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "site"


def test_nothing_is_visible_before_the_switch_and_nobody_may_list_it(root: Path) -> None:
    channel = channel_at(root)
    staged = channel.stage(Tree.of(NEW))
    assert not root.exists()
    assert published(root.with_name("site.versions") / staged.token) == NEW
    assert root.with_name("site.versions").stat().st_mode & 0o777 == 0o711
    channel.switch(staged)
    assert published(root) == NEW


def test_what_did_not_change_is_not_copied(root: Path) -> None:
    """A thousand releases are not copied a thousand times: each file's bytes lie on the disk once."""
    channel = channel_at(root)
    releases = {f"releases/{number}/index.html": b"%d" % number for number in range(50)}
    publish(channel, {"index.html": b"50", **releases})
    publish(channel, {"index.html": b"51", **releases, "releases/51/index.html": b"51"})
    files = [path for path in root.rglob("*") if path.is_file()]
    # The version before shares them; what is new stands alone.
    assert len(files) == 52
    assert sorted(path.stat().st_nlink for path in files) == [1, 1, *[2] * 50]


def test_publishing_twice_publishes_once(root: Path) -> None:
    channel = channel_at(root)
    old = publish(channel, OLD)
    new = publish(channel, NEW)
    before, link = versions(root), root.lstat().st_ino
    assert channel_at(root).stage(Tree.of(NEW)) == new
    channel.switch(new)
    assert (versions(root), root.lstat().st_ino) == (before, link)
    channel.undo(new, old.token)
    assert published(root) == OLD
    channel.undo(old, "")
    assert not root.exists()


def test_a_version_to_go_back_to_that_is_gone_is_told(root: Path) -> None:
    channel = channel_at(root)
    old, new = publish(channel, OLD), publish(channel, NEW)
    channel.discard(old)
    with pytest.raises(DisclosureError, match="退不回去"):
        channel.undo(new, old.token)
    assert published(root) == NEW


def test_read_back_finds_changed_missing_and_surplus_files(root: Path) -> None:
    channel = channel_at(root)
    publish(channel, NEW)
    page = root / "index.html"
    page.write_bytes(b"neW")
    assert channel.read_live(Tree.of(NEW)) == ("文件 index.html 的内容与发布的不符。",)
    page.write_bytes(b"new")
    (root / "releases.json").unlink()
    (root / "extra.html").write_bytes(b"")
    (root / "link").symlink_to(page)
    assert channel.read_live(Tree.of(NEW)) == ("多出文件 extra.html。", "多出文件 link。", "缺少文件 releases.json。")
    # A file replaced by a link to its own bytes is not the file that was published.
    (root / "extra.html").unlink()
    (root / "link").unlink()
    (root / "releases.json").symlink_to(root.parent / "elsewhere.json")
    (root.parent / "elsewhere.json").write_bytes(NEW["releases.json"])
    assert channel.read_live(Tree.of(NEW)) == ("文件 releases.json 的内容与发布的不符。",)


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", "", ".", "a//b", "a\\b", "./a", "a/", "a\nb"])
def test_a_path_that_leaves_the_folder_is_refused(root: Path, path: str) -> None:
    with pytest.raises(DisclosureError, match="路径"):
        channel_at(root).stage(Tree.of({path: b""}))
    with pytest.raises(DisclosureError, match="路径"):
        make_manifest({path: b""}, release={})


def test_the_site_may_be_moved(root: Path, tmp_path: Path) -> None:
    publish(channel_at(root), NEW)
    (tmp_path / "moved").mkdir()
    for name in ("site", "site.versions"):
        (tmp_path / name).rename(tmp_path / "moved" / name)
    assert published(tmp_path / "moved" / "site") == NEW


def test_a_full_disk_is_told_and_leaves_the_old_site(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = channel_at(root)
    publish(channel, OLD)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("disclosure.publication.channels.folder.os.fsync", full)
        with pytest.raises(DisclosureError, match="请检查磁盘空间和权限"):
            channel.stage(Tree.of(NEW))
    assert published(root) == OLD
    publish(channel, NEW)
    assert len(versions(root)) == 2


def test_readers_meet_whole_sites_only(root: Path) -> None:
    channel = channel_at(root)
    publish(channel, OLD)
    torn: list[dict[str, bytes]] = []
    rounds = 0
    stop = threading.Event()

    def read() -> None:
        nonlocal rounds
        while not stop.is_set():
            try:
                whole = published(root.resolve(strict=True))
            except FileNotFoundError:
                whole = {}
            if whole not in (OLD, NEW):
                torn.append(whole)
            rounds += 1

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for _ in range(60):
            publish(channel, NEW)
            publish(channel, OLD)
    finally:
        stop.set()
        reader.join()
    assert rounds
    assert not torn
