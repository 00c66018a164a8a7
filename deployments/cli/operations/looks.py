"""``disclosure looks``: who looked at what before it was published."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter
from rich.table import Table

from deployments.cli.common import cycle_id_of, open_installation
from deployments.cli.screen import console
from disclosure.platform.clock import format_moment


def looks(period: Annotated[str, Parameter(help="周期，如 2025-annual；不写则全部")] = "") -> None:
    """列出发布以前谁看过什么（质量报告、发布预览、给填报单位的答复、审核材料），最近的在前。"""
    # Spares the other commands cryptography and pyotp.
    from disclosure.access.embargo import KIND_NAMES
    from disclosure.access.looks import list_looks

    installation = open_installation()
    cycle_id = cycle_id_of(installation, period) if period else None
    table = Table("时间", "姓名", "看什么", "哪一份", "从哪里", "结果", box=None, header_style="bold", pad_edge=False)
    with installation.records.read() as session:
        found = list_looks(session, cycle_id)
        for look in found:
            shown = (format_moment(look.looked_at), look.person.name, KIND_NAMES[look.kind], look.path, look.source)
            table.add_row(*shown, "看了" if look.is_allowed else "没有给看")
    console.print(table if found else "还没有人看过未发布的材料。")
