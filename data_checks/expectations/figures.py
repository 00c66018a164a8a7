"""Our expectations: what figures of official statistics are expected to be, each a class of Great Expectations.

Thresholds are given for people (``people``), money (``money``) and standards, rates and ratios (``level``); ``…_from``
is the smallest amount that is compared. Both are in base units (人, 元).
"""

from __future__ import annotations

from typing import Any, ClassVar

from great_expectations.compatibility.pydantic import Field

from data_checks.expectations.base import FigureExpectation

Thresholds = dict[str, Any]


class ExpectFiguresNotProvidedToBeNone(FigureExpectation):
    """Expect no figure to be marked as not provided (未提供), with its reason."""

    measure: ClassVar[str] = "not_provided"


class ExpectFiguresNotToBeNegative(FigureExpectation):
    """Expect figures not to be below zero, but for indicators that may be."""

    measure: ClassVar[str] = "not_negative"


class ExpectCountsToBeWhole(FigureExpectation):
    """Expect people, person-times and employers to be whole numbers."""

    measure: ClassVar[str] = "whole"


class ExpectFiguresToBeWithinTheirLimits(FigureExpectation):
    """Expect figures to lie between their indicator's minimum and maximum."""

    measure: ClassVar[str] = "within_limits"


class ExpectFiguresToHaveNoMoreDecimalsThanArePrinted(FigureExpectation):
    """Expect figures to have no more decimals than their indicator prints."""

    measure: ClassVar[str] = "decimals"


class ExpectWholeToBeSumOfRegions(FigureExpectation):
    """Expect the prefecture's figure to be the sum of its regions', within rounding."""

    measure: ClassVar[str] = "county_sum"


class ExpectPartsNotToExceedTheirWhole(FigureExpectation):
    """Expect a part not to exceed the whole its indicator names; an identity compares ``tied`` parts with it."""

    measure: ClassVar[str] = "part_of_whole"
    args_keys: ClassVar[tuple[str, ...]] = ("tied",)
    tied: list[str] = Field(default_factory=list)


class ExpectYearToDateFiguresNotToFall(FigureExpectation):
    """Expect year-to-date figures not to be less than earlier in the year, nor more than later in it."""

    measure: ClassVar[str] = "never_falls"


class _WithThresholds(FigureExpectation):
    """An expectation with thresholds by dimension."""

    args_keys: ClassVar[tuple[str, ...]] = ("thresholds_by",)
    thresholds_by: Thresholds


class _BesideSlips(_WithThresholds):
    """One that leaves alone what a slipped unit explains; ``slips`` are the thresholds of those."""

    args_keys: ClassVar[tuple[str, ...]] = ("thresholds_by", "slips")
    slips: list[Thresholds] = Field(default_factory=list)


class ExpectYearToDateFiguresToGrow(_WithThresholds):
    """Expect year-to-date figures to grow by at least ``share`` of their pace since the period before."""

    measure: ClassVar[str] = "stalled"


class ExpectFiguresNearThePeriodBefore(_BesideSlips):
    """Expect stocks and standards to have changed by no more than the limits since the period before."""

    measure: ClassVar[str] = "jump"


class ExpectFiguresNearTheYearBefore(_BesideSlips):
    """Expect figures to have changed by no more than the limits since the same period of last year."""

    measure: ClassVar[str] = "growth"


class ExpectGrowthToFollowItsHistory(_BesideSlips):
    """Expect growth over a year within ``deviations`` scaled MADs of the series' own median."""

    measure: ClassVar[str] = "unusual_growth"


class ExpectStandardsToBeAdjusted(_WithThresholds):
    """Expect a standard that changed every year, ``at_least`` times, to differ from last year's."""

    measure: ClassVar[str] = "unchanged_standard"


class ExpectFiguresNotToSlipByPowersOfTen(_WithThresholds):
    """Expect figures not to lie within ``band`` of 10**k times the comparable ones, for k of ``powers``."""

    measure: ClassVar[str] = "unit_slip"


class ExpectFiguresToBeUpdated(_WithThresholds):
    """Expect not all figures of a group (or ``at_least``) to equal those of an earlier period."""

    measure: ClassVar[str] = "copied"


class ExpectRegionsToDiffer(_WithThresholds):
    """Expect no two regions to have the same ``at_least`` figures throughout an insurance."""

    measure: ClassVar[str] = "same_regions"


class ExpectFiguresInTheirPlaces(_WithThresholds):
    """Expect no figures that come near each other's past, and are far from their own: rows or columns exchanged."""

    measure: ClassVar[str] = "swapped"


class ExpectRowsToDiffer(_WithThresholds):
    """Expect no two indicators of an insurance to have the same figures throughout: a row typed over another."""

    measure: ClassVar[str] = "typed_over"


class ExpectCountiesInProportion(_WithThresholds):
    """Expect a county's figures to stand to each other about as those of the other counties do."""

    measure: ClassVar[str] = "out_of_proportion"


class ExpectCountiesInTheirPlaces(_WithThresholds):
    """Expect no two counties' figures to fit only once they are exchanged; no past is needed."""

    measure: ClassVar[str] = "exchanged"


class ExpectTotalToBalance(FigureExpectation):
    """Expect ``total`` to be the signed sum of ``parts`` in each of ``insurances``, within rounding.

    ``relation``: ``equal``, ``at_most`` (parts do not exceed the total) or ``complete_parts``; ``opening`` is a stock
    whose value at last year's end is added.
    """

    measure: ClassVar[str] = "identity"
    args_keys: ClassVar[tuple[str, ...]] = ("insurances", "total", "parts", "relation", "opening")
    insurances: list[str]
    total: str
    parts: list[str]
    relation: str = "equal"
    opening: str = ""


class ExpectRatioToBePlausible(FigureExpectation):
    """Expect ``stated`` to be one of ``quotients``, between ``low`` and ``high`` times of it, or that to lie there.

    With ``per`` the bounds are multiples of what it has for the period's year.
    """

    measure: ClassVar[str] = "ratio"
    args_keys: ClassVar[tuple[str, ...]] = ("insurances", "stated", "quotients", "low", "high", "per")
    insurances: list[str]
    stated: str = ""
    quotients: list[dict[str, Any]]
    low: float | None = None
    high: float | None = None
    per: dict[str, float] = Field(default_factory=dict)


#: Our expectations by the ``check`` that a rule names.
OWN: dict[str, type[FigureExpectation]] = {
    each.measure: each
    for each in (
        ExpectFiguresNotProvidedToBeNone,
        ExpectFiguresNotToBeNegative,
        ExpectCountsToBeWhole,
        ExpectFiguresToBeWithinTheirLimits,
        ExpectFiguresToHaveNoMoreDecimalsThanArePrinted,
        ExpectWholeToBeSumOfRegions,
        ExpectPartsNotToExceedTheirWhole,
        ExpectYearToDateFiguresNotToFall,
        ExpectYearToDateFiguresToGrow,
        ExpectFiguresNearThePeriodBefore,
        ExpectFiguresNearTheYearBefore,
        ExpectGrowthToFollowItsHistory,
        ExpectStandardsToBeAdjusted,
        ExpectFiguresNotToSlipByPowersOfTen,
        ExpectFiguresToBeUpdated,
        ExpectRegionsToDiffer,
        ExpectFiguresInTheirPlaces,
        ExpectRowsToDiffer,
        ExpectCountiesInProportion,
        ExpectCountiesInTheirPlaces,
        ExpectTotalToBalance,
        ExpectRatioToBePlausible,
    )
}
