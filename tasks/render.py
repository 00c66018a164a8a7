"""Render every channel of the current round, for the leader to see exactly what will be published."""

from __future__ import annotations

from prefect import task

from disclosure.publication.publish import render_round
from disclosure.workplace import open_workplace


@task(name="render 生成页面与文件")
def render_release(cycle_id: int) -> str:
    """The digest of the rendered release; rendered before, it stands."""
    return render_round(open_workplace(), cycle_id).digest
