"""Loading the catalogue: which YAML holds which facts, and the profile's laid over the base."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

from disclosure.calendar.holidays import Holiday, Holidays
from disclosure.catalog.catalog import BASE, PROFILES, Catalog, place_of
from disclosure.catalog.models.access import EmbargoRule
from disclosure.catalog.models.archive import Retention
from disclosure.catalog.models.channels import Channel
from disclosure.catalog.models.confidentiality import CellRules, PublicContact, WrongWord
from disclosure.catalog.models.history import ImportWords, KnownError
from disclosure.catalog.models.indicators import (
    ComparisonFacts,
    DisclosureSection,
    Indicator,
    Insurance,
    ProfileFacts,
    Unit,
)
from disclosure.catalog.models.openness import (
    CONTENT_OF_KIND,
    Content,
    LifeEvent,
    OpennessItem,
    OpennessMatter,
    OpennessWords,
)
from disclosure.catalog.models.organisation import (
    CycleFacts,
    Gate,
    Milestone,
    MilestoneFacts,
    Office,
    Power,
    Region,
    Role,
)
from disclosure.catalog.models.outlets import OutletFacts
from disclosure.catalog.models.reminders import HolidayCorrection, Messenger, ReminderRules
from disclosure.catalog.models.rules import Identity, Ratio, Rule
from disclosure.catalog.models.search import EverydayWord
from disclosure.catalog.references import mistakes_of
from disclosure.platform.errors import DisclosureError
from disclosure.platform.fact import Fact, read_fact
from disclosure.platform.yaml_source import Document, Location, load_document

#: The files of every catalogue read here, by their folders, as they stood before they were read.
_as_read: dict[tuple[Path, ...], tuple[tuple[Path, int, int], ...]] = {}


@dataclass(frozen=True)
class FactFile:
    """Where facts are written: ``file`` without ending, and the key in it they stand under.

    Without ``key`` what stands there (without ``top``: the whole file) is one entry, otherwise a mapping of entries
    whose keys are their ``key``. Without ``shows_values`` no mistake shows what was written.
    """

    file: str
    model: type[Fact]
    top: str = ""
    key: str = ""
    shows_values: bool = True


#: Every field of ``Catalog`` that is read as it stands.
FACT_FILES: Mapping[str, FactFile] = MappingProxyType(
    {
        "profile": FactFile("profile", ProfileFacts),
        "regions": FactFile("regions", Region, "regions", "code"),
        "offices": FactFile("organisation", Office, "offices", "id"),
        "roles": FactFile("organisation", Role, "roles", "id"),
        "gates": FactFile("organisation", Gate, "gates", "id"),
        "powers": FactFile("organisation", Power, "powers", "id"),
        "embargo": FactFile("access", EmbargoRule, "embargo", "role"),
        "cycles": FactFile("cycles", CycleFacts, "cycles", "id"),
        "milestone_facts": FactFile("cycles", MilestoneFacts, "milestones", "id"),
        "sections": FactFile("sections", DisclosureSection, "sections", "id"),
        "units": FactFile("units", Unit, "units", "id"),
        "insurances": FactFile("insurances", Insurance, "insurances", "id"),
        "indicators": FactFile("indicators", Indicator, "indicators", "id"),
        "comparisons": FactFile("comparisons", ComparisonFacts),
        "identities": FactFile("identities", Identity, "identities", "id"),
        "ratios": FactFile("ratios", Ratio, "ratios", "id"),
        "rules": FactFile("rules", Rule, "rules", "id"),
        "channels": FactFile("channels", Channel, "channels", "id", shows_values=False),
        "outlets": FactFile("outlets", OutletFacts),
        "public_contacts": FactFile("confidentiality", PublicContact, "public_contacts", "number"),
        "wrong_words": FactFile("wrong_words", WrongWord, "wrong_words", "wrong"),
        "cell_rules": FactFile("confidentiality", CellRules, "cells"),
        "known_errors": FactFile("known_errors", KnownError, "known_errors", "id"),
        "everyday_words": FactFile("search", EverydayWord, "everyday_words", "word"),
        "import_words": FactFile("imports", ImportWords),
        "openness_words": FactFile("openness", OpennessWords, "openness_words"),
        "openness_matters": FactFile("openness", OpennessMatter, "openness_matters", "id"),
        "openness_items": FactFile("openness", OpennessItem, "openness_items", "number"),
        "life_events": FactFile("openness", LifeEvent, "life_events", "id"),
        "reminders": FactFile("reminders", ReminderRules),
        "retention": FactFile("archive", Retention, "retention", "kind"),
        "messengers": FactFile("messengers", Messenger, "messengers", "id"),
    }
)
#: The profile's own days, and the corrections above them.
HOLIDAY_FILES = (
    FactFile("holidays", Holiday, "holidays", "date"),
    FactFile("holidays", HolidayCorrection, "corrections", "date"),
)
CONTENTS = "openness_contents"


def shipped_profiles() -> list[str]:
    """Return the names of the profiles that come with the program."""
    return sorted(path.parent.name for path in PROFILES.glob("*/profile.yaml"))


def profile_folder(name: str | Path) -> Path:
    """Return the folder of a shipped profile's name, or of a path.

    Raises:
        DisclosureError: when there is no ``profile.yaml`` there.
    """
    for folder in (PROFILES / str(name), Path(name)):
        if (folder / "profile.yaml").is_file():
            return folder
    shipped = "、".join(shipped_profiles())
    raise DisclosureError(f"找不到地区配置“{name}”：应为 {shipped} 之一，或一个含有 profile.yaml 的文件夹。")


def layers_of(folder: Path) -> tuple[Path, ...]:
    """Return the folders whose facts make up the profile in ``folder``, the uppermost last.

    Raises:
        DisclosureError: when it extends what is no shipped profile.
    """
    own = load_document(folder / "profile.yaml")
    lower = own.data.get("extends")
    if lower is None:
        return (BASE, folder)
    if lower not in shipped_profiles() or folder.is_relative_to(PROFILES):
        shipped = "、".join(shipped_profiles())
        raise DisclosureError(f"{own.locate(('extends',))}：extends 应为随软件的地区配置之一：{shipped}。")
    return (BASE, PROFILES / lower, folder)


def layered_document(layers: Iterable[Path], name: str) -> Document:
    """Return the file ``name`` (without ending) of each layer, and what lies in the folder of that name, laid over."""
    merged = Document()
    for layer in layers:
        for file in (layer / f"{name}.yaml", *sorted((layer / name).glob("*.yaml"))):
            if file.is_file():
                merged = merged.overlay(_packaged(file) if file.is_relative_to(BASE) else load_document(file))
    return merged


#: What comes with the software does not change while it runs, and lies under every profile.
_packaged = cache(load_document)


@cache
def load_catalog(profile: str | Path = "chuxiong") -> Catalog:
    """Load the base catalogue with ``profile`` laid over it.

    Raises:
        DisclosureError: naming file, line and what was expected; all mistakes of a file at once.
    """
    layers = layers_of(profile_folder(profile))
    _as_read[layers] = _as_it_stands(layers)

    @cache
    def document(name: str) -> Document:
        return layered_document(layers, name)

    facts: dict[str, Any] = {field: read_facts(file, document(file.file)) for field, file in FACT_FILES.items()}
    days = {day: fact for file in HOLIDAY_FILES for day, fact in read_facts(file, document(file.file)).items()}
    order = {insurance: place for place, insurance in enumerate(facts["insurances"])}
    indicators: dict[str, Indicator] = facts.pop("indicators")
    # In the printed order of their insurances; within one, in the order of the YAML.
    ranked = sorted(indicators.items(), key=lambda pair: order.get(pair[1].insurance, len(order)))
    catalog = Catalog(
        layers=layers,
        indicators=MappingProxyType(dict(ranked)),
        holidays=Holidays(MappingProxyType(days), place_of(layers[-1], "holidays.yaml")),
        openness_contents=_contents(document("openness"), facts["openness_items"]),
        **facts,
    )
    _check(catalog, document)
    return catalog


def forget_changed_catalogs() -> None:
    """Have every catalogue read anew of which a file changed, came or went since; for forks of what read them."""
    if any(_as_it_stands(layers) != known for layers, known in _as_read.items()):
        load_catalog.cache_clear()


def _as_it_stands(layers: Iterable[Path]) -> tuple[tuple[Path, int, int], ...]:
    """Return path, time of change (ns) and size of every file of the layers that a bureau may edit."""
    own = [layer for layer in layers if not layer.is_relative_to(BASE)]
    files = sorted(file for layer in own for pattern in ("*.yaml", "*/*.yaml") for file in layer.glob(pattern))
    return tuple((file, found.st_mtime_ns, found.st_size) for file in files for found in [file.stat()])


def _check(catalog: Catalog, document: Callable[[str], Document]) -> None:
    """Refuse a catalogue whose parts do not fit together."""
    if tuple(catalog.milestone_facts) != get_args(Milestone):
        # Whatever else is missing then hangs on it.
        where, steps = document("cycles").locate(("milestones",)), "、".join(get_args(Milestone))
        raise DisclosureError(f"{where}：milestones 应当正好有这六个节点，先后也如此：{steps}。")
    if mistakes := mistakes_of(catalog, document):
        raise DisclosureError("\n".join(mistakes))


def read_facts(file: FactFile, document: Document) -> Any:
    """Read one entry, or a mapping of entries by their keys.

    Raises:
        DisclosureError: with all mistakes there are, a line each.
    """
    top: Location = (file.top,) if file.top else ()
    if not file.key:
        return read_fact(file.model, document, top)
    found: dict[str, Fact] = {}
    mistakes: list[str] = []
    for name, fields in _mapping(document, file.top):
        if not isinstance(fields, dict):
            mistakes.append(f"{document.locate((*top, name))}：“{name}”应为“键: 值”的映射。")
            continue
        try:
            given = {file.key: str(name)}
            found[str(name)] = read_fact(file.model, document, (*top, name), shows_values=file.shows_values, **given)
        except DisclosureError as error:
            mistakes.append(str(error))
    if mistakes:
        raise DisclosureError("\n".join(mistakes))
    return MappingProxyType(found)


def _mapping(document: Document, top: str) -> Iterator[tuple[Any, Any]]:
    raw: Any = document.data.get(top) or {}
    if not isinstance(raw, dict):
        raise DisclosureError(f"{document.locate((top,))}：{top} 应为“键: 值”的映射。")
    yield from raw.items()


def _contents(document: Document, items: Mapping[str, OpennessItem]) -> Mapping[str, Mapping[str, Content]]:
    """Read ``openness_contents``: each by the model of its element's kind."""
    found: dict[str, dict[str, Content]] = {}
    mistakes: list[str] = []
    for number, elements in _mapping(document, CONTENTS):
        if number not in items:
            mistakes.append(f"{document.locate((CONTENTS, number))}：政务公开目录没有第 {number} 项。")
            continue
        for name in elements:
            at = (CONTENTS, number, name)
            element = items[number].elements.get(name)
            model = CONTENT_OF_KIND.get(element.kind) if element else None
            if model is None:
                mistakes.append(f"{document.locate(at)}：政务公开目录第 {number} 项没有可以填写的要素“{name}”。")
                continue
            try:
                found.setdefault(number, {})[name] = read_fact(model, document, at)
            except DisclosureError as error:
                mistakes.append(str(error))
    if mistakes:
        raise DisclosureError("\n".join(mistakes))
    return MappingProxyType(found)
