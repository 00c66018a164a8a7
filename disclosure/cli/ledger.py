"""``disclosure ledger …``: proof that our records were not changed afterwards."""

from __future__ import annotations

from cyclopts import App

from disclosure.cli.common import workplace
from disclosure.cli.screen import console, done, say
from disclosure.errors import DisclosureError
from disclosure.settings import Settings

ledger_app = App(name="ledger", help="只增不改的台账：核对与签名。")


@ledger_app.command(name="verify")
def ledger_verify() -> None:
    """核对台账：有无改动、插入、删去、调换或截短。"""
    settings = Settings()
    if not settings.database_url and not (settings.home / "records.db").is_file():
        raise DisclosureError(f"{settings.home} 里没有记录，没有可以核对的台账。请核对 DISCLOSURE_HOME。")
    verdict = workplace().verify_ledger()
    if verdict.problem:
        raise DisclosureError(verdict.problem)
    if not verdict.checkpoint_count:
        say("!", "yellow", f"{verdict.entry_count} 条记录首尾相接，但还没有签名检查点，查不出截去末尾或整体改写。")
        console.print("请运行 disclosure ledger checkpoint 签一个，并把它另存到别的机器。", soft_wrap=True)
        return
    done(f"台账完整：{verdict.entry_count} 条记录，{verdict.checkpoint_count} 个签名检查点全部相符。")


@ledger_app.command(name="checkpoint")
def ledger_checkpoint() -> None:
    """给台账现在的样子签一个检查点（发布时会自动签）。"""
    place = workplace()
    checkpoint = place.sign_ledger()
    done(f"已签：第 {checkpoint.length} 条，{checkpoint.head_hash[:16]}…")
    console.print(f"请把 {place.settings.checkpoints_file} 另存到别的机器，以防本机记录被整体改写。", soft_wrap=True)
