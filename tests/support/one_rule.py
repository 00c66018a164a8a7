"""One rule, identity or ratio of the catalogue run alone over tables, through Great Expectations as ever."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from data_checks.audit import arguments_of
from data_checks.expectations.judging import judged_by_rule, validate
from data_checks.expectations.suite import expectation_of
from data_checks.figure_table.frame import audit_frame
from data_checks.tables import Tables
from data_checks.wording.telling import tell
from data_checks.wording.violations import Violation
from disclosure.catalog import Identity, Ratio, Rule


@dataclass(frozen=True)
class Checked:
    """What one rule compared, could not compare, and found."""

    compared: int
    skipped: int
    violations: list[Violation]


def check_alone(tables: Tables, fact: Rule | Identity | Ratio) -> Checked:
    """Run the one rule; whatever raises, raises."""
    judged = judged_by_rule(validate(audit_frame(tables.columns), [expectation_of(tables.catalog, fact)]))[fact.id]
    if judged.error:
        raise RuntimeError(judged.error)
    told = [tell(tables, fact, arguments_of(fact), found)[0] for found in judged.found]
    return Checked(judged.compared, judged.skipped, told)


def threshold(rule: Rule, name: str) -> Decimal:
    """Return a number among the rule's parameters."""
    value = rule.parameters[name]
    assert isinstance(value, Decimal)
    return value


def thresholds(rule: Rule, name: str) -> list[Decimal]:
    """Return a list of numbers among the rule's parameters."""
    value = rule.parameters[name]
    assert isinstance(value, list)
    return value
