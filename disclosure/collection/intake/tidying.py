"""What lies in an inbox for good has a bound: the oldest files sent back are taken away, kept by hash as evidence.

Only a file whose very bytes are among those we keep is ever removed. Files that were accepted stay, but for repeats.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from sqlalchemy import select

from disclosure.collection.sources import Poll, Source
from disclosure.collection.sources.base import GoneError, PutAway
from disclosure.collection.sources.inbox import ANSWERS, RETURNED, TAKEN, is_handed_in
from disclosure.platform.clock import format_moment, shanghai
from disclosure.platform.settings import SHANGHAI, Settings
from disclosure.platform.templating import render_text
from disclosure.records import ledger
from disclosure.records.file_store import file_path
from disclosure.records.installation import Installation
from disclosure.records.tables import Arrival

#: What intake puts before the name of a file it puts away, and before those of its answers.
_LABEL = re.compile(r"(?P<moment>\d{8}-\d{6})-(?P<number>\d{1,18})号-")
_MOMENT = "%Y%m%d-%H%M%S"
_RECEIPT = f".{ANSWERS}.txt"
#: The marked workbook of an answer may be what its centre is mending.
_DAYS_OF_ANSWERS = 7
#: Each is read before it is removed.
_MOST_AT_ONCE = 1000
_NOTE = "更早的已移走.txt"


@dataclass(frozen=True, order=True)
class PutAwayName:
    """A name that intake has given: when the file was taken (aware), its arrival's number, and the whole name."""

    at: dt.datetime
    number: int
    name: str

    @classmethod
    def parse(cls, name: str) -> Self | None:
        """Read a name; None for one that intake has not given."""
        label = _LABEL.match(name)
        if label is None:
            return None
        try:
            at = dt.datetime.strptime(label["moment"], _MOMENT).replace(tzinfo=SHANGHAI)
        except ValueError:
            return None
        return cls(at, int(label["number"]), name)

    @property
    def is_receipt(self) -> bool:
        """Whether it is the receipt beside a file, or in an answer."""
        return self.name.endswith(_RECEIPT)


def beyond_bounds(names: Iterable[str], keep: int, since: dt.datetime) -> list[PutAwayName]:
    """Return the files, without their receipts, beyond the newest ``keep`` or taken before ``since``, oldest first."""
    found = sorted(one for one in map(PutAwayName.parse, names) if one is not None and not one.is_receipt)
    newest = found[-keep:]
    return [one for one in found if one.at < since or one not in newest]


def tidy_inbox(installation: Installation, source: Source, poll: Poll, now: dt.datetime) -> int:
    """Take the oldest returned and repeated files away, tell the centre beside them, and return how many.

    ``now`` is an aware time. Stopped anywhere, it goes on the next time.

    Raises:
        DisclosureError: when the inbox cannot be read.
    """
    folders = poll.put_away()
    return 0 if folders is None else _Tidying(installation, source, folders, now).run()


def returned_files(settings: Settings) -> dict[str, int]:
    """Count the returned files in each local inbox, by its name; receipts and notes do not count."""
    return {
        folder.parent.name: sum(
            is_handed_in(path.name) and not path.name.endswith((_RECEIPT, _NOTE)) for path in folder.iterdir()
        )
        for folder in sorted(settings.inbox.glob(f"*/{RETURNED}"))
    }


@dataclass(frozen=True)
class _Tidying:
    """One poll of an inbox to take the oldest away."""

    installation: Installation
    source: Source
    folders: PutAway
    now: dt.datetime

    @property
    def settings(self) -> Settings:
        return self.installation.settings

    @property
    def since(self) -> dt.datetime:
        """What was taken before is old, however little lies there."""
        return self.now - dt.timedelta(days=self.settings.inbox_keep_days)

    def run(self) -> int:
        """Take them away, and return how many files."""
        listed = {folder: self.folders.files_in(folder) for folder in (TAKEN, RETURNED, ANSWERS)}
        old = {
            folder: beyond_bounds(listed[folder], self.settings.inbox_keep, self.since) for folder in (RETURNED, TAKEN)
        }
        arrivals = self._arrivals([one.number for each in old.values() for one in each])
        count = sum(self._take_away(folder, found, arrivals) for folder, found in old.items())
        self._remove_answers(listed[ANSWERS])
        return count

    def _take_away(self, folder: str, found: Iterable[PutAwayName], arrivals: Mapping[int, Arrival]) -> int:
        ours = [one for one in found if _is_removable(one, arrivals.get(one.number), folder)][:_MOST_AT_ONCE]
        kept = [one for one in ours if self._is_kept(f"{folder}/{one.name}", arrivals[one.number])]
        if kept:
            with self.installation.records.write() as session:
                ledger.append(
                    session,
                    "inbox.tidied",
                    actor="系统",
                    centre=self.source.centre,
                    folder=folder,
                    count=len(kept),
                    numbers=[one.number for one in kept],
                )
            self._tell(folder, len(kept), changed=len(ours) - len(kept))
        for one in kept:
            self._remove(f"{folder}/{one.name}{_RECEIPT}")
            self._remove(f"{folder}/{one.name}")
        return len(kept)

    def _arrivals(self, numbers: Sequence[int]) -> dict[int, Arrival]:
        """Return the arrivals of this inbox among ``numbers``."""
        found: dict[int, Arrival] = {}
        with self.installation.records.read() as session:
            # In parts: a database takes only so many values at once.
            for start in range(0, len(numbers), _MOST_AT_ONCE):
                part = numbers[start : start + _MOST_AT_ONCE]
                ours = select(Arrival).where(Arrival.source == self.source.id, Arrival.id.in_(part))
                found |= {arrival.id: arrival for arrival in session.scalars(ours)}
        return found

    def _is_kept(self, path: str, arrival: Arrival) -> bool:
        """Whether these very bytes are among the files we keep."""
        digest = hashlib.sha256()
        try:
            for chunk in self.folders.chunks(path):
                digest.update(chunk)
        except GoneError:
            return False
        return digest.hexdigest() == arrival.sha256 and file_path(self.settings.files, arrival.sha256).is_file()

    def _tell(self, folder: str, count: int, *, changed: int) -> None:
        """Leave the centre a note beside its files; the latest takes the place of the one before."""
        text = render_text(
            "collection/tidied.txt.j2",
            centre=self.installation.catalog.offices[self.source.centre].name,
            folder=folder,
            keep=self.settings.inbox_keep,
            days=self.settings.inbox_keep_days,
            at=format_moment(self.now),
            count=count,
            changed=changed,
        )
        self.folders.put(f"{folder}/{_NOTE}", text.replace("\n", "\r\n").encode("utf-8-sig"))

    def _remove_answers(self, listed: Iterable[str]) -> None:
        """Remove the answers to files that no longer lie here: receipts at once, marked workbooks after some days."""
        left = (self.folders.files_in(folder) for folder in (TAKEN, RETURNED))
        there = {one.number for names in left for one in map(PutAwayName.parse, names) if one}
        answers = sorted(one for one in map(PutAwayName.parse, listed) if one is not None)
        numbers = dict.fromkeys(one.number for one in answers)
        recent = set(list(numbers)[-self.settings.inbox_keep :]) - {
            one.number for one in answers if one.at < self.since
        }
        latest = self.now - dt.timedelta(days=_DAYS_OF_ANSWERS)
        old = [one for one in answers if one.number not in there | recent and (one.is_receipt or one.at < latest)]
        known = self._arrivals(list({one.number for one in old}))
        for one in old:
            if one.number in known:
                self._remove(f"{ANSWERS}/{one.name}")

    def _remove(self, path: str) -> None:
        # Gone: another intake at the same moment, or its owner, has removed it.
        with suppress(GoneError):
            self.folders.remove(path)


def _is_removable(one: PutAwayName, arrival: Arrival | None, folder: str) -> bool:
    """Whether it is the arrival its name says, and nothing that counts: sent back, refused, or handed in before."""
    if arrival is None or f"{shanghai(arrival.taken_at):{_MOMENT}}" != f"{one.at:{_MOMENT}}":
        return False
    return folder == RETURNED or arrival.is_repeat
