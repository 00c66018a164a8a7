"""``disclosure archive``: one year's releases, decisions, reports and ledger as one signed file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from deployments.cli.common import open_installation
from deployments.cli.screen import console, done, print_pairs, working

_MEBIBYTE = 2**20


def archive(
    year: Annotated[int, Parameter(help="哪一年的，例如 2025")],
    *,
    out: Annotated[Path, Parameter(help="放在哪个文件夹")] = Path(),
) -> None:
    """把一年的发布件、清单、结论、质量报告、报送登记和台账摘录做成一个签名的归档包。"""
    # Spares the other commands Typst and XlsxWriter.
    from disclosure.publication.archive.making import archive_year

    with working(f"正在归档 {year} 年…"):
        made = archive_year(open_installation(), year, out.absolute())
    done(f"已归档到 {made.file}（{made.file.stat().st_size / _MEBIBYTE:.1f} MB）。")
    print_pairs({"周期": "、".join(made.periods), "文件": f"{made.file_count} 个", "摘要": made.digest})
    console.print(
        f"请运行 disclosure verify {made.file} 核对，再交档案室；包里有未公开的材料，请按内部档案保管。", soft_wrap=True
    )
