"""What hangs on the run for those who are asked: summary, changes, findings, previews, as Prefect artifacts."""

from __future__ import annotations

from prefect import task
from prefect.artifacts import create_markdown_artifact, create_table_artifact

from disclosure.review import briefing
from disclosure.review.asks import AskStep
from disclosure.workplace import open_workplace


@task(name="exhibits 送审材料")
def show_exhibits(cycle_id: int, step: AskStep) -> None:
    """Hang the exhibits of this step on the run; made anew for every ask, as decisions come in."""
    shown = briefing.exhibits(open_workplace(), cycle_id, step)
    key = f"cycle-{cycle_id}"
    create_markdown_artifact(shown.summary, key=f"{key}-summary", description="送审摘要：谁已审核、在等谁、预览")
    create_table_artifact(shown.changes, key=f"{key}-changes", description="与上期、上年同期比较")
    create_table_artifact(shown.findings, key=f"{key}-findings", description="数据检查发现的问题")
