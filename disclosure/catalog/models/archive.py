"""How long what a year's archive holds is kept (保管期限), as the archives authority divides it."""

from __future__ import annotations

from typing import Literal

from disclosure.platform.fact import Fact, Name

#: What an archive holds: releases, who decided, quality reports, what was handed in, the ledger, the lists over all.
ArchivedKind = Literal["release", "decisions", "report", "received", "ledger", "list"]
#: 永久, or for a number of years: 机关文件材料归档范围和文书档案保管期限规定 (国家档案局令第8号), article 6.
Term = Literal["永久", "30年", "10年"]


class Retention(Fact):
    """How long one kind is kept: of an ``annual`` cycle, and of any ``other``."""

    kind: ArchivedKind
    name: Name
    annual: Term
    other: Term
