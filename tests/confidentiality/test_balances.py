"""Protects what is withheld of a fund from its balance: a year begins with what the last one ended with."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from disclosure.calendar.periods import parse_period
from disclosure.catalog import load_catalog
from disclosure.confidentiality.cells.structure import Place, PublicStatement
from disclosure.confidentiality.cells.withholding import find_given_away, plan_withholding
from disclosure.figures.figures import Figure

pytestmark = pytest.mark.unit

CATALOG = load_catalog("chuxiong")
WHOLE = CATALOG.prefecture.code
FUND = "work_injury"
PAID, SPENT, INCOME = f"{FUND}.expenditure.benefits", f"{FUND}.expenditure", f"{FUND}.income"
LEFT, BALANCE = f"{FUND}.current_surplus", f"{FUND}.accumulated_balance"
FEW = f"{FUND}.beneficiaries"
#: What a fund takes in beside contributions, part by part: its income is told by them, and hiding that hides nothing.
BESIDE = {"fiscal_subsidy": "0", "interest": "20.00", "other": "3.00"}


def fund(period_id: str, opening: str, contributions: str, paid: str, people: int) -> PublicStatement:
    """A fund whose spending is all benefits: what it had, took in, paid to ``people``, and has now."""
    period, unit = parse_period(period_id), "万元"
    parts = {f"{INCOME}.{part}": Decimal(said) for part, said in {**BESIDE, "contributions": contributions}.items()}
    income, spent = sum(parts.values(), Decimal(0)), Decimal(paid)
    values = {each: Decimal(0) for each in CATALOG.reported if each.startswith(f"{SPENT}.")}
    values |= {**parts, INCOME: income, PAID: spent, SPENT: spent, LEFT: income - spent}
    values[BALANCE] = Decimal(opening) + income - spent
    figures = {(WHOLE, name): Figure(WHOLE, name, period, unit, value) for name, value in values.items()}
    figures[WHOLE, FEW] = Figure(WHOLE, FEW, period, "人", Decimal(people))
    return PublicStatement(period, figures)


LAST = fund("2024-annual", "9000.00", "700.00", "450.00", 60)
QUARTER = fund("2025-q1", "9273.00", "150.00", "0.00", 0)
NOW = fund("2025-annual", "9273.00", "700.00", "31.40", 5)
NEXT = fund("2026-q1", "9964.60", "160.00", "44.00", 40)
HIDDEN = frozenset({(WHOLE, FEW), (WHOLE, PAID), (WHOLE, SPENT), (WHOLE, LEFT)})


def by_hand(opening: PublicStatement, hidden: frozenset[Place]) -> Decimal | None:
    """What a reader works out of two balances with a pencil: income less what the fund grew by; None if he cannot."""
    if hidden & {(WHOLE, BALANCE), (WHOLE, INCOME)}:
        return None
    had, has, income = (
        statement.figures[WHOLE, name].value for statement, name in ((opening, BALANCE), (NOW, BALANCE), (NOW, INCOME))
    )
    assert had is not None
    assert has is not None
    assert income is not None
    return income - (has - had)


def test_two_balances_tell_what_was_spent_between_them() -> None:
    """The leak itself: without last year's end the choice is safe, with it the benefits come out to the last place."""
    assert find_given_away(CATALOG, NOW, [], HIDDEN) == []
    assert by_hand(LAST, HIDDEN) == NOW.figures[WHOLE, PAID].value
    assert find_given_away(CATALOG, NOW, [LAST], HIDDEN) == [("2025-annual", WHOLE, PAID)]
    assert find_given_away(CATALOG, NOW, [QUARTER], HIDDEN) == [("2025-annual", WHOLE, PAID)], (
        "a quarter's balance less its surplus is what the year began with"
    )


@pytest.mark.parametrize(
    "before", [[LAST], [QUARTER], [LAST, QUARTER], [LAST, NEXT]], ids=["last", "q1", "both", "next"]
)
def test_the_choice_reckons_with_what_the_fund_had(before: list[PublicStatement]) -> None:
    plan = plan_withholding(CATALOG, NOW, before)
    assert plan.is_safe
    assert (WHOLE, PAID) in plan.places
    assert find_given_away(CATALOG, NOW, before, plan.places) == []
    assert by_hand(LAST, plan.places) is None


def test_the_next_year_does_not_give_away_what_the_last_withheld() -> None:
    """The balance of 2025 is withheld: the first quarter of 2026, which begins with it, does not tell it."""
    shown = replace(NOW, withheld=HIDDEN | {(WHOLE, BALANCE)})
    assert find_given_away(CATALOG, NEXT, [LAST, shown], ()) == [("2025-annual", WHOLE, PAID)]
    plan = plan_withholding(CATALOG, NEXT, [LAST, shown])
    assert plan.is_safe
    assert plan.places
