"""Render every channel of the current round, for the leader to see exactly what will be published."""

from __future__ import annotations

from prefect import task
from prefect.artifacts import create_link_artifact

from disclosure.publication.publish import render_round
from disclosure.workplace import open_workplace


@task(name="render 生成页面与文件")
def render_release(cycle_id: int) -> str:
    """The digest of the rendered release; rendered before, it stands."""
    place = open_workplace()
    release = render_round(place, cycle_id)
    create_link_artifact(
        link=f"{place.settings.desk_url}/preview/{release.digest[:16]}/index.html",
        link_text="发布预览",
        key=f"preview-cycle-{cycle_id}",
    )
    return release.digest
