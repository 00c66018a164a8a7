"""Who may decide what: pure rules, each refusal a whole Chinese sentence."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, cast

from disclosure.catalog import Catalog, Gate, GateId, Office, RoleId
from disclosure.clock import said
from disclosure.review.explanations import printed_numbers, read_explanations, unexplained

Outcome = Literal["approved", "returned"]

#: The gates that review a compilation side by side; the leader's comes after them.
REVIEW_GATES: tuple[GateId, ...] = ("policy", "finance", "confidentiality")
#: Characters that the reason of an emergency sign-off has at least.
SHORTEST_REASON = 10
#: A publication planned further ahead than this is a slip of the pen.
LONGEST_WAIT = dt.timedelta(days=60)


@dataclass(frozen=True)
class Answer:
    """What a person filled in, cleaned but not yet believed."""

    gate: GateId
    outcome: Outcome
    name: str
    code: str
    opinion: str
    returned_to: tuple[str, ...]
    publish_at: dt.datetime | None = None


@dataclass(frozen=True)
class Reviewer:
    """Who answers, as the records have them: ``roles`` of their own, ``acts_as`` with those of absent people."""

    office: Office
    is_active: bool
    roles: Collection[RoleId]
    acts_as: Collection[RoleId]


@dataclass(frozen=True)
class Deciding:
    """What the rules must know of a round.

    ``acted``: gates this round's people already decided, by person name; ``drafters``: names of those who
    filled in or checked a workbook, or compiled, as ``names_in`` gives them; ``returnable``: centre ids that
    have figures to rework; ``now`` is when the answer was given, ``latest_publication`` the moment by which
    the law wants it published (None where a special cycle has none). ``is_later_review``: the release is
    public already, and nothing can be returned any more.
    """

    open_gates: Collection[GateId]
    acted: Mapping[str, GateId]
    drafters: Collection[str]
    audit_blocks: bool
    unexplained: Collection[int]
    returnable: Collection[str]
    now: dt.datetime
    latest_publication: dt.datetime | None = None
    is_later_review: bool = False


def refusal(catalog: Catalog, answer: Answer, reviewer: Reviewer | None, state: Deciding) -> str:
    """Why this answer cannot be taken, or an empty text. The code is checked elsewhere, after this.

    ``reviewer`` is None for a name that is not enrolled.
    """
    gate = catalog.gates[answer.gate]
    checks = (
        _who(answer, gate, catalog, reviewer),
        _when(answer, gate, catalog, state),
        _what(answer, gate, state),
    )
    return next((sentence for sentence in checks if sentence), "")


def _who(answer: Answer, gate: Gate, catalog: Catalog, reviewer: Reviewer | None) -> str:
    if reviewer is None:
        return f"“{answer.name}”没有登记，请核对姓名，或请管理员登记（disclosure people add）。"
    if not reviewer.is_active:
        return f"“{answer.name}”已停用，不能审核，请联系管理员。"
    if gate.role not in reviewer.acts_as:
        needed, role = catalog.gate_office(gate.id), catalog.roles[gate.role].name
        if needed.id == reviewer.office.id:
            return f"“{answer.name}”没有“{role}”的角色，不能作{gate.name}，请联系管理员。"
        return f"“{answer.name}”属于{reviewer.office.name}，{gate.name}须由{needed.name}的人作出。"
    if gate.id == "emergency" and gate.role not in reviewer.roles:
        return f"“{answer.name}”是代理人，{gate.name}只能由局领导本人作出。"
    return ""


def _when(answer: Answer, gate: Gate, catalog: Catalog, state: Deciding) -> str:
    if answer.gate not in state.open_gates:
        return f"{gate.name}本轮已有结论或尚未开始，请选择仍待审核的环节。"
    acted = state.acted.get(answer.name.strip())
    # Who signs ahead of the reviews signs the rendered release as well: the leader alone does both.
    if acted and (acted, answer.gate) != ("emergency", "leader"):
        return f"“{answer.name}”本轮已作过{catalog.gates[acted].name}，同一轮中一人只能作一个环节的结论。"
    if names_in(answer.name) & set(state.drafters):
        return f"“{answer.name}”参与了本轮的填报或汇总，不能审核自己经手的数据，请换人审核。"
    return ""


def _what(answer: Answer, gate: Gate, state: Deciding) -> str:
    if answer.gate == "emergency":
        return _what_is_urgent(answer, state)
    if answer.outcome == "returned":
        return _what_is_returned(answer, state)
    if answer.returned_to:
        return f"{gate.name}选择了“通过”，就不能同时选择退回的单位。"
    if answer.gate == "finance" and state.audit_blocks:
        return "数据质量报告中有严重问题或未能运行的检查，数据审核只能退回。"
    if answer.gate == "finance" and (left := unexplained(state.unexplained, read_explanations(answer.opinion))):
        return (
            f"须说明的问题第 {printed_numbers(left)} 个还没有说明。通过前请在意见中逐行写明，"
            "如“1：原因”；原因相同的可以写“1-3：原因”。"
        )
    return _when_to_publish(answer, state) if answer.publish_at else ""


def _what_is_urgent(answer: Answer, state: Deciding) -> str:
    if answer.outcome != "approved":
        return "紧急签发只能选“通过”；要退回的，请由审核环节作出。"
    if answer.returned_to:
        return "紧急签发不能同时选择退回的单位。"
    if state.audit_blocks:
        return "数据质量报告中有严重问题或未能运行的检查，紧急签发也不能放行，请先退回修改。"
    if len(answer.opinion.strip()) < SHORTEST_REASON:
        return f"紧急签发必须在意见中写明理由（至少 {SHORTEST_REASON} 个字）。"
    return ""


def _when_to_publish(answer: Answer, state: Deciding) -> str:
    wanted, latest = answer.publish_at, state.latest_publication
    assert wanted is not None  # noqa: S101 - asked only then
    if wanted <= state.now:
        return f"计划发布时间 {said(wanted)} 已过，请填“立即”或将来的时间。"
    if latest is not None and wanted > latest:
        if state.now > latest:
            return f"法定披露日期（{said(latest)}）已过，不能再往后排，请填“立即”。"
        return f"计划发布时间 {said(wanted)} 晚于法定披露日期（{said(latest)}），请提前。"
    if wanted - state.now > LONGEST_WAIT:
        return f"计划发布时间 {said(wanted)} 太远（最长 {LONGEST_WAIT.days} 天），请核对年月日。"
    return ""


def _what_is_returned(answer: Answer, state: Deciding) -> str:
    if len(answer.opinion.strip()) < 2 or answer.opinion.strip() in {"同意", "无"}:
        return "退回时必须写明意见，说清哪里有问题、应怎样修改。"
    if state.is_later_review:
        return ""
    if not answer.returned_to:
        return "退回时必须选择退回给哪个单位。"
    if unknown := [centre for centre in answer.returned_to if centre not in state.returnable]:
        return f"不能退回给“{'、'.join(unknown)}”：它没有报送本期数据。"
    return ""


def names_in(text: str) -> set[str]:
    """The names written in one cell: several may stand there, and 张　三 is 张三."""
    return {re.sub(r"\s", "", name) for name in re.split("[、，,;；/]", text)} - {""}


def as_gate(text: str) -> GateId:
    """A gate id that came out of our own records."""
    return cast(GateId, text)
