"""What the product writes is for its owner alone; only what a channel publishes may be opened to a web server.

An installation's folder may be entered by others (0711), so that a web server reaches the published site in it; what
lies there is closed. Inboxes are left as the operator shares them.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

#: What others may do with files and folders that this process makes: nothing.
UMASK = 0o077
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def close_to_others() -> None:
    """Let this process and its children make files and folders for their owner alone; call it once, at the start."""
    os.umask(UMASK)


def exposed_paths(home: Path, shared: Iterable[Path]) -> Iterator[Path]:
    """Yield what in ``home`` group or others may read, write or enter; ``shared`` folders are left out, links too."""
    left_out = {path.absolute() for path in shared}
    if home.is_dir() and stat.S_IMODE(home.stat().st_mode) & _OTHERS & ~0o011:
        yield home
    for folder, folders, files in os.walk(home):
        here = Path(folder)
        folders[:] = [name for name in folders if here / name not in left_out and not (here / name).is_symlink()]
        for name in (*folders, *files):
            path = here / name
            if not path.is_symlink() and path.lstat().st_mode & _OTHERS and path not in left_out:
                yield path


def make_private(home: Path, shared: Iterable[Path]) -> int:
    """Close ``exposed_paths`` to group and others; return how many there were.

    Raises:
        OSError: when one of them is not ours to close.
    """
    found = list(exposed_paths(home, shared))
    for path in found:
        mode = stat.S_IMODE(path.lstat().st_mode) & ~_OTHERS
        path.chmod(mode | 0o011 if path == home else mode)
    return len(found)
