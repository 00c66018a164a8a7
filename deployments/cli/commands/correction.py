"""After publication: ``correct``, ``withdraw``, ``restore``, and ``revised`` for what later data says otherwise."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from deployments.bootstrap import use_server
from deployments.cli.common import ask_proof, cycle_id_of, open_installation, read_secret, unless_refused
from deployments.cli.screen import console, done, print_pairs, say, working
from disclosure.cycle import queries, revisions
from disclosure.platform.errors import DisclosureError
from disclosure.records.states import IN_FORCE, ReleaseState

if TYPE_CHECKING:
    from disclosure.records.installation import Installation

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
    # Spares the other commands python-docx and Typst.
    from disclosure.collection.handout import hand_out
    from disclosure.publication.correction import begin_correction, check_correctable
    from disclosure.review.identify import explain_missing_power

    installation = open_installation()
    cycle_id = cycle_id_of(installation, period)
    with installation.read() as work:
        check_correctable(work.session, work.catalog, queries.get_cycle(work.session, cycle_id), to)
    proof = ask_proof(installation, by, reason, partial(explain_missing_power, power="correct"))
    with installation.begin(proof.at) as work:
        cycle = queries.get_cycle(work.session, cycle_id)
        begun = begin_correction(work, cycle, proof, to)
    unless_refused(begun)
    done(f"{queries.period_of(cycle).label}开始更正（第 {cycle.round} 轮）。")
    for path in hand_out(installation, cycle_id):
        console.print(f"  报表 {path}", soft_wrap=True)
    if run:
        _start(installation, cycle_id)


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

    # Spares the other commands Typst and XlsxWriter.
    from disclosure.publication import withdrawal
    from disclosure.records.self_check.inspection import refuse_unsound
    from disclosure.review.identify import explain_missing_power

    installation = open_installation()
    refuse_unsound(installation)
    cycle_id = cycle_id_of(installation, period)
    with installation.records.read() as session:
        cycle = queries.get_cycle(session, cycle_id)
        release = queries.published_release(session, cycle)
        is_noted = release is not None and release.state is ReleaseState.WITHDRAWN
    if not is_noted:
        power = withdrawal.power_to_withdraw(kind)
        proof = ask_proof(installation, by, reason, partial(explain_missing_power, power=power))
        unless_refused(withdrawal.withdraw(installation, cycle_id, kind, proof))
    _settle(installation, cycle_id, "已撤回，各渠道核对无误")


def restore(period: Period, *, by: By, reason: Annotated[str, Parameter(help="恢复公开的原因")]) -> None:
    """恢复公开撤回的一期：与撤回前逐字节相同。"""

    # Spares the other commands Typst and XlsxWriter.
    from disclosure.publication import withdrawal
    from disclosure.records.self_check.inspection import refuse_unsound
    from disclosure.review.identify import explain_missing_power

    installation = open_installation()
    refuse_unsound(installation)
    cycle_id = cycle_id_of(installation, period)
    with installation.records.read() as session:
        is_noted = withdrawal.check_restorable(session, queries.get_cycle(session, cycle_id)).state not in IN_FORCE
    if not is_noted:
        proof = ask_proof(installation, by, reason, partial(explain_missing_power, power="restore"))
        unless_refused(withdrawal.restore(installation, cycle_id, proof))
    _settle(installation, cycle_id, "已恢复公开，各渠道核对无误")


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
    # Spares the other commands Typst and XlsxWriter.
    from disclosure.publication.revisions import answer as answer_revision
    from disclosure.review.identify import explain_missing_power

    installation = open_installation()
    if number is None or answer is None:
        with installation.records.read() as session:
            lines = [
                revisions.sentence(installation.catalog, row)
                for row in revisions.unanswered(session, installation.catalog)
            ]
        if not lines:
            console.print("没有与已公布的往期数据不同、待答复的数据。")
        for line in lines:
            say("!", "yellow", line)
        return
    with installation.records.read() as session:
        revisions.open_revision(session, installation.catalog, number)
    proof = ask_proof(installation, by, reason, partial(explain_missing_power, power="revise"))
    with installation.begin(proof.at) as work:
        outcome = answer_revision(work, number, answer, proof)
    answered = unless_refused(outcome)
    if answered.cycle_id is None:
        done(f"修订 {number} 已答复：维持公布的数据。")
        return
    done(f"修订 {number} 已答复：更正，新的一版已开始办理。")
    _start(installation, answered.cycle_id)


def _settle(installation: Installation, cycle_id: int, what: str) -> None:
    # Spares the other commands Typst and XlsxWriter.
    from disclosure.publication.withdrawal import apply_withdrawal

    with working("正在改各渠道…"):
        changed = apply_withdrawal(installation, cycle_id, read_secret)
        installation.sign_ledger()
    done(f"{what}：{'、'.join(changed) or '各渠道原已如此'}。")


def _start(installation: Installation, cycle_id: int) -> None:
    """Let Prefect drive the cycle's new round, where its server runs."""
    use_server(installation.settings)
    # Spares the other commands Prefect.
    from deployments import local
    from tasks.orchestration import runs

    with installation.records.read() as session:
        cycle = queries.get_cycle(session, cycle_id)
        period, only = queries.period_of(cycle), tuple(cycle.only)
    if not local.is_up(installation.settings):
        raise DisclosureError(
            "更正已开始，但 Prefect 服务没有运行：请在另一个终端运行 disclosure up，"
            f"再运行 disclosure open {period.id}。"
        )
    print_pairs({"本次运行": installation.settings.run_url(runs.start_run(period, only))})
