"""What the terminal shows: ticks, pairs, a spinner; what people typed is printed as it is."""

from __future__ import annotations

import errno
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from rich.console import Console
from rich.progress import Progress, ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.table import Table
from rich.text import Text

from disclosure.platform.errors import DisclosureError

#: What people typed is printed as it is: no markup is read in it.
console = Console(highlight=False, markup=False)


#: What is copied or clicked must not be cut in two by us.
_WHOLE = re.compile(r"://|(?:^|\s)\S*/\S+/")


def say(mark: str, style: str, text: str) -> None:
    """One sentence with a coloured mark, beside which it hangs."""
    hang(Text(mark, style), Text(text))


def hang(head: Text, body: Text) -> None:
    """Print ``body`` beside ``head``, its further lines below its first.

    Only a screen has a width: what a program reads, and what holds an address or a path, stays one line.
    """
    if not console.is_terminal or _WHOLE.search(body.plain):
        console.print(Text.assemble(head, " ", body), soft_wrap=True)
        return
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(head, body)
    console.print(grid)


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
        hang(Text(f"  {name} "), Text(value, "bold"))


class _Seconds(ProgressColumn):
    """How long it has been going on: nobody wonders whether it still is."""

    def render(self, task: Task) -> Text:
        return Text(f"{int(task.elapsed or 0)} 秒", "dim")


@contextmanager
def working(what: str) -> Iterator[Callable[[str], None]]:
    """Show that something goes on, and for how many seconds, on a screen; what is yielded says what goes on now."""
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), _Seconds())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as spinner:
        task = spinner.add_task(what)

        def tell(step: str) -> None:
            spinner.update(task, description=step)

        yield tell


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Show the step at hand with its seconds; each step stays as a line."""
    with working("正在准备…") as show:

        def tell(step: str) -> None:
            hang(Text("·", "dim"), Text(step, "dim"))
            show(step)

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
