"""Channels that hold whole trees: every version in a place of its own, and one mark that says which is live.

A version's name is its digest and 128 random bits: nobody finds it who is not told. Its listing (path -> SHA-256) is
written last, beside it: a version without one is a torn upload and is removed. Files that an earlier version has as
well are linked or copied by the server instead of being sent.
"""

from __future__ import annotations

import json
import re
import secrets
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping

from disclosure.platform.errors import DisclosureError
from disclosure.platform.remote_files import in_words, told
from disclosure.publication.channels.base import Live, PublishingChannel, Staged
from disclosure.publication.contents.tree import Tree, digest_of
from disclosure.publication.proof.manifest import compare_hashes

_VERSION = re.compile(r"(?P<digest>[0-9a-f]{64})-[0-9a-f]{32}")


class VersionStore(ABC):
    """Where versions lie. Names are those of versions, paths relative to one."""

    @abstractmethod
    def versions(self) -> Iterable[str]:
        """Return the names of everything that lies there, torn uploads too."""

    @abstractmethod
    def listing(self, name: str) -> str | None:
        """Return the text ``finish`` was given; None for a torn upload."""

    @abstractmethod
    def write(self, name: str, path: str, content: bytes) -> None:
        """Write one file that is not there yet."""

    @abstractmethod
    def link(self, name: str, path: str, older: str, older_path: str) -> bool:
        """Have a file of an ``older`` version once more without sending it; False where that cannot be."""

    @abstractmethod
    def finish(self, name: str, listing: str) -> None:
        """Make sure that all files of a version are kept, then write its listing."""

    @abstractmethod
    def hashes(self, name: str) -> Mapping[str, str]:
        """Return path -> SHA-256 of every file of a version, as it is read back now."""

    @abstractmethod
    def remove(self, name: str) -> None:
        """Remove a version, its listing first."""

    @abstractmethod
    def current(self) -> str:
        """Return the version that is live; empty when none is."""

    @abstractmethod
    def set_current(self, name: str) -> None:
        """Make a version live in one write; an empty name: none."""

    def close(self) -> None:  # noqa: B027 - this machine's folders have nothing to close
        """Let go of the connection."""


class VersionsChannel(PublishingChannel):
    """A channel on a store of versions. ``hidden`` are secrets that no error may show."""

    def __init__(self, store: VersionStore, where: str, hidden: Collection[str] = ()) -> None:
        self.store, self.where, self._hidden = store, where, tuple(hidden)

    def stage(self, tree: Tree, *, afresh: bool = False, begun: Staged | None = None) -> Staged:  # noqa: ARG002
        """See ``PublishingChannel``. A switch is one write, so ``begun`` leaves no doubt: ``live`` tells."""
        with in_words(self.where, self._hidden, told):
            live = self.store.current()
            listings = self._listings(live)
            if not afresh:
                for name in sorted(listings, key=lambda name: name != live):
                    if _digest_in(name) == tree.digest:
                        return Staged(name, tree.digest)
            name = f"{tree.digest}-{secrets.token_hex(16)}"
            known = (
                {} if afresh else {sha: (old, path) for old, files in listings.items() for path, sha in files.items()}
            )
            for path, sha in tree.hashes.items():
                if sha not in known or not self.store.link(name, path, *known[sha]):
                    self.store.write(name, path, tree[path])
            self.store.finish(name, json.dumps(dict(tree.hashes), ensure_ascii=False, indent=0, sort_keys=True))
            return Staged(name, tree.digest)

    def _listings(self, live: str) -> dict[str, dict[str, str]]:
        """Return the listings of whole versions; torn uploads are removed."""
        found = {}
        for name in filter(_VERSION.fullmatch, self.store.versions()):
            text = self.store.listing(name)
            if text is not None:
                found[name] = json.loads(text)
            elif name != live:
                self.store.remove(name)
        return found

    def read_staged(self, staged: Staged, tree: Tree) -> tuple[str, ...]:
        """See ``PublishingChannel``: every byte is read."""
        with in_words(self.where, self._hidden, told):
            return compare_hashes(tree.hashes, self.store.hashes(staged.token))

    def switch(self, staged: Staged) -> None:
        """See ``PublishingChannel``."""
        with in_words(self.where, self._hidden, told):
            if self.store.current() == staged.token:
                return
            if self.store.listing(staged.token) is None:
                raise DisclosureError(f"{self.where}：暂存的内容已不在（可能被另一次发布清理），请重新暂存后再发布。")
            self.store.set_current(staged.token)

    def read_live(self, tree: Tree) -> tuple[str, ...]:
        """See ``PublishingChannel``: every byte is read."""
        with in_words(self.where, self._hidden, told):
            live = self.store.current()
            return compare_hashes(tree.hashes, self.store.hashes(live)) if live else ("还没有发布任何内容。",)

    def live_files(self) -> Mapping[str, str] | None:
        """Return the SHA-256 of every live file by its path, read now; None before the first switch."""
        with in_words(self.where, self._hidden, told):
            name = self.store.current()
            return self.store.hashes(name) if name else None

    def is_as_switched(self) -> bool:
        """Tell whether the live files are still those that were switched to, whatever they should be by now."""
        with in_words(self.where, self._hidden, told):
            name = self.store.current()
            return bool(name) and digest_of(self.store.hashes(name)) == _digest_in(name)

    def live(self) -> Live | None:
        """See ``PublishingChannel``."""
        with in_words(self.where, self._hidden, told):
            name = self.store.current()
            if not name:
                return None
            files = json.loads(self.store.listing(name) or "{}")
            return Live(name, f"{len(files)} 个文件，内容摘要 {_digest_in(name)[:12]}")

    def undo(self, staged: Staged, before: str) -> None:
        """See ``PublishingChannel``."""
        with in_words(self.where, self._hidden, told):
            if self.store.current() != staged.token:
                return
            if before and self.store.listing(before) is None:
                raise DisclosureError(f"{self.where}：发布前的一版已不在，退不回去，请核对后重新发布。")
            self.store.set_current(before)

    def discard(self, staged: Staged) -> None:
        """See ``PublishingChannel``."""
        with in_words(self.where, self._hidden, told):
            if self.store.current() != staged.token:
                self.store.remove(staged.token)

    def tidy(self, keep: Collection[str]) -> None:
        """See ``PublishingChannel``."""
        with in_words(self.where, self._hidden, told):
            kept = {*keep, self.store.current()}
            for name in list(filter(_VERSION.fullmatch, self.store.versions())):
                if name not in kept:
                    self.store.remove(name)

    def close(self) -> None:
        """See ``PublishingChannel``."""
        self.store.close()


def _digest_in(name: str) -> str:
    match = _VERSION.fullmatch(name)
    if match is None:
        raise DisclosureError(f"正在对外提供的“{name}”不是由本系统发布的版本，请检查这个渠道。")
    return match["digest"]
