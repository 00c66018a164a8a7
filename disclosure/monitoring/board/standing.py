"""Which open findings still stand: what was mended or is over since supervision looked is told nowhere any more.

Supervision itself closes the row at its next look, which sees Prefect and the live pages as well; until then whoever
looks at the board or asks ``disclosure status`` is told what our records say now.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping

from sqlalchemy.orm import Session

from disclosure.cycle.view import CycleView
from disclosure.monitoring.supervision import plan_rules
from disclosure.monitoring.supervision.findings_repository import open_findings
from disclosure.monitoring.supervision.our_snapshots import snapshot_records
from disclosure.monitoring.supervision.rules import judge
from disclosure.monitoring.supervision.snapshots import Snapshots
from disclosure.monitoring.supervision.texts import kinds
from disclosure.records.installation import Installation
from disclosure.records.states import UNDER_WAY
from disclosure.records.tables import SupervisionFinding

#: Found from the plan and our records. Those that ask Prefect too find no less without it: what they no longer find
#: is over.
_BY_RECORDS = (
    plan_rules.cycles_not_opened,
    plan_rules.milestones_missed,
    plan_rules.openness_overdue,
    plan_rules.sign_ins_attacked,
)
_KINDS_BY_RECORDS = frozenset({
    "cycle_not_opened",
    "cycle_never_opened",
    "milestone_missed",
    "openness_overdue",
    "sign_in_attack",
})  # fmt: skip


def standing_findings(session: Session, installation: Installation, now: dt.datetime) -> list[SupervisionFinding]:
    """Return the open findings that still hold at ``now`` (an aware time), oldest first."""
    rows = open_findings(session, installation.catalog.profile.id)
    if not rows:
        return []
    records = snapshot_records(installation, now)
    found = {one.key for one in judge(Snapshots(now, records), _BY_RECORDS).found}
    cycles = {cycle.id: cycle for cycle in records.cycles}
    return [row for row in rows if not is_over(row, found, cycles)]


def is_over(row: SupervisionFinding, found: Collection[tuple[str, str]], cycles: Mapping[int, CycleView]) -> bool:
    """Tell whether our records show that a finding is no more.

    Args:
        row: an open finding.
        found: the keys of what the rules over our records find now.
        cycles: the opened cycles by their ids.
    """
    if kinds()[row.kind].is_watched:
        return False
    if row.kind in _KINDS_BY_RECORDS:
        return (row.kind, row.subject) not in found
    cycle = cycles.get(row.cycle_id or 0)
    if cycle is None:
        return False
    # A run is missed only by a cycle that still needs one and has got no other.
    return cycle.step not in UNDER_WAY or cycle.driver_run_id not in ("", row.run_id)
