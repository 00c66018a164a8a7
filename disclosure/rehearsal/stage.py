"""What a rehearsal plays on: an installation of its own, a clock, what works and what does not, and what was seen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from disclosure.catalog import Catalog, Messenger, load_catalog
from disclosure.clock import said_day, shanghai
from disclosure.periods import Period
from disclosure.rehearsal.behaviour import Behaviour, day_in
from disclosure.reminders.letters import Letter
from disclosure.reminders.outbox import NotSentError
from disclosure.settings import SHANGHAI, Settings
from disclosure.workdays import is_probable_workday
from disclosure.workplace import Workplace

#: Audits the current round of a cycle, as the flow's task does: ``data_checks.recording.audit_round``.
Audit = Callable[[Workplace, int], object]


@dataclass(frozen=True)
class Note:
    """Something out of the ordinary in a cycle (None: in all of them), as one sentence.

    ``delays``: whether it may be the reason that something was late.
    """

    at: dt.datetime
    period: Period | None
    said: str
    delays: bool = True


@dataclass(frozen=True)
class Message:
    """A letter that would have gone out; ``at`` is aware, ``keys`` are the reminders it carries."""

    at: dt.datetime
    name: str
    office: str
    messenger: str
    letter: Letter

    @property
    def keys(self) -> tuple[str, ...]:
        """Of the reminders it carries."""
        return self.letter.keys


class Clock:
    """A clock that only goes on."""

    def __init__(self, moment: dt.datetime) -> None:
        self.moment = moment

    def __call__(self) -> dt.datetime:
        """Now, an aware time."""
        return self.moment

    @property
    def today(self) -> dt.date:
        """The Shanghai day."""
        return shanghai(self.moment).date()

    def go_to(self, day: dt.date, time: dt.time) -> None:
        """On to ``time`` (Shanghai) of ``day``, if it is not past."""
        self.moment = max(self.moment, dt.datetime.combine(day, time, SHANGHAI))

    def pass_(self, seconds: float) -> None:
        """On by so many seconds."""
        self.moment += dt.timedelta(seconds=seconds)


@dataclass(frozen=True)
class RehearsalPlace(Workplace):
    """An installation in a folder of its own, where a year's holidays may be unpublished.

    Every channel is a folder of its own here, whatever it really is: nothing leaves this machine.
    """

    unpublished: frozenset[int] = frozenset()

    @cached_property
    def catalog(self) -> Catalog:
        """The profile's facts."""
        known = load_catalog(self.settings.profile)
        own = {"kind": "folder", "options": {}, "secrets": {}}
        channels = {
            name: channel.model_copy(update={**own, "url": f"channels/{name}"})
            for name, channel in known.channels.items()
        }
        holidays = replace(known.holidays, unpublished=self.unpublished)
        return replace(known, holidays=holidays, channels=MappingProxyType(channels))


def place_at(home: Path, profile: str, unpublished: frozenset[int] = frozenset()) -> RehearsalPlace:
    """The rehearsal's own installation below ``home``, on SQLite whatever the real one uses."""
    settings = Settings(home=home, profile=profile, database_url=f"sqlite:///{home / 'records.db'}")
    return RehearsalPlace(settings, unpublished)


@dataclass
class Stage:
    """The state of a rehearsal."""

    place: Workplace
    behaviour: Behaviour
    clock: Clock
    audit: Audit
    notes: list[Note] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    #: Name -> office name of everybody who takes part.
    offices: dict[str, str] = field(default_factory=dict)

    @property
    def catalog(self) -> Catalog:
        """The profile's facts."""
        return self.place.catalog

    def note(self, said: str, period: Period | None = None, *, delays: bool = True) -> None:
        """Keep what happened now; the same sentence about the same cycle is kept once."""
        if not any((known.said, known.period) == (said, period) for known in self.notes):
            self.notes.append(Note(self.clock.moment, period, said, delays))

    def is_working_day(self, day: dt.date) -> bool:
        """Whether people are at work."""
        return is_probable_workday(day, self.catalog.holidays)

    def workday_after(self, day: dt.date, count: int) -> dt.date:
        """The ``count``-th working day after ``day``; 0 is ``day`` itself, or the next one that is."""
        while count or not self.is_working_day(day):
            day += dt.timedelta(days=1)
            if count and self.is_working_day(day):
                count -= 1
        return day

    def is_off(self, day: dt.date) -> bool:
        """Whether the machine is off, which is noted once for each span."""
        span = next((each for each in self.behaviour.machine_off if each.covers(day)), None)
        if span is not None:
            first, last = day_in(day.year, span.first), day_in(day.year, span.last)
            self.note(f"{said_day(first)}{'' if first == last else f'至{said_day(last)}'}停机")
        return span is not None

    def post(self, messenger: Messenger, _address: str, letter: Letter) -> None:
        """Keep a letter instead of sending it; a messenger that is down refuses it."""
        down = (each for each in self.behaviour.messengers_down if each.messenger == messenger.id)
        if any(each.covers(self.clock.today) for each in down):
            raise NotSentError(f"{messenger.name}不通")
        name = letter.recipient.name
        self.messages.append(Message(self.clock.moment, name, self.offices[name], messenger.name, letter))

    @property
    def channels_down(self) -> list[str]:
        """The ids of the channels that take nothing today."""
        return [each.channel for each in self.behaviour.channels_down if each.covers(self.clock.today)]

    def show_channels(self) -> None:
        """Take away the folders of the channels that are down today, and put back those that are up again."""
        for channel in self.catalog.channels.values():
            root = self.place.settings.home / channel.url
            versions, aside = root.with_name(f"{root.name}.versions"), root.with_name(f"{root.name}.away")
            is_down = channel.id in self.channels_down
            if is_down and not versions.is_file():
                if versions.exists():
                    versions.rename(aside)
                # Where a folder should be, nothing can be written: the way a lost disk fails.
                versions.parent.mkdir(parents=True, exist_ok=True)
                versions.touch()
            elif not is_down and versions.is_file():
                versions.unlink()
                if aside.exists():
                    aside.rename(versions)
