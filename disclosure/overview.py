"""Where every cycle stands and whom it waits for, from our records alone."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure import cycles
from disclosure.catalog import Catalog
from disclosure.clock import said
from disclosure.records.tables import Cycle
from disclosure.review import asks, decisions
from disclosure.review.authority import REVIEW_GATES
from disclosure.workplace import Workplace


@dataclass(frozen=True)
class CycleLine:
    """One cycle as ``status`` lists it; all text for people. ``run_id``: the run whose form is open, if any."""

    period: str
    round: int
    step: str
    waiting_for: str
    decisions: str
    published: str
    run_id: str


def overview(place: Workplace) -> list[CycleLine]:
    """All cycles of this profile, newest first."""
    with place.records.read() as session:
        rows = session.scalars(select(Cycle).where(Cycle.profile == place.catalog.profile.id).order_by(Cycle.id.desc()))
        return [_line(session, place.catalog, cycle) for cycle in rows]


def _line(session: Session, catalog: Catalog, cycle: Cycle) -> CycleLine:
    made = cycles.decisions(session, cycle, cycle.round)
    words = {"approved": "通过", "returned": "退回"}
    release = cycles.release_of(session, cycle)
    ask = asks.open_ask_of(session, cycle)
    return CycleLine(
        period=cycles.period_of(cycle).label + ("（演示）" if cycle.is_demo else ""),
        round=cycle.round,
        step=cycles.STEPS[cycle.step],
        waiting_for=_waiting_for(session, catalog, cycle),
        decisions="、".join(f"{catalog.gates[gate].name}{words[d.outcome]}" for gate, d in made.items()) or "—",
        published=said(release.published_at) if release and release.is_live and release.published_at else "—",
        run_id=ask.flow_run_id if ask else "",
    )


def _waiting_for(session: Session, catalog: Catalog, cycle: Cycle) -> str:
    if cycle.step == "collect":
        return "、".join(office.name for office in cycles.missing_centres(session, catalog, cycle)) or "系统"
    ask = asks.open_ask_of(session, cycle)
    if ask is None:
        return "—" if cycle.step == "archive" else "系统"
    gates = REVIEW_GATES if ask.step == "review" else ("leader",)
    open_gates = decisions.standing(session, cycle, gates, ask.digest).open_gates
    refused = asks.last_refusal(session, cycle, ask.step)  # type: ignore[arg-type]
    offices = "、".join(catalog.offices[catalog.gates[gate].office].name for gate in open_gates)
    return offices + (f"（上次答复未被接受：{refused}）" if refused else "")
