"""Supervision from the terminal: ``supervise``, and what ``status`` says when nobody supervised."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from rich.text import Text

from deployments.bootstrap import use_server
from deployments.cli.common import open_installation
from deployments.cli.screen import console, done, working
from disclosure.platform.errors import DisclosureError

if TYPE_CHECKING:
    from collections.abc import Callable

    from disclosure.monitoring.supervision.findings_repository import FindingLine, SupervisionReport


def supervise() -> None:
    """现在就督办一次：核对计划、记录、Prefect 的排定与线上页面，能处理的处理；还有待处理的，以状态 1 结束。"""
    installation = open_installation()
    use_server(installation.settings)
    # What the run logs is on the run; here people read the result.
    os.environ["PREFECT_LOGGING_LEVEL"] = "CRITICAL"
    # Spares the other commands Typst and XlsxWriter.
    from deployments import local

    if not local.is_up(installation.settings):
        raise DisclosureError("Prefect 服务没有运行：请先在另一个终端运行 disclosure up（它启动时会督办一次）。")
    # Spares the other commands Prefect.
    from flows.supervision import supervision

    run: Callable[[], SupervisionReport] = supervision
    with working("正在督办…"):
        report = run()
    for line in report.left:
        _print(line, "✗", "bold red")
    for line in report.settled:
        _print(line, "✓", "green")
    if not report.left:
        done(report.summary)
        return
    console.print(report.summary)
    sys.exit(1)


def _print(line: FindingLine, mark: str, style: str) -> None:
    console.print(
        Text.assemble((mark, style), " ", (line.name, "bold"), f"：{line.found}（首次发现 {line.since}）"),
        soft_wrap=True,
    )
    for told in (line.mended, line.todo):
        if told:
            console.print(f"  → {told}", soft_wrap=True)
