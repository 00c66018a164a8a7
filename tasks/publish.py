"""Publish to every channel as one act, and read back what is live."""

from __future__ import annotations

from prefect import task
from prefect.artifacts import create_markdown_artifact

from disclosure.publication.publish import publish_round
from disclosure.workplace import open_workplace


@task(name="publish 发布", retries=3, retry_delay_seconds=2)
def publish_release(cycle_id: int) -> str:
    """Where the release is; published before, nothing is done twice."""
    place = open_workplace()
    published = publish_round(place, cycle_id)
    # What was published, decided and handed in so far can no longer be rewritten without showing.
    place.sign_ledger()
    create_markdown_artifact(
        key=f"release-cycle-{cycle_id}",
        description="发布结果",
        markdown=f"已发布：[{published.title}]({place.settings.desk_url}/site/{published.address})，"
        f"文件 {published.file_count} 个，逐字节核对无误。",
    )
    return published.address
