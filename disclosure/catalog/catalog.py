"""Loading the catalogue and asking it questions."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar, get_args

from pydantic import ValidationError

from disclosure.catalog.channel_models import Channel
from disclosure.catalog.models import (
    Correction,
    Cycle,
    Demand,
    Fact,
    Gate,
    GateId,
    Holiday,
    Holidays,
    Identity,
    ImportWords,
    Indicator,
    Insurance,
    KnownError,
    Messenger,
    Milestone,
    MilestoneFacts,
    Office,
    Power,
    ProfileFacts,
    Ratio,
    Region,
    ReminderRules,
    Role,
    RoleId,
    Rule,
    Section,
    Unit,
)
from disclosure.catalog.openness_models import CONTENT_OF_KIND, Content, OpennessItem, OpennessMatter, OpennessWords
from disclosure.catalog.outlet_models import OutletFacts
from disclosure.catalog.references import mistakes_of
from disclosure.catalog.yaml_source import Document, Location, load_document
from disclosure.errors import DisclosureError
from disclosure.periods import Period

BASE = Path(__file__).parent
PROFILES = BASE / "profiles"

FactT = TypeVar("FactT", bound=Fact)

_EXPECTED = {
    "missing": "缺少这一项",
    "extra_forbidden": "不认识这一项，请检查拼写",
    "literal_error": "应为 {expected}",
    "string_pattern_mismatch": "写法不合规定的样式 {pattern}",
    "string_type": "应为文字",
    "int_parsing": "应为整数",
    "int_type": "应为整数",
    "bool_parsing": "应为 true 或 false",
    "decimal_parsing": "应为数字",
    "tuple_type": "应为列表",
    "dict_type": "应为“键: 值”的映射",
    "string_too_short": "不能为空",
    "too_short": "至少要有一项",
    "value_error": "{error}",
    "less_than_equal": "不能大于 {le}",
    "greater_than_equal": "不能小于 {ge}",
    "time_parsing": "应为 08:30 这样的时间",
    "date_from_datetime_parsing": "应为 2025-04-15 这样的日期",
}


@dataclass(frozen=True)
class Catalog:
    """All facts of one profile. Mappings are in the order of the YAML, which is the printed order."""

    folder: Path
    profile: ProfileFacts
    regions: Mapping[str, Region]
    offices: Mapping[str, Office]
    roles: Mapping[str, Role]
    gates: Mapping[str, Gate]
    powers: Mapping[str, Power]
    cycles: Mapping[str, Cycle]
    #: The six milestones in the order of the work.
    milestone_facts: Mapping[str, MilestoneFacts]
    sections: Mapping[str, Section]
    units: Mapping[str, Unit]
    insurances: Mapping[str, Insurance]
    #: Every indicator the catalogue knows; ``reported`` below are those this profile reports.
    indicators: Mapping[str, Indicator]
    identities: Mapping[str, Identity]
    ratios: Mapping[str, Ratio]
    rules: Mapping[str, Rule]
    channels: Mapping[str, Channel]
    #: What the channels beside the website need to be told.
    outlets: OutletFacts
    known_errors: Mapping[str, KnownError]
    import_words: ImportWords
    holidays: Holidays
    reminders: ReminderRules
    messengers: Mapping[str, Messenger]
    #: The 政务公开标准目录: its words, first-level matters and items, the last by two-digit number.
    openness_words: OpennessWords
    openness_matters: Mapping[str, OpennessMatter]
    openness_items: Mapping[str, OpennessItem]
    #: What the profile wrote for elements, by item and element; guides are Markdown files (``openness.guides``).
    openness_contents: Mapping[str, Mapping[str, Content]]

    @cached_property
    def prefecture(self) -> Region:
        """The whole the profile is about (a prefecture, a city or a district)."""
        return next(region for region in self.regions.values() if region.level == "prefecture")

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
        """The one office whose people decide at ``gate``."""
        return self.offices[self.roles[self.gates[gate].role].offices[0]]

    def roles_of_office(self, office: str) -> tuple[RoleId, ...]:
        """The roles people of ``office`` (an id) may hold, in the order of the catalogue."""
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
        """Indicators asked for in ``period``, of one centre if named.

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

    def regions_for(self, indicator: Indicator) -> tuple[Region, ...]:
        """Regions that report ``indicator``: the prefecture, and its parts where it is by county."""
        return (self.prefecture, *(self.parts_of_prefecture if indicator.by_county else ()))

    def indicator_id(self, insurance: str, part: str) -> str:
        """The id of ``part`` of an identity or ratio: with its insurance, unless it is a whole id already."""
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
        """The region whose code, name or alias ``text`` is; None when there is none."""
        wanted = normalise(text)
        return self._region_names.get(wanted)

    def find_insurance(self, text: str) -> Insurance | None:
        """The insurance whose id, name or alias ``text`` is."""
        return self._insurance_names.get(normalise(text))

    def find_indicator(self, insurance: str, text: str) -> Indicator | None:
        """The indicator of insurance id ``insurance`` whose id, name or alias ``text`` is.

        Never by likeness: a name that two indicators share finds neither.
        """
        found = self.indicators_named(insurance, text)
        return found[0] if len(found) == 1 else None

    def indicators_named(self, insurance: str, text: str) -> tuple[Indicator, ...]:
        """Every indicator of insurance id ``insurance`` whose id, name or alias ``text`` is."""
        return self._indicator_names.get((insurance, normalise(text)), ())

    def find_section(self, text: str) -> Section | None:
        """The section whose name or alias ``text`` is, without any number before it."""
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
        """The unit whose name or alias ``text`` is."""
        return self._unit_names.get(normalise(text))

    @cached_property
    def _region_names(self) -> dict[str, Region]:
        return _unique_names((r, (r.code, r.name, *r.former_codes, *r.aliases)) for r in self.regions.values())

    @cached_property
    def _insurance_names(self) -> dict[str, Insurance]:
        return _unique_names((i, (i.id, i.name, i.short_name, *i.aliases)) for i in self.insurances.values())

    @cached_property
    def _section_names(self) -> dict[str, Section]:
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


def profile_folder(name: str | Path) -> Path:
    """The folder of a shipped profile's name, or of a path.

    Raises:
        DisclosureError: when there is no ``profile.yaml`` there.
    """
    for folder in (PROFILES / str(name), Path(name)):
        if (folder / "profile.yaml").is_file():
            return folder
    shipped = "、".join(sorted(path.parent.name for path in PROFILES.glob("*/profile.yaml")))
    raise DisclosureError(f"找不到地区配置“{name}”：应为 {shipped} 之一，或一个含有 profile.yaml 的文件夹。")


@cache
def load_catalog(profile: str | Path = "chuxiong") -> Catalog:
    """The base catalogue with ``profile`` laid over it.

    Raises:
        DisclosureError: naming file, line and what was expected; all mistakes of a file at once.
    """
    folder = profile_folder(profile)

    @cache
    def document(name: str) -> Document:
        merged = Document()
        for layer in (BASE, folder):
            files = [layer / f"{name}.yaml", *sorted((layer / name).glob("*.yaml"))]
            for file in files:
                if file.is_file():
                    merged = merged.overlay(load_document(file))
        return merged

    organisation, openness = document("organisation"), document("openness")
    openness_items = _entries(OpennessItem, openness, "openness_items", "number")
    insurances = _entries(Insurance, document("insurances"), "insurances")
    catalog = Catalog(
        folder=folder,
        profile=_one(ProfileFacts, document("profile")),
        regions=_entries(Region, document("regions"), "regions", "code"),
        offices=_entries(Office, organisation, "offices"),
        roles=_entries(Role, organisation, "roles"),
        gates=_entries(Gate, organisation, "gates"),
        powers=_entries(Power, organisation, "powers"),
        cycles=_entries(Cycle, document("cycles"), "cycles"),
        milestone_facts=_entries(MilestoneFacts, document("cycles"), "milestones"),
        sections=_entries(Section, document("sections"), "sections"),
        units=_entries(Unit, document("units"), "units"),
        insurances=insurances,
        indicators=_by_insurance(insurances, _entries(Indicator, document("indicators"), "indicators")),
        identities=_entries(Identity, document("identities"), "identities"),
        ratios=_entries(Ratio, document("ratios"), "ratios"),
        rules=_entries(Rule, document("rules"), "rules"),
        channels=_entries(Channel, document("channels"), "channels", shows_values=False),
        outlets=_one(OutletFacts, document("outlets")),
        holidays=_holidays(folder, document("holidays")),
        known_errors=_entries(KnownError, document("known_errors"), "known_errors"),
        import_words=_one(ImportWords, document("imports")),
        openness_words=_one(OpennessWords, openness, "openness_words"),
        openness_matters=_entries(OpennessMatter, openness, "openness_matters"),
        openness_items=openness_items,
        openness_contents=_contents(openness, openness_items),
        reminders=_one(ReminderRules, document("reminders")),
        messengers=_entries(Messenger, document("messengers"), "messengers"),
    )
    if mistakes := mistakes_of(catalog, document):
        raise DisclosureError("\n".join(mistakes))
    if tuple(catalog.milestone_facts) != get_args(Milestone):
        where, steps = document("cycles").locate(("milestones",)), "、".join(get_args(Milestone))
        raise DisclosureError(f"{where}：milestones 应当正好有这六个节点，先后也如此：{steps}。")
    return catalog


def _holidays(folder: Path, document: Document) -> Holidays:
    """The profile's own days, and the corrections above them."""
    own = _entries(Holiday, document, "holidays", "date")
    corrected = _entries(Correction, document, "corrections", "date")
    return Holidays(MappingProxyType({**own, **corrected}), folder / "holidays.yaml")


def _by_insurance(insurances: Mapping[str, Insurance], found: Mapping[str, Indicator]) -> Mapping[str, Indicator]:
    """Indicators in the printed order of their insurances; within one, in the order of the YAML."""
    order = {insurance: place for place, insurance in enumerate(insurances)}
    ranked = sorted(found.values(), key=lambda indicator: order.get(indicator.insurance, len(order)))
    return MappingProxyType({indicator.id: indicator for indicator in ranked})


def _one(model: type[FactT], document: Document, *at: str) -> FactT:
    data: Any = document.data
    for key in at:
        data = data.get(key, {})
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise DisclosureError(explain(error, document, at)) from error


def _entries(
    model: type[FactT], document: Document, top: str, key: str = "id", *, shows_values: bool = True
) -> Mapping[str, FactT]:
    """``top`` of a document by key; without ``shows_values`` no mistake shows what was written there."""
    found: dict[str, FactT] = {}
    mistakes: list[str] = []
    raw: Any = document.data.get(top) or {}
    if not isinstance(raw, dict):
        raise DisclosureError(f"{document.locate((top,))}：{top} 应为“键: 值”的映射。")
    for name, fields in raw.items():
        if not isinstance(fields, dict):
            mistakes.append(f"{document.locate((top, name))}：“{name}”应为“键: 值”的映射。")
            continue
        try:
            found[str(name)] = model.model_validate({key: str(name), **fields})
        except ValidationError as error:
            mistakes.append(explain(error, document, (top, name), shows_values=shows_values))
    if mistakes:
        raise DisclosureError("\n".join(mistakes))
    return MappingProxyType(found)


def _contents(document: Document, items: Mapping[str, OpennessItem]) -> Mapping[str, Mapping[str, Content]]:
    """``openness_contents``: each by the model of its element's kind."""
    top = "openness_contents"
    found: dict[str, dict[str, Content]] = {}
    mistakes: list[str] = []
    raw: Any = document.data.get(top) or {}
    for number, elements in raw.items():
        if number not in items:
            mistakes.append(f"{document.locate((top, number))}：政务公开目录没有第 {number} 项。")
            continue
        for name, fields in elements.items():
            at = (top, number, name)
            element = items[number].elements.get(name)
            model = CONTENT_OF_KIND.get(element.kind) if element else None
            if model is None:
                mistakes.append(f"{document.locate(at)}：政务公开目录第 {number} 项没有可以填写的要素“{name}”。")
                continue
            try:
                found.setdefault(number, {})[name] = model.model_validate(fields)
            except ValidationError as error:
                mistakes.append(explain(error, document, at))
    if mistakes:
        raise DisclosureError("\n".join(mistakes))
    return MappingProxyType(found)


def explain(error: ValidationError, document: Document, at: Location, *, shows_values: bool = True) -> str:
    """What is wrong, a line each with file and line; without ``shows_values`` nothing of what was written there."""
    lines = []
    for detail in error.errors():
        location = (*at, *detail["loc"])
        told = detail["msg"].removeprefix("Value error, ")
        expected = _EXPECTED[detail["type"]].format(**detail.get("ctx", {})) if detail["type"] in _EXPECTED else told
        given = "" if detail["type"] == "missing" or not shows_values else f"，实际为 {detail['input']!r}"
        path = ".".join(str(step) for step in location)
        lines.append(f"{document.locate(location)}：{path} {expected}{given}。")
    return "\n".join(lines)
