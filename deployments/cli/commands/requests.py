"""``disclosure request …``: the register of requests for information (依申请公开)."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from cyclopts import Parameter
from rich.table import Table

from deployments.cli.chinese import make_noun
from deployments.cli.common import open_installation
from deployments.cli.screen import console, done
from disclosure.openness.words import words
from disclosure.platform.clock import format_day, shanghai, utc_now

request_app = make_noun("request", "依申请公开：登记、交办、延长、答复。不记申请人的任何信息。")

Number = Annotated[str, Parameter(help="本单位的登记号，如 2026-001")]
By = Annotated[str, Parameter(help="经办人姓名（登记过的人），记入台账")]


@request_app.command(name="add")
def add(
    number: Number,
    *,
    by: By,
    received: Annotated[dt.date | None, Parameter(help="收到申请的日期；不写则为今天")] = None,
    item: Annotated[str, Parameter(help="与目录第几项有关；无关的不写")] = "",
) -> None:
    """登记一件申请，开始 20 个工作日的答复期限。"""
    # Spares the other commands cryptography and pyotp.
    from disclosure.openness import requests

    with open_installation().begin() as work:
        day = received or shanghai(work.now).date()
        made = requests.add(work, number, day, item=item, name=by)
    done(f"已登记 {number}，应在 {format_day(requests.limit_of(work.catalog, made))} 前答复。")


@request_app.command(name="assign")
def assign(number: Number, office: Annotated[str, Parameter(help="科室名称，如 州社保中心")], *, by: By) -> None:
    """把一件申请交给一个科室答复。"""
    # Spares the other commands cryptography and pyotp.
    from disclosure.openness import requests

    with open_installation().begin() as work:
        made = requests.assign(work, number, office, name=by)
        name = requests.office_of(work.catalog, made).name
    done(f"{number} 由{name}答复。")


@request_app.command(name="extend")
def extend(
    number: Number,
    *,
    by: By,
    notice: Annotated[str, Parameter(help="告知申请人延期的文书，如 延期答复告知书〔2026〕3号")],
    on: Annotated[dt.date | None, Parameter(help="告知的日期；不写则为今天")] = None,
) -> None:
    """延长答复期限 20 个工作日，只能一次，须已告知申请人。"""
    # Spares the other commands cryptography and pyotp.
    from disclosure.openness import requests

    with open_installation().begin() as work:
        day = on or shanghai(work.now).date()
        made = requests.extend(work, number, day, notice=notice, name=by)
    done(f"{number} 已延长，应在 {format_day(requests.limit_of(work.catalog, made))} 前答复。")


@request_app.command(name="answer")
def answer(
    number: Number,
    *,
    by: By,
    outcome: Annotated[str, Parameter(help="结果：予以公开、部分公开、不予公开、本机关不掌握、其他处理")],
    on: Annotated[dt.date | None, Parameter(help="答复的日期；不写则为今天")] = None,
) -> None:
    """记下一件申请的答复。"""
    # Spares the other commands cryptography and pyotp.
    from disclosure.openness import requests

    with open_installation().begin() as work:
        day = on or shanghai(work.now).date()
        made = requests.answer(work, number, day, outcome=outcome, name=by)
    late = day > requests.limit_of(work.catalog, made)
    done(f"{number} 已答复，{'逾期' if late else '在期限内'}。")


@request_app.command(name="list")
def list_() -> None:
    """列出各件申请和期限。"""
    # Spares the other commands cryptography and pyotp.
    from disclosure.openness import requests

    installation = open_installation()
    with installation.records.read() as session:
        today = shanghai(utc_now()).date()
        rows = requests.register(session, installation.catalog, today)
    if not rows:
        console.print("还没有登记申请。")
        return
    table = Table("登记号", "收到", "期限", "情况", box=None, header_style="bold", pad_edge=False)
    for one in rows:
        request = one.request
        if request.answered_on is not None:
            state = f"{request.answered_on} {words()['requests']['outcomes'][request.outcome]}"
            state += "（逾期）" if one.is_late else ""
        else:
            state = one.time.text
        limit = f"{one.limit}{'（已延长）' if request.extended_on else ''}"
        table.add_row(
            request.number, request.received_on.isoformat(), limit, state, style="bold red" if one.is_late else ""
        )
    console.print(table)
