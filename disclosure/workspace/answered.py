"""After an answer: what was recorded of it, and what happens next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog
from disclosure.cycle import queries
from disclosure.cycle.view import CycleView, load_view
from disclosure.platform.clock import format_moment
from disclosure.records.installation import Work
from disclosure.records.tables import Ask, GivenAnswer
from disclosure.review import decisions

#: Where somebody sees what was recorded of their answers, below the door's address.
ANSWERED = "/answered/"
#: What happens while a round stands at a step.
_NEXT: Mapping[str, str] = {
    "collect": "退回的单位正在重报；收齐、汇总以后，开始第 {round} 轮审核。",
    "audit": "正在汇总、检查；然后开始第 {round} 轮审核。",
    "review": "还在等{waits}；都通过后生成发布预览，送局领导审核。有一个环节退回，就开始新的一轮。",
    "sign_off": "审核环节都已通过，发布预览已生成，正在等{waits}。",
    "publish": "局领导已签发，到签发的时间自动发布到全部渠道，再读回核对。",
    "later_review": "已经发布，正在等{waits}补审。",
    "archive": "已经发布，全部办完。",
    "closed": "这个周期已关闭，不再办理。",
}
_OUTCOMES: Mapping[str, str] = {"approved": "通过", "returned": "退回"}
_SHOWN = 4


@dataclass(frozen=True)
class OwnAnswer:
    """One answer of a person as it was recorded."""

    what: str
    at: str
    opinion: str


@dataclass(frozen=True)
class AnsweredPage:
    """What somebody sees after they answered: nothing of the content, so it needs no permission but their own name."""

    label: str
    answers: Sequence[OwnAnswer]
    happens_next: str


def load_answered_page(work: Work, person_id: int, period: Period) -> AnsweredPage | None:
    """Return what this person answered about a period; None where they have answered nothing."""
    session, catalog = work.session, work.catalog
    if queries.find_cycle(session, catalog, period) is None:
        return None
    view = load_view(session, catalog, period)
    answers = list_own_answers(session, catalog, view, person_id)
    return AnsweredPage(period.label, answers, say_next(catalog, view)) if answers else None


def list_own_answers(session: Session, catalog: Catalog, view: CycleView, person_id: int) -> list[OwnAnswer]:
    """Return what this person answered about a cycle and was taken, the latest first."""
    wanted = (
        select(GivenAnswer, Ask.round)
        .join(Ask, GivenAnswer.ask_id == Ask.id)
        .where(Ask.cycle_id == view.id, GivenAnswer.person_id == person_id, GivenAnswer.is_taken)
        .order_by(GivenAnswer.id.desc())
        .limit(_SHOWN)
    )
    gates: dict[str, str] = {gate.id: gate.name for gate in catalog.gates.values()}
    return [
        OwnAnswer(
            what=f"第 {round_number} 轮{gates.get(row.gate, '')}：{_OUTCOMES.get(row.outcome, '已答复')}",
            at=format_moment(row.given_at),
            opinion=str(row.said.get("opinion", "")),
        )
        for row, round_number in session.execute(wanted)
    ]


def say_next(catalog: Catalog, view: CycleView) -> str:
    """Say what happens next in the round at hand."""
    waits = ""
    if view.ask is not None and view.ask.step != "collect":
        standing = decisions.judge_gates(view.made, decisions.gates_of(view.ask.step), view.ask.digest)
        waits = "、".join(catalog.gates[gate].name for gate in standing.open_gates)
    return _NEXT.get(view.step, "").format(round=view.round, waits=waits or "系统")
