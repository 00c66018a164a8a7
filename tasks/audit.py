"""The data audit and its quality report."""

from __future__ import annotations

from prefect import task

from data_checks.recording import audit_round
from disclosure.records.installation import open_installation
from tasks.patience import patient


@task(name="audit 数据检查")
@patient("数据检查")
def audit_round_data(cycle_id: int) -> bool:
    """Audit the current round; whether finance may approve it. An audit that ran before is not run again."""
    return not audit_round(open_installation(), cycle_id).is_blocking
