"""Looking again and again whether Prefect still has what was registered, and nothing else that acts.

Nothing it may have is executed here (``admission``); but whoever wrote it is to be noticed within seconds, also where
no run follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from prefect.deployments.runner import RunnerDeployment

from disclosure.monitoring.supervision import findings_repository, foreign_rules, schedule_rules
from disclosure.monitoring.supervision.findings import Inspection
from disclosure.monitoring.supervision.rules import judge
from disclosure.monitoring.supervision.snapshots import RecordsSnapshot, Snapshots
from disclosure.platform.clock import utc_now
from disclosure.records.installation import Installation
from tasks.orchestration.prefect_snapshot import snapshot_registered
from tasks.orchestration.repair import mend

_RULES = (*foreign_rules.RULES, schedule_rules.deployments_missing)


def put_right(installation: Installation, wanted: Sequence[RunnerDeployment]) -> tuple[list[str], dict[str, UUID]]:
    """Tell of what somebody has changed or added, one sentence each, and undo it; under which ids ours are then."""
    prefect = snapshot_registered(installation, wanted)
    now = utc_now()
    look = judge(Snapshots(now, RecordsSnapshot((), (), now, None), prefect), _RULES)
    told = _undo(installation, look) if look.found else []
    if told:
        prefect = snapshot_registered(installation, wanted)
    names = {deployment.name for deployment in prefect.wanted}
    return told, {here.name: UUID(here.id) for here in prefect.deployments if here.is_ours and here.name in names}


def _undo(installation: Installation, look: Inspection) -> list[str]:
    profile = installation.catalog.profile.id
    with installation.records.write() as session:
        findings_repository.write_down(session, profile, look, utc_now())
    outcome = mend(installation, look.found)
    with installation.records.write() as session:
        findings_repository.note_mending(session, profile, outcome, utc_now())
        keys = {one.key for one in look.found}
        rows = findings_repository.open_findings(session, profile)
        return [findings_repository.line_of(row).found for row in rows if (row.kind, row.subject) in keys]
