"""An ask is a row: the question a suspended run puts, under a key that is used once."""

from __future__ import annotations

from typing import Literal, cast

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from disclosure.clock import utc_now
from disclosure.records import ledger
from disclosure.records.tables import Ask, Cycle

AskStep = Literal["collect", "review", "sign_off", "later_review"]


def open_ask_of(session: Session, cycle: Cycle) -> Ask | None:
    """The ask that is open in this cycle; there is at most one."""
    return session.scalars(select(Ask).where(Ask.cycle_id == cycle.id, Ask.state == "open")).one_or_none()


def put(session: Session, cycle: Cycle, step: AskStep, digest: str, flow_run_id: str) -> Ask:
    """Open a new ask under a key never used before."""
    asked = session.scalar(
        select(func.count()).where(Ask.cycle_id == cycle.id, Ask.round == cycle.round, Ask.step == step)
    )
    number = (asked or 0) + 1
    ask = Ask(
        cycle_id=cycle.id,
        round=cycle.round,
        step=step,
        number=number,
        # Prefect takes only lowercase letters, digits and dashes here.
        key=f"cycle{cycle.id}-round{cycle.round}-{step.replace('_', '-')}-{number}",
        digest=digest,
        flow_run_id=flow_run_id,
        asked_at=utc_now(),
    )
    session.add(ask)
    session.flush()
    ledger.append(session, "ask.put", actor="系统", cycle_id=cycle.id, key=ask.key, digest=digest)
    return ask


def close(
    session: Session,
    ask: Ask,
    state: Literal["answered", "refused", "abandoned"],
    refusal: str = "",
    *,
    gate: str = "",
    name: str = "",
) -> None:
    """Close an ask.

    ``refusal`` is what the next one says above its form; ``name`` is who claimed to answer, at ``gate``.
    """
    ask.state, ask.refusal, ask.closed_at = state, refusal, utc_now()
    claimed = {"gate": gate, "name": name} if name else {}
    ledger.append(session, f"ask.{state}", actor="系统", cycle_id=ask.cycle_id, key=ask.key, refusal=refusal, **claimed)


def last_refusal(session: Session, cycle: Cycle, step: AskStep) -> str:
    """Why the answer before was not taken, when the latest closed ask of this step was refused."""
    latest = session.scalars(
        select(Ask)
        .where(Ask.cycle_id == cycle.id, Ask.round == cycle.round, Ask.step == step, Ask.state != "abandoned")
        .order_by(Ask.number.desc())
        .limit(1)
    ).first()
    return latest.refusal if latest is not None and latest.state == "refused" else ""


def step_of(ask: Ask) -> AskStep:
    """A step that came out of our own records."""
    return cast(AskStep, ask.step)


def get(session: Session, ask_id: int) -> Ask:
    """The ask with this id."""
    return session.get_one(Ask, ask_id)
