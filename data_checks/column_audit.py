"""The audit of very many figures: one pass in columns says which are worth a look, and the rules look at those.

The pass (``screens``) may send a figure that is right to be looked at, never let one pass that is wrong; what is
found, and every word of it, comes from the same checks as ever.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

# Imported for the screens they register.
from data_checks import screens_groups, screens_past  # noqa: F401
from data_checks.checking import CHECKS, Checked
from data_checks.columns import Columns, Screened
from data_checks.figure_table import FigureTable
from data_checks.focus import FocusedTables
from data_checks.identities import WideChecked, named
from data_checks.rules import county_sum
from data_checks.runs import Run, describe, not_run, ruled, run_identity, run_ratio, run_rule
from data_checks.screens import SCREENS
from data_checks.screens_wide import screen_identity, screen_ratio
from data_checks.tables import Tables
from disclosure.catalog import Identity, Ratio, Rule

FactT = TypeVar("FactT", Rule, Identity, Ratio)


@dataclass(frozen=True)
class _Plan:
    """A rule with what its screen found, or why that could not run."""

    rule: Rule | Identity | Ratio
    screened: Screened
    error: str = ""


def run_focused(tables: Tables) -> tuple[Tables, list[Run]]:
    """The same as ``run_all``, looking only where something may be wrong; and the tables it looked at."""
    catalog = tables.catalog
    history = FigureTable.of(tables.history)
    columns = Columns(catalog, tables.period, FigureTable.of(tables.figures), history, dict(tables.asked))
    plans = [
        *(_screen_rule(columns, rule) for rule in ruled(catalog)),
        *(_screened(columns, identity, screen_identity) for identity in catalog.identities.values()),
        *(_screened(columns, ratio, screen_ratio) for ratio in catalog.ratios.values()),
    ]
    focused = _around(tables, columns, plans)
    return focused, [_run(focused, plan) for plan in plans]


def _screen_rule(columns: Columns, rule: Rule) -> _Plan:
    if rule.check not in CHECKS or rule.check not in SCREENS:
        return _Plan(rule, Screened(), not_run("unknown_check", check=rule.check))
    return _screened(columns, rule, SCREENS[rule.check])


def _screened(columns: Columns, rule: FactT, screen: Callable[[Columns, FactT], Screened]) -> _Plan:
    try:
        return _Plan(rule, screen(columns, rule))
    except Exception as error:
        return _Plan(rule, Screened(), not_run("check", error=describe(error)))


def _around(tables: Tables, columns: Columns, plans: list[_Plan]) -> FocusedTables:
    """Tables that know whatever the figures picked by ``plans`` are compared with."""
    count = len(columns.figures)
    rows = {row for plan in plans for row in plan.screened.rows if row < count}
    picked = columns.now[sorted(rows)].select("region", "indicator")
    regions = set(picked["region"]) | {region for plan in plans for _, region in plan.screened.cells}
    whole = columns.catalog.prefecture.code
    # Where the sum of the parts is in question, the whole is compared with all of them, and they with what they add
    # up to or are added up from; where another sum is, whether the regions add up in what it is of.
    sums = [
        row for plan in plans if getattr(plan.rule, "check", "") == county_sum.__name__ for row in plan.screened.rows
    ]
    indicators = set(columns.now[sorted(sums)].filter(region=whole)["indicator"])
    catalog = columns.catalog
    indicators |= {
        name
        for identity in catalog.identities.values()
        for insurance in identity.for_each
        for names in [named(catalog, identity, insurance)]
        if names & indicators
        or any(p.rule is identity and insurance in {i for i, _ in p.screened.cells} for p in plans)
        for name in names
    }
    return FocusedTables.over(tables, columns, regions, indicators)


def _run(tables: FocusedTables, plan: _Plan) -> Run:
    rule, screened = plan.rule, plan.screened
    if plan.error:
        return Run(rule, Checked() if isinstance(rule, Rule) else WideChecked(), error=plan.error)
    if isinstance(rule, Rule):
        focused = tables.on(screened.rows, screened.groups)
        run = run_rule(focused, rule)
        run.places = {row.index: (row.region, row.indicator_id) for row in focused.rows}
    else:
        focused = tables.on((), frozenset(screened.cells))
        run = run_identity(focused, rule) if isinstance(rule, Identity) else run_ratio(focused, rule)
    run.done.compared, run.done.skipped = screened.compared, screened.skipped
    return run
