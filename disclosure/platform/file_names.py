"""Names of files as people gave them."""

from __future__ import annotations

import os
from pathlib import PurePath

#: How programs end the name of a file they are still writing.
UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".filepart", ".crdownload", ".download", ".writing")


def printable_name(name: str) -> str:
    """Return a file's name as text that can be kept and shown.

    A name that is no UTF-8, as an old FTP program or unzip leaves one, is read as the GBK it nearly always is.
    """
    try:
        name.encode()
    except UnicodeEncodeError:
        return os.fsencode(name).decode("gb18030", errors="replace")
    return name


def stem_of(name: str) -> str:
    """Return the name without its ending, nor that of a file still being written: ``报表`` for ``报表.xlsx.part``."""
    path = PurePath(name)
    return PurePath(path.stem).stem if path.suffix.lower() in UNFINISHED else path.stem
