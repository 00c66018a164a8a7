"""Reading what the office that keeps an element answered: enumerations and short text, believed by no one yet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from disclosure.openness.words import words
from disclosure.review.forms import fields_of, parse_proof, unfit_field
from disclosure.review.identify import Proof
from disclosure.review.refusals import Refusal, RefusalCode

OfficeAction = Literal["ready", "look_again", "withdraw"]


@dataclass(frozen=True)
class OfficeAnswer:
    """What the owning office says of a change: send it to review, look at what came since, or drop it."""

    action: OfficeAction
    proof: Proof


@dataclass(frozen=True)
class ConfirmationAnswer:
    """Which of the elements asked about have changed (by their labels); the rest still hold."""

    changed: tuple[str, ...]
    proof: Proof


def office_actions(*, may_withdraw: bool) -> list[str]:
    """Return what the form offers, in Chinese."""
    known: Mapping[str, str] = words()["answers"]
    return [known[action] for action in ("ready", "look_again", *(["withdraw"] if may_withdraw else []))]


def parse_office(raw: object, at: dt.datetime, *, may_withdraw: bool) -> OfficeAnswer | Refusal:
    """Read the office's answer, given ``at`` this moment."""
    fields = fields_of(raw)
    known: dict[str, OfficeAction] = {
        words()["answers"]["ready"]: "ready",
        words()["answers"]["look_again"]: "look_again",
    }
    if may_withdraw:
        known[words()["answers"]["withdraw"]] = "withdraw"
    action = known.get(fields.get("action", ""))
    if action is None:
        return unfit_field("没有选择处理方式，请重新填写。")
    if action == "withdraw" and len(fields.get("opinion", "")) < 4:
        return Refusal(RefusalCode.UNFIT_REASON, "撤回必须写明原因（至少 4 个字）。")
    proof = parse_proof(fields, "opinion", at)
    return proof if isinstance(proof, Refusal) else OfficeAnswer(action, proof)


def parse_confirmation(raw: object, labels: Sequence[str], at: dt.datetime) -> ConfirmationAnswer | Refusal:
    """Read the answer to a yearly confirmation of the elements with ``labels``, given ``at`` this moment."""
    chosen = raw.get("changed") if isinstance(raw, Mapping) else None
    if not isinstance(chosen, Sequence) or isinstance(chosen, str) or not chosen:
        return unfit_field("没有选择哪些内容有变化，请重新填写（都没有变化时也要选）。")
    names = [str(name) for name in chosen]
    none = words()["answers"]["none_changed"]
    if none in names and len(names) > 1:
        return unfit_field(f"选了“{none}”，就不能再选有变化的内容，请重新填写。")
    if unknown := [name for name in names if name not in (none, *labels)]:
        return unfit_field(f"这次没有问到“{'、'.join(unknown)}”，请重新填写。")
    proof = parse_proof(fields_of(raw), "opinion", at)
    changed = tuple(name for name in dict.fromkeys(names) if name != none)
    return proof if isinstance(proof, Refusal) else ConfirmationAnswer(changed, proof)
