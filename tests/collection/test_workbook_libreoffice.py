"""Protects that a workbook saved by a real LibreOffice still says the same, and checks itself while open there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from disclosure.calendar.periods import Period
from disclosure.catalog import load_catalog
from disclosure.collection import Problem, WorkbookContents, WorkbookReading, read_workbook, write_workbook
from disclosure.collection.workbook.layout import address, lay_out
from disclosure.collection.workbook.ooxml.package import open_package
from disclosure.figures.figures import Figure
from disclosure.simulation.demo_figures import demo_figures, demo_history

pytestmark = [pytest.mark.unit, pytest.mark.slow]

CATALOG = load_catalog("chuxiong")
PERIOD = Period(2025, "annual")
CENTRE = "employment_centre"
LAYOUT = lay_out(CATALOG, PERIOD, CENTRE)
COVER = ("吴填报", "冯复核", "2026-02-20")
FIGURES = demo_figures(CATALOG, PERIOD)
#: What one wrong figure must show: the surplus no longer is income less expenditure.
WRONG = "unemployment.current_surplus"


def filled_by(centre: str, changed: dict[str, Decimal] | None = None) -> list[Figure]:
    own = [figure for figure in FIGURES if CATALOG.indicators[figure.indicator].centre == centre]
    whole = CATALOG.prefecture.code
    changed = changed or {}
    return [replace(f, value=changed[f.indicator]) if f.indicator in changed and f.region == whole else f for f in own]


@pytest.fixture(scope="module")
def saved(
    tmp_path_factory: pytest.TempPathFactory, resaved: Callable[..., dict[str, Path]]
) -> dict[str, tuple[Path, Path]]:
    """Name -> the workbook as we wrote it, and as LibreOffice saved it."""
    folder, history = tmp_path_factory.mktemp("written"), demo_history(CATALOG, PERIOD)

    def write(name: str, centre: str, filled: list[Figure], problems: tuple[Problem, ...] = ()) -> Path:
        return write_workbook(
            folder / f"{name}.xlsx",
            CATALOG,
            WorkbookContents(
                PERIOD,
                centre,
                round_number=2,
                earlier=history,
                filled=filled,
                message="请核对基金收支。",
                cover=COVER,
                problems=problems,
            ),
        )

    written = [write(centre.id, centre.id, filled_by(centre.id)) for centre in CATALOG.centres]
    written.append(write("wrong", CENTRE, filled_by(CENTRE, {WRONG: Decimal("-999.99")})))
    stated = Figure("532301", "unemployment.participants", PERIOD, "人", text="系统升级", state="not_provided")
    kept = [f for f in filled_by(CENTRE) if (f.region, f.indicator) != (stated.region, stated.indicator)]
    written.append(write("stated", CENTRE, [*kept, stated]))
    marked = Problem("失业", "H6", "“12万”", "整数", "请改正")
    written.append(write("marked", CENTRE, filled_by(CENTRE), (marked,)))
    found = resaved(*written)
    return {path.stem: (path, found[path.stem]) for path in written}


def read(path: Path) -> WorkbookReading:
    return read_workbook(path.read_bytes(), "报表.xlsx", CATALOG)


@pytest.mark.parametrize("name", [*(centre.id for centre in CATALOG.centres), "stated", "marked"])
def test_saved_by_libreoffice_it_reads_the_same(saved: dict[str, tuple[Path, Path]], name: str) -> None:
    ours, theirs = (read(path) for path in saved[name])
    assert [problem.sentence for problem in theirs.problems] == []
    assert saved[name][0].read_bytes() != saved[name][1].read_bytes()

    def content(reading: WorkbookReading) -> list[object]:
        return [(f.key, str(f.value), f.text, f.state, f.unit, f.centre, f.source.cell) for f in reading.figures]

    assert len(ours.figures) > 10
    assert content(theirs) == content(ours)
    assert theirs.cover == ours.cover
    assert theirs.explanations == ours.explanations
    assert ours.typed is not None
    assert theirs.typed is not None
    assert (theirs.typed.past, theirs.typed.message) == (ours.typed.past, ours.typed.message)


def test_version_and_round_stay_in_the_properties(saved: dict[str, tuple[Path, Path]]) -> None:
    ours, theirs = (open_package(path.read_bytes(), path.name).properties for path in saved[CENTRE])
    assert theirs == ours
    assert (theirs["disclosure_round"], theirs["disclosure_schema_version"]) == ("2", "2")


def shown(path: Path) -> dict[str, object]:
    """The checks of 失业 as LibreOffice computed them: identity and region, or indicator whose regions are summed."""
    sheet = openpyxl.load_workbook(path, data_only=True)["失业"]
    (layout,) = LAYOUT.sheets
    found: dict[str, object] = {}
    for check in layout.checks:
        for region in check.regions:
            found[f"{check.identity.id} {region.name}"] = sheet[address(check.row, layout.columns[region.code])].value
    assert layout.sum_column is not None
    for indicator in layout.indicators:
        if layout.is_summed(indicator):
            found[indicator.id] = sheet[address(layout.rows[indicator.id], layout.sum_column)].value
    return found


def test_the_checks_compute_and_a_broken_identity_shows(saved: dict[str, tuple[Path, Path]]) -> None:
    right, wrong = shown(saved[CENTRE][1]), shown(saved["wrong"][1])
    assert {value for value in right.values() if isinstance(value, int | float)} == {0}
    assert sum(isinstance(value, int | float) for value in right.values()) > 5
    differing = {name: wrong[name] for name in right if wrong[name] != right[name]}
    surplus = next(f.value for f in filled_by(CENTRE) if f.indicator == WRONG)
    assert surplus is not None
    assert differing.pop("R20 楚雄彝族自治州") == pytest.approx(float(Decimal("-999.99") - surplus))
    assert differing == {}


def test_with_a_region_left_out_the_sum_shows_no_tick(saved: dict[str, tuple[Path, Path]]) -> None:
    """With a county not provided nothing can be told, and no tick says that something was."""
    assert shown(saved[CENTRE][1])["unemployment.participants"] == 0
    assert shown(saved["stated"][1])["unemployment.participants"] in (None, "")


def test_the_cover_counts_what_does_not_add_up(saved: dict[str, tuple[Path, Path]]) -> None:
    def mismatches(path: Path) -> object:
        cover = openpyxl.load_workbook(path, data_only=True)["封面"]
        return next(row[4].value for row in cover.iter_rows() if row[1].value == "失业")

    assert (mismatches(saved[CENTRE][1]), mismatches(saved["wrong"][1])) == (0, 1)


def test_the_mark_and_its_comment_and_link_survive(saved: dict[str, tuple[Path, Path]]) -> None:
    book = openpyxl.load_workbook(saved["marked"][1])
    comment = book["失业"]["H6"].comment
    assert comment is not None
    assert "发现：“12万”" in comment.text
    link = book["错误清单"]["C4"].hyperlink
    assert link is not None
    assert "失业" in str(link.location)
    assert "H6" in str(link.location)
