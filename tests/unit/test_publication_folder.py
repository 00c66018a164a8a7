"""A folder channel shows the whole old site or the whole new one, whatever happens to the publisher.

Killed at every single write, run twice, read meanwhile, tampered with afterwards.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from disclosure.errors import DisclosureError
from disclosure.publication import FolderChannel, make_manifest

pytestmark = pytest.mark.unit

OLD = {"index.html": b"old", "releases.json": b"{}", "releases/2024-annual/index.html": b"old page"}
NEW = {"index.html": b"new", "releases.json": b"[]", "releases/2025-annual/figures.csv": b"1\r\n"}


def published(root: Path) -> dict[str, bytes]:
    """What a reader finds under ``root``."""
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def versions(root: Path) -> list[str]:
    return sorted(p.name for p in root.with_name("site.versions").iterdir() if p.is_dir() and not p.is_symlink())


def publish(channel: FolderChannel, tree: Mapping[str, bytes]) -> None:
    channel.switch(channel.stage(tree))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "site"


def test_nothing_is_visible_before_the_switch(root: Path) -> None:
    channel = FolderChannel(root)
    staged = channel.stage(NEW)
    assert not root.exists()
    assert channel.live() is None
    assert channel.read_back(NEW) == (f"{root} 还没有发布任何内容。",)
    assert not staged.folder.is_relative_to(root)
    channel.switch(staged)
    assert published(root) == NEW
    assert channel.live() == staged
    assert channel.read_back(NEW) == ()
    assert channel.read_back(make_manifest(NEW, release={})) == ()


def test_staged_name_cannot_be_guessed_from_the_content(tmp_path: Path) -> None:
    names = {FolderChannel(tmp_path / place / "site").stage(NEW).folder.name for place in "ab"}
    tokens = {name.partition("-")[2] for name in names}
    assert len(tokens) == 2
    assert all(len(token) == 32 for token in tokens)
    assert (tmp_path / "a" / "site.versions").stat().st_mode & 0o777 == 0o711


def test_publishing_twice_publishes_once(root: Path) -> None:
    channel = FolderChannel(root)
    publish(channel, OLD)
    publish(channel, NEW)
    before, link = versions(root), root.lstat().st_ino
    publish(FolderChannel(root), NEW)
    assert (versions(root), root.lstat().st_ino) == (before, link)
    channel.rollback()
    assert published(root) == OLD


def test_staging_again_uses_what_is_staged_only_if_it_is_intact(root: Path) -> None:
    channel = FolderChannel(root)
    staged = channel.stage(NEW)
    assert channel.stage(NEW) == staged
    (staged.folder / "index.html").write_bytes(b"rot")
    again = channel.stage(NEW)
    assert again.folder != staged.folder
    channel.switch(again)
    assert published(root) == NEW


def test_rollback_brings_the_previous_version_back_and_forth(root: Path) -> None:
    channel = FolderChannel(root)
    publish(channel, {"index.html": b"oldest"})
    with pytest.raises(DisclosureError, match="没有可退回的上一版"):
        channel.rollback()
    publish(channel, OLD)
    publish(channel, NEW)
    assert len(versions(root)) == 2
    channel.rollback()
    assert published(root) == OLD
    channel.rollback()
    assert published(root) == NEW


def test_discard_removes_what_is_staged_and_never_what_is_live(root: Path) -> None:
    channel = FolderChannel(root)
    publish(channel, OLD)
    staged = channel.stage(NEW)
    channel.discard(staged)
    assert not staged.folder.exists()
    live = channel.live()
    assert live is not None
    channel.discard(live)
    assert published(root) == OLD
    with pytest.raises(DisclosureError, match="重新暂存"):
        channel.switch(staged)
    assert published(root) == OLD


def test_read_back_finds_changed_missing_and_surplus_files(root: Path) -> None:
    channel = FolderChannel(root)
    publish(channel, NEW)
    page = root / "index.html"
    page.write_bytes(b"neW")
    assert channel.read_back(NEW) == ("文件 index.html 的内容与发布的不符。",)
    page.write_bytes(b"new")
    (root / "releases.json").unlink()
    (root / "extra.html").write_bytes(b"")
    (root / "link").symlink_to(page)
    assert channel.read_back(NEW) == ("多出文件 extra.html。", "多出文件 link。", "缺少文件 releases.json。")
    # A file replaced by a link to its own bytes is not the file that was published.
    (root / "extra.html").unlink()
    (root / "link").unlink()
    (root / "releases.json").symlink_to(root.parent / "elsewhere.json")
    (root.parent / "elsewhere.json").write_bytes(NEW["releases.json"])
    assert channel.read_back(NEW) == ("文件 releases.json 的内容与发布的不符。",)


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", "", ".", "a//b", "a\\b", "./a", "a/", "a\nb"])
def test_a_path_that_leaves_the_folder_is_refused(root: Path, path: str) -> None:
    with pytest.raises(DisclosureError, match="路径"):
        FolderChannel(root).stage({path: b""})
    with pytest.raises(DisclosureError, match="路径"):
        make_manifest({path: b""}, release={})


def test_somebody_elses_folder_is_left_alone(root: Path) -> None:
    root.mkdir()
    (root / "index.html").write_bytes(b"theirs")
    with pytest.raises(DisclosureError, match="请先把它移走"):
        publish(FolderChannel(root), NEW)
    assert published(root) == {"index.html": b"theirs"}


def test_the_site_may_be_moved(root: Path, tmp_path: Path) -> None:
    publish(FolderChannel(root), NEW)
    (tmp_path / "moved").mkdir()
    for name in ("site", "site.versions"):
        (tmp_path / name).rename(tmp_path / "moved" / name)
    assert published(tmp_path / "moved" / "site") == NEW


def test_a_full_disk_is_told_and_leaves_the_old_site(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = FolderChannel(root)
    publish(channel, OLD)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("disclosure.publication.folder_channel.os.fsync", full)
        with pytest.raises(DisclosureError, match="请检查磁盘空间和权限"):
            channel.stage(NEW)
    assert published(root) == OLD
    assert len(versions(root)) == 1


#: What Python tells its audit hooks when the disk is about to change; opening a file for writing comes on top.
CHANGES = {"os.rename", "os.symlink", "os.mkdir", "os.remove", "os.rmdir", "os.chmod", "shutil.rmtree"}


def killed_at(write: int, action: Callable[[], None]) -> bool:
    """Run ``action`` in a process that is killed (SIGKILL) at its ``write``-th change of the disk; was it?"""
    child = os.fork()
    if child == 0:
        count = 0

        def watch(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal count
            writes = event in CHANGES
            if event == "open" and isinstance(arguments[2], int):
                writes = bool(arguments[2] & (os.O_WRONLY | os.O_RDWR))
            if writes:
                count += 1
                if count == write:
                    os.kill(os.getpid(), signal.SIGKILL)

        try:
            sys.addaudithook(watch)
            action()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def test_killed_at_any_write_shows_old_or_new_and_a_rerun_ends_right(tmp_path: Path) -> None:
    seen = set()
    for write in range(1, 200):
        root = tmp_path / str(write) / "site"
        channel = FolderChannel(root)
        publish(channel, {"index.html": b"oldest"})
        publish(channel, OLD)
        was_killed = killed_at(write, lambda channel=channel: publish(channel, NEW))  # type: ignore[misc]
        shown = published(root)
        assert shown in (OLD, NEW), f"torn at write {write}"
        seen.add(shown == NEW)
        publish(channel, NEW)
        assert published(root) == NEW
        assert len(versions(root)) == 2, f"rubbish left after write {write}"
        channel.rollback()
        assert published(root) == OLD
        if not was_killed:
            break
    else:
        pytest.fail("publishing never came to an end")
    assert write > 10
    assert seen == {True, False}


def test_readers_meet_whole_sites_only(root: Path) -> None:
    channel = FolderChannel(root)
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
