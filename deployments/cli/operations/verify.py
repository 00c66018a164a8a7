"""``disclosure verify`` and ``disclosure keys``: proof for anybody, and the keys behind it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from deployments.cli.chinese import make_noun
from deployments.cli.common import open_installation, say_findings
from deployments.cli.screen import console, done, read_bytes, say
from disclosure.platform.clock import format_moment
from disclosure.platform.errors import DisclosureError

if TYPE_CHECKING:
    from disclosure.publication.proof.signing import PublicKey
    from disclosure.publication.proof.sources import PublishedFiles
    from disclosure.publication.proof.verification import VerifiedRelease

    Check = Callable[[PublishedFiles, Iterable[PublicKey]], Iterable[VerifiedRelease]]

keys_app = make_noun("keys", "给发布内容签名的钥匙：列出，更换。")


def verify(
    where: Annotated[str, Parameter(help="网站或某一期的地址、下载下来的文件夹，或者年度归档包（.zip）")],
    *,
    key: Annotated[str, Parameter(help="另外得到的公钥：43 个字符，或一个公钥列表文件 keys.json")] = "",
) -> None:
    """核验公布的内容：签名、清单、每个文件的每个字节；不需要记录库，也不需要任何口令。

    在发布的这台机器上运行时，也核对本机的记录库：它背后的审核结论被改动过的，不算一致。
    """
    # Spares the other commands Typst and XlsxWriter.
    from disclosure.publication.proof.sources import FolderFiles, SiteFiles

    given = _given(key) if key else ()
    if where.startswith(("http://", "https://")):
        with SiteFiles(where) as site:
            _verify(site, given)
        _verify_records()
        return
    folder = Path(where)
    if folder.is_file() and folder.suffix == ".zip":
        _verify_archive(folder, given)
        _verify_records()
        return
    if not folder.is_dir():
        raise DisclosureError(
            f"没有文件夹 {where}。请给出网站的地址（https:// 开头）、下载下来的文件夹，或年度归档包。"
        )
    _verify(FolderFiles(folder), given)
    _verify_records()


def _verify_records() -> None:
    """Look at the records of this machine, where it is one that publishes; elsewhere there are none."""
    # Spares the other commands cryptography.
    from disclosure.records.self_check.inspection import check_records

    installation = open_installation()
    if not installation.settings.database_url and not installation.settings.home.is_dir():
        return
    if stopping := check_records(installation).stopping:
        say_findings(stopping)
        sys.exit(1)


@keys_app.default
def keys() -> None:
    """列出签名用过的钥匙；公钥可以印在纸上，供公众核对。"""
    # Spares the other commands Typst and XlsxWriter.
    from disclosure.publication.proof.keys import published_keys

    installation = open_installation()
    with installation.records.read() as session:
        found = published_keys(session, installation)
    if not found:
        console.print("还没有钥匙；第一次发布时生成。")
    uses = {"publication": "发布", "ledger": "台账"}
    for key in sorted(found, key=lambda key: key.since):
        until = f"到 {format_moment(key.until)}" if key.until else "起，正在使用"
        mark, style = (" ", "") if key.until else ("✓", "green")
        say(mark, style, f"{uses[key.use]}　{key.id}　自 {format_moment(key.since)} {until}　公钥 {key.x}")


@keys_app.command(name="rotate")
def keys_rotate() -> None:
    """换一把发布用的钥匙；旧公钥留在公布的列表里，以前的签名照样有效。"""
    # Spares the other commands Typst and XlsxWriter.
    from disclosure.publication.proof.keys import rotate

    made = rotate(open_installation())
    done(f"已换用新钥匙 {made.id}，公钥 {made.x}。下一次发布起用它签名，公钥列表同时更新。")


def _given(text: str) -> tuple[PublicKey, ...]:
    # Spares the other commands Typst and XlsxWriter.
    from disclosure.publication.proof.signing import given_key, read_keys

    if Path(text).is_file():
        return read_keys(read_bytes(Path(text)), text)
    return (given_key(text),)


def _verify_archive(file: Path, given: Iterable[PublicKey]) -> None:
    # Spares the other commands Typst and XlsxWriter.
    from disclosure.publication.archive.verification import ArchiveFiles, check_archive

    with ArchiveFiles(file) as source:
        _verify(source, given, check_archive)


def _verify(source: PublishedFiles, given: Iterable[PublicKey], check_archive: Check | None = None) -> None:
    # Spares the other commands Typst and XlsxWriter.
    from disclosure.publication.proof import verification
    from disclosure.publication.proof.verification import told_key, trusted_keys

    given = tuple(given)
    keys = trusted_keys(source, given)
    checked = list((check_archive or verification.check)(source, keys))
    for one in checked:
        _tell(one, "归档" if check_archive and not one.folder else "发布")
    wrong = sum(not one.is_right for one in checked)
    used = {one.signature.key.id: one.signature.key for one in checked if one.signature}
    for key in used.values():
        console.print(f"  签名的钥匙  {told_key(key)}", soft_wrap=True)
    if not given:
        console.print(
            "  公钥取自所核验的地方本身；最好再与发布机构另行公布的公钥核对，或用 --key 给出。", soft_wrap=True
        )
    if wrong:
        said = "归档包" if check_archive else f"{len(checked)} 期中有 {wrong} 期"
        say("✗", "bold red", f"{said}与发布的不一致。")
        sys.exit(1)
    said = f"归档包和其中 {len(checked) - 1} 版" if check_archive else f"{len(checked)} 期"
    done(f"{said}全部与发布的一致。")


def _tell(one: VerifiedRelease, act: str) -> None:
    name = one.title or one.folder or "这一期"
    if one.is_right:
        done(f"{name}：{one.published}{act}，签名有效，{len(one.files)} 个文件逐字节相符。")
    else:
        say("✗", "bold red", f"{name}：与发布的不一致。")
        for problem in (*one.problems, *filter(None, one.files.values())):
            console.print(f"  {problem}", soft_wrap=True)
    if one.ledger:
        console.print(f"  台账检查点  {one.ledger}", soft_wrap=True)
