"""The last attack before a release may be signed: nothing withheld comes out of it and of all published before."""

from __future__ import annotations

from sqlalchemy.orm import Session

from disclosure.catalog import Catalog
from disclosure.cycle import compilation, given_away
from disclosure.platform.errors import DisclosureError
from disclosure.records.tables import Compilation, Cycle

_TOLD = 5


def refuse_given_away(session: Session, catalog: Catalog, cycle: Cycle, compiled: Compilation) -> None:
    """Attack the round with everything that is public at this moment, and search its texts for what is withheld.

    Raises:
        DisclosureError: naming the figures that an outsider could work out or read, and what to do.
    """
    content = compilation.content_of(session, catalog, cycle, compiled)
    found = list(dict.fromkeys(given_away.list_given_away(session, catalog, cycle, content)))
    if found:
        more = f"等 {len(found)} 项" if len(found) > _TOLD else ""
        raise DisclosureError(
            f"发布件没有生成：{'、'.join(found[:_TOLD])}{more}人数太少，隐去以后仍可由已公布的数据推算出来。"
            "请退回一轮，重新汇总后再审核；仍不能保护的，请与报送单位商量合并或不报这些数据。"
        )
    if told := list(dict.fromkeys(given_away.list_told(catalog, content))):
        raise DisclosureError(
            f"发布件没有生成，文字里写出了隐去的数据：{'；'.join(told[:_TOLD])}。请退回写了这些话的单位改正。"
        )
