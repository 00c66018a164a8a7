"""What hangs on the run for those who are asked: summary, changes, findings, previews, as Prefect artifacts."""

from __future__ import annotations

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from disclosure.review import briefing
from disclosure.review.asks import AskStep
from disclosure.workplace import Workplace


def show_exhibits(place: Workplace, cycle_id: int, step: AskStep, seen: briefing.Seen) -> None:
    """Hang the exhibits of this step on the run; made anew for every ask, as decisions come in."""
    shown = briefing.exhibits(place, cycle_id, step, seen)
    key = f"cycle-{cycle_id}"
    create_markdown_artifact(shown.summary, key=f"{key}-summary", description="送审摘要：谁已审核、在等谁、预览")
    create_table_artifact(shown.changes, key=f"{key}-changes", description="与上期、上年同期比较")
    create_table_artifact(shown.findings, key=f"{key}-findings", description="数据检查发现的问题")
