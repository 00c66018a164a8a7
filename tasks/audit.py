"""The data audit and its quality report."""

from __future__ import annotations

from prefect import task

from data_checks.recording import audit_round
from disclosure.workplace import open_workplace


@task(name="audit 数据检查")
def audit_round_data(cycle_id: int) -> bool:
    """Audit the current round; whether finance may approve it. An audit that ran before is not run again."""
    return not audit_round(open_workplace(), cycle_id).is_blocking
