"""How everybody and everything behaves in a rehearsal: the shipped ordinary year, with exceptions laid over it."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from disclosure.calendar.periods import CycleKind
from disclosure.catalog import BASE, Catalog, DatedGate, Milestone
from disclosure.cycle.queries import MILESTONES
from disclosure.platform.errors import DisclosureError
from disclosure.platform.fact import Fact, read_fact
from disclosure.platform.yaml_source import Location, load_document

#: A year with 29 February, so that the day may be written.
_LEAP_YEAR = 2024


def _is_day(text: str) -> str:
    try:
        dt.date.fromisoformat(f"{_LEAP_YEAR}-{text}")
    except ValueError:
        raise ValueError("应为 03-05 这样的月日") from None
    return text


DayOfYear = Annotated[str, AfterValidator(_is_day)]


def day_in(year: int, text: str) -> dt.date:
    """Return the day ``text`` (``MM-DD``) of ``year``; 29 February of other years is the 28th."""
    return dt.date.fromisoformat(f"{year}-{'02-28' if text == '02-29' and not calendar.isleap(year) else text}")


class Hours(Fact):
    """Local times of the day."""

    reminders: tuple[dt.time, ...] = Field(min_length=1)
    people: dt.time
    publish: dt.time


class Special(Fact):
    """The one special cycle of the year, about the year before."""

    name: str = Field(min_length=1)
    only: tuple[str, ...] = Field(min_length=1)
    opens: DayOfYear
    milestones: dict[Milestone, DayOfYear]

    @model_validator(mode="after")
    def _whole(self) -> Special:
        if missing := [step for step in MILESTONES if step not in self.milestones]:
            raise ValueError(f"专项的六个节点都要有日期，还缺 {'、'.join(missing)}")
        return self


class DaySpan(Fact):
    """Days of the year, both included."""

    first: DayOfYear
    last: DayOfYear

    @model_validator(mode="after")
    def _in_order(self) -> DaySpan:
        if self.last < self.first:
            raise ValueError("last 不能早于 first")
        return self

    def covers(self, day: dt.date) -> bool:
        """Whether ``day`` lies in it, in whatever year."""
        return self.first <= f"{day:%m-%d}" <= self.last


class Late(Fact):
    """A centre that hands in ``days`` working days after the plan, or never."""

    cycle: CycleKind
    office: str
    days: int = Field(default=0, ge=0, le=60)
    never: bool = False

    @model_validator(mode="after")
    def _one_of_two(self) -> Late:
        if bool(self.days) == self.never:
            raise ValueError("days（晚几个工作日）和 never: true（一直不交）应写且只写一个")
        return self


class Returned(Fact):
    """A gate that returns so many times, to these offices, before it approves."""

    cycle: CycleKind
    gate: DatedGate
    times: int = Field(ge=1, le=5)
    to: tuple[str, ...] = Field(min_length=1)


class Away(DaySpan):
    """A gate's reviewer who is not there; with ``substitute`` somebody is registered to stand in."""

    gate: DatedGate
    substitute: bool = True


class ChannelDown(DaySpan):
    """A publication channel that takes nothing."""

    channel: str


class MessengerDown(DaySpan):
    """A messenger that takes no letter."""

    messenger: str


class Behaviour(Fact):
    """``rehearsal.yaml``. Everything that is not an exception is done on its planned day."""

    hours: Hours
    hurry: int = Field(ge=0, le=10)
    waits: int = Field(ge=0, le=60)
    special: Special | None = None
    messengers: dict[str, str] = Field(default_factory=dict)
    late: tuple[Late, ...] = ()
    returned: tuple[Returned, ...] = ()
    away: tuple[Away, ...] = ()
    channels_down: tuple[ChannelDown, ...] = ()
    messengers_down: tuple[MessengerDown, ...] = ()
    machine_off: tuple[DaySpan, ...] = ()
    holidays_unpublished: bool = False


def load_behaviour(catalog: Catalog, file: Path | None = None) -> Behaviour:
    """Load the ordinary year, with what ``file`` says laid over it.

    Raises:
        DisclosureError: naming file and line, for another shape or a name the catalogue does not have.
    """
    document = load_document(BASE / "rehearsal.yaml")
    if file is not None:
        document = document.overlay(load_document(file))
    behaviour = read_fact(Behaviour, document)
    if wrong := [*_out_of_order(behaviour), *_unknown_names(catalog, behaviour)]:
        raise DisclosureError("\n".join(f"{document.locate(at)}：{sentence}" for at, sentence in wrong))
    return behaviour


def _out_of_order(behaviour: Behaviour) -> Iterator[tuple[Location, str]]:
    """Yield dates of the special cycle that come before the one before them."""
    if behaviour.special is None:
        return
    before = behaviour.special.opens
    for step in MILESTONES:
        day = behaviour.special.milestones[step]
        if day < before:
            yield ("special", "milestones", step), f"专项的节点 {step} 是 {day}，早于它前面的 {before}，请核对。"
        before = day


def _unknown_names(catalog: Catalog, behaviour: Behaviour) -> Iterator[tuple[Location, str]]:
    """Yield names that this profile's catalogue does not have, with where they stand."""
    named: list[tuple[Location, str, Mapping[str, str]]] = []
    centres = {office.id: office.name for office in catalog.centres}
    returnable = {office.id: office.name for office in (*catalog.centres, *catalog.writers)}
    offices = {office.id: office.name for office in catalog.offices.values()}
    messengers = {each.id: each.name for each in catalog.messengers.values()}
    channels = {each.id: each.name for each in catalog.channels.values()}
    kinds: dict[str, str] = {kind: catalog.cycles[kind].name for kind in catalog.profile.cycles}
    named += [(("late", n, "office"), late.office, centres) for n, late in enumerate(behaviour.late)]
    named += [(("late", n, "cycle"), late.cycle, kinds) for n, late in enumerate(behaviour.late)]
    for n, returned in enumerate(behaviour.returned):
        named.append((("returned", n, "cycle"), returned.cycle, kinds))
        named += [(("returned", n, "to", m), office, returnable) for m, office in enumerate(returned.to)]
    named += [
        (("channels_down", n, "channel"), each.channel, channels) for n, each in enumerate(behaviour.channels_down)
    ]
    for n, down in enumerate(behaviour.messengers_down):
        named.append((("messengers_down", n, "messenger"), down.messenger, messengers))
    for office, messenger in behaviour.messengers.items():
        named += [(("messengers", office), office, offices), (("messengers", office), messenger, messengers)]
    for at, name, known in named:
        if name not in known:
            listed = "、".join(f"{key}（{said}）" for key, said in known.items())
            yield at, f"没有“{name}”，应为 {listed} 之一。"
