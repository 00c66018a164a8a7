"""Figures published before: ``import`` takes long tables in, and says what is new, changed, wrong or unknown."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.table import Table

from deployments.cli.common import open_installation
from deployments.cli.screen import console, done, read_bytes, say, working
from disclosure.platform.errors import DisclosureError

if TYPE_CHECKING:
    from data_checks.history_audit import HistoryDoubt
    from disclosure.catalog import Catalog
    from disclosure.collection.history.importer import ImportReport, UnmatchedGroup
    from disclosure.collection.history.imports import ImportComparison
    from disclosure.figures.figures import Figure

#: How many of a kind are shown before “另有 … ”.
_SHOWN = 3
_NAMES_SHOWN = 12
_CHANGES_SHOWN = 20


def import_(
    *files: Annotated[Path, Parameter(help="长表（CSV 或 .xlsx）：地区、期间、险种、指标、单位、数值")],
    dry_run: Annotated[bool, Parameter(help="只看结果，什么都不写入", negative="")] = False,
    replace: Annotated[str, Parameter(help="数据有变更时取代原值，并写明原因")] = "",
    vouch: Annotated[str, Parameter(help="审核存疑而核对原件无误的，写明依据后导入")] = "",
    source: Annotated[str, Parameter(help="出处（网址或文号），表中没有写时用")] = "",
    retrieved: Annotated[str, Parameter(help="取得日期，如 2026-01-05，表中没有写时用")] = "",
) -> None:
    """导入已公开的往期数据，可一次多个文件；按目录中的名称和别名对应，对不上的归类说明，绝不猜测。"""
    # Spares the other commands XlsxWriter.
    from disclosure.collection.history.importer import grouped, import_table
    from disclosure.collection.history.imports import compare_files, record_imports, standing_figures

    if not files:
        raise DisclosureError("请写明要导入的文件，如 disclosure import 往期数据.csv。")
    _check_day(retrieved)
    installation = open_installation()
    tables: list[tuple[ImportReport, bytes]] = []
    failed = False
    for file in files:
        try:
            content = read_bytes(file)
            report = import_table(content, file.name, installation.catalog, origin=source, retrieved=retrieved)
            tables.append((report, content))
        except DisclosureError as error:
            say("✗", "bold red", str(error))
            failed = True
    reason = replace.strip()
    made = compare_files(installation.records, installation.catalog, [report for report, _ in tables], reason)
    standing = standing_figures(installation.records, installation.catalog)
    doubts = _audited(installation.catalog, made, standing)
    grave = {doubt.figure.key for doubt in doubts if doubt.is_grave}
    if grave and not vouch.strip():
        tables = [(report.without(grave), content) for report, content in tables]
        made = compare_files(installation.records, installation.catalog, [report for report, _ in tables], reason)
    if not dry_run:
        made = record_imports(
            installation.records,
            installation.settings.files,
            installation.catalog,
            tables,
            reason=reason,
            vouched=dict.fromkeys(grave, vouch.strip()) if vouch.strip() else {},
        )
    if made:
        _print_totals(made)
        _print_elsewhere(installation.catalog, made)
        _print_known_errors(made)
        _print_under_way(made)
        _print_changes(installation.catalog, made)
        _print_doubts(doubts, held=sum(len(each.report.held) for each in made))
        _print_groups(grouped(installation.catalog, (row for each in made for row in each.report.unmatched)))
        _print_end(made, is_dry=dry_run)
    if failed or any(each.waiting or each.under_way or each.report.held for each in made):
        sys.exit(1)


def _audited(
    catalog: Catalog, made: Sequence[ImportComparison], standing: Sequence[Figure]
) -> tuple[HistoryDoubt, ...]:
    """Return what the audit says of the figures that would be taken."""
    coming = {figure.key: figure for each in made for figure in each.taken if figure.value is not None}
    if not coming:
        return ()
    # Spares the other commands pandas.
    from data_checks.history_audit import audit_history  # only where there is something to audit: it takes seconds

    with working(f"正在审核 {len(coming):,} 个数据…"):
        return audit_history(catalog, tuple(coming.values()), standing)


def _check_day(text: str) -> None:
    try:
        if text:
            dt.date.fromisoformat(text)
    except ValueError:
        raise DisclosureError(f"取得日期“{text}”看不懂，请写成 2026-01-05 这样。") from None


def _print_totals(made: Sequence[ImportComparison]) -> None:
    """One line a file; columns that are nought everywhere are left out."""
    rows = {
        each.report.file_name: {
            "行": each.report.rows,
            "新增": len(each.new),
            "相同": len(each.same),
            "重复": each.report.repeated,
            "变更": len(each.changes),
            "正在办理": len(each.under_way),
            "存疑": len(each.report.held),
            "已知差错": len(each.report.erroneous),
            "非本地区": sum(each.report.elsewhere.values()),
            "未导入": len(each.report.unmatched),
        }
        for each in made
    }
    shown = [name for name in next(iter(rows.values())) if name == "行" or any(row[name] for row in rows.values())]
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("文件", overflow="fold")
    for name in shown:
        table.add_column(name, justify="right")
    for file_name, row in rows.items():
        table.add_row(file_name, *(str(row[name]) if row[name] else "·" for name in shown))
    console.print(table)


def _print_elsewhere(catalog: Catalog, made: Iterable[ImportComparison]) -> None:
    places: dict[str, int] = {}
    for each in made:
        for name, count in each.report.elsewhere.items():
            places[name] = places.get(name, 0) + count
    if places:
        most = sorted(places, key=lambda name: -places[name])
        names = "、".join(f"{name} {places[name]} 行" for name in most[:_SHOWN])
        names += f"等 {len(most)} 个地区" if len(most) > _SHOWN else ""
        say(
            "·",
            "dim",
            f"不是{catalog.prefecture.name}的数据，没有导入：{names}。如有本地区的别名，"
            f"请补入 {catalog.place_of('regions.yaml')}。",
        )


def _print_known_errors(made: Iterable[ImportComparison]) -> None:
    for each in made:
        for wrong in each.report.erroneous:
            error = wrong.error
            installation = f"{each.report.file_name} 第 {wrong.line} 行，{error.where.region} {error.where.period}"
            right = f"；应为 {error.corrected.value} {error.corrected.unit}" if error.corrected else ""
            say(
                "!",
                "bold yellow",
                f"已知差错 {error.id}（{installation} {error.where.insurance}）："
                f"印为 {error.shows.value} {error.shows.unit}{right}。不作往期数据使用。",
            )
            console.print(f"  {error.reason}", style="dim", soft_wrap=True)
        for sentence in each.report.unexpected:
            say("✗", "bold red", sentence)


def _print_under_way(made: Iterable[ImportComparison]) -> None:
    periods: dict[str, int] = {}
    for figure in (figure for each in made for figure in each.under_way):
        periods[figure.period.label] = periods.get(figure.period.label, 0) + 1
    for label, count in periods.items():
        say(
            "✗",
            "bold red",
            f"{label}的披露正在办理，还没有发布：{count} 个数据没有导入。本期数据由各中心用报表报送；"
            "确是往期数据的，请核对期间。",
        )


def _print_changes(catalog: Catalog, made: Iterable[ImportComparison]) -> None:
    changes = [change for each in made for change in each.changes]
    if not changes:
        return
    outcomes = {"waiting": "未取代", "replaced": "已取代", "published": "本局已公布，待答复是否更正"}
    table = Table(title="与已有数据不同", title_justify="left", title_style="bold", box=None, pad_edge=False)
    is_one_file = len({change.new.source.file_name for change in changes}) == 1
    for name in ("地区", "数据", "期间", "原值", "新值", "处理", "新值所在"):
        table.add_column(name, overflow="fold", justify="right" if name.endswith("值") else "left")
    for change in changes[:_CHANGES_SHOWN]:
        new = change.new
        indicator = catalog.indicators[new.indicator]
        table.add_row(
            catalog.regions[new.region].name,
            f"{catalog.insurances[indicator.insurance].short_name}{indicator.name}",
            new.period.label,
            _value(change.old),
            _value(new),
            outcomes[change.outcome],
            new.source.label if is_one_file else f"{new.source.file_name} {new.source.label}",
        )
    console.print(table)
    if len(changes) > _CHANGES_SHOWN:
        console.print(f"另有 {len(changes) - _CHANGES_SHOWN} 处不同。")


def _print_doubts(doubts: Sequence[HistoryDoubt], *, held: int) -> None:
    """Say what the audit finds in the past: what is held back in full, the rest in short."""
    for is_grave, lead in ((True, "存疑" if held else "存疑，已按所写依据导入"), (False, "请核对")):
        told = [doubt for doubt in doubts if doubt.is_grave == is_grave]
        for doubt in told[:_CHANGES_SHOWN]:
            where = f"{doubt.figure.source.file_name} {doubt.figure.source.label}".strip()
            finding = doubt.finding
            sign, style = ("✗", "bold red") if is_grave and held else ("!", "bold yellow")
            say(sign, style, f"{lead}：{where}，{doubt.figure.period.label} {_value(doubt.figure)}（{finding.rule}）")
            console.print(f"  {finding.message}{finding.cause}", style="dim", soft_wrap=True)
        if len(told) > _CHANGES_SHOWN:
            console.print(f"另有 {len(told) - _CHANGES_SHOWN} 处{lead}。")
    if held:
        say(
            "!",
            "bold yellow",
            f"{held} 个存疑的数据没有导入。请对照原件核对：有误的改正后重新导入；无误的加上 --vouch “依据”重新导入。",
        )


def _value(figure: Figure) -> str:
    """As it was printed, where that is known."""
    return figure.source.printed or f"{figure.printed} {figure.unit}".strip()


def _print_groups(groups: Iterable[UnmatchedGroup]) -> None:
    for group in groups:
        kinds = f"（{len(group.by_what)} 种）" if len(group.by_what) > 1 else ""
        say("✗", "bold red", f"{group.title}：{group.count} 行{kinds}，没有导入")
        for what, rows in list(group.by_what.items())[:_SHOWN]:
            times = f"等 {len(rows)} 行" if len(rows) > 1 else ""
            console.print(f"    {what}  {rows[0].place}{times}", soft_wrap=True)
        if rest := list(group.by_what)[_SHOWN:]:
            more = "等" if len(rest) > _NAMES_SHOWN else ""
            console.print(f"    另有 {len(rest)} 种：{'、'.join(rest[:_NAMES_SHOWN])}{more}", soft_wrap=True)
        console.print(f"  → {group.advice}", style="dim", soft_wrap=True)


def _print_end(made: Iterable[ImportComparison], *, is_dry: bool) -> None:
    taken = sum(len(each.taken) for each in made)
    waiting = sum(len(each.waiting) for each in made)
    if waiting:
        say(
            "!",
            "bold yellow",
            f"{waiting} 处不同没有取代。确应取代的，请核对后加上 --replace “原因”重新导入；原值会保留。",
        )
    asked = sum(change.outcome == "published" for each in made for change in each.changes)
    if asked and not is_dry:
        say("!", "bold yellow", f"{asked} 处与本局公布的不同，没有改动；请用 disclosure revised 答复更正还是维持。")
    if is_dry:
        console.print(f"试运行：会导入 {taken} 个数据，什么都没有写入。")
    elif taken:
        done(f"已导入 {taken} 个数据。")
    else:
        console.print("没有新的数据。")
