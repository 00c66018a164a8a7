"""The board as a file: written anew when what it shows has changed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from disclosure.collection.files import write_whole
from disclosure.overview.gathering import look
from disclosure.rendering.board import render_board
from disclosure.workplace import Workplace


def board_page(place: Workplace, now: dt.datetime) -> bytes:
    """The board as it is at ``now`` (an aware time), UTF-8 HTML."""
    return render_board(look(place, now), server_url=place.settings.server_url, desk_url=place.settings.desk_url)


def write_board(place: Workplace, now: dt.datetime) -> Path:
    """``home/board/index.html``, written anew and whole."""
    path = place.settings.board / "index.html"
    write_whole(path, board_page(place, now))
    return path
