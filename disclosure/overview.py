"""Where every cycle stands and whom it waits for, from our records alone."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure import cycles
from disclosure.catalog import Catalog
from disclosure.clock import said
from disclosure.records.tables import Cycle, Release
from disclosure.review import asks, decisions
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


@dataclass(frozen=True)
class Emergencies:
    """How often the leader signed ahead of the reviews, and for which periods reviews are still owed."""

    count: int
    open_periods: tuple[str, ...]
    disputed_periods: tuple[str, ...]


def emergencies(place: Workplace) -> Emergencies:
    """Every emergency sign-off of this profile that was published; ``disputed``: a later review found a fault."""
    with place.records.read() as session:
        rows = session.execute(
            select(Release, Cycle)
            .join(Cycle, Release.cycle_id == Cycle.id)
            .where(Cycle.profile == place.catalog.profile.id, Release.published_at.is_not(None))
            .order_by(Release.published_at)
        ).all()
        urgent = [(release, cycle) for release, cycle in rows if release.waived]
        flagged = [(cycle, cycles.decisions(session, cycle, r.round)) for r, cycle in urgent if r.cleared_at is None]
        disputed = [c for c, made in flagged if any(d.outcome == "returned" for d in made.values())]
        return Emergencies(
            count=len(urgent),
            open_periods=tuple(cycles.period_of(cycle).label for cycle, _ in flagged),
            disputed_periods=tuple(cycles.period_of(cycle).label for cycle in disputed),
        )


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
        published=_published(release),
        run_id=ask.flow_run_id if ask else "",
    )


def _published(release: Release | None) -> str:
    if release is None or release.published_at is None or not release.is_visible:
        return "—"
    return said(release.published_at) + ("" if release.is_live else "（部分发布）")


def _waiting_for(session: Session, catalog: Catalog, cycle: Cycle) -> str:
    if cycle.step == "collect":
        return "、".join(office.name for office in cycles.missing_centres(session, catalog, cycle)) or "系统"
    ask = asks.open_ask_of(session, cycle)
    if ask is None:
        return "—" if cycle.step == "archive" else _planned(session, cycle) or "系统"
    open_gates = decisions.standing(session, cycle, decisions.gates_of(ask.step), ask.digest).open_gates
    refused = asks.last_refusal(session, cycle, asks.step_of(ask))
    offices = "、".join(catalog.gate_office(gate).name for gate in open_gates)
    return offices + (f"（上次答复未被接受：{refused}）" if refused else "")


def _planned(session: Session, cycle: Cycle) -> str:
    """When it will be published, while it is signed and waits for its hour."""
    release = cycles.release_of(session, cycle)
    if release is None or release.planned_for is None or release.published_at is not None:
        return ""
    is_signed = decisions.standing(session, cycle, ("leader",), release.digest).is_approved
    return f"{said(release.planned_for)}自动发布" if is_signed else ""
