"""``disclosure ledger …``: proof that our records were not changed afterwards."""

from __future__ import annotations

from cyclopts import App

from disclosure.cli.common import workplace
from disclosure.cli.screen import console, done
from disclosure.errors import DisclosureError

ledger_app = App(name="ledger", help="只增不改的台账：核对与签名。")


@ledger_app.command(name="verify")
def ledger_verify() -> None:
    """核对台账：有无改动、插入、删去、调换或截短。"""
    verdict = workplace().verify_ledger()
    if verdict.problem:
        raise DisclosureError(verdict.problem)
    done(f"台账完整：{verdict.entry_count} 条记录，{verdict.checkpoint_count} 个签名检查点全部相符。")


@ledger_app.command(name="checkpoint")
def ledger_checkpoint() -> None:
    """给台账现在的样子签一个检查点（发布时会自动签）。"""
    place = workplace()
    checkpoint = place.sign_ledger()
    done(f"已签：第 {checkpoint.length} 条，{checkpoint.head_hash[:16]}…")
    console.print(f"请把 {place.settings.checkpoints_file} 另存到别的机器，以防本机记录被整体改写。", soft_wrap=True)
