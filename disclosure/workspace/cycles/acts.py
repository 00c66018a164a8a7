"""What may be done with a whole cycle by its number alone: correct, withdraw, restore, close, open again.

The acts are those of ``disclosure correct``, ``withdraw``, ``restore``, ``close`` and ``reopen``: the same rules, the
same one-time code, the same lines of the ledger. A page offers only what this person may do now.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import cast

from disclosure.catalog import Catalog, PowerId, RoleId
from disclosure.cycle import queries
from disclosure.platform.errors import DisclosureError
from disclosure.platform.secrets import Secrets
from disclosure.publication import closing, withdrawal
from disclosure.publication.correction import begin_correction, check_correctable
from disclosure.records.installation import Installation, Work
from disclosure.records.self_check.inspection import refuse_unsound
from disclosure.records.states import IN_FORCE, CycleStep, ReleaseState, WithdrawalKind
from disclosure.records.tables import Cycle
from disclosure.review.identify import Proof
from disclosure.review.refusals import Refusal

ACTS = "/manage/act/"
#: Kinds of withdrawal by their names in the forms, with the powers that they ask for.
KINDS = {"in_error": "内容有误", "superseded": "已被其他信息取代", "by_order": "上级机关要求"}
_KINDS_POWERS: tuple[tuple[str, PowerId], ...] = (
    ("in_error", "withdraw_in_error"),
    ("superseded", "withdraw_superseded"),
    ("by_order", "withdraw_by_order"),
)


@dataclass(frozen=True)
class CycleAct:
    """One act as its form says it: what is written in ``reason`` is public where ``is_public``."""

    id: str
    name: str
    explanation: str
    is_public: bool
    choices: Sequence[tuple[str, str]] = ()
    needs_proof: bool = True


@dataclass(frozen=True)
class ActDone:
    """What was done, and what is to follow: a run to start for the cycle, or one to end."""

    told: str
    is_good: bool = True
    starts_run: bool = False
    ends_run: str = ""


def list_acts(work: Work, cycle: Cycle, roles: Collection[RoleId]) -> list[CycleAct]:
    """Return what somebody of ``roles`` may do with the cycle as it stands."""
    offers = (_offer_settling, _offer_correct, _offer_withdraw, _offer_restore, _offer_close)
    found = [offer(work, cycle, roles) for offer in offers]
    return [act for act in found if act is not None]


def may_act(catalog: Catalog, roles: Collection[RoleId], power: PowerId) -> bool:
    """Whether one of ``roles`` holds the power."""
    return not set(catalog.powers[power].roles).isdisjoint(roles)


def _offer_settling(work: Work, cycle: Cycle, roles: Collection[RoleId]) -> CycleAct | None:
    if not may_act(work.catalog, roles, "withdraw_in_error") or not withdrawal.is_unsettled(work.session, cycle):
        return None
    told = "撤回或恢复公开已经记录，还没有在全部渠道办成。渠道恢复以后，从这里接着办完。"
    return CycleAct("settle", "接着办完", told, False, needs_proof=False)


def _offer_correct(work: Work, cycle: Cycle, roles: Collection[RoleId]) -> CycleAct | None:
    if not may_act(work.catalog, roles, "correct") or not _is_possible(
        lambda: check_correctable(work.session, work.catalog, cycle, ())
    ):
        return None
    offices = queries.returnable_offices(work.session, work.catalog, cycle)
    told = (
        "开始新的一版：选中的单位重报，报表预填已公布的数据，各环节重新审核、签发；"
        "旧版保留并注明已更正。不选就是各中心都重报。"
    )
    return CycleAct("correct", "更正", told, True, [(office.id, office.name) for office in offices])


def _offer_withdraw(work: Work, cycle: Cycle, roles: Collection[RoleId]) -> CycleAct | None:
    release = queries.published_release(work.session, cycle)
    kinds = [(kind, KINDS[kind]) for kind, power in _KINDS_POWERS if may_act(work.catalog, roles, power)]
    if release is None or not kinds or release.state is ReleaseState.WITHDRAWN:
        return None
    told = "从全部渠道撤回，原处放撤回说明；数据仍留在记录里，以后可以恢复。"
    return CycleAct("withdraw", "撤回", told, True, kinds)


def _offer_restore(work: Work, cycle: Cycle, roles: Collection[RoleId]) -> CycleAct | None:
    if not may_act(work.catalog, roles, "restore") or not _is_possible(
        lambda: withdrawal.check_restorable(work.session, cycle)
    ):
        return None
    if withdrawal.check_restorable(work.session, cycle).state not in IN_FORCE:
        return None
    return CycleAct("restore", "恢复公开", "恢复公开撤回的一期，与撤回前逐字节相同。", False)


def _offer_close(work: Work, cycle: Cycle, roles: Collection[RoleId]) -> CycleAct | None:
    if not may_act(work.catalog, roles, "close"):
        return None
    if cycle.step is CycleStep.CLOSED:
        return CycleAct("reopen", "重新开启", "从关闭时的环节接着办理，内容没有变的审核意见仍然有效。", False)
    if closing.can_close(work.session, cycle):
        told = "误开或不再披露、还没有公布任何内容的：不再提问，不再发布，运行随之结束；以后可以重新开启。"
        return CycleAct("close", "关闭", told, False)
    return None


def _is_possible(check: Callable[[], object]) -> bool:
    try:
        check()
    except DisclosureError:
        return False
    return True


def do_act(
    installation: Installation,
    cycle_id: int,
    act: str,
    chosen: Sequence[str],
    proof: Proof,
    *,
    source: str,
    read_secret: Secrets,
) -> ActDone | Refusal:
    """Do ``act`` with ``chosen`` of its choices, or return why not; the code is used up either way.

    Raises:
        DisclosureError: for what cannot be done with this cycle now, whoever does it.
    """
    if act in {"withdraw", "restore"}:
        return _change_what_is_public(
            installation, cycle_id, act, chosen, proof, source=source, read_secret=read_secret
        )
    with installation.begin(proof.at, source=source, by=proof.name) as work:
        cycle = queries.get_cycle(work.session, cycle_id)
        label, run_id = queries.period_of(cycle).label, cycle.driver_run_id or ""
        if act == "correct":
            begun = begin_correction(work, cycle, proof, chosen)
            told = f"{label}开始更正（第 {cycle.round} 轮），请重报的单位会收到报表。"
            return begun if isinstance(begun, Refusal) else ActDone(told, starts_run=True)
        if act == "close":
            closed = closing.close_cycle(work, cycle, proof)
            return closed if isinstance(closed, Refusal) else ActDone(f"{label}已关闭。", ends_run=run_id)
        if act == "reopen":
            opened = closing.reopen_cycle(work, cycle, proof)
            return opened if isinstance(opened, Refusal) else ActDone(f"{label}已重新开启。", starts_run=True)
    raise DisclosureError("没有选择办理什么，请重新打开页面再试。")


def _change_what_is_public(
    installation: Installation,
    cycle_id: int,
    act: str,
    chosen: Sequence[str],
    proof: Proof,
    *,
    source: str,
    read_secret: Secrets,
) -> ActDone | Refusal:
    refuse_unsound(installation)
    if act == "restore":
        refusal = withdrawal.restore(installation, cycle_id, proof, source=source, by=proof.name)
    elif len(chosen) == 1 and chosen[0] in KINDS:
        kind = cast(WithdrawalKind, chosen[0])
        refusal = withdrawal.withdraw(installation, cycle_id, kind, proof, source=source, by=proof.name)
    else:
        raise DisclosureError("请选为什么撤回。")
    return refusal if refusal is not None else settle(installation, cycle_id, read_secret)


def settle(installation: Installation, cycle_id: int, read_secret: Secrets) -> ActDone:
    """Show on every channel what the records say of a cycle that was withdrawn or restored."""
    try:
        changed = withdrawal.apply_withdrawal(installation, cycle_id, read_secret)
    except DisclosureError as error:
        told = f"已经记录，但还没有在全部渠道办成；渠道恢复以后，请打开这一页点“接着办完”。{error}"
        return ActDone(told, is_good=False)
    finally:
        installation.sign_ledger()
    return ActDone(f"已办完，各渠道核对无误：{'、'.join(changed) or '各渠道原已如此'}。")
