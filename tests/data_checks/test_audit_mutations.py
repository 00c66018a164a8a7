"""Every rule, identity and ratio reports a minimal corruption of good figures, alone or before all others.

The list comes from the catalogue and the corruptions from each check's own parameters, so that a rule added in
YAML is tested by itself, and a new check without a corruption here fails.
"""

from __future__ import annotations

from itertools import islice

import pytest

from data_checks import run_audit
from data_checks.audit import audit_tables
from data_checks.expectations.figures import OWN
from data_checks.expectations.suite import PLAIN
from tests.support.corruptions import (
    CATALOGS,
    CORRUPTIONS,
    WIDER,
    about_figures,
    corruptions_of,
    good,
    of_identity,
    of_ratio,
    reported,
    side_by_side,
)

pytestmark = [pytest.mark.unit, pytest.mark.slow]

# --- the tests ----------------------------------------------------------------------------------------


def every_check() -> list[tuple[str, str]]:
    """(profile, number) of every rule, identity and ratio; those that a profile shares with the base only once."""
    own = [
        (profile, name)
        for profile, catalog in CATALOGS.items()
        for name, fact in about_figures(catalog).items()
        if profile != "chuxiong" and WIDER.audited.get(name) != fact
    ]
    return [*(("chuxiong", name) for name in about_figures(WIDER)), *own]


def test_every_check_has_a_corruption():
    assert set(CORRUPTIONS) == {*PLAIN, *OWN} - {"identity", "ratio"}


@pytest.mark.parametrize(("profile", "number"), every_check())
def test_a_minimal_corruption_is_reported_by_its_rule_alone_or_first(profile, number):
    tables = good(profile)
    fact = tables.catalog.audited[number]
    assert reported(tables, fact) == set()
    told = []
    for corrupt in islice(corruptions_of(tables, fact), 40):
        if reported(corrupt.tables, fact) != {corrupt.where}:
            continue
        findings = audit_tables(corrupt.tables).findings
        # In a narrowed table only what the corruption brought is looked at.
        found = [f for f in findings if (f.region, f.indicator) == corrupt.where or f.rule == number]
        told.append([f.rule for f in found])
        if found[0].rule == number and (findings[0].rule == number or len({f.rule for f in found}) == 1):
            break
    else:
        pytest.fail(f"{number} is nowhere first: {told[:5]}")


@pytest.mark.parametrize(("profile", "number"), [case for case in every_check() if case[1] in WIDER.identities])
def test_an_identity_is_not_reported_within_rounding(profile, number):
    tables = good(profile)
    identity = tables.catalog.identities[number]
    within = next(of_identity(tables, identity, beyond=0))
    assert reported(within.tables, identity) == set()


@pytest.mark.parametrize("number", WIDER.ratios)
def test_a_ratio_is_not_reported_at_its_bound(number):
    ratio = WIDER.ratios[number]
    for within in of_ratio(good(), ratio, beyond=0):
        assert reported(within.tables, ratio) == set()


def test_great_expectations_agrees_on_every_rule_at_once():
    """As many rules as can be broken side by side, each judged by its expectation to the same count."""
    tables, places = side_by_side()
    result = run_audit(WIDER, tables.period, tables.figures, tables.history)
    assert [rule.error for rule in result.rules if rule.error] == []
    told = {(f.rule, f.region, f.indicator) for f in result.findings}
    seen = {number for number, where in places.items() if (number, *where) in told}
    # Faults may hide each other (a slipped figure is no jump), but most stay what they are.
    assert len(seen) >= len(places) - 4, set(places) - seen
    assert {rule.check for rule in WIDER.rules.values() if rule.id in seen} >= set(PLAIN) - {
        "not_empty",
        "has_numbers",
        "complete",
    }
    for finding in result.findings:
        assert finding.message.endswith("。")
        assert finding.cause
        assert finding.cause_group
    assert result.is_blocking
