"""Entering the next step of a cycle, and what people call each."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from disclosure.records import ledger
from disclosure.records.states import CycleStep, StateError
from disclosure.records.tables import Cycle

#: The steps in the order of the work, as people read them.
STEP_NAMES: Mapping[str, str] = {
    CycleStep.COLLECT: "报送",
    CycleStep.AUDIT: "数据检查",
    CycleStep.REVIEW: "审核",
    CycleStep.SIGN_OFF: "局领导审核",
    CycleStep.PUBLISH: "发布",
    CycleStep.LATER_REVIEW: "补审",
    CycleStep.ARCHIVE: "已发布",
    CycleStep.CLOSED: "已关闭",
}


def enter(session: Session, cycle: Cycle, step: CycleStep) -> bool:
    """Move ``cycle`` to ``step`` and tell the ledger; return whether it stood elsewhere before.

    Raises:
        StateError: when no way leads there from where it stands; a closed cycle is opened again by a person alone.
    """
    if cycle.step is step:
        return False
    if cycle.step is CycleStep.CLOSED:
        raise StateError(f"{cycle.period_id} 已关闭，不再办理；要重新办理，请运行 disclosure reopen。")
    cycle.step = step
    ledger.append(session, "cycle.entered", actor="系统", cycle_id=cycle.id, step=step, round=cycle.round)
    return True
