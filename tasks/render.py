"""Render every channel of the current round, for the leader to see exactly what will be published."""

from __future__ import annotations

from prefect import task

from disclosure.publication.publish import render_round
from disclosure.records.installation import open_installation
from tasks.patience import patient


@task(name="render 生成页面与文件")
@patient("生成页面与文件")
def render_release(cycle_id: int) -> str:
    """Render the release, and return its digest; rendered before, it stands."""
    return render_round(open_installation(), cycle_id).digest
