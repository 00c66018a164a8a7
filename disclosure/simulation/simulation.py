"""What a rehearsal plays on: an installation of its own, a clock, what works and what does not, and what was seen."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from disclosure.calendar.periods import Period
from disclosure.calendar.workdays import is_probable_workday
from disclosure.catalog import Catalog, Messenger, load_catalog
from disclosure.monitoring.reminders.letters import Letter
from disclosure.monitoring.reminders.outbox import NotSentError
from disclosure.platform.clock import format_day
from disclosure.platform.settings import Settings
from disclosure.records.installation import Installation
from disclosure.simulation.actors import Actors, SimulatedClock
from disclosure.simulation.behaviour import Behaviour, day_in


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


@dataclass(frozen=True)
class RehearsalInstallation(Installation):
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


def installation_at(home: Path, profile: str, unpublished: frozenset[int] = frozenset()) -> RehearsalInstallation:
    """Make the rehearsal's own installation below ``home``, on SQLite whatever the real one uses."""
    settings = Settings(home=home, profile=profile, database_url=f"sqlite:///{home / 'records.db'}")
    return RehearsalInstallation(settings, unpublished)


@dataclass
class Simulation:
    """The state of a rehearsal."""

    installation: Installation
    behaviour: Behaviour
    clock: SimulatedClock
    notes: list[Note] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    #: Name -> office name of everybody who takes part.
    offices: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.actors = Actors(self.installation, self.clock, is_demo=True)

    @property
    def catalog(self) -> Catalog:
        """The profile's facts."""
        return self.installation.catalog

    def note(self, said: str, period: Period | None = None, *, delays: bool = True) -> None:
        """Keep what happened now; the same sentence about the same cycle is kept once."""
        if not any((known.said, known.period) == (said, period) for known in self.notes):
            self.notes.append(Note(self.clock.moment, period, said, delays))

    def is_working_day(self, day: dt.date) -> bool:
        """Whether people are at work."""
        return is_probable_workday(day, self.catalog.holidays)

    def workday_after(self, day: dt.date, count: int) -> dt.date:
        """Return the ``count``-th working day after ``day``; 0 is ``day`` itself, or the next one that is."""
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
            self.note(f"{format_day(first)}{'' if first == last else f'至{format_day(last)}'}停机")
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
            root = self.installation.settings.home / channel.url
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


class CycleRun(ABC):
    """The run that drives one cycle; ``is_stopped`` once it failed, until somebody retries it.

    ``publishes_at`` is the hour that was signed, while it is awaited.
    """

    def __init__(self, period: Period, cycle_id: int) -> None:
        self.period, self.cycle_id = period, cycle_id
        self.is_stopped = self.is_over = False
        self.publishes_at: dt.datetime | None = None

    @abstractmethod
    def advance(self) -> None:
        """Go on until a person must act, a step fails, or the cycle is over."""
