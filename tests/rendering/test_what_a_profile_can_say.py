"""What real places print is sayable in YAML: each of these is said by a profile in ``tests/profiles``."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from data_checks.tables import Tables
from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog, load_catalog
from disclosure.catalog.profile_check import check_profile
from disclosure.figures.figures import Figure
from disclosure.rendering import DisclosureDocument, DocumentContents, build_document
from disclosure.simulation.demo_figures import demo_figures, list_unasked_figures
from tests.support.one_rule import check_alone

pytestmark = pytest.mark.unit

PLACES = Path(__file__).parents[1] / "profiles"


def document_of(
    catalog: Catalog, period: Period, figures: tuple[Figure, ...], earlier: tuple[Figure, ...] = ()
) -> DisclosureDocument:
    day = dt.date(2026, 3, 10)
    return build_document(catalog, DocumentContents(period, figures, earlier=earlier, compiled_on=day, demo=False))


def published(name: str, period: Period) -> tuple[Catalog, tuple[Figure, ...]]:
    catalog = load_catalog(str(PLACES / name))
    return catalog, demo_figures(catalog, period)


def prose(document: DisclosureDocument) -> str:
    return "\n".join(paragraph.text for section in document.sections for paragraph in section.paragraphs)


@pytest.mark.parametrize("folder", sorted(path.name for path in PLACES.iterdir()))
def test_every_place_is_without_a_mistake(folder: str) -> None:
    assert check_profile(str(PLACES / folder)).mistakes == ()


def test_insurances_come_in_the_order_of_the_profile_and_totals_before_their_parts() -> None:
    document = document_of(*order("zhanjiang", Period(2023, "annual")))
    assert [block.insurance for block in document.blocks][:3] == [
        "基本养老保险",
        "企业职工基本养老保险",
        "机关事业单位基本养老保险",
    ]
    catalog, period, figures = order("dongan", Period(2022, "annual"))
    first = dict.fromkeys(catalog.indicators[seen.indicator].insurance for seen in figures)
    assert list(first)[1:3] == ["resident_pension", "institution_pension"]
    blocks = [block.insurance for block in document_of(catalog, period, figures).blocks]
    assert blocks.index("城乡居民基本养老保险") < blocks.index("机关事业单位基本养老保险")


def order(name: str, period: Period) -> tuple[Catalog, Period, tuple[Figure, ...]]:
    catalog, figures = published(name, period)
    return catalog, period, figures


def test_a_part_of_a_part_is_told_behind_it_in_brackets_and_indented_twice() -> None:
    document = document_of(*order("panjin-2017", Period(2017, "h1")))
    assert (
        "参保人数56.33万人，其中企业在职人员33.41万人（其中灵活就业11.71万人）、"
        "离退休人员22.92万人（其中灵活就业7.93万人）。"
    ) in prose(document)
    rows = [row for group in document.blocks[0].tables[0].groups for row in group.rows]
    assert [(row.label, row.depth) for row in rows] == [
        ("参保人数", 0),
        ("其中：企业在职人员", 1),
        ("其中：灵活就业", 2),
        ("离退休人员", 1),
        ("其中：灵活就业", 2),
    ]


def test_where_only_some_parts_are_told_it_says_so() -> None:
    catalog = load_catalog("chuxiong")
    period = Period(2025, "annual")

    def money(name: str, value: str) -> Figure:
        return Figure("532300", f"work_injury.income{name}", period, "万元", Decimal(value))

    core = (money("", "100.00"), money(".contributions", "60.00"), money(".fiscal_subsidy", "20.00"))
    told = "基金收入100.00万元，其中保险费征缴收入60.00万元、财政补贴收入20.00万元"
    whole = prose(document_of(catalog, period, core))
    assert told in whole
    assert f"{told}等" not in whole
    assert f"{told}等" in prose(document_of(catalog, period, (*core, money(".transfers", "1.00"))))
    one = (core[0], core[1], money(".transfers", "1.00"))
    assert "保险费征缴收入60.00万元等" not in prose(document_of(catalog, period, one))


def test_sentences_are_without_thousands_separators_where_the_place_has_none() -> None:
    document = document_of(*order("shenzhen-2020", Period(2020, "annual")))
    assert "基金收入1125.407亿元" in prose(document)
    assert "1,269.69" not in prose(document)
    assert "1,125.407" in {
        c.text for b in document.blocks for t in b.tables for g in t.groups for r in g.rows for c in r.cells
    }


def test_a_stock_is_compared_with_the_same_period_where_that_is_the_custom() -> None:
    now = Period(2025, "q3")
    catalog, figures = published("qujing-2025", now)
    participants = next(figure for figure in figures if figure.indicator == "unemployment.participants")
    before = replace(participants, period=Period(2024, "q3"), value=Decimal("32.00"))
    year_end = replace(participants, period=Period(2024, "annual"), value=Decimal("1.00"))
    text = prose(document_of(catalog, now, figures, (before, year_end)))
    assert "参保人数32.68万人，同比增加0.68万人，增长2.13%" in text


def test_a_growth_rate_is_held_against_its_base() -> None:
    period = Period(2022, "q3")
    catalog, figures = published("fujian", period)
    rule = catalog.ratios["R610"]
    assert check_alone(Tables.of(catalog, period, figures), rule).violations == []
    wrong = [
        replace(figure, value=Decimal("31.27")) if figure.indicator.endswith("growth") else figure for figure in figures
    ]
    (violation,) = check_alone(Tables.of(catalog, period, wrong), rule).violations
    assert "31.72%" in str(violation.words)
    # A fall is held against its base as well: 391.85 less than 1235.51 + 2 × 391.85.
    fallen = {"urban_pension.participants.increase": "-391.85", "urban_pension.participants.growth": "-19.41"}
    less = [replace(f, value=Decimal(fallen[f.indicator])) if f.indicator in fallen else f for f in figures]
    checked = check_alone(Tables.of(catalog, period, less), rule)
    assert (checked.compared, checked.violations) == (1, [])
    less = [replace(f, value=Decimal("19.41")) if f.indicator.endswith("growth") else f for f in less]
    assert len(check_alone(Tables.of(catalog, period, less), rule).violations) == 1


@pytest.fixture
def dongan(tmp_path: Path) -> Path:
    """A copy of 东安县 with its figures in it, to be changed."""
    for file in (PLACES / "dongan").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    figures = "../../data/real/hunan-dongan-2022.csv"
    (tmp_path / "figures.csv").write_bytes((PLACES / "dongan" / figures).read_bytes())
    change(tmp_path / "profile.yaml", figures, "figures.csv")
    return tmp_path


def change(file: Path, was: str, now: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert was in text
    file.write_text(text.replace(was, now), encoding="utf-8")


def test_a_value_that_was_not_given_is_told_with_its_reason(dongan: Path) -> None:
    """The file may say so in the place of the value; nothing else about it changes."""
    change(dongan / "figures.csv", "万人,2.67", "万人,未提供")
    catalog, period = load_catalog(str(dongan)), Period(2022, "annual")
    figures = demo_figures(catalog, period)
    missing = next(figure for figure in figures if figure.indicator == "work_injury.participants")
    assert (missing.state, missing.value, missing.text) == ("not_provided", None, "公布的材料没有这个数。")
    assert "工伤保险参保人数未提供" in prose(document_of(catalog, period, figures))


def test_published_figures_that_no_cycle_asks_for_are_found(dongan: Path) -> None:
    change(dongan / "profile.yaml", "    - work_injury.participants\n", "")
    catalog = load_catalog(str(dongan))
    assert [figure.indicator for figure in list_unasked_figures(catalog)] == ["work_injury.participants"]
    assert list_unasked_figures(load_catalog(str(PLACES / "dongan"))) == ()
    assert list_unasked_figures(load_catalog("chuxiong")) == ()


def test_fewer_decimals_at_most_than_at_least_are_a_mistake(dongan: Path) -> None:
    change(dongan / "indicators.yaml", "decimals: 0", "decimals: 0\n    least_decimals: 1")
    assert any("least_decimals 不能大于 decimals" in mistake for mistake in check_profile(str(dongan)).mistakes)
