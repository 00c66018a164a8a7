"""The audit from the terminal: ``audit --history``, how the rules fare on what was published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.table import Table

from deployments.cli.common import cycle_id_of, open_installation
from deployments.cli.screen import console, done, print_pairs, working
from disclosure.cycle.compilation import history as published
from disclosure.platform.errors import DisclosureError

if TYPE_CHECKING:
    from data_checks.backtest import Backtest, SlipRecord


def audit(
    period: Annotated[str, Parameter(help="期间，如 2025-annual：按现在的说明与结论重做本轮的数据质量报告")] = "",
    *,
    data_docs: Annotated[bool, Parameter(help="另生成 Great Expectations 的 Data Docs，放在报告旁边")] = False,
    history: Annotated[bool, Parameter(help="用全部规则检查已导入、已发布的往期数据")] = False,
    slips: Annotated[bool, Parameter(help="再把常见的填报差错逐一放进往期数据，看能查出多少（较慢）")] = False,
) -> None:
    """重做一个期间的数据质量报告；或者回看规则在往期数据上每条查了多少、报了多少，报的是什么。"""
    if period:
        _renew(period, data_docs=data_docs)
    elif data_docs:
        raise DisclosureError("请写明期间，如 disclosure audit 2025-annual --data-docs。")
    if period and not (history or slips):
        return
    if not (history or slips):
        raise DisclosureError(
            "本期的数据检查在汇总后自动进行；要重做报告，请写明期间，如 disclosure audit 2025-annual；"
            "要在往期数据上回看规则，请运行 disclosure audit --history。"
        )
    # Spares the other commands pandas.
    from data_checks.backtest import backtest, try_slips

    installation = open_installation()
    with installation.records.read() as session:
        figures = published(session, installation.catalog)
    if not figures:
        raise DisclosureError("还没有往期数据。请先运行 disclosure import 导入已公开的数据。")
    with working(f"正在用全部规则检查 {len(figures):,} 个往期数据…"):
        found = backtest(installation.catalog, figures)
    _print_rules(found)
    if slips:
        with working("正在把常见的填报差错逐一放进往期数据…"):
            tried = try_slips(installation.catalog, figures, most=20)
        _print_slips(tried)


def _renew(period: str, *, data_docs: bool) -> None:
    # Spares the other commands pandas.
    from data_checks.recording import renew_report

    installation = open_installation()
    with working("正在重做数据质量报告…"):
        page = renew_report(installation, cycle_id_of(installation, period), data_docs=data_docs)
    shown = {"数据质量报告": str(page), "印刷版": str(page.with_suffix(".pdf"))}
    if data_docs:
        shown["Data Docs"] = str(page.with_suffix("") / "index.html")
    done("报告已按现在的说明与结论重做。")
    print_pairs(shown)


def _print_rules(found: Backtest) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("规则")
    table.add_column("名称", overflow="fold")
    for title in ("比较", "无可比", "严重", "须说明", "提示"):
        table.add_column(title, justify="right")
    for rule in found.rules.values():
        counts = [rule.fired[severity] for severity in ("critical", "warning", "info")]
        shown = [rule.checked, rule.skipped, *counts]
        table.add_row(rule.rule, rule.name, *(f"{number:,}" if number else "-" for number in shown))
    console.print(table)
    for rule in found.rules.values():
        for example in rule.examples:
            console.print(f"  {rule.rule} {example}", soft_wrap=True)
    fired = sum(rule.fired.total() for rule in found.rules.values())
    done(
        f"{found.periods} 个期间、{found.figures:,} 个数据，比较 {found.comparisons:,} 次，报出 {fired} 处；"
        "每期只与当时已知的更早期间比较。"
    )


def _print_slips(records: dict[str, SlipRecord]) -> None:
    table = Table("差错", box=None, header_style="bold", pad_edge=False)
    for title in ("试", "查出", "有往期时查出", "原因指对"):
        table.add_column(title, justify="right")
    for kind, record in records.items():
        shares = (record.recall, record.recall_with_past, record.precision)
        of = (record.tried, record.with_past, record.told)
        told = [f"{share:.0%}" if cases else "-" for share, cases in zip(shares, of, strict=True)]
        table.add_row(kind, f"{record.tried:,}", *told)
    console.print(table)
