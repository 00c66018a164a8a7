"""Embargo: who may see which figures before the public does, by role, office, gate and state.

The table is ``disclosure/catalog/access.yaml``, the rule over it ``explain_embargo``, which asks the records nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from disclosure.catalog import Catalog, GateId, MaterialKind, RoleId, SeenWhen
from disclosure.records.states import AskStep
from disclosure.review.authority import REVIEW_GATES
from disclosure.review.refusals import Refusal, RefusalCode

#: The gates that each question is put to. An emergency sign-off may be given from the moment of the reviews on.
GATES_OF_STEP: dict[AskStep, tuple[GateId, ...]] = {
    "collect": (),
    "review": (*REVIEW_GATES, "emergency"),
    "sign_off": ("leader",),
    "later_review": REVIEW_GATES,
    "office": (),
    "confirmation": (),
}
KIND_NAMES: dict[MaterialKind, str] = {
    "report": "数据质量报告",
    "preview": "发布预览",
    "reply": "给填报单位的答复",
    "briefing": "审核材料",
    "openness": "政务公开页面的预览",
}


class Viewer(Protocol):
    """Who wants to see something: today's roles and offices, those of absent people included."""

    @property
    def name(self) -> str:
        """The enrolled name."""

    @property
    def roles(self) -> frozenset[RoleId]:
        """The roles."""

    @property
    def offices(self) -> frozenset[str]:
        """Ids of the offices."""


@dataclass(frozen=True)
class MaterialState:
    """Where the round stands that a page is about.

    ``asked``: the gates that it was put to so far; ``offices``: ids of those whose own it is; ``is_public``: everybody
    outside reads it too, at this moment.
    """

    asked: frozenset[GateId] = frozenset()
    offices: frozenset[str] = frozenset()
    is_public: bool = False


def explain_embargo(catalog: Catalog, viewer: Viewer, kind: MaterialKind, state: MaterialState) -> Refusal | None:
    """Return why ``viewer`` may not see material of ``kind`` now; None when they may."""
    if state.is_public:
        return None
    whens = {role: catalog.embargo[role].seen_when(kind) for role in viewer.roles if role in catalog.embargo}
    if any(_is_seen(catalog, role, when, viewer, state) for role, when in whens.items()):
        return None
    sentence = f"{KIND_NAMES[kind]}发布以前，“{viewer.name}”{_reason(catalog, whens)}。"
    return Refusal(RefusalCode.EMBARGOED, sentence)


def may_see(catalog: Catalog, viewer: Viewer, kind: MaterialKind, state: MaterialState) -> bool:
    """Whether ``viewer`` may see material of ``kind`` now."""
    return explain_embargo(catalog, viewer, kind, state) is None


def _is_seen(catalog: Catalog, role: RoleId, when: SeenWhen, viewer: Viewer, state: MaterialState) -> bool:
    is_own = bool(state.offices & viewer.offices & frozenset(catalog.roles[role].offices))
    is_asked = any(catalog.gates[gate].role == role for gate in state.asked)
    return {"never": False, "own": is_own, "at_gate": is_own or is_asked, "always": True}[when]


def _reason(catalog: Catalog, whens: dict[RoleId, SeenWhen]) -> str:
    """Say when they would."""
    waiting = _names(catalog, [role for role, when in whens.items() if when == "at_gate"])
    if waiting:
        return f"要到轮到{waiting}审核时才能看"
    if "own" in whens.values():
        return "只能看本单位的"
    return "不能看，发布以后再看"


def _names(catalog: Catalog, roles: Collection[RoleId]) -> str:
    return "、".join(catalog.roles[role].name for role in catalog.roles if role in roles)
