"""The data audit and its quality report, linked from the run."""

from __future__ import annotations

from prefect import task
from prefect.artifacts import create_link_artifact, create_markdown_artifact

from data_checks.recording import audit_round
from disclosure.workplace import open_workplace


@task(name="audit 数据检查")
def audit_round_data(cycle_id: int) -> bool:
    """Audit the current round; whether finance may approve it. An audit that ran before is not run again."""
    place = open_workplace()
    audit = audit_round(place, cycle_id)
    verdict = "只能退回" if audit.is_blocking else "可以审核"
    link = f"{place.settings.desk_url}/reports/{audit.report}"
    create_link_artifact(link=link, link_text="数据质量报告", key=f"quality-report-cycle-{cycle_id}")
    create_markdown_artifact(
        key=f"audit-cycle-{cycle_id}",
        description="数据检查结果",
        markdown=f"**{verdict}**：严重问题 {audit.critical_count} 个，须说明的问题 {audit.warning_count} 个。\n\n"
        f"[打开数据质量报告]({link})",
    )
    return not audit.is_blocking
