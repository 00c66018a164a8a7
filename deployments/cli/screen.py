"""What the terminal shows: ticks, pairs, a spinner; what people typed is printed as it is."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from rich.console import Console
from rich.text import Text

from disclosure.platform.errors import DisclosureError

#: What people typed is printed as it is: no markup is read in it.
console = Console(highlight=False, markup=False)


def say(mark: str, style: str, text: str) -> None:
    """One line with a coloured mark."""
    console.print(Text.assemble((mark, style), " ", text), soft_wrap=True)


def done(text: str) -> None:
    """Print what has worked."""
    say("✓", "bold green", text)


def fail(text: str) -> NoReturn:
    """Print what has not worked, and end the command."""
    say("✗", "bold red", text)
    sys.exit(1)


def print_pairs(pairs: dict[str, str]) -> None:
    """Names and what they are, one line each."""
    for name, value in pairs.items():
        console.print(Text.assemble(f"  {name}  ", (value, "bold")), soft_wrap=True)


@contextmanager
def progress() -> Iterator[Any]:
    """Show a spinner with the step at hand; each finished step stays as a line."""
    with console.status("正在准备…") as spinner:

        def tell(step: str) -> None:
            console.print(f"· {step}", style="dim")
            spinner.update(step)

        yield tell


def reason(error: OSError) -> str:
    """Why a file could not be read or written, in Chinese where it is one of the usual reasons."""
    usual = {
        errno.ENOENT: "没有这个文件或文件夹",
        errno.EISDIR: "这是一个文件夹，不是文件",
        errno.EINVAL: "这不是普通文件",
        errno.ENOTDIR: "这是一个文件，不是文件夹",
        errno.EACCES: "没有权限",
        errno.EPERM: "没有权限",
        errno.ENOSPC: "磁盘已满",
        errno.EROFS: "磁盘是只读的",
        errno.EDQUOT: "磁盘配额已用完",
        errno.EIO: "磁盘读写出错",
    }
    return usual.get(error.errno or 0, str(error.strerror or error))


def remedy(error: OSError) -> str:
    """Return what to do about a file that could not be read or written, by its true cause."""
    known = {
        errno.ENOSPC: "请腾出空间再重试；已报送的文件和记录一件都不要删。",
        errno.EDQUOT: "本用户的磁盘配额用完了，请腾出空间或请管理员放宽。",
        errno.EROFS: "请管理员把磁盘重新挂载为可写，或用 DISCLOSURE_HOME 另选位置。",
        errno.EACCES: "请把它的所有者改为运行本程序的用户，再重试。",
        errno.EPERM: "请把它的所有者改为运行本程序的用户，再重试。",
        errno.EIO: "磁盘出错，请先检查磁盘。",
    }
    return known.get(error.errno or 0, "请核对 DISCLOSURE_HOME 或所写的位置。")


def read_bytes(file: Path) -> bytes:
    """Return the file's bytes, or one sentence that says why not."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise unreadable(file, error) from error


def unreadable(file: Path, error: OSError) -> DisclosureError:
    """Return the sentence that says why ``file`` could not be read."""
    return DisclosureError(f"读不了文件 {file}：{reason(error)}。请核对文件名和位置。")
