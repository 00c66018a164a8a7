"""``disclosure ledger …``: proof that our records were not changed afterwards."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import Parameter

from deployments.cli.chinese import make_noun
from deployments.cli.common import ask_proof, open_installation, say_findings, unless_refused
from deployments.cli.screen import console, done, print_pairs, say
from disclosure.platform.errors import DisclosureError

ledger_app = make_noun("ledger", "只增不改的台账：核对、签名、承认较旧的记录。")


@ledger_app.command(name="verify")
def ledger_verify() -> None:
    """核对记录库：文件完好、台账连续、与检查点相符，每一行记录与台账相符，钥匙与原件都在。"""
    # Spares the other commands cryptography.
    from disclosure.records.self_check.inspection import check_records

    installation = open_installation()
    check = check_records(installation)
    if check.is_new:
        raise DisclosureError(f"{installation.settings.home} 里没有记录，没有可以核对的台账。请核对 DISCLOSURE_HOME。")
    say_findings(check.findings)
    if check.stopping:
        sys.exit(1)
    done(
        f"台账完整：{check.entry_count} 条记录，与末条签名和 {check.checkpoint_count} 个签名检查点全部相符；"
        f"{check.row_count} 行记录与台账逐行相符。"
    )
    if installation.settings.checkpoint_copy is None:
        console.print(
            "检查点只有本机一份：请把 DISCLOSURE_CHECKPOINT_COPY 设为别的磁盘或机器上的文件夹。", soft_wrap=True
        )


@ledger_app.command(name="checkpoint")
def ledger_checkpoint() -> None:
    """给台账现在的样子签一个检查点（发布时、每天督办时会自动签）。"""
    # Spares the other commands cryptography.
    from disclosure.records.self_check.inspection import refuse_unsound

    installation = open_installation()
    refuse_unsound(installation)
    checkpoint = installation.sign_ledger()
    done(f"已签：第 {checkpoint.length} 条，{checkpoint.head_hash[:16]}…")
    console.print(
        f"请把 {installation.settings.checkpoints_file} 另存到别的机器，以防本机记录被整体改写。", soft_wrap=True
    )


@ledger_app.command(name="accept")
def ledger_accept(
    name: Annotated[str, Parameter(help="承认的人；随后输入其验证器上的一次性口令")],
    *,
    reason: Annotated[str, Parameter(help="为什么没有更新的备份，记入台账")],
) -> None:
    """没有更新的备份时，具名承认现有的记录：较新的检查点从此作废，发布恢复。"""
    # Spares the other commands cryptography and pyotp.
    from disclosure.monitoring.acceptance import accept_records, explain_missing_acceptance, find_acceptable

    installation = open_installation()
    for finding in find_acceptable(installation):
        say("!", "yellow", finding.found)
    proof = ask_proof(installation, name, reason, explain_missing_acceptance)
    checkpoint = unless_refused(accept_records(installation, proof))
    done(f"{name}已承认现有的记录，台账从第 {checkpoint.length} 条接着记。")
    print_pairs({"理由": reason})
    console.print("线上比记录新的内容，请先运行 disclosure supervise 逐一核对，再发布。", soft_wrap=True)
