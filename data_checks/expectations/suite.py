"""The suite of the catalogue: an expectation for every rule, identity and ratio, ours or Great Expectations' own.

Every expectation carries the rule's severity, its Chinese description and, in ``meta``, its id, by which results are
found again: they come in an order of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.registry import get_expectation_impl
from great_expectations.expectations.row_conditions import Column

from data_checks.expectations.figures import OWN
from data_checks.measures.arguments import TEXT_CHECK, arguments_of_identity, arguments_of_ratio
from disclosure.catalog import Catalog, Identity, Ratio, Rule

Fact = Rule | Identity | Ratio


def expectation_of(catalog: Catalog, fact: Fact) -> Expectation:
    """Return the expectation of one rule, identity or ratio.

    Raises:
        Exception: whatever Great Expectations says of an unknown expectation, or of wrong or lacking arguments.
    """
    meaning = meaning_of(fact)
    if isinstance(fact, Identity):
        return OWN["identity"](**arguments_of_identity(fact), **meaning)
    if isinstance(fact, Ratio):
        return OWN["ratio"](**arguments_of_ratio(fact), **meaning)
    if fact.check in OWN:
        return OWN[fact.check](**_arguments(catalog, fact), **meaning)
    name, arguments = PLAIN[fact.check](catalog) if fact.check in PLAIN else (fact.check, fact.arguments)
    made: Expectation = get_expectation_impl(name)(**arguments, **meaning)
    return made


def meaning_of(fact: Fact) -> dict[str, Any]:
    """Return what every expectation says of its rule."""
    return {
        "severity": fact.severity,
        "description": fact.description,
        "meta": {"rule": fact.id, "name": fact.name, "reason": fact.reason, "source": fact.source},
    }


def _arguments(catalog: Catalog, rule: Rule) -> dict[str, Any]:
    keys = OWN[rule.check].args_keys
    given: dict[str, Any] = {}
    if "thresholds_by" in keys:
        given["thresholds_by"] = thresholds_of(rule)
    if "slips" in keys:
        slips = (each for each in catalog.rules.values() if each.check == "unit_slip")
        given["slips"] = [thresholds_of(each) for each in slips]
    if "tied" in keys:
        pairs = {
            (catalog.indicator_id(insurance, identity.total), catalog.indicator_id(insurance, part))
            for identity in catalog.identities.values()
            for insurance in identity.for_each
            for part in identity.parts
        }
        given["tied"] = [i.id for i in catalog.reported.values() if (i.part_of, i.id) in pairs]
    return given


def thresholds_of(rule: Rule) -> dict[str, Any]:
    """Return the rule's thresholds as JSON has them."""
    return {
        name: [_number(each) for each in value] if isinstance(value, list) else _number(value)
        for name, value in rule.parameters.items()
    }


def _number(value: Decimal) -> float | int:
    return int(value) if value == value.to_integral_value() else float(value)


#: The name of an expectation, and its arguments.
Named = tuple[str, dict[str, Any]]


def _where(column: str) -> Any:
    return Column(column) == True  # noqa: E712 - a condition object, not a comparison


def _as_expected(name: str, ignored: str = "either_value_is_missing") -> Named:
    columns = {"column_A": name, "column_B": f"{name}_expected", "ignore_row_if": ignored}
    return "expect_column_pair_values_to_be_equal", columns


#: What the catalogue lacks has nothing beside it, and is not as expected.
_UNKNOWN = "both_values_are_missing"
#: Checks that are Great Expectations' own expectations, on the columns of ``audit_frame``. Regions and indicators are
#: compared with the catalogue's beside them, not with a set of its names: Great Expectations goes through an
#: expectation's arguments a hundred times an audit, which for thousands of regions was a fifth of it.
PLAIN: dict[str, Callable[[Catalog], Named]] = {
    "complete": lambda _: ("expect_column_values_to_not_be_null", {"column": "content"}),
    "unique": lambda _: (
        "expect_compound_columns_to_be_unique",
        {"column_list": ["region", "indicator", "period"]},
    ),
    "known_region": lambda _: _as_expected("place", _UNKNOWN),
    "known_indicator": lambda _: _as_expected("named", _UNKNOWN),
    "unit": lambda _: _as_expected("unit"),
    "centre": lambda _: _as_expected("centre"),
    "form": lambda _: _as_expected("form"),
    "not_empty": lambda _: (
        "expect_table_row_count_to_be_between",
        {"min_value": 1, "row_condition": _where("handed_in")},
    ),
    "has_numbers": lambda _: (
        "expect_column_proportion_of_non_null_values_to_be_between",
        {"column": "value", "min_value": 0, "strict_min": True, "row_condition": _where("numeric")},
    ),
}


def ruled(catalog: Catalog) -> list[Fact]:
    """Return everything that is checked on figures, by its number: text is compared beside them."""
    return [fact for fact in catalog.audited.values() if getattr(fact, "check", "") != TEXT_CHECK]
