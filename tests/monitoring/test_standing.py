"""Protects that a finding is told only while it holds: what is mended or over is gone at the next look, anywhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update

from disclosure.monitoring.board.overview import load_overview
from disclosure.monitoring.supervision import findings_repository, plan_rules
from disclosure.monitoring.supervision.findings import Discrepancy
from disclosure.monitoring.supervision.our_snapshots import snapshot_records
from disclosure.monitoring.supervision.snapshots import Snapshots
from disclosure.platform.settings import SHANGHAI
from disclosure.records.tables import Cycle

pytestmark = pytest.mark.records

Bureau = Any
#: The annual cycle of 2016 was to be published by 15 March 2017.
MORNING = dt.datetime(2017, 3, 20, 8, 30, tzinfo=SHANGHAI)
STOPPED, NEW = "00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"
FOREIGN = Discrepancy("schedule_paused", "q1/2026-q1", {"deployment": "q1", "schedule": "2026-q1"})


def kept(bureau: Bureau, *found: Discrepancy) -> None:
    """As supervision of the morning leaves it."""
    with bureau.installation.records.write() as session:
        findings_repository.keep(session, bureau.catalog.profile.id, found, MORNING)


def driven_by(bureau: Bureau, run_id: str) -> None:
    with bureau.installation.records.write() as session:
        session.execute(update(Cycle).where(Cycle.id == bureau.cycle_id).values(driver_run_id=run_id))


def told(bureau: Bureau, hours: int = 5) -> str:
    """What the board and ``status`` tell some hours later, though supervision has not looked again."""
    now = MORNING + dt.timedelta(hours=hours)
    return "\n".join(each.what for each in load_overview(bureau.installation, now).supervision)


def test_a_missed_milestone_is_gone_once_the_cycle_is_published(new_bureau: Callable[..., Bureau]) -> None:
    bureau = new_bureau()
    missed = tuple(plan_rules.milestones_missed(Snapshots(MORNING, snapshot_records(bureau.installation, MORNING))))
    kept(bureau, *missed, FOREIGN)
    assert "节点超期" in told(bureau)
    bureau.sign_all()
    bureau.publish()
    after = told(bureau)
    assert "节点超期" not in after
    # What only Prefect can tell stays until supervision has looked there.
    assert "日程被人暂停" in after


def test_a_stopped_run_is_gone_once_another_drives_its_cycle(new_bureau: Callable[..., Bureau]) -> None:
    bureau = new_bureau()
    driven_by(bureau, STOPPED)
    facts = {"label": "2016年度", "period": "2016-annual", "what": "被取消", "run": "2016年度"}
    kept(bureau, Discrepancy("run_stopped", STOPPED, facts, bureau.cycle_id, STOPPED))
    assert "运行中断" in told(bureau)
    driven_by(bureau, NEW)
    assert "运行中断" not in told(bureau)


def test_what_is_found_again_under_a_new_run_is_told(new_bureau: Callable[..., Bureau]) -> None:
    bureau = new_bureau()
    driven_by(bureau, NEW)
    facts = {"label": "2016年度", "period": "2016-annual", "what": "被取消", "run": "2016年度"}
    kept(bureau, Discrepancy("run_stopped", NEW, facts, bureau.cycle_id, NEW))
    assert "运行中断" in told(bureau)
