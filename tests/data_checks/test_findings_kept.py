"""What the audit found before it was one engine is what it finds: word for word, count for count, or explained.

The findings of the former two engines are kept as data (``tests/data/audit/findings_kept.json``): single corruptions
of every rule, many at once, the seeded errors, random changes, and published figures as printed and with slips.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache

import pytest

from data_checks.audit import audit_tables
from data_checks.tables import Tables
from tests.support.audit_cases import KEPT, as_it_was, cases, told

pytestmark = [pytest.mark.unit, pytest.mark.slow]

#: Of the many cases one in so many is compared unless all are.
ONE_IN = 12


def cannot_be_kept_exactly(tables: Tables) -> bool:
    """Whether a number is printed more finely, or is larger, than amounts are kept: both are told as critical."""
    columns = tables.columns
    past = columns.history.amounts(tables.catalog)
    return bool((columns.finer | columns.too_large).any() or (past.finer | past.too_large).any())


@cache
def compared() -> tuple[tuple[str, Tables, dict[str, list[object]], list[str]], ...]:
    """Each case by its name, with what was counted and found before: made once for both tests."""
    return tuple(_compared())


def _compared() -> Iterator[tuple[str, Tables, dict[str, list[object]], list[str]]]:
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    for name, tables in cases():
        counts, findings = kept["cases"].pop(name)
        was = {rule: list(count) for rule, count in kept["counts"][counts].items()}
        yield name, as_it_was(tables), was, findings
    assert not kept["cases"]


def differences(name: str, tables: Tables, counts: dict[str, list[object]], findings: list[str]) -> list[object]:
    """What is different and not explained."""
    result = audit_tables(tables)
    now = told(result)
    if cannot_be_kept_exactly(tables):
        # Too large: refused, and said so. Finer than a hundredth of a person: not a number of people, and said so
        # where it is this period's; earlier ones were told of when they were.
        if (tables.columns.finer | tables.columns.too_large).any():
            assert {"R10", "R12", "R14"} & {line.split(" | ")[0] for line in now["findings"]}, name
        return []
    # A figure of an unknown indicator has no centre that it could be held against.
    unknown = sum(figure.indicator not in tables.catalog.reported for figure in tables.figures)
    if "R06" in counts:
        counts["R06"][0] -= unknown
    off = [(rule, was, now["rules"][rule]) for rule, was in counts.items() if now["rules"][rule] != was]
    # Where the past is weighed and may be wrong, it is said, and a past that is doubted keeps nothing back.
    doubting = {(f.rule, f.region, f.indicator) for f in result.findings if f.doubted}
    # A difference is no more exact than the numbers it is of.
    doubting |= {(f.rule, f.region, f.indicator) for f in result.findings if f.difference.startswith("约 ")}
    upset = {(f.region, f.indicator) for f in result.findings if f.doubted}
    changed = set(findings) ^ set(now["findings"])
    # What is out of line with the past as a part of it is now told with that part: the same words, in another group.
    of_moves = {f.cause_group for f in result.findings if f.rule in ("R51", "R52", "R53")}
    regrouped = {_alone(line) for line in now["findings"] if _group(line) in of_moves} & set(map(_alone, findings))
    changed = {line for line in changed if _alone(line) not in regrouped}
    return [*off, *sorted(line for line in changed if not _is_weighed(line, doubting, upset))]


def _group(line: str) -> str:
    return line.split(" | ")[5]


def _alone(line: str) -> str:
    """Return a finding without the group it is told in."""
    told = line.split(" | ")
    return " | ".join((*told[:5], *told[6:]))


def _is_weighed(line: str, doubting: set[tuple[str, str, str]], upset: set[tuple[str, str]]) -> bool:
    """Whether a finding is one that doubts the past, or was told in the group of a figure that no longer is blamed."""
    rule, _, region, indicator, _, group, _ = line.split(" | ")
    return (rule, region, indicator) in doubting or any(name in group for name in map("/".join, upset))


@pytest.mark.full  # a long sample
def test_a_sample_of_what_was_found_is_found():
    assert len(compared()) > 400
    assert {name: found for name, *rest in compared()[::ONE_IN] if (found := differences(name, *rest))} == {}


@pytest.mark.full
def test_the_rest_of_what_was_found_is_found():
    rest = [case for number, case in enumerate(compared()) if number % ONE_IN]
    assert {name: found for name, *known in rest if (found := differences(name, *known))} == {}
