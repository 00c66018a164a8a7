"""Protects what was published before: imported once, changed only with a reason, never used when known to be wrong.

Figures: 昆明市 2016-2017 and 深圳市 2015 as published.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from sqlalchemy import select

from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog, Indicator, KnownError
from disclosure.collection.history.importer import import_table
from disclosure.collection.history.imports import (
    ImportComparison,
    compare_files,
    long_csv,
    record_import,
    record_imports,
)
from disclosure.cycle.compilation import history
from disclosure.figures.figures import Figure
from disclosure.platform.errors import DisclosureError
from disclosure.records.file_store import file_path
from disclosure.records.tables import ImportedTable, LedgerEntry, Observation, Replacement, StoredFile
from tests.support.import_screen import Screen, import_on_screen

pytestmark = pytest.mark.records

Bureau = Any
REASON = "昆人社发〔2018〕3号更正"
KEY = ("530100", "work_injury.participants", "2017-q1")
SHENZHEN = Path(__file__).parents[1] / "data" / "real" / "guangdong-shenzhen-monthly.csv"


@pytest.fixture
def kunming(open_bureau: Callable[..., Bureau]) -> Bureau:
    """昆明市 with its annual cycle of 2018 open."""
    return open_bureau(profile="kunming-2017", period="2018-annual", enrolled=False)


@pytest.fixture
def published(kunming: Bureau) -> bytes:
    return bytes((kunming.catalog.folder / "figures.csv").read_bytes())


def take(bureau: Bureau, *tables: tuple[str, bytes], reason: str = "", **options: str) -> tuple[ImportComparison, ...]:
    installation = bureau.installation
    reports = [(import_table(content, name, installation.catalog, **options), content) for name, content in tables]
    return record_imports(
        installation.records, installation.settings.files, installation.catalog, reports, reason=reason
    )


def known(bureau: Bureau, catalog: Catalog | None = None) -> dict[tuple[str, str, str], Figure]:
    with bureau.installation.records.read() as session:
        found = history(session, catalog or bureau.catalog, Period(2018, "annual"))
        return {figure.key: figure for figure in found}


def rows(bureau: Bureau, table: type[Any]) -> list[Any]:
    with bureau.installation.records.read() as session:
        return list(session.scalars(select(table)))


def told(bureau: Bureau, event: str) -> list[dict[str, Any]]:
    return [json.loads(entry.details) for entry in rows(bureau, LedgerEntry) if entry.event == event]


def altered(content: bytes, value: str) -> bytes:
    """The file with another value for 2017Q1's 参保人数."""
    changed = content.replace("万人,107.85".encode(), f"万人,{value}".encode())
    assert changed != content
    return changed


def changed_indicator(catalog: Catalog, indicator: Indicator) -> Catalog:
    return replace(catalog, indicators=MappingProxyType({**catalog.indicators, indicator.id: indicator}))


def test_everything_published_becomes_history_with_where_it_is_from(kunming: Bureau, published: bytes) -> None:
    (made,) = take(kunming, ("昆明.csv", published), origin="昆明市2017年公布数据", retrieved="2026-01-05")
    assert (len(made.new), made.same, made.changes) == (55, (), ())
    figure = known(kunming)[KEY]
    assert (figure.value, str(figure.value), figure.unit) == (Decimal("107.85"), "107.85", "万人")
    source = figure.source
    assert (source.file_name, source.label, source.printed) == ("昆明.csv", "第 3 行", "107.85 万人")
    assert (source.origin, source.retrieved, source.document) == (
        "昆明市2017年公布数据",
        "2026-01-05",
        made.report.sha256,
    )
    assert file_path(kunming.installation.settings.files, made.report.sha256).read_bytes() == published
    assert len(known(kunming)) == 55


def test_a_dry_run_says_the_same_and_writes_nothing(kunming: Bureau, published: bytes) -> None:
    files = [("甲.csv", published), ("乙.csv", altered(published, "107.95"))]
    reports = [import_table(content, name, kunming.catalog) for name, content in files]
    installation = kunming.installation
    tried = compare_files(installation.records, installation.catalog, reports, REASON)
    assert not installation.settings.files.exists()
    for table in (ImportedTable, Observation, StoredFile, Replacement):
        assert rows(kunming, table) == []
    assert told(kunming, "table.imported") == []
    assert take(kunming, *files, reason=REASON) == tried
    # The second file is compared with what the first brought.
    assert [(len(c.new), len(c.same), len(c.changes)) for c in tried] == [(55, 0, 0), (0, 54, 1)]


def test_the_same_file_again_records_nothing(kunming: Bureau, published: bytes) -> None:
    take(kunming, ("昆明.csv", published))
    (again,) = take(kunming, ("改了名.csv", published))
    assert (again.taken, len(again.same)) == ((), 55)
    assert (len(rows(kunming, Observation)), len(rows(kunming, ImportedTable))) == (55, 1)
    assert len(told(kunming, "table.imported")) == 1


def test_more_decimals_or_another_unit_are_no_change(kunming: Bureau, published: bytes) -> None:
    take(kunming, ("昆明.csv", published))
    other = published.replace("万人,107.85".encode(), "人,1078500".encode())
    for made in take(kunming, ("乙.csv", other), ("丙.csv", altered(published, "107.850"))):
        assert (made.new, made.changes) == ((), ())
    participants = kunming.catalog.indicators[KEY[1]].model_copy(update={"unit": "人"})
    installation, in_people = kunming.installation, changed_indicator(kunming.catalog, participants)
    assert (
        record_import(installation.records, installation.settings.files, in_people, published, "昆明.csv").changes == ()
    )
    assert str(known(kunming)[KEY].value) == "107.85"


def test_what_an_alias_was_missing_for_goes_in_when_it_is_there(kunming: Bureau, published: bytes) -> None:
    unknown = published.replace("68.1 其中:参保农民工".encode(), "进城务工人员".encode())
    (made,) = take(kunming, ("昆明.csv", unknown))
    assert (len(made.new), len(made.report.unmatched)) == (50, 5)
    worker = kunming.catalog.indicators["work_injury.migrant_workers"]
    named = worker.model_copy(update={"aliases": (*worker.aliases, "进城务工人员")})
    catalog = changed_indicator(kunming.catalog, named)
    installation = kunming.installation
    again = record_import(installation.records, installation.settings.files, catalog, unknown, "昆明.csv")
    assert (len(again.new), len(again.same), again.report.unmatched) == (5, 50, ())
    assert len(known(kunming)) == 55
    (table,) = rows(kunming, ImportedTable)
    assert table.unmatched == []


def test_a_changed_figure_waits_for_a_reason_and_both_are_kept(kunming: Bureau, published: bytes) -> None:
    take(kunming, ("昆明.csv", published))
    newer = altered(published, "107.95")
    (made,) = take(kunming, ("更正.csv", newer))
    ((change,), taken) = made.waiting, made.taken
    assert (str(change.old.value), str(change.new.value), taken) == ("107.85", "107.95", ())
    assert str(known(kunming)[KEY].value) == "107.85"
    assert rows(kunming, Replacement) == []

    (made,) = take(kunming, ("更正.csv", newer), reason=REASON)
    assert [change.outcome for change in made.changes] == ["replaced"]
    assert str(known(kunming)[KEY].value) == "107.95"
    kept = [row for row in rows(kunming, Observation) if (row.indicator, row.period_id) == KEY[1:]]
    assert [str(row.value) for row in kept] == ["107.85", "107.95"]
    (entry,) = told(kunming, "figure.replaced")
    assert (entry["old"], entry["new"], entry["reason"]) == ("107.85 万人", "107.95 万人", REASON)
    assert entry["old_file"] == "昆明.csv 第 3 行"

    # Back again: the first file's own figure stands once more, as another decision.
    (made,) = take(kunming, ("昆明.csv", published), reason="更正有误")
    assert [change.outcome for change in made.changes] == ["replaced"]
    assert known(kunming)[KEY].source.file_name == "昆明.csv"
    assert len(rows(kunming, Observation)) == 56
    assert [row.reason for row in rows(kunming, Replacement)] == [REASON, "更正有误"]


def test_an_import_that_breaks_off_leaves_nothing(
    kunming: Bureau, published: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("disclosure.collection.history.imports.ledger.append", refuse)
    with pytest.raises(OSError, match="disk full"):
        take(kunming, ("昆明.csv", published), ("乙.csv", altered(published, "1")))
    for table in (ImportedTable, Observation, StoredFile):
        assert rows(kunming, table) == []


def test_a_period_under_way_takes_nothing_from_outside(open_bureau: Callable[..., Bureau]) -> None:
    bureau = open_bureau(profile="kunming-2017", period="2017-annual", enrolled=False)
    content = (bureau.catalog.folder / "figures.csv").read_bytes()
    (made,) = take(bureau, ("昆明.csv", content), reason="改")
    assert (len(made.under_way), len(made.taken)) == (11, 44)
    assert {figure.period for figure in made.under_way} == {Period(2017, "annual")}
    assert Period(2017, "annual") not in {figure.period for figure in known(bureau).values()}


def test_the_same_figure_rounded_is_no_change(kunming: Bureau) -> None:
    def table(unit: str, value: str) -> bytes:
        return f"地区,期间,险种,指标,单位,数值\n昆明市,2017,工伤,基金收入,{unit},{value}\n".encode()

    (first,) = take(kunming, ("细.csv", table("万元", "9415.54")))
    assert len(first.new) == 1, first.report.unmatched
    for unit, value, is_same in (("亿元", "0.9416", True), ("亿元", "0.9415", False), ("万元", "9415.55", False)):
        (made,) = take(kunming, (f"{value}.csv", table(unit, value)))
        assert (len(made.same), len(made.changes)) == ((1, 0) if is_same else (0, 1)), value


def test_what_we_published_ourselves_is_never_replaced(open_bureau: Callable[..., Bureau]) -> None:
    bureau = open_bureau()
    bureau.sign_all()
    bureau.publish()
    figure = next(f for f in bureau.figures(bureau.centres[0]) if f.indicator == "employee_pension.participants")
    (same,) = take(bureau, ("同.csv", long_csv(bureau.catalog, [figure])))
    assert (len(same.same), same.taken) == (1, ())
    other = long_csv(bureau.catalog, [replace(figure, value=Decimal(52003))])
    (made,) = take(bureau, ("异.csv", other), reason="改")
    assert [change.outcome for change in made.changes] == ["published"]
    assert known(bureau)[figure.key].value == figure.value
    assert rows(bureau, Replacement) == []


def wrong_by_register(catalog: Catalog, **changes: Any) -> Catalog:
    """The catalogue with 2017Q1's 参保人数 in the register."""
    entry = KnownError.model_validate(
        {
            "id": "E90",
            "where": {
                "file": "昆明.csv",
                "region": "昆明市",
                "period": "2017Q1",
                "insurance": "工伤保险",
                "indicator": ["68 参加工伤保险人数"],
            },
            "shows": {"value": "107.85", "unit": "万人"},
            "reason": "测试登记",
            "reported_by": "测试",
            "status": "open",
            "expect": "shown",
            **changes,
        }
    )
    return replace(catalog, known_errors=MappingProxyType({"E90": entry}))


def test_a_value_found_to_be_wrong_after_its_import_is_no_longer_history(kunming: Bureau, published: bytes) -> None:
    take(kunming, ("昆明.csv", published))
    registered = wrong_by_register(kunming.catalog)
    assert KEY in known(kunming)
    assert set(known(kunming)) - set(known(kunming, registered)) == {KEY}


def test_a_known_error_is_shown_kept_and_not_used_and_its_mended_value_needs_no_reason(
    kunming: Bureau, published: bytes
) -> None:
    installation = kunming.installation
    catalog = wrong_by_register(kunming.catalog)
    made = record_import(installation.records, installation.settings.files, catalog, published, "昆明.csv")
    ((wrong,), count) = made.report.erroneous, len(made.new)
    assert (wrong.error.id, wrong.line, count, made.report.repeated) == ("E90", 3, 54, 0)
    assert len(rows(kunming, Observation)) == 55
    assert KEY not in known(kunming, catalog)
    assert made.report.unexpected == ()

    mended = record_import(
        installation.records, installation.settings.files, catalog, altered(published, "107.95"), "昆明.csv"
    )
    assert ([str(f.value) for f in mended.new], mended.changes) == (["107.95"], ())
    assert len(mended.report.unexpected) == 1
    assert str(known(kunming, catalog)[KEY].value) == "107.95"


def test_a_wrong_value_does_not_come_between_a_figure_and_its_history(kunming: Bureau, published: bytes) -> None:
    """A right value imported first stands although the wrong one came later with a reason."""
    take(kunming, ("先.csv", altered(published, "107.95")))
    take(kunming, ("后.csv", published), reason=REASON)
    assert str(known(kunming)[KEY].value) == "107.85"
    assert str(known(kunming, wrong_by_register(kunming.catalog))[KEY].value) == "107.95"


@pytest.fixture
def screen(kunming: Bureau, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Screen:
    return import_on_screen(kunming.installation, monkeypatch, capsys)


def test_the_terminal_tells_it_in_short(screen: Screen, published: bytes, tmp_path: Path) -> None:
    first, second = tmp_path / "昆明.csv", tmp_path / "更正.csv"
    first.write_bytes(published)
    more = ["玉溪市,2017,工伤保险,参保人数,人,1", *(f"昆明市,2017,工伤保险,{name},人,1" for name in ("别的", "别的二"))]
    second.write_bytes(altered(published, "107.95") + "\n".join([*more, ""]).encode())
    shown, code = screen(first, second, tmp_path / "没有.csv", dry_run=True)
    assert code == 1
    assert "没有这个文件" in shown
    assert "昆明.csv" in shown
    assert "试运行：会导入 55 个数据，什么都没有写入。" in shown
    assert "不是昆明市的数据，没有导入：玉溪市 1 行。" in shown
    assert "不认识的指标：2 行（2 种），没有导入" in shown
    assert "更正.csv 第 58 行" in shown
    assert "→ 口径确与目录指标相同" in shown
    changed = next(line for line in shown.splitlines() if "107.95" in line)
    assert all(word in changed for word in ("昆明市", "2017年1季度", "107.85 万人", "107.95 万人", "未取代", "第 3 行"))
    assert len(shown.splitlines()) < 20

    shown, code = screen(first, second, replace=REASON)
    assert (code, "已取代" in shown, "已导入 56 个数据" in shown) == (0, True, True)
    shown, code = screen(first, second, SHENZHEN)
    assert (code, "没有新的数据。" in shown, "深圳市 67 行" in shown) == (1, True, True)  # the first file's value waits
    assert "1 处不同没有取代" in shown


@pytest.mark.parametrize("options", [{"retrieved": "去年"}, {"retrieved": "2026-1-5"}])
def test_a_day_that_is_none_is_refused(screen: Screen, tmp_path: Path, options: dict[str, str]) -> None:
    with pytest.raises(DisclosureError, match="2026-01-05"):
        screen(tmp_path / "昆明.csv", **options)
    with pytest.raises(DisclosureError, match="请写明要导入的文件"):
        screen()
