"""The audit from the terminal: ``audit --history``, how the rules fare on what was published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.table import Table

from disclosure.cli.common import workplace
from disclosure.cli.screen import console, done
from disclosure.errors import DisclosureError

if TYPE_CHECKING:
    from data_checks.backtest import Backtest, SlipRecord


def audit(
    *,
    history: Annotated[bool, Parameter(help="用全部规则检查已导入、已发布的往期数据")] = False,
    slips: Annotated[bool, Parameter(help="再把常见的填报差错逐一放进往期数据，看能查出多少（较慢）")] = False,
) -> None:
    """回看数据检查的规则：在往期数据上每条查了多少、报了多少，报的是什么。"""
    if not (history or slips):
        raise DisclosureError(
            "本期的数据检查在汇总后自动进行；要在往期数据上回看规则，请运行 disclosure audit --history。"
        )
    from data_checks.backtest import backtest, try_slips
    from disclosure.compilation import history as published

    place = workplace()
    with place.records.read() as session:
        figures = published(session, place.catalog)
    if not figures:
        raise DisclosureError("还没有往期数据。请先运行 disclosure import 导入已公开的数据。")
    found = backtest(place.catalog, figures)
    _print_rules(found)
    if slips:
        _print_slips(try_slips(place.catalog, figures, most=20))


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
