"""The board: one HTML page that needs no other file, no script and no server; for screens, phones and the wall."""

from __future__ import annotations

import datetime as dt
from functools import cache
from pathlib import Path

from markupsafe import Markup

from disclosure.monitoring.board.facts import Overview
from disclosure.monitoring.board.overview import load_overview
from disclosure.monitoring.board.timeline import draw_timeline
from disclosure.platform.clock import format_day, format_moment, shanghai, short_weekday
from disclosure.platform.templating import TEMPLATES, render_text
from disclosure.records.file_store import write_whole
from disclosure.records.installation import Installation


def write_board(installation: Installation, now: dt.datetime) -> Path:
    """Write ``home/board/index.html`` anew and whole, and return its path."""
    path = installation.settings.board / "index.html"
    write_whole(path, board_page(installation, now))
    return path


def board_page(installation: Installation, now: dt.datetime) -> bytes:
    """Render the board as it is at ``now`` (an aware time), UTF-8 HTML."""
    settings = installation.settings
    return render_board(load_overview(installation, now), server_url=settings.server_url)


def render_board(seen: Overview, *, server_url: str) -> bytes:
    """Render ``seen`` as UTF-8 HTML; links lead to forms, reports and the site at ``server_url``."""
    today = shanghai(seen.at).date()
    return render_text(
        "board/board.html.j2",
        seen=seen,
        style=_style(),
        timelines=[
            drawn
            for is_wide in (True, False)
            if (drawn := draw_timeline(seen.cycles, seen.year, today, is_wide=is_wide))
        ],
        server_url=server_url,
        today=format_day(today),
        time=f"{shanghai(seen.at):%H:%M}",
        day=_day,
        weekday=short_weekday,
        said=format_moment,
    ).encode()


def _day(day: dt.date) -> str:
    """``3月13日``: the year stands in the cycle's name."""
    return f"{day.month}月{day.day}日"


@cache
def _style() -> Markup:
    return Markup((TEMPLATES / "board" / "board.css").read_text(encoding="utf-8").strip())  # noqa: S704 - our own file
