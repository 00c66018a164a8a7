"""Protects the choice of what is withheld of a period: out of the catalogue's sums, and of all that was published."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from disclosure.calendar.periods import Period, parse_period
from disclosure.catalog import Catalog, load_catalog
from disclosure.catalog.catalog import PROFILES
from disclosure.confidentiality.cells.structure import Place, PublicStatement
from disclosure.confidentiality.cells.told import find_told_figures
from disclosure.confidentiality.cells.withholding import Withholding, find_given_away, in_public_form, plan_withholding
from disclosure.figures.figures import Figure
from disclosure.platform.errors import DisclosureError

pytestmark = pytest.mark.unit

CATALOG = load_catalog("chuxiong")
YEAR = parse_period("2025-annual")
WHOLE = CATALOG.prefecture.code
PARTS = [region.code for region in CATALOG.parts_of_prefecture]
FEW = "work_injury.beneficiaries"


def counted(
    values: Mapping[str, list[int]], period: Period = YEAR, withheld: frozenset[Place] = frozenset()
) -> PublicStatement:
    """Figures of each part of the prefecture by indicator, with the whole's sums."""
    figures = {}
    for indicator, own in values.items():
        unit = CATALOG.indicators[indicator].unit
        for region, value in zip([*PARTS, WHOLE], [*own, sum(own)], strict=True):
            figures[region, indicator] = Figure(region, indicator, period, unit, Decimal(value))
    return PublicStatement(period, figures, withheld)


def spread(*small: int) -> list[int]:
    return [*small, *range(100, 100 + 10 * (len(PARTS) - len(small)), 10)]


def test_a_small_county_takes_another_with_it_and_the_whole_stays() -> None:
    plan = plan_withholding(CATALOG, counted({FEW: spread(4)}), [])
    assert plan.is_safe
    assert (plan.figures[0].region, plan.figures[0].cause) == (PARTS[0], "small")
    assert [each.cause for each in plan.figures[1:]] == ["complement"]
    assert (WHOLE, FEW) not in plan.places
    assert (plan.figures[0].low, plan.cost) == ("1", plan.bound)


def test_noughts_and_ten_are_shown() -> None:
    assert plan_withholding(CATALOG, counted({FEW: spread(0, 10)}), []).figures == ()


def test_parts_and_totals_are_one_structure() -> None:
    """Of employees and pensioners in two counties: no county, no kind and no total gives the small one away."""
    now = counted(
        {
            "employee_pension.in_service": spread(900, 800),
            "employee_pension.retired": spread(7, 300),
            "employee_pension.participants": [a + b for a, b in zip(spread(900, 800), spread(7, 300), strict=True)],
        }
    )
    plan = plan_withholding(CATALOG, now, [])
    assert plan.is_safe
    assert (PARTS[0], "employee_pension.retired") in plan.places
    for alone in plan.places:
        assert find_given_away(CATALOG, now, [], plan.places - {alone}), f"{alone} is withheld for nothing"


def test_a_rate_of_what_is_withheld_is_withheld() -> None:
    now = counted({"employee_pension.in_service": spread(900), "employee_pension.retired": spread(7)})
    ratio = "employee_pension.dependency_ratio"
    figures = {**now.figures, (PARTS[0], ratio): Figure(PARTS[0], ratio, YEAR, ":1", Decimal("128.57"))}
    plan = plan_withholding(CATALOG, PublicStatement(YEAR, figures), [])
    assert {each.cause for each in plan.figures if each.indicator == ratio} == {"derived"}


def test_what_was_withheld_once_is_not_given_away_by_a_correction() -> None:
    first = counted({FEW: spread(4)})
    plan = plan_withholding(CATALOG, first, [])
    other = next(each.region for each in plan.figures if each.cause == "complement")
    shown = replace(first, withheld=plan.places)
    assert find_given_away(CATALOG, first, [shown], {(PARTS[0], FEW)}) == [("2025-annual", PARTS[0], FEW)], (
        f"showing {other} now would tell"
    )
    again = plan_withholding(CATALOG, first, [shown])
    assert again.is_safe
    assert again.places == plan.places


def test_what_was_shown_before_is_not_withheld_for_show() -> None:
    first = counted({FEW: spread(4)})
    plan = plan_withholding(CATALOG, first, [first])
    assert plan.figures == ()
    assert plan.shown_before == ((PARTS[0], FEW),)


def test_when_all_the_rest_is_out_the_attack_succeeds_and_the_round_is_not_safe() -> None:
    first = counted({FEW: spread(4)})
    corrected = {**first.figures, (PARTS[0], FEW): replace(first.figures[PARTS[0], FEW], value=Decimal(40))}
    plan = plan_withholding(CATALOG, first, [PublicStatement(YEAR, corrected)])
    assert not plan.is_safe
    assert plan.exposed == (("2025-annual", PARTS[0], FEW),)
    assert Withholding.of_record(plan.as_record()) == plan


def test_a_longer_span_of_the_year_does_not_tell_of_a_shorter_one() -> None:
    quarter, half = parse_period("2025-q1"), parse_period("2025-h1")
    first = counted({FEW: spread(4)}, quarter)
    shown = replace(first, withheld=plan_withholding(CATALOG, first, []).places)
    later = counted({FEW: spread(5)}, half)
    plan = plan_withholding(CATALOG, later, [shown])
    assert plan.is_safe
    assert find_given_away(CATALOG, later, [shown], plan.places) == []


def test_nothing_of_a_withheld_figure_is_left_in_its_public_form() -> None:
    now = counted({FEW: spread(4)})
    seen = in_public_form(list(now.figures.values()), {(PARTS[0], FEW)})
    hidden = [figure for figure in seen if figure.state == "withheld"]
    assert [(figure.region, figure.value, figure.text, figure.printed) for figure in hidden] == [
        (PARTS[0], None, "", "未公布")
    ]
    assert len(seen) == len(now.figures)


def own_rules(folder: Path, rules: str) -> Catalog:
    shutil.copytree(PROFILES / "chuxiong", folder)
    (folder / "confidentiality.yaml").write_text(f"cells:\n  indicators:\n{rules}", encoding="utf-8")
    return load_catalog(str(folder))


def test_a_bureau_sets_threshold_noughts_and_amounts_of_few_by_indicator(tmp_path: Path) -> None:
    counts = '    "*.beneficiaries": {threshold: 3, zero: withhold}\n'
    rules = f"{counts}    work_injury.expenditure: {{contributors: beneficiaries}}\n"
    catalog = own_rules(tmp_path / "own", rules)
    plan = plan_withholding(catalog, counted({FEW: spread(4, 0)}), [])
    assert [each.region for each in plan.figures if each.cause == "small"] == [PARTS[1]]
    spent, two = "work_injury.expenditure", {FEW: [0] * (len(PARTS) - 1) + [2]}
    figures = {**counted(two).figures, (WHOLE, spent): Figure(WHOLE, spent, YEAR, "万元", Decimal("31.40"))}
    plan = plan_withholding(catalog, PublicStatement(YEAR, figures), [])
    assert [each.cause for each in plan.figures if each.indicator == spent] == ["few"]


def test_a_rule_for_no_indicator_is_a_mistake_told_by_its_line(tmp_path: Path) -> None:
    with pytest.raises(DisclosureError, match=r"confidentiality\.yaml 第 3 行.*没有对应的指标"):
        own_rules(tmp_path / "own", "    work_injury.nobody: {threshold: 3}\n")


@pytest.mark.parametrize(
    ("sentence", "is_told"),
    [
        ("{part}享受工伤待遇4人。", True),
        ("{part}工伤保险享受待遇人数为四人", True),
        ("{part}工伤保险享受待遇 4 名，{other}更多", True),
        ("{part}工伤保险参保14人", False),
        ("{part}工伤保险享受待遇0.4人", False),
        ("{other}享受工伤待遇4人。", False),
        ("{part}失业保险金由4人经办。", False),
        ("{part}工伤保险享受待遇人数比上年增长三成", True),
        ("{part}工伤保险享受待遇人数同比下降20%", True),
        ("{part}工伤保险享受待遇人数与上年持平", True),
        ("{part}工伤保险享受待遇比上年增加1人", True),
        ("全州工伤保险享受待遇的，{part}占百分之二", True),
        ("{part}工伤保险参保人数同比增长2.1%", False),
        ("{part}失业保险享受待遇人数同比增长2.1%", False),
        ("{other}工伤保险享受待遇人数同比增长2.1%", False),
        ("{part}工伤保险享受待遇的，都按时发放", False),
        # Of what the share is no machine can say: it is told, and written otherwise.
        ("{part}享受工伤待遇的，4%已办结", True),
        ("{part}工伤保险的，4%已办结", False),
    ],
)
def test_a_sentence_that_tells_a_withheld_figure_is_found(sentence: str, is_told: bool) -> None:
    part, other = (CATALOG.regions[code].name for code in PARTS[1:3])
    hidden = Figure(PARTS[1], FEW, YEAR, "人", Decimal(4))
    found = list(find_told_figures(CATALOG, [sentence.format(part=part, other=other)], [hidden]))
    assert [place for place, _ in found] == ([(PARTS[1], FEW)] if is_told else [])


def test_a_county_whose_whole_is_small_as_well_is_withheld_and_not_called_hopeless() -> None:
    """Two at work and five retired: that the whole is two or more is known to all, and tells of nobody."""
    now = counted(
        {
            "employee_pension.in_service": spread(2, 800),
            "employee_pension.retired": spread(5, 300),
            "employee_pension.participants": [a + b for a, b in zip(spread(2, 800), spread(5, 300), strict=True)],
        }
    )
    plan = plan_withholding(CATALOG, now, [])
    assert plan.exposed == ()
    assert plan.is_safe
    assert {(PARTS[0], f"employee_pension.{part}") for part in ("in_service", "retired", "participants")} <= plan.places
    whole = next(each for each in plan.figures if each.place == (PARTS[0], "employee_pension.participants"))
    assert whole.low == "2"


@pytest.mark.parametrize(("people", "is_told"), [(0, True), (1, False), (9, False), (10, True)])
def test_an_amount_is_withheld_with_the_count_of_those_it_went_to(people: int, is_told: bool) -> None:
    """By the standard of a year, what was paid for deaths at work tells how many there were."""
    paid, count = "work_injury.work_death_benefits.amount", "work_injury.work_death_benefits.person_times"
    figures = {
        (WHOLE, count): Figure(WHOLE, count, YEAR, "人次", Decimal(people)),
        (WHOLE, paid): Figure(WHOLE, paid, YEAR, "元", Decimal("1046420.00") * people),
    }
    plan = plan_withholding(CATALOG, PublicStatement(YEAR, figures), [])
    assert ((WHOLE, paid) not in plan.places) is is_told
    assert ((WHOLE, count) not in plan.places) is is_told
    assert plan.is_safe
