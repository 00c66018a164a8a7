"""What no single entry can know of itself: that every id it uses of another entry exists."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, get_args

from disclosure.catalog.models.openness import OpennessItem
from disclosure.catalog.models.organisation import GateId, PowerId, RoleId
from disclosure.platform.yaml_source import Document, Location

if TYPE_CHECKING:
    from disclosure.catalog.catalog import Catalog


def mistakes_of(catalog: Catalog, document: Callable[[str], Document]) -> list[str]:
    """Return a sentence with file and line for every id that does not exist, and every number used twice.

    ``document`` gives the merged YAML of a name (``organisation``), which knows where each entry stands.
    """
    mistakes: list[str] = []
    indicators, organisation = document("indicators"), document("organisation")

    def need(known: Mapping[str, object], value: str, document: Document, at: Location, what: str) -> None:
        if value not in known:
            mistakes.append(f"{document.locate(at)}：{'.'.join(map(str, at))} 引用的{what}“{value}”不存在。")

    if sum(region.level == "prefecture" for region in catalog.regions.values()) != 1:
        mistakes.append(f"{catalog.place_of('regions.yaml')}：level 为 prefecture 的地区应当正好有一个。")
    for indicator in catalog.indicators.values():
        at: Location = ("indicators", indicator.id)
        need(catalog.insurances, indicator.insurance, indicators, (*at, "insurance"), "险种")
        need(catalog.offices, indicator.centre, indicators, (*at, "centre"), "科室")
        need(catalog.sections, indicator.section, indicators, (*at, "section"), "章节")
        if indicator.kind != "text":
            need(catalog.units, indicator.unit, indicators, (*at, "unit"), "计量单位")
        if indicator.part_of:
            need(catalog.indicators, indicator.part_of, indicators, (*at, "part_of"), "指标")
    for exception in catalog.comparisons.timing_exceptions:
        need(catalog.indicators, exception, document("comparisons"), ("timing_exceptions", exception), "指标")
    for channel in catalog.channels.values():
        need(catalog.offices, channel.office, document("channels"), ("channels", channel.id, "office"), "科室")
    mistakes += _search_mistakes(catalog, document("search"))
    mistakes += _organisation_mistakes(catalog, organisation)
    mistakes += _gate_mistakes(catalog, document("access"), document("cycles"))
    mistakes += _openness_mistakes(catalog, document("openness"))
    mistakes += _life_event_mistakes(catalog, document("openness"))
    mistakes += _cell_mistakes(catalog, document("confidentiality"))
    for name, top, insurances, parts in _parts_used(catalog):
        for indicator_id in (catalog.indicator_id(insurance, part) for insurance in insurances for part in parts):
            need(catalog.indicators, indicator_id, document(top), (top, name, "parts"), "指标")
        if name in catalog.rules or (top == "ratios" and name in catalog.identities):
            mistakes.append(f"{document(top).locate((top, name))}：编号 {name} 已有另一条规则使用，请换一个。")
    chosen = catalog.profile.indicators
    for pattern in (*chosen.only, *chosen.also, *chosen.except_):
        if not any(indicator.matches(pattern) for indicator in catalog.indicators.values()):
            mistakes.append(f"{catalog.place_of('profile.yaml')}：indicators 中的“{pattern}”没有对应的指标。")
    return mistakes


def _cell_mistakes(catalog: Catalog, confidentiality: Document) -> Iterator[str]:
    """Yield a sentence for every rule of small cells that means no indicator, or names one that does not exist."""
    for pattern, rule in catalog.cell_rules.indicators.items():
        where = confidentiality.locate(("cells", "indicators", pattern))
        meant = [indicator for indicator in catalog.indicators.values() if indicator.matches(pattern)]
        if not meant:
            yield f"{where}：cells.indicators 中的“{pattern}”没有对应的指标。"
        for indicator in meant if rule.contributors else ():
            name = rule.contributors or ""
            if (name if "." in name else f"{indicator.insurance}.{name}") not in catalog.indicators:
                yield f"{where}：cells.indicators 中“{pattern}”的 contributors 引用的指标“{name}”不存在。"


def _search_mistakes(catalog: Catalog, search: Document) -> Iterator[str]:
    """Yield a sentence for everything an everyday word means that does not exist."""
    for word in catalog.everyday_words.values():
        for key, what, known in (
            ("insurances", "险种", catalog.insurances),
            ("items", "目录事项", catalog.openness_items),
        ):
            for one in getattr(word, key):
                if one not in known:
                    where = search.locate(("everyday_words", word.word, key))
                    yield f"{where}：“{word.word}”引用的{what}“{one}”不存在。"
        for pattern in word.indicators:
            if not any(indicator.matches(pattern) for indicator in catalog.indicators.values()):
                where = search.locate(("everyday_words", word.word, "indicators"))
                yield f"{where}：“{word.word}”引用的指标“{pattern}”不存在。"


def _organisation_mistakes(catalog: Catalog, organisation: Document) -> list[str]:
    """Every gate and role there must be, each role in offices that exist, each gate in the hands of one office."""
    mistakes: list[str] = []
    for role in catalog.roles.values():
        for office in role.offices:
            if office not in catalog.offices:
                at: Location = ("roles", role.id, "offices")
                mistakes.append(f"{organisation.locate(at)}：{'.'.join(map(str, at))} 引用的科室“{office}”不存在。")
    for expected, known, top, what in (
        (get_args(GateId), catalog.gates, "gates", "环节"),
        (get_args(RoleId), catalog.roles, "roles", "角色"),
        (get_args(PowerId), catalog.powers, "powers", "权限"),
    ):
        mistakes += [
            f"{organisation.locate((top,))}：{top} 缺少{what} {name}。" for name in expected if name not in known
        ]
    for gate in catalog.gates.values():
        if gate.role in catalog.roles and len(catalog.roles[gate.role].offices) != 1:
            at = ("gates", gate.id, "role")
            mistakes.append(f"{organisation.locate(at)}：{gate.name}的角色 {gate.role} 应当只属于一个科室。")
    return mistakes


def _gate_mistakes(catalog: Catalog, access: Document, cycles: Document) -> Iterator[str]:
    """Yield a sentence for every gate whose role sees nothing to judge by, or has no date to judge by."""
    for gate in catalog.gates.values():
        rule = catalog.embargo.get(gate.role)
        if rule is None or rule.briefing not in ("at_gate", "always"):
            yield (
                f"{access.locate(('embargo', gate.role, 'briefing'))}：{gate.name}由角色 {gate.role} 作出，"
                "embargo 中它的 briefing（审核材料）应为 at_gate 或 always。"
            )
        if not any(gate.role in milestone.roles for milestone in catalog.milestone_facts.values()):
            yield f"{cycles.locate(('milestones',))}：{gate.name}的角色 {gate.role} 应当写进它那个节点的 roles。"


def _parts_used(catalog: Catalog) -> Iterator[tuple[str, str, tuple[str, ...], tuple[str, ...]]]:
    """Yield (number, file, insurances, indicators with the insurance left out) of every identity and ratio."""
    for identity in catalog.identities.values():
        opening = filter(None, [identity.opening])
        yield identity.id, "identities", identity.for_each, (identity.total, *identity.parts, *opening)
    for ratio in catalog.ratios.values():
        parts = [part for each in ratio.quotients for part in (*each.numerator, *each.denominator)]
        yield ratio.id, "ratios", ratio.for_each, (*parts, *filter(None, [ratio.stated]))


def _life_event_mistakes(catalog: Catalog, openness: Document) -> Iterator[str]:
    """Yield a sentence for every item that a life event names and the catalogue does not have."""
    for event in catalog.life_events.values():
        for number in event.items:
            if number not in catalog.openness_items:
                where = openness.locate(("life_events", event.id, "items"))
                yield f"{where}：“{event.name}”引用的目录事项“{number}”不存在。"


def _openness_mistakes(catalog: Catalog, openness: Document) -> list[str]:
    """Items number 01, 02, …, those of one matter together and in the matters' order, and name only what exists."""
    mistakes: list[str] = []

    def tell(item: OpennessItem, at: Location, what: str) -> None:
        place = openness.locate(("openness_items", item.number, *at))
        mistakes.append(f"{place}：政务公开目录第 {item.number} 项{what}。")

    order = {matter: place for place, matter in enumerate(catalog.openness_matters)}
    items = list(catalog.openness_items.values())
    for place, item in enumerate(items, 1):
        if item.number != f"{place:02}":
            tell(item, (), f"的序号应为 {place:02}，请按顺序编号")
        if item.matter not in order:
            tell(item, ("matter",), f"引用的一级事项“{item.matter}”不存在")
        if item.owner not in catalog.offices:
            tell(item, ("owner",), f"引用的科室“{item.owner}”不存在")
        for attribute, holder in item.inherited.items():
            if holder == item.number or attribute in catalog.openness_items.get(holder, item).inherited:
                tell(item, ("inherited", attribute), f"的 {attribute} 不能从第 {holder} 项承继，请写实际印有这一格的项")
        for name, element in item.elements.items():
            for indicator in element.indicators:
                if indicator not in catalog.indicators:
                    tell(item, ("elements", name, "indicators"), f"引用的指标“{indicator}”不存在")
    for item, following in pairwise(items):
        if order.get(item.matter, 0) > order.get(following.matter, len(order)):
            tell(item, ("matter",), f"排在第 {following.number} 项之前，与一级事项的顺序不符，请核对这两项的 matter")
    return mistakes
