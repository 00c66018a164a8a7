"""Published series: few false alarms, the slips seen in print are found, and the record shows what was measured."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from itertools import islice
from pathlib import Path

import pytest

from data_checks.audit import audit_tables
from data_checks.backtest import SLIPS, Backtest, SlipRecord, backtest, periods, try_slips
from tests.support.real_history import real_series

pytestmark = [pytest.mark.unit, pytest.mark.slow]

DECISION = Path(__file__).parents[2] / "docs" / "decisions" / "010-thresholds.md"


@cache
def everything() -> Backtest:
    total = Backtest()
    for _, catalog, figures in real_series():
        total.add(backtest(catalog, figures))
    return total


def test_published_figures_are_never_called_wrong_and_seldom_asked_about():
    found = everything()
    assert (found.figures, found.periods) == (994, 37)
    assert found.comparisons > 9000
    assert {rule.rule: dict(rule.fired) for rule in found.rules.values() if rule.fired} == {
        # 福建 2006 (two funds) and 2021, 全国 2013, 重庆 2007: transfers and central adjustment.
        "R25": {"warning": 5},
        # 屯溪 2023 Q1: 2.34 is none of the three definitions.
        "R30": {"warning": 1},
        # 昆明 2017: people with work-injury benefits +74 %; 福建 2021: income of the enterprise fund +86 %.
        "R52": {"warning": 2},
        # 昆明 2017: maternity benefits printed the same for two periods.
        "R54": {"warning": 1},
    }
    assert sum(rule.errors for rule in found.rules.values()) == 0


def test_no_rule_fires_on_what_it_cannot_compare():
    assert all(rule.checked or not rule.fired for rule in everything().rules.values())


@cache
def kunming() -> dict[str, SlipRecord]:
    """The one series with five periods in a row, each slip in a few places of each."""
    (case,) = [(catalog, figures) for name, catalog, figures in real_series() if name == "昆明市"]
    return try_slips(*case, most=4)


@pytest.mark.full  # hundreds of slips over real series
@pytest.mark.parametrize("kind", SLIPS)
def test_slips_seen_in_print_are_found_where_there_is_a_past(kind):
    record = kunming()[kind]
    least = {"沿用上期或去年的数": 0.3, "首两位数字颠倒": 0.5, "当季数填作累计数": 0.7, "整行错开一格": 0.7}
    assert record.tried >= 3
    assert record.recall_with_past >= least.get(kind, 0.9), record.missed
    assert record.precision > 0.9


@pytest.mark.parametrize("kind", ["多写一个零", "少写一个零"])
def test_the_number_advised_is_the_one_that_was_printed(kind):
    """A cause that names the right figure and puts another period's number in it would be counted as precise."""
    (case,) = [(catalog, figures) for name, catalog, figures in real_series() if name == "昆明市"]
    told = 0
    for tables in periods(*case):
        printed = {figure.key: figure for figure in tables.figures}
        for slip in islice(SLIPS[kind](tables), 4):
            (key,) = slip.wrong
            for found in audit_tables(slip.tables).findings:
                if (found.rule, found.region, found.indicator) == ("R71", *key) and "小数点错位" in found.cause:
                    advised = re.search(r"若为约? ([\d,.]+) ", found.cause)
                    assert Decimal(advised[1].replace(",", "")) == printed[*key, tables.period.id].value
                    told += 1
    assert told >= 3


def test_the_decision_record_says_what_was_measured():
    text = DECISION.read_text(encoding="utf-8")
    for rule, record in everything().rules.items():
        row = re.search(rf"^\| {rule} \|.*\| (\d+) \| (\d+) \| (\d+) \|$", text, re.MULTILINE)
        if record.fired:
            assert row, rule
            assert [int(n) for n in row.groups()] == [record.checked, record.skipped, record.fired.total()]
    assert f"{everything().comparisons:,} comparisons" in text
