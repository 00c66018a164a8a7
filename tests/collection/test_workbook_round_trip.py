"""Protects that what is written into a workbook is read back exactly, for any figures, centre and profile."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure.calendar.periods import Period, parse_period
from disclosure.catalog import Catalog, Indicator, load_catalog
from disclosure.collection import WorkbookContents, read_workbook, write_workbook
from disclosure.confidentiality.draft_marks import draft_marks
from disclosure.figures.figures import Figure, FigureState
from disclosure.simulation.demo_figures import demo_figures, demo_history

pytestmark = pytest.mark.unit

CHUXIONG = load_catalog("chuxiong")
ANNUAL = Period(2025, "annual")
#: 说明 and text cells are trimmed and take one line or several; control characters cannot stand in XML.
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=30).filter(
    lambda text: text.strip("\u200b") and text not in ("未提供", "不适用") and not draft_marks(text)
)


def content_of(figures: Iterable[Figure]) -> dict[tuple[str, str, str], tuple[Any, ...]]:
    return {f.key: (f.value, f.decimals, f.text, f.state, f.unit, f.centre) for f in figures}


@st.composite
def figures(draw: st.DrawFn, catalog: Catalog, period: Period, centre: str) -> tuple[Figure, ...]:
    """Figures for some of the input cells, every indicator within what it may be."""
    drawn = []
    cells = [(i, r.code) for i in catalog.indicators_for(period, centre) for r in catalog.regions_for(i)]
    for indicator, region in draw(st.lists(st.sampled_from(cells), min_size=1, unique_by=str, max_size=len(cells))):
        state: FigureState = draw(st.sampled_from(["reported"] * 8 + ["not_provided", "not_applicable"]))  # type: ignore[arg-type]
        value, text = None, ""
        if state != "reported" or indicator.kind == "text":
            # A reason has words; a text indicator may say anything.
            text = draw(WORDS) if state == "reported" else f"系统升级{draw(WORDS)}"
        else:
            value = draw(numbers(catalog, indicator))
        drawn.append(Figure(region, indicator.id, period, indicator.unit, value, text, state, centre))
    return tuple(drawn)


def numbers(catalog: Catalog, indicator: Indicator) -> st.SearchStrategy[Decimal]:
    decimals, most = catalog.decimals(indicator), 10**14
    unscaled = st.integers(-most if indicator.may_be_negative else 0, most)
    return unscaled.map(lambda number: Decimal(number).scaleb(-decimals))


@settings(max_examples=15)
@given(data=st.data(), centre=st.sampled_from([office.id for office in CHUXIONG.centres]))
def test_random_figures_come_back_exactly(data: st.DataObject, centre: str, tmp_path_factory: Any) -> None:
    given_ = data.draw(figures(CHUXIONG, ANNUAL, centre))
    path = tmp_path_factory.mktemp("workbook") / "报表.xlsx"
    write_workbook(path, CHUXIONG, WorkbookContents(ANNUAL, centre, filled=given_))
    reading = read_workbook(path.read_bytes(), path.name, CHUXIONG)
    assert [problem.sentence for problem in reading.problems] == []
    assert content_of(reading.figures) == content_of(given_)


@pytest.mark.parametrize("profile", ["chuxiong", "gaogang-2016", "kunming-2017"])
def test_published_figures_of_every_profile_come_back(profile: str, tmp_path: Path) -> None:
    catalog = load_catalog(profile)
    period = parse_period(catalog.profile.demo_period)
    history, read = demo_history(catalog, period), dict[Any, Any]()
    shown = demo_figures(catalog, period)
    for centre in catalog.centres:
        path = write_workbook(
            tmp_path / f"{centre.id}.xlsx",
            catalog,
            WorkbookContents(
                period,
                centre.id,
                earlier=history,
                filled=shown,
            ),
        )
        reading = read_workbook(path.read_bytes(), path.name, catalog)
        assert reading.is_accepted
        assert {figure.centre for figure in reading.figures} == {centre.id}
        read |= {figure.key: (figure.value, figure.text, figure.unit) for figure in reading.figures}
    assert read == {figure.key: (figure.value, figure.text, figure.unit) for figure in shown}


def test_every_figure_knows_its_cell_and_the_cover_its_people(tmp_path: Path) -> None:
    figure = Figure("532301", "unemployment.participants", ANNUAL, "人", Decimal(921), centre="employment_centre")
    path = write_workbook(
        tmp_path / "失业.xlsx",
        CHUXIONG,
        WorkbookContents(
            ANNUAL,
            "employment_centre",
            round_number=3,
            filled=[figure],
            message="请核对",
            cover=("张三", " 李四 ", "2026-02-20"),
        ),
    )
    content = path.read_bytes()
    reading = read_workbook(content, "失业.xlsx", CHUXIONG)
    (read,) = reading.figures
    assert (read.source.document, read.source.file_name) == (hashlib.sha256(content).hexdigest(), "失业.xlsx")
    assert read.source.label == "工作表“失业”单元格 H6"
    cover = reading.cover
    assert cover is not None
    assert (cover.profile, cover.period, cover.centre, cover.round) == ("chuxiong", ANNUAL, "employment_centre", 3)
    assert (cover.filler, cover.checker, cover.filled_on) == ("张三", "李四", "2026-02-20")


def test_the_same_workbook_has_the_same_bytes_and_leaves_nothing_beside(tmp_path: Path) -> None:
    shown = demo_figures(CHUXIONG, ANNUAL)
    one = write_workbook(
        tmp_path / "a" / "1.xlsx", CHUXIONG, WorkbookContents(ANNUAL, "employment_centre", filled=shown)
    )
    two = write_workbook(
        tmp_path / "a" / "2.xlsx", CHUXIONG, WorkbookContents(ANNUAL, "employment_centre", filled=iter(shown))
    )
    assert one.read_bytes() == two.read_bytes()
    assert sorted(path.name for path in one.parent.iterdir()) == ["1.xlsx", "2.xlsx"]


def test_a_special_cycle_holds_only_what_it_was_opened_for(tmp_path: Path) -> None:
    period = Period(2026, "special", "工伤专项")
    only = ("work_injury.referrals", "work_injury.income.*")
    figure = Figure("532300", "work_injury.referrals", period, "人次", Decimal(31), centre="social_insurance_centre")
    path = tmp_path / "专项.xlsx"
    write_workbook(path, CHUXIONG, WorkbookContents(period, "social_insurance_centre", only=only, filled=[figure]))
    reading = read_workbook(path.read_bytes(), path.name, CHUXIONG)
    assert content_of(reading.figures) == content_of([figure])
    assert reading.cover is not None
    assert reading.cover.only == only, "the workbook itself says what was asked"


def test_every_period_has_a_workbook_for_every_centre(tmp_path: Path) -> None:
    for period in (Period(2026, "q1"), Period(2026, "h1"), Period(2026, "q3"), Period(2026, "special", "专项")):
        for centre in CHUXIONG.centres:
            path = write_workbook(tmp_path / "报表.xlsx", CHUXIONG, WorkbookContents(period, centre.id))
            (problem,) = read_workbook(path.read_bytes(), path.name, CHUXIONG).problems
            assert "没有填任何数据" in problem.sentence
