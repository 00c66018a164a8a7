"""The catalogue's facts about indicators as arrays, and arithmetic on scaled integers that stays exact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from fractions import Fraction
from typing import Literal

import numpy as np

from data_checks.figure_table.figures import LARGEST, places_of
from disclosure.catalog import Catalog, Indicator, Unit
from disclosure.catalog.models.indicators import PEOPLE

#: The dimension that thresholds are given for.
Dimension = Literal["people", "money", "level"]
DIMENSIONS: tuple[Dimension, ...] = ("people", "money", "level")


def dimension(indicator: Indicator, unit: Unit) -> Dimension:
    """Whether ``indicator`` counts people (or employers), money, or is a standard, rate or ratio."""
    if indicator.kind in ("level", "ratio"):
        return "level"
    return "people" if unit.base in PEOPLE else "money"


@dataclass(frozen=True)
class IndicatorFacts:
    """An entry per indicator of ``names``; the last entry is for what the catalogue does not know.

    ``scale`` is how many parts of a base unit amounts are kept in: ``minimum``, ``maximum`` and ``step`` (what a number
    worked out is rounded to) too.
    """

    names: tuple[str, ...]
    kind: np.ndarray
    insurance: np.ndarray
    unit: np.ndarray
    dimension: np.ndarray
    scale: np.ndarray
    is_reported: np.ndarray
    by_county: np.ndarray
    may_be_negative: np.ndarray
    minimum: np.ndarray
    maximum: np.ndarray
    decimals: np.ndarray
    part_of: np.ndarray
    step: np.ndarray

    @classmethod
    def of(cls, catalog: Catalog, names: Sequence[str]) -> IndicatorFacts:
        """IndicatorFacts about ``names``; those that are not reported count as unknown."""
        found = [*(catalog.reported.get(name) for name in names), None]
        units = [catalog.units.get(each.unit) if each and each.kind != "text" else None for each in found]
        places = {name: place for place, name in enumerate(names)}

        def scaled(limit: Decimal | None, unit: Unit | None, otherwise: int, rounding: str) -> int:
            if limit is None or unit is None:
                return otherwise
            return int((limit * unit.factor * 10 ** places_of(unit.base)).to_integral_value(rounding=rounding))

        pairs = list(zip(found, units, strict=True))
        return cls(
            names=tuple(names),
            kind=np.array([each.kind if each else "" for each in found]),
            insurance=np.array([each.insurance if each else "" for each in found]),
            unit=np.array([each.unit if each else "" for each in found]),
            dimension=np.array([DIMENSIONS.index(dimension(i, unit)) if i and unit else 2 for i, unit in pairs]),
            scale=np.array([10 ** places_of(unit.base) if unit else 1 for unit in units]),
            is_reported=np.array([each is not None for each in found]),
            by_county=np.array([each is not None and each.by_county for each in found]),
            may_be_negative=np.array([each is not None and each.may_be_negative for each in found]),
            minimum=np.array([scaled(i.minimum if i else None, u, -LARGEST, ROUND_CEILING) for i, u in pairs]),
            maximum=np.array([scaled(i.maximum if i else None, u, LARGEST, ROUND_FLOOR) for i, u in pairs]),
            decimals=np.array([catalog.decimals(each) if each else 0 for each in found]),
            part_of=np.array([places.get(each.part_of or "", -1) if each else -1 for each in found]),
            step=np.array([_step(unit) for unit in units]),
        )


def _step(unit: Unit | None) -> int:
    """Nothing is worked out more finely than it is printed, and than to the whole 人 or 元."""
    return int(min(Decimal(1), unit.factor.scaleb(-unit.decimals)) * 10 ** places_of(unit.base)) if unit else 1


def exceeds(amount: np.ndarray, share: object, of: np.ndarray) -> np.ndarray:
    """Whether ``amount`` is more than ``share`` (exactly as it is written) times ``of``, which is not negative.

    All are integers; so is what they are compared by, without ever being larger than they are.
    """
    fraction = Fraction(str(share))
    whole, part = np.divmod(of, fraction.denominator)
    exceeding: np.ndarray = amount > fraction.numerator * whole + fraction.numerator * part // fraction.denominator
    return exceeding


def falls_short(amount: np.ndarray, share: Fraction, of: np.ndarray) -> np.ndarray:
    """Whether ``amount`` is less than ``share`` times ``of``."""
    whole, part = np.divmod(of, share.denominator)
    rest = share.numerator * part
    floor = share.numerator * whole + rest // share.denominator
    short: np.ndarray = (amount < floor) | ((amount == floor) & (rest % share.denominator != 0))
    return short
