"""After publication: ``correct``, ``withdraw``, ``restore``, and ``revised`` for what later data says otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from disclosure.cli.common import cycle_id_of, read_secret, workplace
from disclosure.cli.screen import console, done, print_pairs, say
from disclosure.errors import DisclosureError

if TYPE_CHECKING:
    from disclosure.workplace import Workplace

Period = Annotated[str, Parameter(help="期间，如 2025-annual")]
By = Annotated[str, Parameter(help="办理人的姓名；随后输入其验证器上的一次性口令")]


def correct(
    period: Period,
    *,
    by: By,
    reason: Annotated[str, Parameter(help="更正原因，会公开")],
    to: Annotated[
        tuple[str, ...], Parameter(help="由哪个单位重报，如 州社保中心；不写则为各中心", consume_multiple=True)
    ] = (),
    run: Annotated[bool, Parameter(help="同时让 Prefect 开始办理")] = True,
) -> None:
    """更正已发布的一期：开始新的一版，报表预填已公布的数据，各环节重新审核、签发；旧版保留并注明已更正。"""
    from disclosure import cycles
    from disclosure.clock import utc_now
    from disclosure.collection.workbooks import hand_out
    from disclosure.publication.correcting import begin_correction, check_correctable
    from disclosure.review.powers import why_not

    place = workplace()
    cycle_id = cycle_id_of(place, period)
    with place.records.read() as session:
        check_correctable(session, place.catalog, cycles.get_cycle(session, cycle_id), to)
        if refusal := why_not(session, place.catalog, "correct", name=by, reason=reason, now=utc_now()):
            raise DisclosureError(refusal)
    code = console.input(f"{by} 的一次性口令：")
    with place.records.write() as session:
        cycle = cycles.get_cycle(session, cycle_id)
        refusal = begin_correction(
            session,
            place.catalog,
            place.cipher,
            cycle,
            name=by,
            reason=reason,
            code=code,
            now=utc_now(),
            offices=to,
        )
    if refusal:
        raise DisclosureError(refusal)
    done(f"{cycles.period_of(cycle).label}开始更正（第 {cycle.round} 轮）。")
    for path in hand_out(place, cycle_id):
        console.print(f"  报表 {path}", soft_wrap=True)
    if run:
        _start(place, cycle_id)


def withdraw(
    period: Period,
    *,
    kind: Annotated[
        Literal["in_error", "superseded", "by_order"],
        Parameter(help="in_error 内容有误；superseded 已被其他信息取代；by_order 上级机关要求"),
    ],
    by: By,
    reason: Annotated[str, Parameter(help="撤回原因，会公开")],
) -> None:
    """从全部渠道撤回已发布的一期，原处放撤回说明；数据仍留在记录里，可用 restore 恢复。"""
    from typing import cast

    from disclosure import cycles
    from disclosure.catalog import PowerId
    from disclosure.clock import utc_now
    from disclosure.publication import withdrawing
    from disclosure.review.powers import why_not

    place = workplace()
    cycle_id = cycle_id_of(place, period)
    with place.records.read() as session:
        cycle = cycles.get_cycle(session, cycle_id)
        release = cycles.published_release(session, cycle)
        is_noted = release is not None and cycles.is_withdrawn(session, cycle, release)
        power = cast(PowerId, f"withdraw_{kind}")
        if not is_noted and (refusal := why_not(session, place.catalog, power, name=by, reason=reason, now=utc_now())):
            raise DisclosureError(refusal)
    if not is_noted:
        code = console.input(f"{by} 的一次性口令：")
        if refusal := withdrawing.withdraw(place, cycle_id, kind, name=by, reason=reason, code=code, now=utc_now()):
            raise DisclosureError(refusal)
    _settle(place, cycle_id, "已撤回，各渠道核对无误")


def restore(period: Period, *, by: By, reason: Annotated[str, Parameter(help="恢复公开的原因")]) -> None:
    """恢复公开撤回的一期：与撤回前逐字节相同。"""
    from disclosure import cycles
    from disclosure.clock import utc_now
    from disclosure.publication import withdrawing
    from disclosure.review.powers import why_not

    place = workplace()
    cycle_id = cycle_id_of(place, period)
    with place.records.read() as session:
        is_noted = not withdrawing.check_restorable(session, cycles.get_cycle(session, cycle_id)).is_effective
        if not is_noted and (
            refusal := why_not(session, place.catalog, "restore", name=by, reason=reason, now=utc_now())
        ):
            raise DisclosureError(refusal)
    if not is_noted:
        code = console.input(f"{by} 的一次性口令：")
        if refusal := withdrawing.restore(place, cycle_id, name=by, reason=reason, code=code, now=utc_now()):
            raise DisclosureError(refusal)
    _settle(place, cycle_id, "已恢复公开，各渠道核对无误")


def revised(
    number: Annotated[int | None, Parameter(help="修订的编号；不写则列出全部待答复的")] = None,
    *,
    answer: Annotated[
        Literal["correct", "keep"] | None, Parameter(help="correct 更正已公布的一期；keep 维持公布的数据")
    ] = None,
    by: By = "",
    reason: Annotated[str, Parameter(help="理由，记入台账；更正时会公开")] = "",
) -> None:
    """新数据与已公布的往期数据不同：列出，或答复更正还是维持。"""
    from disclosure import revisions
    from disclosure.clock import utc_now
    from disclosure.review.powers import why_not

    place = workplace()
    if number is None or answer is None:
        with place.records.read() as session:
            lines = [revisions.sentence(place.catalog, row) for row in revisions.unanswered(session, place.catalog)]
        if not lines:
            console.print("没有与已公布的往期数据不同、待答复的数据。")
        for line in lines:
            say("!", "yellow", line)
        return
    with place.records.read() as session:
        revisions.open_revision(session, place.catalog, number)
        if refusal := why_not(session, place.catalog, "revise", name=by, reason=reason, now=utc_now()):
            raise DisclosureError(refusal)
    code = console.input(f"{by} 的一次性口令：")
    with place.records.write() as session:
        answered = revisions.answer(
            session,
            place.catalog,
            place.cipher,
            number,
            answer,
            name=by,
            reason=reason,
            code=code,
            now=utc_now(),
        )
    if answered.refusal:
        raise DisclosureError(answered.refusal)
    if answered.cycle_id is None:
        done(f"修订 {number} 已答复：维持公布的数据。")
        return
    done(f"修订 {number} 已答复：更正，新的一版已开始办理。")
    _start(place, answered.cycle_id)


def _settle(place: Workplace, cycle_id: int, what: str) -> None:
    from disclosure.publication.withdrawing import settle

    changed = settle(place, cycle_id, read_secret)
    place.sign_ledger()
    done(f"{what}：{'、'.join(changed) or '各渠道原已如此'}。")


def _start(place: Workplace, cycle_id: int) -> None:
    """Let Prefect drive the cycle's new round, where its server runs."""
    from deployments.bootstrap import use_server
    from disclosure import cycles

    use_server(place.settings)
    from deployments import local
    from tasks import runs

    with place.records.read() as session:
        cycle = cycles.get_cycle(session, cycle_id)
        period, only = cycles.period_of(cycle), tuple(cycle.only)
    if not local.is_up(place.settings):
        raise DisclosureError(
            "更正已开始，但 Prefect 服务没有运行：请在另一个终端运行 disclosure up，"
            f"再运行 disclosure open {period.id}。"
        )
    print_pairs({"本次运行": f"{place.settings.server_url}/runs/flow-run/{runs.start_run(period, only)}"})
