"""The board: one HTML page that needs no other file, no script and no server; for screens, phones and the wall."""

from __future__ import annotations

import datetime as dt
from functools import cache

from markupsafe import Markup

from disclosure.clock import said, said_day, shanghai, short_weekday
from disclosure.overview.facts import Overview
from disclosure.rendering.timeline import draw
from disclosure.templating import TEMPLATES, render_text


def render_board(seen: Overview, *, server_url: str, desk_url: str) -> bytes:
    """``seen`` as UTF-8 HTML; links lead to forms at ``server_url``, to reports and the site at ``desk_url``."""
    today = shanghai(seen.at).date()
    return render_text(
        "board/board.html.j2",
        seen=seen,
        style=_style(),
        timelines=[
            drawn for is_wide in (True, False) if (drawn := draw(seen.tracks, seen.year, today, is_wide=is_wide))
        ],
        server_url=server_url,
        desk_url=desk_url,
        today=said_day(today),
        time=f"{shanghai(seen.at):%H:%M}",
        day=_day,
        weekday=short_weekday,
        said=said,
    ).encode()


def _day(day: dt.date) -> str:
    """``3月13日``: the year stands in the cycle's name."""
    return f"{day.month}月{day.day}日"


@cache
def _style() -> Markup:
    return Markup((TEMPLATES / "board" / "board.css").read_text(encoding="utf-8").strip())  # noqa: S704 - our own file
