"""After an answer: what was recorded of it, and what happens next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from disclosure.calendar.periods import Period
from disclosure.catalog import Catalog
from disclosure.cycle import queries
from disclosure.cycle.view import CycleView, load_view
from disclosure.platform.clock import format_moment
from disclosure.records.installation import Work
from disclosure.records.tables import Ask, Cycle, GivenAnswer, OpennessChange
from disclosure.review import decisions
from disclosure.review.briefing import REVIEW_PAGE
from disclosure.review.forms import OUTCOME_NAMES

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
#: Likewise for a change of the openness catalogue.
_NEXT_OF_CHANGE: Mapping[str, str] = {
    "office": "内容在{office}那里，核对、送审以后再审核。",
    "review": "正在审核；全部通过后自动公开，有一个环节退回，就回到{office}。",
    "publishing": "审核已通过，马上自动公开。",
    "done": "已经办完。",
    "withdrawn": "已撤回，不再办理。",
}
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
    material: str = ""


def load_answered_run(work: Work, person_id: int, run_id: str) -> AnsweredPage | None:
    """Return what this person answered in a run; None where they have answered nothing there."""
    session = work.session
    ask = session.scalars(select(Ask).where(Ask.flow_run_id == run_id).order_by(Ask.id.desc()).limit(1)).first()
    if ask is None:
        return None
    if ask.cycle_id is not None:
        return load_answered_page(work, person_id, queries.period_of(session.get_one(Cycle, ask.cycle_id)))
    change = session.get_one(OpennessChange, ask.change_id)
    answers = _own_answers(session, work.catalog, Ask.change_id == change.id, person_id)
    told = _NEXT_OF_CHANGE[change.step].format(office=work.catalog.offices[change.office].name)
    return AnsweredPage(f"公开事项　{change.title}", answers, told) if answers else None


def load_answered_page(work: Work, person_id: int, period: Period) -> AnsweredPage | None:
    """Return what this person answered about a period; None where they have answered nothing."""
    session, catalog = work.session, work.catalog
    if queries.find_cycle(session, catalog, period) is None:
        return None
    view = load_view(session, catalog, period)
    answers = list_own_answers(session, catalog, view, person_id)
    material = f"{REVIEW_PAGE}{period.id}"
    return AnsweredPage(period.label, answers, say_next(catalog, view), material) if answers else None


def list_own_answers(session: Session, catalog: Catalog, view: CycleView, person_id: int) -> list[OwnAnswer]:
    """Return what this person answered about a cycle and was taken, the latest first."""
    return _own_answers(session, catalog, Ask.cycle_id == view.id, person_id)


def _own_answers(session: Session, catalog: Catalog, about: ColumnElement[bool], person_id: int) -> list[OwnAnswer]:
    wanted = (
        select(GivenAnswer, Ask.round)
        .join(Ask, GivenAnswer.ask_id == Ask.id)
        .where(about, GivenAnswer.person_id == person_id, GivenAnswer.is_taken)
        .order_by(GivenAnswer.id.desc())
        .limit(_SHOWN)
    )
    gates: dict[str, str] = {gate.id: gate.name for gate in catalog.gates.values()}
    return [
        OwnAnswer(
            what=f"第 {round_number} 轮{gates.get(row.gate, '')}：{OUTCOME_NAMES.get(row.outcome, '已答复')}",
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
