"""Who may decide what: pure rules, each refusal a whole Chinese sentence."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, cast

from disclosure.catalog import Catalog, Gate, GateId, Office
from disclosure.review.explanations import printed_numbers, read_explanations, unexplained

Outcome = Literal["approved", "returned"]

#: The gates that review a compilation side by side; the leader's comes after them.
REVIEW_GATES: tuple[GateId, ...] = ("policy", "finance", "confidentiality")


@dataclass(frozen=True)
class Answer:
    """What a person filled in, cleaned but not yet believed."""

    gate: GateId
    outcome: Outcome
    name: str
    code: str
    opinion: str
    returned_to: tuple[str, ...]


@dataclass(frozen=True)
class Deciding:
    """What the rules must know of a round.

    ``acted``: gates this round's people already decided, by person name; ``drafters``: names of those who
    filled in or checked a workbook, or compiled, as ``names_in`` gives them; ``returnable``: centre ids that
    have figures to rework.
    """

    open_gates: Collection[GateId]
    acted: Mapping[str, GateId]
    drafters: Collection[str]
    audit_blocks: bool
    unexplained: Collection[int]
    returnable: Collection[str]


def refusal(
    catalog: Catalog,
    answer: Answer,
    office: Office | None,
    is_active: bool,
    state: Deciding,
    *,
    acts_for: Collection[str] = (),
) -> str:
    """Why this answer cannot be taken, or an empty text. The code is checked elsewhere, after this.

    ``office`` is the person's office, None for a name that is not enrolled; ``acts_for`` are ids of offices
    the person stands in for today.
    """
    gate = catalog.gates[answer.gate]
    checks = (
        _who(answer, gate, catalog, office, is_active, acts_for),
        _when(answer, gate, catalog, state),
        _what(answer, gate, state),
    )
    return next((sentence for sentence in checks if sentence), "")


def _who(  # noqa: PLR0917 - every argument is a fact of its own
    answer: Answer, gate: Gate, catalog: Catalog, office: Office | None, is_active: bool, acts_for: Collection[str]
) -> str:
    if office is None:
        return f"“{answer.name}”没有登记，请核对姓名，或请管理员登记（disclosure people add）。"
    if not is_active:
        return f"“{answer.name}”已停用，不能审核，请联系管理员。"
    if gate.office not in {office.id, *acts_for}:
        needed = catalog.offices[gate.office].name
        return f"“{answer.name}”属于{office.name}，{gate.name}须由{needed}的人作出。"
    return ""


def _when(answer: Answer, gate: Gate, catalog: Catalog, state: Deciding) -> str:
    if answer.gate not in state.open_gates:
        return f"{gate.name}本轮已有结论或尚未开始，请选择仍待审核的环节。"
    if acted := state.acted.get(answer.name.strip()):
        return f"“{answer.name}”本轮已作过{catalog.gates[acted].name}，同一轮中一人只能作一个环节的结论。"
    if names_in(answer.name) & set(state.drafters):
        return f"“{answer.name}”参与了本轮的填报或汇总，不能审核自己经手的数据，请换人审核。"
    return ""


def _what(answer: Answer, gate: Gate, state: Deciding) -> str:
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
    return ""


def _what_is_returned(answer: Answer, state: Deciding) -> str:
    if len(answer.opinion.strip()) < 2 or answer.opinion.strip() in {"同意", "无"}:
        return "退回时必须写明意见，说清哪里有问题、应怎样修改。"
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
