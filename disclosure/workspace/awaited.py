"""For whom a run waits, in words: what the lists of Prefect's pages add to its name."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from disclosure.cycle import queries
from disclosure.records.installation import Work
from disclosure.records.states import AskState
from disclosure.records.tables import Ask
from disclosure.review import decisions

_STEPS = {"collect": "报送", "office": "科室核对", "confirmation": "年度确认"}


def awaited_by_run(work: Work, run_ids: Collection[str]) -> dict[str, str]:
    """Return ``数据审核、政策审核`` by the id of each run that waits; a run that asks nothing of ours is left out."""
    asks = work.session.scalars(select(Ask).where(Ask.flow_run_id.in_(run_ids), Ask.state == AskState.OPEN))
    return {ask.flow_run_id: _STEPS.get(ask.step) or _open_gates(work, ask) for ask in asks}


def _open_gates(work: Work, ask: Ask) -> str:
    """Return the names of the gates that are open still; reviews of the openness catalogue are one word."""
    if ask.cycle_id is None:
        return "审核"
    cycle = queries.get_cycle(work.session, ask.cycle_id)
    standing = decisions.gate_status(work.session, cycle, decisions.gates_of(ask.step), ask.digest)
    return "、".join(work.catalog.gates[gate].name for gate in standing.open_gates) or "审核"
