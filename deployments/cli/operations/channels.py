"""The channels a release is published on: ``channels``, ``publish``."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import Parameter
from rich.table import Table
from rich.text import Text

from deployments.cli.common import cycle_id_of, open_installation, read_secret
from deployments.cli.screen import console, done, print_pairs, say, working


def channels() -> None:
    """各发布渠道能否连通，现在对外提供的是什么。"""
    # Spares the other commands Typst and XlsxWriter.
    from disclosure.publication.channel_status import channel_statuses

    installation = open_installation()
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("渠道", "内容", "位置", "状态"):
        table.add_column(title, overflow="fold")
    contents = {"site": "整个网站", "release": "发布件"}
    with working("正在逐个看渠道…"):
        seen = list(channel_statuses(installation.catalog, installation.settings.home, read_secret))
    for one in seen:
        folder = f" {one.fact.folder}/" if one.fact.folder else ""
        mark = ("✗", "bold red") if one.trouble else ("✓", "green")
        state = Text.assemble(mark, " ", one.trouble or one.live)
        table.add_row(one.fact.name, contents[one.fact.content] + folder, one.fact.url, state)
    console.print(table)
    policy = {
        "all_or_none": "有渠道失败时，已切换的渠道全部退回。",
        "partially": "有渠道失败时，其余渠道照常发布（部分发布），重试时从未完成的渠道继续。",
    }
    console.print(policy[installation.catalog.profile.on_channel_failure])
    if any(one.trouble for one in seen):
        sys.exit(1)


def publish(period: Annotated[str, Parameter(help="期间，如 2025-annual")]) -> None:
    """发布已签发的一期；部分发布的从未完成的渠道继续，已经发布的核对一遍，不一致的修复。"""
    # Spares the other commands Typst and XlsxWriter.
    from disclosure.publication.publish import publish_round
    from disclosure.publication.read_back import read_back

    installation = open_installation()
    with working("正在发布…"):
        published = publish_round(installation, cycle_id_of(installation, period), read_secret)
        installation.sign_ledger()
    what = "有渠道与发布的不一致，已修复" if published.is_repaired else "已发布"
    done(f"{what}：{published.title}，文件 {published.file_count} 个，各渠道核对无误。")
    with working("正在从线上读回…"):
        read = read_back(installation, read_secret)
    wrong = [problem for each in read for problem in each.problems]
    for problem in wrong:
        say("✗", "bold red", f"读回不符：{problem}")
    if not wrong:
        done(f"从线上读回 {sum(each.figures for each in read)} 个数字，与汇总全部相符。")
    print_pairs({"页面": published.address})
    if wrong:
        sys.exit(1)
