"""``disclosure backup``: everything from one moment, into one encrypted file and back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from deployments.cli.chinese import make_noun
from deployments.cli.common import open_installation, say_findings
from deployments.cli.screen import console, done, print_pairs, say, working
from disclosure.platform.clock import format_moment
from disclosure.platform.errors import DisclosureError
from disclosure.platform.settings import Settings

backup_app = make_noun("backup", "备份、核对备份、恢复；不写动作就是备份一次。")

_MEBIBYTE = 2**20


@backup_app.default
def backup(
    *,
    out: Annotated[Path | None, Parameter(help="放在哪个文件夹；不写则为 DISCLOSURE_BACKUP_FOLDER")] = None,
) -> None:
    """备份记录库、文件、钥匙和 Prefect 的数据库，加密成一个文件；不必停机。"""
    # Spares the other commands Typst and XlsxWriter.
    from deployments.backup.making import make_backup

    installation = open_installation()
    with working("正在备份…"):
        made = make_backup(installation, out)
    done(f"已备份到 {made.file}（{made.size / _MEBIBYTE:.1f} MB）。")
    print_pairs(
        {
            "时刻": format_moment(made.manifest.made_at),
            "台账": f"至少 {made.manifest.ledger_length} 条",
            "文件": f"{len(made.manifest.files)} 个",
            "数据库": "、".join(made.manifest.databases.values()),
        }
    )
    if made.removed:
        console.print(f"删去了最早的 {len(made.removed)} 份备份，留最近 {installation.settings.backup_keep} 份。")
    if installation.settings.secret_key is not None:
        say("!", "yellow", "DISCLOSURE_SECRET_KEY 不在备份里，请和设置一起另处保管：没有它打不开人员的口令密钥。")
    if made.findings:
        say("✗", "bold red", "备份时记录有下面的问题，所以一份旧的备份都没有删：")
        say_findings(made.findings)
        sys.exit(1)


@backup_app.command(name="key")
def backup_key(file: Annotated[Path, Parameter(help="私钥写到哪个新文件，最好在随后拔下的盘上")]) -> None:
    """生成一对给备份加密的钥匙：私钥写进文件、另处保管，公钥印出来、写进设置。"""
    # Spares the other commands pyrage.
    from deployments.backup.sealed import make_key

    if file.absolute().is_relative_to(Settings().home):
        raise DisclosureError(f"{file} 在 DISCLOSURE_HOME 里，会和它要保护的东西一起丢。请换一个地方。")
    public = make_key(file)
    done(f"私钥已写入 {file}：请移到别的机器或保险柜，没有它谁也打不开备份。")
    console.print(f"DISCLOSURE_BACKUP_RECIPIENTS={public}", soft_wrap=True)


@backup_app.command(name="verify")
def backup_verify(
    archive: Annotated[Path, Parameter(help="备份文件")],
    *,
    key: Annotated[Path, Parameter(help="备份的私钥文件")],
) -> None:
    """核对一份备份能不能打开、是否逐字节完整；什么也不恢复。"""
    # Spares the other commands Typst and XlsxWriter.
    from deployments.backup.restoring import compare_backup

    with working("正在核对…"):
        manifest = compare_backup(archive, key)
    done(f"{archive.name} 完整：{len(manifest.files)} 个文件与清单逐字节相符。")
    print_pairs({"备份的时刻": format_moment(manifest.made_at)})


@backup_app.command(name="restore")
def backup_restore(
    archive: Annotated[Path, Parameter(help="备份文件")],
    *,
    key: Annotated[Path, Parameter(help="备份的私钥文件（disclosure backup key 生成的）")],
    seen: Annotated[
        tuple[Path, ...], Parameter(help="另存的 checkpoints.jsonl 或原来的 ledger.head，用来看出备份是不是旧了")
    ] = (),
) -> None:
    """把备份恢复到空的 DISCLOSURE_HOME（和空的数据库）；不覆盖任何东西，比检查点旧的会说明。"""
    # Spares the other commands Typst and XlsxWriter.
    from deployments.backup.restoring import restore_backup

    settings = Settings()
    with working("正在恢复…"):
        restored = restore_backup(settings, archive, key, seen)
    done(f"已恢复到 {settings.home}：{len(restored.manifest.files)} 个文件与清单逐字节相符。")
    print_pairs(
        {
            "备份的时刻": format_moment(restored.manifest.made_at),
            "台账": f"{restored.check.entry_count} 条，{restored.check.row_count} 行记录已核对",
        }
    )
    if settings.checkpoint_copy is None and not seen:
        say(
            "!",
            "yellow",
            "没有别处的检查点可比，看不出这份备份是不是最新的。有另存的 checkpoints.jsonl 或原来的 ledger.head 时，"
            "请另选一个空的文件夹，用 --seen 再恢复一次。",
        )
    say_findings(restored.check.findings)
    if restored.check.stopping:
        sys.exit(1)
    console.print("请运行 disclosure doctor 核对，再运行 disclosure up；各周期自动继续。", soft_wrap=True)
