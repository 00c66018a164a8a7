"""What a printed row says in the catalogue's terms: indicator, period, amount, or the first thing not understood.

Names are matched through the catalogue alone and never by likeness. What a name carries besides (``其中``,
``年末``, ``（从年初累计）``) is read as the label it is and checked against the indicator's kind.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, Inexact, InvalidOperation, localcontext
from typing import Literal

from disclosure.calendar.periods import Period, parse_period, stock_period
from disclosure.catalog import Catalog, Indicator, Insurance, Unit, normalise
from disclosure.figures.figures import FigureState
from disclosure.platform.errors import DisclosureError

Cause = Literal[
    "region", "insurance", "indicator", "shared", "period", "kind", "unit", "value", "duplicate", "future", "personal"
]  # fmt: skip
Label = Literal["stock", "flow", "single"]

_BRACKETED = re.compile(r"(.+)[(（]([^()（）]+)[)）]")
_PART = re.compile(r"其中[:：]")
_NUMBER = re.compile(r"([+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)(.*)", re.ASCII | re.DOTALL)


class MistakeError(Exception):
    """A row, or a part of it, that cannot be taken.

    ``cause`` is the group it is told in, ``what`` names what was not understood (equal for rows with the same
    trouble), ``why`` says more where the cause alone does not.
    """

    def __init__(self, cause: Cause, what: str, why: str = "") -> None:
        super().__init__(f"{what}{why}")
        self.cause: Cause = cause
        self.what = what
        self.why = why


@dataclass(frozen=True)
class Name:
    """A printed indicator name, and the labels found around it (word -> kind of label)."""

    insurance: Insurance
    indicator: Indicator
    labels: Mapping[str, Label] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """A row in the catalogue's terms; ``value`` is in the indicator's unit, ``note`` what the period said besides.

    Where the row says 未提供 or 不适用 in the place of its value, ``state`` does, and ``text`` is the reason.
    """

    indicator: Indicator
    period: Period
    value: Decimal | None
    text: str
    note: str
    state: FigureState = "reported"


def read_row(catalog: Catalog, cells: Mapping[str, str]) -> Reading:
    """Read indicator, period and value of a row with the columns of ``imports.yaml``; the caller takes the region.

    Raises:
        MistakeError: for the first thing that is not understood.
    """
    name = read_name(catalog, cells["insurance"], cells["indicator"])
    labels = dict(name.labels)
    if stated := cells.get("kind", ""):
        if (kind := _label(catalog, stated)) is None:
            raise MistakeError("kind", f"性质“{stated}”", "看不懂，应写期末数或从年初累计")
        labels[stated] = kind
    period, note, more = _read_period(catalog, cells["period"], name.indicator)
    labels.update(more)
    _check_labels(catalog, name, period, labels)
    if state := _state(catalog, cells["value"]):
        reason = cells.get("note") or catalog.import_words.state_reason
        return Reading(name.indicator, period, None, reason, note, state)
    if name.indicator.kind == "text":
        if not cells["value"]:
            raise MistakeError("value", f"“{name.indicator.name}”的空白内容")
        return Reading(name.indicator, period, None, cells["value"], note)
    number, unit = read_amount(catalog, cells["value"], cells["unit"])
    return Reading(name.indicator, period, _converted(catalog, name.indicator, number, unit), "", note)


def read_name(catalog: Catalog, insurance_text: str, text: str) -> Name:
    """Return the insurance and indicator that are called so, with the labels in the name.

    Raises:
        MistakeError: when there is none, or more than one.
    """
    insurance = catalog.find_insurance(insurance_text)
    if insurance is None:
        raise MistakeError("insurance", f"“{insurance_text}”")
    labels: dict[str, Label] = {}
    spellings = [text]
    if (match := _BRACKETED.fullmatch(text.strip())) and (kind := _label(catalog, match[2])):
        labels[match[2]] = kind
        spellings.append(match[1])
    for spelling in tuple(spellings):
        bare = _PART.sub("", spelling, count=1).strip()
        for prefix in catalog.import_words.label_prefixes:
            if bare.startswith(prefix) and (kind := _label(catalog, prefix)):
                labels[prefix] = kind
                spellings.append(bare.removeprefix(prefix))
    for spelling in spellings:
        if found := catalog.indicators_named(insurance.id, spelling) or _parts_named(catalog, insurance, spelling):
            if len(found) > 1:
                ids = "、".join(indicator.id for indicator in found)
                raise MistakeError("shared", f"{insurance.short_name}“{text}”", f"（{ids}）")
            return Name(insurance, found[0], labels)
    raise MistakeError("indicator", f"{insurance.short_name}“{text}”")


def read_amount(catalog: Catalog, text: str, unit_text: str) -> tuple[Decimal, Unit]:
    """Return a printed number with all its decimals, and its unit; the unit may stand behind the number instead.

    Raises:
        MistakeError: for anything but a number, and for a unit that is missing, unknown or given twice.
    """
    number, behind = read_number(text)
    if behind and catalog.find_unit(behind) is None:
        raise MistakeError("value", f"“{text}”")
    unit = catalog.find_unit(unit_text or behind)
    if unit is None:
        raise MistakeError("unit", f"单位“{unit_text}”" if unit_text else "空白的单位")
    if behind and catalog.find_unit(behind) is not unit:
        raise MistakeError("unit", f"单位“{unit_text}”", f"与数值后的“{behind}”不同")
    return number, unit


def read_number(text: str) -> tuple[Decimal, str]:
    """Return a printed number with all its decimals, and what stands behind it.

    Raises:
        MistakeError: for text that does not begin with a number.
    """
    folded = unicodedata.normalize("NFKC", text).strip().replace("−", "-")
    match = _NUMBER.fullmatch(folded)
    if match is None:
        raise MistakeError("value", f"“{text}”" if text else "空白的数值")
    return Decimal(match[1].replace(",", "")), match[2].strip()


def _parts_named(catalog: Catalog, insurance: Insurance, text: str) -> tuple[Indicator, ...]:
    """Return indicators that are a part of another, where ``text`` says 其中 before their name."""
    bare, said = _PART.subn("", text, count=1)
    found = catalog.indicators_named(insurance.id, bare) if said else ()
    return tuple(indicator for indicator in found if indicator.part_of)


def _label(catalog: Catalog, word: str) -> Label | None:
    wanted = normalise(word)
    for kind, words in catalog.import_words.labels.items():
        if wanted in map(normalise, words):
            return kind
    return None


def _state(catalog: Catalog, text: str) -> FigureState | None:
    wanted = normalise(text)
    states = catalog.import_words.states.items()
    return next((state for state, words in states if wanted in map(normalise, words)), None)


def _read_period(catalog: Catalog, text: str, indicator: Indicator) -> tuple[Period, str, dict[str, Label]]:
    """Period, note and labels. What is of a month or quarter's end, no flow, belongs to the period that ends."""
    bare, note = text.strip(), ""
    labels: dict[str, Label] = {}
    if match := _BRACKETED.fullmatch(bare):
        if kind := _label(catalog, match[2]):
            labels[match[2]] = kind
        elif match[2] not in catalog.import_words.period_notes:
            raise MistakeError("period", f"“{text}”")
        bare, note = match[1].strip(), match[2]
    try:
        return parse_period(bare), note, labels
    except DisclosureError:
        period = stock_period(bare) if indicator.kind in {"stock", "level", "ratio"} else None
    if period is None:
        raise MistakeError("period", f"“{text}”")
    return period, note, labels


def _check_labels(catalog: Catalog, name: Name, period: Period, labels: Mapping[str, Label]) -> None:
    """Refuse a label that does not agree with the kind and period; a level, ratio or text may carry any."""
    is_flow, is_stock = name.indicator.kind in {"flow", "derived"}, name.indicator.kind == "stock"
    what = f"{name.insurance.short_name}“{name.indicator.name}”"
    for word, label in labels.items():
        if is_flow and label != "flow":
            raise MistakeError("kind", what, f"标为“{word}”，目录中是从年初累计的数")
        if is_stock and label == "flow":
            raise MistakeError("kind", what, f"标为“{word}”，目录中是期末数")
        if word in catalog.import_words.whole_year and period.kind != "annual":
            raise MistakeError("kind", what, f"标为“{word}”，期间却是{period.label}")


def _converted(catalog: Catalog, indicator: Indicator, value: Decimal, unit: Unit) -> Decimal:
    """``value`` in the indicator's unit, exactly.

    A normalised factor keeps the printed precision in the exponent: 107.27 万人 become 1.0727E+6 人.
    """
    wanted = catalog.units[indicator.unit]
    if unit.base != wanted.base:
        raise MistakeError("unit", f"“{indicator.name}”的单位“{unit.id}”", f"（目录为“{wanted.id}”）")
    with localcontext(prec=60) as context:
        context.traps[Inexact] = True
        try:
            if catalog.units[unit.base].decimals == 0 and indicator.kind in {"stock", "flow"}:
                in_base = value * unit.factor
                if in_base != in_base.to_integral_value():
                    raise MistakeError("value", f"“{value}”{unit.id}", "不是整数")
            return value * (unit.factor / wanted.factor).normalize()
        except (Inexact, InvalidOperation):
            raise MistakeError("unit", f"“{unit.id}”", f"换算成“{wanted.id}”时除不尽") from None
