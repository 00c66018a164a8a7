"""Which answer a gate may take: pure rules, each refusal a whole Chinese sentence. Who may answer is ``identify``'s."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from disclosure.catalog import Catalog, Gate, GateId
from disclosure.cycle.view import MILESTONE_OF_GATE
from disclosure.platform.clock import format_moment
from disclosure.records.states import Outcome
from disclosure.review.explanations import printed_numbers, read_explanations, unexplained
from disclosure.review.identify import Proof
from disclosure.review.names import spell
from disclosure.review.refusals import Refusal, RefusalCode

#: The gates that review a compilation side by side; the leader's comes after them.
REVIEW_GATES: tuple[GateId, ...] = tuple(gate for gate in MILESTONE_OF_GATE if gate != "leader")
#: Characters that the reason of an emergency sign-off has at least.
SHORTEST_REASON = 10
#: A publication planned further ahead than this is a slip of the pen.
LONGEST_WAIT = dt.timedelta(days=60)


@dataclass(frozen=True)
class Answer:
    """What a person filled in, cleaned but not yet believed."""

    gate: GateId
    outcome: Outcome
    proof: Proof
    returned_to: tuple[str, ...] = ()
    publish_at: dt.datetime | None = None

    @property
    def opinion(self) -> str:
        """What they say of it: the reason they give."""
        return self.proof.reason.strip()


@dataclass(frozen=True)
class RoundState:
    """What the rules must know of a round.

    ``acted``: gates this round's people already decided, by person name; ``drafters``: those who filled in or
    checked a workbook, or compiled, as ``people_named`` gives them; ``returnable``: centre ids that have figures to
    rework; ``latest_publication``: the moment by which the law wants it published (None where a special cycle has
    none). ``unreviewed``: reviews that have not approved what the leader is asked to sign. ``is_later_review``: the
    release is public already, and nothing can be returned any more.
    """

    open_gates: Collection[GateId]
    acted: Mapping[str, GateId]
    drafters: Collection[str]
    audit_blocks: bool
    unexplained: Collection[int]
    returnable: Collection[str]
    latest_publication: dt.datetime | None = None
    unreviewed: Collection[GateId] = ()
    is_later_review: bool = False
    gives_away: bool = False


def object_to_answer(catalog: Catalog, answer: Answer, state: RoundState) -> Iterator[Refusal]:
    """Give everything that stands against this answer in its round, whoever gives it: the gravest first.

    Of a gate that is not open there is no more to say.
    """
    gate = catalog.gates[answer.gate]
    if answer.gate not in state.open_gates:
        sentence = f"{gate.name}本轮已有结论或尚未开始，请选择仍待审核的环节。"
        yield Refusal(RefusalCode.GATE_CLOSED, sentence)
        return
    if state.unreviewed:
        names = "、".join(catalog.gates[before].name for before in state.unreviewed)
        yield Refusal(RefusalCode.NOT_REVIEWED, f"{names}还没有通过，现在不能签发，请等审核完成。")
    yield from object_to_person(catalog, answer.gate, answer.proof.name, state)
    if answer.gate == "emergency":
        yield from _object_to_emergency(answer, state)
    elif answer.outcome == "returned":
        yield from _object_to_return(answer, state)
    else:
        yield from _object_to_approval(gate, answer, state)


def object_to_person(catalog: Catalog, gate: GateId, name: str, state: RoundState) -> Iterator[Refusal]:
    """Give what stands against an answer of ``name`` at ``gate`` in this round, whatever it says."""
    acted = state.acted.get(name.strip())
    # Who signs ahead of the reviews signs the rendered release as well: the leader alone does both.
    if acted and (acted, gate) != ("emergency", "leader"):
        sentence = f"“{name}”本轮已作过{catalog.gates[acted].name}，同一轮中一人只能作一个环节的结论。"
        yield Refusal(RefusalCode.SECOND_GATE, sentence)
    if spell(name) in state.drafters:
        sentence = f"“{name}”参与了本轮的填报或汇总，不能审核自己经手的数据，请换人审核。"
        yield Refusal(RefusalCode.OWN_FIGURES, sentence)


def _object_to_emergency(answer: Answer, state: RoundState) -> Iterator[Refusal]:
    if answer.outcome != "approved":
        yield Refusal(RefusalCode.CANNOT_RETURN, "紧急签发只能选“通过”；要退回的，请由审核环节作出。")
    elif answer.returned_to:
        yield Refusal(RefusalCode.UNFIT_TARGET, "紧急签发不能同时选择退回的单位。")
    if state.audit_blocks:
        sentence = "数据质量报告中有严重问题或未能运行的检查，紧急签发也不能放行，请先退回修改。"
        yield Refusal(RefusalCode.AUDIT_BLOCKS, sentence)
    if state.gives_away:
        sentence = "有隐去的数据仍可由已公布的数据推算出来，紧急签发也不能放行，请先退回修改。"
        yield Refusal(RefusalCode.GIVES_AWAY, sentence)
    if len(answer.opinion) < SHORTEST_REASON:
        sentence = f"紧急签发必须在意见中写明理由（至少 {SHORTEST_REASON} 个字）。"
        yield Refusal(RefusalCode.UNFIT_REASON, sentence)


def _object_to_return(answer: Answer, state: RoundState) -> Iterator[Refusal]:
    if len(answer.opinion) < 2 or answer.opinion in {"同意", "无"}:
        yield Refusal(RefusalCode.UNFIT_REASON, "退回时必须写明意见，说清哪里有问题、应怎样修改。")
    if state.is_later_review:
        return
    if not answer.returned_to:
        yield Refusal(RefusalCode.UNFIT_TARGET, "退回时必须选择退回给哪个单位。")
    if unknown := [centre for centre in answer.returned_to if centre not in state.returnable]:
        sentence = f"不能退回给“{'、'.join(unknown)}”：它没有报送本期数据。"
        yield Refusal(RefusalCode.UNFIT_TARGET, sentence)


def _object_to_approval(gate: Gate, answer: Answer, state: RoundState) -> Iterator[Refusal]:
    if answer.returned_to:
        yield Refusal(RefusalCode.UNFIT_TARGET, f"{gate.name}选择了“通过”，就不能同时选择退回的单位。")
    if answer.gate == "confidentiality" and state.gives_away:
        sentence = "有隐去的数据仍可由已公布的数据推算出来（见审核材料“保密证明”），保密性审核只能退回。"
        yield Refusal(RefusalCode.GIVES_AWAY, sentence)
    if answer.gate == "finance" and state.audit_blocks:
        sentence = "数据质量报告中有严重问题或未能运行的检查，数据审核只能退回。"
        yield Refusal(RefusalCode.AUDIT_BLOCKS, sentence)
    elif answer.gate == "finance" and (left := unexplained(state.unexplained, read_explanations(answer.opinion))):
        sentence = (
            f"须说明的问题第 {printed_numbers(left)} 个还没有说明。通过前请在意见中逐行写明，"
            "如“1：原因”；原因相同的可以写“1-3：原因”。"
        )
        yield Refusal(RefusalCode.UNEXPLAINED, sentence)
    if answer.publish_at and (fault := _fault_of_hour(answer.publish_at, answer.proof.at, state.latest_publication)):
        yield Refusal(RefusalCode.UNFIT_DAY, fault)


def _fault_of_hour(wanted: dt.datetime, now: dt.datetime, latest: dt.datetime | None) -> str | None:
    if wanted <= now:
        return f"计划发布时间 {format_moment(wanted)} 已过，请填“立即”或将来的时间。"
    if latest is not None and wanted > latest:
        if now > latest:
            return f"披露期限（{format_moment(latest)}）已过，不能再往后排，请填“立即”。"
        return f"计划发布时间 {format_moment(wanted)} 晚于披露期限（{format_moment(latest)}），请提前。"
    if wanted - now > LONGEST_WAIT:
        return f"计划发布时间 {format_moment(wanted)} 太远（最长 {LONGEST_WAIT.days} 天），请核对年月日。"
    return None
