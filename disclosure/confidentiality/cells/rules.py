"""The rules for small cells, settled for each indicator out of the catalogue."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from disclosure.catalog import Catalog, Indicator, Unit
from disclosure.catalog.models.confidentiality import CellRules
from disclosure.confidentiality.cells.sensitivity import is_small_count, is_sure_of_few


@dataclass(frozen=True)
class IndicatorRule:
    """When figures of one indicator tell of somebody; ``contributors`` is an indicator's id or empty."""

    units: tuple[str, ...]
    threshold: int
    hides_nought: bool
    contributors: str
    dominance_n: int
    protection_percent: Decimal
    weight: int

    def is_small(self, unit: Unit, count: int) -> bool:
        """Whether ``count`` of a unit is too few people to be told."""
        return unit.base in self.units and is_small_count(count, self.threshold, is_zero_small=self.hides_nought)

    def is_few(self, contributors: int) -> bool:
        """Whether an amount made up of so many people's is theirs to be known.

        Where the count itself is too small to be told, its amount is as well: an amount by a known standard is a count.
        """
        return is_small_count(contributors, self.threshold, is_zero_small=False) or is_sure_of_few(
            contributors, self.dominance_n
        )


@dataclass(frozen=True)
class RuleBook:
    """What the catalogue says of every indicator."""

    rules: CellRules
    settled: dict[str, IndicatorRule] = field(default_factory=dict)

    @property
    def prefecture_weight(self) -> int:
        """How much more is lost by a figure of the whole than by one of a part."""
        return self.rules.prefecture_weight

    def of(self, indicator: Indicator) -> IndicatorRule:
        """Return the rule of one indicator: what is written last of those that mean it."""
        if indicator.id not in self.settled:
            self.settled[indicator.id] = self._settle(indicator)
        return self.settled[indicator.id]

    def _settle(self, indicator: Indicator) -> IndicatorRule:
        told = self.rules.model_dump(exclude={"indicators", "is_applied", "units", "prefecture_weight"})
        told["contributors"] = ""
        for pattern, rule in self.rules.indicators.items():
            if indicator.matches(pattern):
                told |= {name: value for name, value in rule.model_dump().items() if value is not None}
        contributors = told["contributors"]
        if contributors and "." not in contributors:
            contributors = f"{indicator.insurance}.{contributors}"
        return IndicatorRule(
            units=self.rules.units,
            threshold=told["threshold"],
            hides_nought=told["zero"] == "withhold",
            contributors=contributors,
            dominance_n=told["dominance_n"],
            protection_percent=told["protection_percent"],
            weight=told["weight"],
        )


def rule_book(catalog: Catalog) -> RuleBook:
    """Return the rules of ``catalog``."""
    return RuleBook(catalog.cell_rules)
