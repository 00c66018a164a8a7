"""An inbox: a folder where a centre leaves its workbooks and finds the answers.

What waits lies right in the folder; what was taken is moved to 已收 or 退回 beside its receipt, and the whole answer
lies in 回执.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import PurePosixPath
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from disclosure.collection.sources.base import Delivery, DeliveryOutcome, GoneError, Poll, PollContext, PutAway, Source
from disclosure.collection.sources.store import Entry, Store
from disclosure.platform.file_names import UNFINISHED, printable_name
from disclosure.platform.remote_files import fill, unknown_placeholders

TAKEN, RETURNED, ANSWERS = "已收", "退回", "回执"
OWN_FOLDERS = (TAKEN, RETURNED, ANSWERS)
#: What programs leave lying about.
_LITTER = ("thumbs.db", "desktop.ini")
#: What is no file of its own: what it is and what to do.
_MISPLACED = {
    "link": "是一个链接（快捷方式），没有收；请把文件本身放进收件夹。",
    "hard link": "是一个硬链接（同一个文件在别处还有名字），没有收；请把文件复制一份放进收件夹。",
    "other": "不是普通文件（是管道或设备），没有收；请删去，把要报送的文件放进收件夹。",
}
#: Bytes a file name may have on the usual file systems, less what we put before and after it.
_LONGEST_NAME = 190


class InboxSource(Source):
    """A folder by fsspec URL; without ``url`` it is ``home/inbox/CENTRE`` on this machine.

    ``options`` (not secret) and ``secrets`` are given to the file system under their names.
    """

    kind: Literal["inbox"]
    url: str = ""
    options: dict[str, Any] = Field(default={})

    is_inbox: ClassVar[bool] = True

    @field_validator("url")
    @classmethod
    def _only_home(cls, value: str) -> str:
        if unknown := unknown_placeholders(value, "home"):
            raise ValueError(f"url 里不认识 {{{unknown[0]}}}，可用 {{home}}")
        return value

    @property
    def where(self) -> str:
        """``收件夹 sftp://10.1.2.3/yibao``."""
        return f"收件夹 {self.url or f'inbox/{self.centre}'}"

    def begin_poll(self, context: PollContext) -> Poll:
        """Connect; a local inbox of the product's own is made."""
        secrets = {name: context.secret(secret) for name, secret in self.secrets.items()}
        url = fill(self.url, home=context.home) or str(context.home / "inbox" / self.centre)
        store = Store(url, self.options, secrets, self.where, refuses_links=True)
        if not self.url:
            store.make(TAKEN, RETURNED, ANSWERS)
        return InboxPoll(store)


class InboxPoll(Poll):
    """One look into an inbox."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._first: dict[str, Entry] = {}

    def first_look(self) -> bool:
        """Note what waits, to be compared a while later."""
        self._first = {entry.name: entry for entry in self._store.entries() if is_handed_in(entry.name)}
        return bool(self._first)

    def deliveries(self) -> Iterator[Delivery]:
        """Files that are as they were at the first look, the oldest first."""
        waiting = [entry for entry in self._store.entries() if is_handed_in(entry.name)]
        whole = [entry for entry in waiting if self._first.get(entry.name) == entry]
        unfinished = (entry.name for entry in self._store.entries() if is_unfinished(entry.name))
        self.waiting = len(whole)
        self.arriving = (*(entry.name for entry in waiting if entry not in whole), *unfinished)
        for entry in sorted(whole, key=lambda entry: (entry.modified, entry.name)):
            yield Delivery(
                entry.name,
                entry.size,
                lambda name=entry.name: self._store.chunks(name),  # type: ignore[misc]
                entry.modified,
                settle=lambda settled, entry=entry: self._settle(entry, settled),  # type: ignore[misc]
            )

    def _settle(self, entry: Entry, settled: DeliveryOutcome) -> None:
        """Answer, then put the file away: once it is moved nobody comes back to it."""
        self.answer({f"{settled.label}-{name}": content for name, content in settled.files.items()})
        target = f"{TAKEN if settled.is_accepted else RETURNED}/{settled.label}-{shortened(printable_name(entry.name))}"
        receipt = next(iter(settled.files.values()))
        self._store.put(f"{target}.{ANSWERS}.txt", receipt)
        # Gone: another run has put it away. Changed: it is a newer file, for the next look.
        if self._store.entry(entry.name) == entry:
            with suppress(GoneError):
                self._store.move(entry.name, target)

    def misplaced(self) -> Mapping[str, str]:
        """Tell of links, which may point anywhere, pipes and devices, and folders with something in them."""
        found = {}
        for name, kind in self._store.others().items():
            shown = printable_name(name)
            if name in OWN_FOLDERS or name.startswith("."):
                continue
            if kind in _MISPLACED:
                found[name] = f"“{shown}”{_MISPLACED[kind]}"
            elif self._store.holds_any(name):
                found[name] = f"文件夹“{shown}”里的文件没有收；请把要报送的文件直接放进收件夹，不要放在下一级文件夹里。"
        return found

    def answer(self, files: Mapping[str, bytes]) -> None:
        """Leave files in 回执."""
        for name, content in files.items():
            path = f"{ANSWERS}/{name}"
            if self._store.entry(path) is None:
                self._store.put(path, content)

    def put_away(self) -> PutAway:
        """Return the folders of what was taken."""
        return self._store

    def close(self) -> None:
        """Let go of the connection."""
        self._store.close()


def is_handed_in(name: str) -> bool:
    """Whether somebody hands this in: not hidden, not a lock file of Office, not still being written."""
    lower = name.lower()
    return not (name.startswith((".", "~$")) or lower.endswith(UNFINISHED) or lower in _LITTER)


def is_unfinished(name: str) -> bool:
    """Whether a program is still writing it, by its name."""
    return name.lower().endswith(UNFINISHED) and not name.startswith((".", "~$"))


def shortened(name: str) -> str:
    """Return a name short enough to be led by ours, its ending kept."""
    path = PurePosixPath(name)
    room = _LONGEST_NAME - len(path.suffix.encode())
    if len(name.encode()) <= _LONGEST_NAME or room <= 0:
        return name.encode()[:_LONGEST_NAME].decode("utf-8", "ignore")
    return path.stem.encode()[:room].decode("utf-8", "ignore") + path.suffix
