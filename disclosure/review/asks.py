"""An ask is a row: the question a suspended run puts, under a key that is used once."""

from __future__ import annotations

from typing import Literal, cast

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from disclosure import cycles
from disclosure.clock import utc_now
from disclosure.records import ledger
from disclosure.records.subjects import Subject, columns_of, is_about, told, told_of
from disclosure.records.tables import Ask, Cycle

#: ``office`` and ``confirmation`` are put to the office that keeps openness elements, the others about cycles;
#: ``review`` to reviewers of either.
AskStep = Literal["collect", "review", "sign_off", "later_review", "office", "confirmation"]


def label_of(subject: Subject) -> str:
    """What people call it."""
    return cycles.period_of(subject).label if isinstance(subject, Cycle) else f"“{subject.title}”"


def open_ask_of(session: Session, subject: Subject) -> Ask | None:
    """The ask that is open about ``subject``; there is at most one."""
    return session.scalars(select(Ask).where(is_about(Ask, subject), Ask.state == "open")).one_or_none()


def put(session: Session, subject: Subject, step: AskStep, digest: str, flow_run_id: str) -> Ask:
    """Open a new ask under a key never used before."""
    asked = session.scalar(
        select(func.count()).where(is_about(Ask, subject), Ask.round == subject.round, Ask.step == step)
    )
    number = (asked or 0) + 1
    kind = "cycle" if isinstance(subject, Cycle) else "openness"
    ask = Ask(
        **columns_of(subject),
        round=subject.round,
        step=step,
        number=number,
        # Prefect takes only lowercase letters, digits and dashes here.
        key=f"{kind}{subject.id}-round{subject.round}-{step.replace('_', '-')}-{number}",
        digest=digest,
        flow_run_id=flow_run_id,
        asked_at=utc_now(),
    )
    session.add(ask)
    session.flush()
    ledger.append(session, "ask.put", actor="系统", **told(subject), key=ask.key, digest=digest)
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
    about = {**told_of(ask), **({"gate": gate, "name": name} if name else {})}
    ledger.append(session, f"ask.{state}", actor="系统", key=ask.key, refusal=refusal, **about)


def last_refusal(session: Session, subject: Subject, step: AskStep) -> str:
    """Why the answer before was not taken, when the latest closed ask of this step was refused."""
    latest = session.scalars(
        select(Ask)
        .where(is_about(Ask, subject), Ask.round == subject.round, Ask.step == step, Ask.state != "abandoned")
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
