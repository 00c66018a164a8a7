"""Names of files as people gave them."""

from __future__ import annotations

import os


def printable_name(name: str) -> str:
    """A file's name as text that can be kept and shown.

    A name that is no UTF-8, as an old FTP program or unzip leaves one, is read as the GBK it nearly always is.
    """
    try:
        name.encode()
    except UnicodeEncodeError:
        return os.fsencode(name).decode("gb18030", errors="replace")
    return name
