"""The catalogue as loaded, and the questions it answers."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from disclosure.calendar.holidays import Holidays
from disclosure.calendar.periods import Period
from disclosure.catalog.models.access import EmbargoRule
from disclosure.catalog.models.archive import Retention
from disclosure.catalog.models.channels import Channel
from disclosure.catalog.models.confidentiality import CellRules, PublicContact, WrongWord
from disclosure.catalog.models.history import ImportWords, KnownError
from disclosure.catalog.models.indicators import (
    ComparisonFacts,
    Demand,
    DisclosureSection,
    Indicator,
    Insurance,
    ProfileFacts,
    Unit,
)
from disclosure.catalog.models.openness import Content, LifeEvent, OpennessItem, OpennessMatter, OpennessWords
from disclosure.catalog.models.organisation import (
    CycleFacts,
    Gate,
    GateId,
    Milestone,
    MilestoneFacts,
    Office,
    Power,
    Region,
    Role,
    RoleId,
)
from disclosure.catalog.models.outlets import OutletFacts
from disclosure.catalog.models.reminders import Messenger, ReminderRules
from disclosure.catalog.models.rules import Identity, Ratio, Rule
from disclosure.catalog.models.search import EverydayWord
from disclosure.platform.fact import Fact

BASE = Path(__file__).parent
PROFILES = BASE / "profiles"


def place_of(folder: Path, name: str) -> str:
    """Tell a person where to write facts of the file ``name``: in the bureau's own folder, never in the program."""
    if not folder.is_relative_to(PROFILES):
        return str(folder / name)
    return f"本单位自己的地区配置里的 {name}（还没有：先用 disclosure profile own 文件夹 做一个）"


@dataclass(frozen=True)
class Catalog:
    """All facts of one profile. Mappings are in the order of the YAML, which is the printed order."""

    #: Where the facts lie, the uppermost last: the base, the profile, and where that extends one, the bureau's own.
    layers: tuple[Path, ...]
    profile: ProfileFacts
    regions: Mapping[str, Region]
    offices: Mapping[str, Office]
    roles: Mapping[str, Role]
    gates: Mapping[str, Gate]
    powers: Mapping[str, Power]
    #: Who may see what before it is published, by role; a role without an entry sees progress alone.
    embargo: Mapping[str, EmbargoRule]
    cycles: Mapping[str, CycleFacts]
    #: The six milestones in the order of the work.
    milestone_facts: Mapping[str, MilestoneFacts]
    sections: Mapping[str, DisclosureSection]
    units: Mapping[str, Unit]
    insurances: Mapping[str, Insurance]
    #: Every indicator the catalogue knows; ``reported`` below are those this profile reports.
    indicators: Mapping[str, Indicator]
    #: What every figure is compared with.
    comparisons: ComparisonFacts
    identities: Mapping[str, Identity]
    ratios: Mapping[str, Ratio]
    rules: Mapping[str, Rule]
    channels: Mapping[str, Channel]
    #: What the channels beside the website need to be told.
    outlets: OutletFacts
    known_errors: Mapping[str, KnownError]
    #: Numbers and addresses of offices that may stand in public text, by how they are printed.
    public_contacts: Mapping[str, PublicContact]
    #: How long what a year's archive holds is kept, by its kind.
    retention: Mapping[str, Retention]
    #: Words that public text is held to, by the wrong form.
    wrong_words: Mapping[str, WrongWord]
    #: Which figures tell of too few people to be shown.
    cell_rules: CellRules
    import_words: ImportWords
    #: What people call things when they search the site.
    everyday_words: Mapping[str, EverydayWord]
    holidays: Holidays
    reminders: ReminderRules
    messengers: Mapping[str, Messenger]
    #: The 政务公开标准目录: its words, first-level matters and items, the last by two-digit number.
    openness_words: OpennessWords
    openness_matters: Mapping[str, OpennessMatter]
    openness_items: Mapping[str, OpennessItem]
    #: What happens to people, in the order in which the site offers it.
    life_events: Mapping[str, LifeEvent]
    #: What the profile wrote for elements, by item and element; guides are Markdown files (``openness.guides``).
    openness_contents: Mapping[str, Mapping[str, Content]]

    @property
    def folder(self) -> Path:
        """The uppermost folder: the one to write in, where it is not the program's."""
        return self.layers[-1]

    @property
    def is_own(self) -> bool:
        """Whether the bureau has a folder of its own."""
        return not self.folder.is_relative_to(PROFILES)

    def place_of(self, name: str) -> str:
        """Tell a person where to write facts of the file ``name``."""
        return place_of(self.folder, name)

    def file(self, name: str) -> Path:
        """Return the uppermost file of that name, or where it would be."""
        found = [layer / name for layer in self.layers if (layer / name).is_file()]
        return found[-1] if found else self.folder / name

    def files(self, folder: str, pattern: str) -> list[Path]:
        """Return the files in ``folder`` of all layers by name; an upper one takes the place of a lower."""
        found = {path.name: path for layer in self.layers for path in (layer / folder).glob(pattern)}
        return [found[name] for name in sorted(found)]

    @cached_property
    def prefecture(self) -> Region:
        """The whole the profile is about (a prefecture, a city or a district)."""
        return next(region for region in self.regions.values() if region.level == "prefecture")

    @property
    def whole_name(self) -> str:
        """``全州``, ``全市``: the alias of the prefecture that says so, else its name."""
        return next((alias for alias in self.prefecture.aliases if alias.startswith("全")), self.prefecture.name)

    @cached_property
    def parts_of_prefecture(self) -> tuple[Region, ...]:
        """州本级 and the counties, which add up to the prefecture; empty where none report apart."""
        return tuple(region for region in self.regions.values() if region.level != "prefecture")

    @cached_property
    def publishes_to(self) -> tuple[Channel, ...]:
        """The channels in use, in the order of the YAML."""
        return tuple(channel for channel in self.channels.values() if channel.active)

    @cached_property
    def centres(self) -> tuple[Office, ...]:
        """Offices that hand in figures this profile reports."""
        handing_in = {indicator.centre for indicator in self.reported.values()}
        return tuple(office for office in self.offices.values() if office.id in handing_in)

    def gate_office(self, gate: GateId) -> Office:
        """Return the one office whose people decide at ``gate``."""
        return self.offices[self.roles[self.gates[gate].role].offices[0]]

    def roles_of_office(self, office: str) -> tuple[RoleId, ...]:
        """Return the roles people of ``office`` (an id) may hold, in the order of the catalogue."""
        return tuple(role.id for role in self.roles.values() if office in role.offices)

    @cached_property
    def reported(self) -> Mapping[str, Indicator]:
        """The indicators this profile reports, in printed order."""
        wanted = self.profile.indicators
        by_priority = set() if wanted.only else set(wanted.priorities)

        def selected(indicator: Indicator) -> bool:
            if any(indicator.matches(pattern) for pattern in wanted.except_):
                return False
            listed = wanted.only or wanted.also
            return indicator.priority in by_priority or any(indicator.matches(p) for p in listed)

        def place(indicator: Indicator) -> int:
            # Where ``only`` names them one by one, its order is the printed one: sources have their own.
            return next((n for n, pattern in enumerate(wanted.only) if indicator.matches(pattern)), 0)

        return MappingProxyType({i.id: i for i in sorted(filter(selected, self.indicators.values()), key=place)})

    def indicators_for(self, period: Period, centre: str = "", only: Iterable[str] = ()) -> tuple[Indicator, ...]:
        """Return indicators asked for in ``period``, of one centre if named.

        ``only`` (ids, ``.*`` allowed) narrows a special cycle to what it was opened for.
        """
        patterns = tuple(only)
        return tuple(
            indicator
            for indicator in self.reported.values()
            if indicator.demand(period.kind) != "none"
            and (not centre or indicator.centre == centre)
            and (not patterns or any(indicator.matches(pattern) for pattern in patterns))
        )

    def requires(self, indicator: Indicator, period: Period, only: Iterable[str] = ()) -> bool:
        """Tell whether ``indicator`` must be reported in ``period``; a special one requires what it was opened for."""
        return indicator.demand(period.kind) == "required" or (
            period.kind == "special" and any(indicator.matches(pattern) for pattern in only)
        )

    def depth(self, indicator: Indicator, among: Collection[str]) -> int:
        """Return how many wholes out of ``among`` (ids) ``indicator`` is a part of: 2 for the part of a part."""
        above = indicator.part_of
        return 1 + self.depth(self.indicators[above], among) if above is not None and above in among else 0

    def regions_for(self, indicator: Indicator) -> tuple[Region, ...]:
        """Regions that report ``indicator``: the prefecture, and its parts where it is by county."""
        return (self.prefecture, *(self.parts_of_prefecture if indicator.by_county else ()))

    def indicator_id(self, insurance: str, part: str) -> str:
        """Return the id of ``part`` of an identity or ratio: with its insurance, unless it is a whole id already."""
        bare = part.removeprefix("-")
        return bare if bare in self.indicators else f"{insurance}.{bare}"

    @cached_property
    def audited(self) -> Mapping[str, Rule | Identity | Ratio]:
        """Everything the audit checks, by its number; R6xx rules of a profile stand among the R60s."""
        everything: list[Rule | Identity | Ratio] = [
            *self.rules.values(),
            *self.identities.values(),
            *self.ratios.values(),
        ]
        return MappingProxyType({one.id: one for one in sorted(everything, key=lambda one: (one.id[:3], one.id))})

    def decimals(self, indicator: Indicator) -> int:
        """Decimals printed for ``indicator`` in its unit."""
        if indicator.kind == "text":
            return 0
        return self.units[indicator.unit].decimals if indicator.decimals is None else indicator.decimals

    def milestones(self, period: Period) -> dict[Milestone, dt.date]:
        """Calendar dates of the six milestones; empty for a special cycle, whose dates are its own."""
        cycle = self.cycles[period.kind]
        year = period.year + cycle.years_later
        return {step: dt.date.fromisoformat(f"{year}-{day}") for step, day in cycle.milestones.items()}

    def find_region(self, text: str) -> Region | None:
        """Return the region whose code, name or alias ``text`` is; None when there is none."""
        wanted = normalise(text)
        return self._region_names.get(wanted)

    def find_insurance(self, text: str) -> Insurance | None:
        """Return the insurance whose id, name or alias ``text`` is."""
        return self._insurance_names.get(normalise(text))

    def find_indicator(self, insurance: str, text: str) -> Indicator | None:
        """Return the indicator of insurance id ``insurance`` whose id, name or alias ``text`` is.

        Never by likeness: a name that two indicators share finds neither.
        """
        found = self.indicators_named(insurance, text)
        return found[0] if len(found) == 1 else None

    def indicators_named(self, insurance: str, text: str) -> tuple[Indicator, ...]:
        """Every indicator of insurance id ``insurance`` whose id, name or alias ``text`` is."""
        return self._indicator_names.get((insurance, normalise(text)), ())

    def find_section(self, text: str) -> DisclosureSection | None:
        """Return the section whose name or alias ``text`` is, without any number before it."""
        return self._section_names.get(normalise(text))

    @cached_property
    def writers(self) -> tuple[Office, ...]:
        """Offices that hand in text sections; none where this profile takes no text."""
        if self.profile.narratives == "none":
            return ()
        return tuple(office for office in self.offices.values() if office.writes_text)

    def text_demand(self, period: Period) -> Demand:
        """How the text sections are asked for in ``period``: never required in a special cycle."""
        asked = self.profile.narratives
        return "optional" if asked == "required" and period.kind == "special" else asked

    def find_unit(self, text: str) -> Unit | None:
        """Return the unit whose name or alias ``text`` is."""
        return self._unit_names.get(normalise(text))

    @cached_property
    def _region_names(self) -> dict[str, Region]:
        return _unique_names((r, (r.code, r.name, *r.former_codes, *r.aliases)) for r in self.regions.values())

    @cached_property
    def _insurance_names(self) -> dict[str, Insurance]:
        return _unique_names((i, (i.id, i.name, i.short_name, *i.aliases)) for i in self.insurances.values())

    @cached_property
    def _section_names(self) -> dict[str, DisclosureSection]:
        return _unique_names((s, (s.name, *s.aliases)) for s in self.sections.values())

    @cached_property
    def _unit_names(self) -> dict[str, Unit]:
        return _unique_names((u, (u.id, *u.aliases)) for u in self.units.values())

    @cached_property
    def _indicator_names(self) -> dict[tuple[str, str], tuple[Indicator, ...]]:
        found: dict[tuple[str, str], tuple[Indicator, ...]] = {}
        for indicator in self.indicators.values():
            for name in {
                normalise(text) for text in (indicator.id, indicator.name, indicator.label, *indicator.aliases)
            }:
                key = (indicator.insurance, name)
                found[key] = (*found.get(key, ()), indicator)
        return found


def normalise(text: str) -> str:
    """One spelling for names that differ only in width, spaces, punctuation width or a leading item number.

    ``68.1 其中：参保农民工`` and ``其中:参保农民工`` are the same name; no words are dropped.
    """
    folded = unicodedata.normalize("NFKC", text).strip().lower()
    folded = re.sub(r"^\d+(\.\d+)*\s+", "", folded)
    return re.sub(r"\s+", "", folded)


NamedT = TypeVar("NamedT", bound=Fact)


def _unique_names(entries: Iterable[tuple[NamedT, Iterable[str]]]) -> dict[str, NamedT]:
    names: dict[str, NamedT] = {}
    shared: set[str] = set()
    for entry, spellings in entries:
        for name in {normalise(spelling) for spelling in spellings}:
            if name in names and names[name] is not entry:
                shared.add(name)
            names[name] = entry
    return {name: entry for name, entry in names.items() if name not in shared}
