"""A profile for another bureau, written from a table of what it published: what can be told from it, as YAML.

Indicators the table has, their order, units, decimals, places and cycles are read off it; who works where is the base's
until somebody edits it. Rows that match no indicator are told, and drafted for somebody to complete, never guessed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from disclosure.calendar.periods import CYCLE_KINDS, CycleKind, Period
from disclosure.catalog import BASE, Catalog, Indicator, load_catalog, normalise
from disclosure.catalog.loading import FACT_FILES, layered_document, read_facts
from disclosure.collection.history.importer import ImportReport, grouped, import_table
from disclosure.collection.history.long_table import read_table
from disclosure.figures.figures import Figure
from disclosure.platform.errors import DisclosureError
from disclosure.platform.templating import render_text

FIGURES = "figures.csv"
_EXAMPLE = "employee_pension=城镇职工基本养老保险"
_ON_INSURANCES = f"险种另有叫法的，用 --insurance 写明，如 {_EXAMPLE}；几个险种的合计另给一个编号。"
FILES = ("profile.yaml", "regions.yaml", "organisation.yaml", "outlets.yaml", "insurances.yaml", "indicators.yaml")
_PLACE = re.compile(r"(?P<code>\d{6})=(?P<name>\S+)")
_INSURANCE = re.compile(r"(?P<id>[a-z][a-z0-9_]*)=(?P<name>\S+)")
#: ``0.9416 亿元``, as an imported figure remembers what was printed.
_PRINTED = re.compile(r"[-+]?[\d,]+(?:\.(?P<decimals>\d+))?\s*(?P<unit>\S*)", re.ASCII)


@dataclass(frozen=True)
class NewProfile:
    """What is asked of who makes one: ``places`` are ``530300=曲靖市``, the whole first, then its parts.

    ``insurances`` are ``employee_pension=城镇职工基本养老保险``: one of ours by the name it is published under, or with
    an id of its own one more.
    """

    publisher: str
    title: str
    places: tuple[str, ...]
    agency: str
    address: str
    insurances: tuple[str, ...] = ()


def make_profile(folder: Path, wanted: NewProfile, table: Path) -> tuple[Catalog, ImportReport]:
    """Write the profile of ``wanted`` with the figures of ``table`` into ``folder``; return it and what the table gave.

    Raises:
        DisclosureError: when ``folder`` is not empty, a place is not written as it must be, or the table cannot be read
            or has no figure of these places.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DisclosureError(f"{folder} 已经有东西，没有动。请另写一个新的或空的文件夹。")
    places = [_place(text) for text in wanted.places]
    insurances = [_insurance(text) for text in wanted.insurances]
    try:
        content = table.read_bytes()
    except OSError as error:
        raise DisclosureError(f"读不了 {table}（{error.strerror}），请核对文件名。") from error
    try:
        return _made(folder, wanted, {"whole": places[0], "parts": places[1:], "insurances": insurances}, content)
    except OSError as error:
        raise DisclosureError(f"写不了 {error.filename}（{error.strerror}），请核对文件夹的权限。") from error
    except DisclosureError:
        for name in (*FILES, FIGURES):
            (folder / name).unlink(missing_ok=True)
        raise


def _made(folder: Path, wanted: NewProfile, given: Mapping[str, Any], content: bytes) -> tuple[Catalog, ImportReport]:
    given = {**given, "wanted": wanted, "id": _id_of(folder), "schemas": (BASE / "schemas").as_posix(), "drafts": ()}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FIGURES).write_bytes(content)
    # First with every indicator there is, to see which of them the table has.
    _write(folder, given | {"chosen": (), "cycles": ("annual",), "period": "2000-annual", "overlays": {}})
    catalog = load_catalog.__wrapped__(folder)
    report = import_table(content, FIGURES, catalog)
    figures = report.figures
    if not figures:
        names = "、".join(name for _, name in (given["whole"], *given["parts"]))
        unread = (f"{group.title}：{'、'.join(group.by_what)}。" for group in grouped(catalog, report.unmatched))
        told = "\n".join(
            (f"表里没有 {names} 的、目录认得的数据，没有做成。请核对地区和指标的名称。", *unread, _ON_INSURANCES)
        )
        raise DisclosureError(told)
    periods = {figure.period for figure in figures}
    _write(
        folder,
        given
        | {
            # In the order in which the table prints them.
            "chosen": list(dict.fromkeys(figure.indicator for figure in figures)),
            "cycles": [kind for kind in CYCLE_KINDS if any(period.kind == kind for period in periods)],
            "period": max(periods, key=lambda period: (period.kind == "annual", period.year, period.end_month)).id,
            "overlays": _overlays(catalog, figures, periods),
            "drafts": _drafts(catalog, content, report),
        },
    )
    made = load_catalog.__wrapped__(folder)
    return made, import_table(content, FIGURES, made)


def _write(folder: Path, values: Mapping[str, Any]) -> None:
    for name in FILES:
        (folder / name).write_text(render_text(f"profile/new/{name}.j2", **values), encoding="utf-8")


def _place(text: str) -> tuple[str, str]:
    found = _PLACE.fullmatch(text.strip())
    if found is None:
        raise DisclosureError(f"地区“{text}”的写法不对，应为六位行政区划代码=名称，如 530300=曲靖市。")
    return found["code"], found["name"]


def _insurance(text: str) -> dict[str, Any]:
    """Return the entry of an insurance: one of ours keeps the names it had as other names."""
    found = _INSURANCE.fullmatch(text.strip())
    if found is None:
        raise DisclosureError(f"险种“{text}”的写法不对，应为编号=公布时的名称，如 {_EXAMPLE}。")
    known = read_facts(FACT_FILES["insurances"], layered_document((BASE,), "insurances")).get(found["id"])
    had = [name for name in (known.name, *known.aliases) if name != found["name"]] if known else []
    return {**found.groupdict(), "aliases": had}


def _drafts(catalog: Catalog, content: bytes, report: ImportReport) -> list[dict[str, str]]:
    """Return the indicators of our insurances that the catalogue does not have, as far as the table tells them."""
    unread = {(row.sheet, row.line) for row in report.unmatched if row.cause == "indicator"}
    table = read_table(content, FIGURES, catalog.import_words)
    rows = [row.cells for row in table if (row.sheet, row.line) in unread]
    found: dict[tuple[str, str], dict[str, str]] = {}
    for cells in rows:
        insurance, unit = catalog.find_insurance(cells["insurance"]), catalog.find_unit(cells["unit"])
        if insurance is not None:
            name = cells["indicator"].strip()
            draft = {"insurance": insurance.id, "name": name, "unit": unit.id if unit else cells["unit"]}
            found.setdefault((insurance.id, normalise(name)), draft)
    return list(found.values())


def _id_of(folder: Path) -> str:
    name = re.sub(r"[^a-z0-9]+", "-", folder.name.lower()).strip("-")
    return name or "own"


def _overlays(
    catalog: Catalog, figures: Sequence[Figure], periods: set[Period]
) -> dict[str, dict[str, str | int | bool]]:
    """Return by indicator what the table says otherwise than the catalogue: unit, decimals, places, cycles."""
    of: dict[str, list[Figure]] = defaultdict(list)
    for figure in figures:
        of[figure.indicator].append(figure)
    found = {}
    for name, own in of.items():
        indicator = catalog.indicators[name]
        differing = {**_printed(catalog, indicator, own), **_asked(catalog, indicator, own, periods)}
        if differing:
            found[name] = differing
    return found


def _printed(catalog: Catalog, indicator: Indicator, own: Sequence[Figure]) -> dict[str, str | int | bool]:
    """Return the unit and decimals that were printed, where all of its figures have one unit."""
    read = [_PRINTED.match(figure.source.printed) for figure in own]
    units = {found["unit"] for found in read if found}
    unit = catalog.find_unit(units.pop()) if len(units) == 1 else None
    if unit is None:
        return {}
    given = {len(found["decimals"] or "") for found in read if found}
    decimals = max(given)
    usual = unit.decimals if indicator.decimals is None or unit.id != indicator.unit else indicator.decimals
    return {
        **({"unit": unit.id} if unit.id != indicator.unit else {}),
        **({"decimals": decimals} if decimals != usual else {}),
        **({"least_decimals": min(given)} if len(given) > 1 else {}),
    }


def _asked(
    catalog: Catalog, indicator: Indicator, own: Sequence[Figure], periods: set[Period]
) -> dict[str, str | int | bool]:
    """Return whether it is asked for by county, in years and in quarters."""
    by_county = any(figure.region != catalog.prefecture.code for figure in own)
    kinds: set[CycleKind] = {figure.period.kind for figure in own}
    told: dict[str, str | int | bool] = {}
    if by_county != indicator.by_county:
        told["by_county"] = by_county
    for field, of_kind in (("annual", {"annual"}), ("quarterly", {"q1", "h1", "q3"})):
        if not any(period.kind in of_kind for period in periods):
            continue
        demand = "required" if kinds & of_kind else "none"
        if demand != getattr(indicator, field):
            told[field] = demand
    return told
